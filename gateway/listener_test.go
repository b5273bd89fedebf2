package gateway_test

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// listener is a sink that keeps what it was told.
type listener struct {
	mu   sync.Mutex
	told []gateway.Delivery
	at   []time.Time
	busy map[string]int
	most int
	// answer decides; nil is Told.
	answer func(gateway.Delivery) gateway.Verdict
	// takes is how long it thinks.
	takes time.Duration
	lane  func(gateway.Event) string
}

func (l *listener) Lane(e gateway.Event) string {
	if l.lane == nil {
		return ""
	}
	return l.lane(e)
}

func (l *listener) Deliver(ctx context.Context, d gateway.Delivery) gateway.Verdict {
	l.mu.Lock()
	l.told, l.at = append(l.told, d), append(l.at, time.Now())
	if l.busy == nil {
		l.busy = map[string]int{}
	}
	l.busy[d.Lane]++
	l.most = max(l.most, l.busy[d.Lane])
	answer := l.answer
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.busy[d.Lane]--
		l.mu.Unlock()
	}()
	if !l.thinks(ctx) {
		return gateway.Verdict{Outcome: gateway.Later, Detail: "no answer in time"}
	}
	if answer == nil {
		return gateway.Verdict{Outcome: gateway.Told, StatusCode: 200}
	}
	return answer(d)
}

// thinks says no when its time is over. It makes no timer where it takes no time:
// in a bubble under the race detector Go 1.26 dies, now and then, of two goroutines
// that both find a timer's time come (they share one race context).
func (l *listener) thinks(ctx context.Context) bool {
	if l.takes == 0 {
		return ctx.Err() == nil
	}
	select {
	case <-time.After(l.takes):
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *listener) answers(answer func(gateway.Delivery) gateway.Verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = answer
}

// heard are the versions of one payment in the order in which they were told.
func (l *listener) heard(paymentID string) []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var versions []int64
	for _, d := range l.told {
		if d.Event.PaymentID == paymentID {
			versions = append(versions, d.Event.Version)
		}
	}
	return versions
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.told)
}

func feelsUnwell(gateway.Delivery) gateway.Verdict {
	return gateway.Verdict{Outcome: gateway.Later, StatusCode: 500, Detail: "it does not feel well"}
}

// tellingHouse is a house whose gateway tells subscribers.
func tellingHouse(t *testing.T, books *ledger.Ledger, instance string, processor *processortest.Processor, subscribers ...gateway.Subscriber) *house {
	t.Helper()
	for i := range subscribers {
		subscribers[i].MerchantID = "main"
	}
	g := gateway.New(gateway.Config{
		Ledger: books, Merchants: merchants, Processors: map[string]gateway.Processor{"main": processor}, Secret: secret,
		Instance: instance, Now: time.Now, MaxInFlight: 256, Log: discard, Subscribers: subscribers,
		Jitter: func(d time.Duration) time.Duration { return d },
	})
	return &house{Gateway: g, t: t, ledger: books, processor: processor}
}

// tells runs a test in a bubble, with a gateway that tells the subscribers.
func tells(t *testing.T, test func(t *testing.T, h *house), subscribers ...gateway.Subscriber) {
	t.Helper()
	tellsEvery(t, 2*time.Second, test, subscribers...)
}

// tellsEvery is for those who live through days.
func tellsEvery(t *testing.T, every time.Duration, test func(t *testing.T, h *house), subscribers ...gateway.Subscriber) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		books, err := ledger.OpenSQLite(t.Context(), path, ledger.Options{AuditKey: auditKey})
		if err != nil {
			t.Fatal(err)
		}
		h := tellingHouse(t, books, "one", processortest.New(time.Now), subscribers...)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { h.RunTelling(ctx, every); close(ended) }()
		test(t, h)
		cancel()
		<-ended
		synctest.Wait()
		books.Close()
	})
}

// deliveries are all of the merchant, in the order of versions: in a bubble many
// are made in one millisecond.
func (h *house) deliveries(f gateway.DeliveryFilter) []gateway.Delivery {
	h.t.Helper()
	f.MerchantID, f.Limit = "main", 1000
	page, _, err := h.Deliveries(context.Background(), f)
	if err != nil {
		h.t.Fatal(err)
	}
	slices.SortStableFunc(page, func(a, b gateway.Delivery) int { return cmp.Compare(a.Event.Version, b.Event.Version) })
	return page
}

func (h *house) delivery(id string) gateway.Delivery {
	h.t.Helper()
	d, err := h.Delivery(context.Background(), "main", id)
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// approved is a subscriber that wants to hear of approved payments alone: those
// by hosted fields have a second event, when their card is learned.
func approved(name string, sink gateway.Sink) gateway.Subscriber {
	return gateway.Subscriber{Name: name, Sink: sink, Events: []string{"payment.approved"}}
}
