package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
)

// full is a ledger that keeps payments, and nothing of the telling while its disk
// is full. Where it is away besides, it does not say what is due either.
type full struct {
	gateway.Ledger
	disk *atomic.Bool
	away bool
}

var errFull = errors.New("the disk is full")

func (f full) err() error {
	if f.disk.Load() {
		return errFull
	}
	return nil
}

func (f full) Spread(ctx context.Context, events []gateway.Event, deliveries []gateway.Delivery) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.Ledger.Spread(ctx, events, deliveries)
}

func (f full) DueSubscribers(ctx context.Context, now time.Time) ([]gateway.Subscriber, error) {
	if err := f.err(); f.away && err != nil {
		return nil, err
	}
	return f.Ledger.DueSubscribers(ctx, now)
}

func (f full) TakeDeliveries(ctx context.Context, due []gateway.Delivery, now, until time.Time) ([]gateway.Delivery, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.Ledger.TakeDeliveries(ctx, due, now, until)
}

func (f full) SeeSubscription(ctx context.Context, s gateway.Subscription) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.Ledger.SeeSubscription(ctx, s)
}

// lines are those of the log that have all of the words.
func lines(log *bytes.Buffer, words ...string) (n int) {
	for line := range strings.Lines(log.String()) {
		has := true
		for _, w := range words {
			has = has && strings.Contains(line, w)
		}
		if has {
			n++
		}
	}
	return n
}

func TestAnOutageOfTheTellingIsToldWhenItBeginsAndWhenItHasEnded(t *testing.T) {
	for name, c := range map[string]struct {
		away  bool
		parts []string
	}{
		"the disk is full":   {false, []string{"making deliveries", "taking deliveries", "keeping subscriptions"}},
		"the ledger is away": {true, []string{"making deliveries", "asking what is due", "keeping subscriptions"}},
	} {
		t.Run(name, func(t *testing.T) {
			tellsEvery(t, 24*time.Hour, func(t *testing.T, h *house) {
				log, shop := throughTwoOutages(t, h, c.away)
				if shop.count() != 7 {
					t.Errorf("the shop was told of %d of 7", shop.count())
				}
				for _, part := range c.parts {
					began, ended := lines(log, "telling.failed", part, "full"), lines(log, "telling.back", part)
					if began != 2 || ended != 2 {
						t.Errorf("of two outages of %s the log tells of %d beginnings and %d ends", part, began, ended)
					}
				}
				for line := range strings.Lines(log.String()) {
					if t.Failed() && strings.Contains(line, "telling.") {
						t.Log(line)
					}
				}
			})
		})
	}
}

// absent is a ledger that cannot be asked while it is away.
type absent struct {
	gateway.Ledger
	away *atomic.Bool
}

var errAway = errors.New("the ledger is away")

func (a absent) err() error {
	if a.away.Load() {
		return errAway
	}
	return nil
}

func (a absent) Due(ctx context.Context, now time.Time, limit int) ([]gateway.Payment, error) {
	if err := a.err(); err != nil {
		return nil, err
	}
	return a.Ledger.Due(ctx, now, limit)
}

func (a absent) Ready(ctx context.Context) error {
	if err := a.err(); err != nil {
		return err
	}
	return a.Ledger.Ready(ctx)
}

// A supervisor asks for readiness every few seconds, and the jobs ask every two: the
// lines about payments are to be found among theirs.
func TestAnOutageOfTheLedgerIsToldWhenItBeginsAndWhenItHasEnded(t *testing.T) {
	days(t, time.Hour, func(t *testing.T, h *house) {
		away, log := &atomic.Bool{}, &bytes.Buffer{}
		g := gateway.New(gateway.Config{
			Ledger: absent{h.ledger, away}, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor},
			Secret: secret, Instance: "two", Now: time.Now, MaxInFlight: 8, Log: slog.New(slog.NewTextHandler(log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer ends(cancel)
		go g.RunDue(ctx, 2*time.Second)
		ready := func(times int, want bool) {
			t.Helper()
			for range times {
				if err := g.Ready(ctx); (err == nil) != want {
					t.Fatalf("ready: %v, want %t", err, want)
				}
				time.Sleep(5 * time.Second)
			}
		}
		ready(10, true)
		for outage := 1; outage <= 2; outage++ {
			away.Store(true)
			ready(400, false) // longer than a failure is believed that is not met again
			away.Store(false)
			ready(10, true)
			synctest.Wait()
			for _, told := range []string{"due.failed", "due.back", "ledger.not_ready", "ledger.back"} {
				if n := lines(log, "msg="+told); n != outage {
					t.Errorf("%s was told %d times in %d outages", told, n, outage)
				}
			}
		}
	})
}

// throughTwoOutages is what the log says, and who was told, of a gateway whose
// ledger fails twice for nine minutes, while two subscribers are owed something.
func throughTwoOutages(t *testing.T, h *house, away bool) (*bytes.Buffer, *listener) {
	later := func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: time.Minute}
	}
	disk, log, shop := &atomic.Bool{}, &bytes.Buffer{}, &listener{}
	subscribers := []gateway.Subscriber{
		approved("shop", shop), approved("slow", &listener{answer: later}), approved("slower", &listener{answer: later}),
	}
	for i := range subscribers {
		subscribers[i].MerchantID = "main"
	}
	other := &house{t: t, ledger: h.ledger, processor: h.processor, Gateway: gateway.New(gateway.Config{
		Ledger: full{h.ledger, disk, away}, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor},
		Secret: secret, Instance: "two", Now: time.Now, MaxInFlight: 8, Log: slog.New(slog.NewTextHandler(log, nil)), Subscribers: subscribers,
	})}
	time.Sleep(time.Second) // the first round of the one without subscribers is over
	h.joined(other, func() {
		other.create("before", sale(1000))
		time.Sleep(time.Second)
		for outage := range 2 {
			disk.Store(true)
			for i := range 3 {
				other.create(fmt.Sprint(outage, "-", i), sale(1000))
				time.Sleep(3 * time.Minute)
			}
			disk.Store(false)
			time.Sleep(10 * time.Minute)
		}
	})
	return log, shop
}
