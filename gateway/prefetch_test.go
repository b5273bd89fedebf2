package gateway_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// taking is a ledger that counts what is taken out of it, and what is made as
// taken, and may refuse that.
type taking struct {
	gateway.Ledger
	mu           sync.Mutex
	ahead, taken int
	// saves are how many deliveries each write has saved.
	saves   []int
	refuses bool
}

func (l *taking) counted() (ahead, taken int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ahead, l.taken
}

func (l *taking) refuse(refuses bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuses = refuses
}

func (l *taking) Spread(ctx context.Context, events []gateway.Event, to []gateway.Delivery) error {
	l.mu.Lock()
	ahead := 0
	for _, d := range to {
		ahead += d.Attempts
	}
	refused := l.refuses && ahead > 0
	l.mu.Unlock()
	if refused {
		return gateway.ErrStale
	}
	err := l.Ledger.Spread(ctx, events, to)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.ahead += ahead
	}
	return err
}

func (l *taking) TakeDeliveries(ctx context.Context, ds []gateway.Delivery, now, until time.Time) ([]gateway.Delivery, error) {
	l.mu.Lock()
	l.taken += len(ds)
	l.mu.Unlock()
	return l.Ledger.TakeDeliveries(ctx, ds, now, until)
}

func (l *taking) SaveDeliveries(ctx context.Context, ds []gateway.Delivery) []error {
	l.mu.Lock()
	l.saves = append(l.saves, len(ds))
	l.mu.Unlock()
	return l.Ledger.SaveDeliveries(ctx, ds)
}

// begins has a gateway on the ledger tell the subscriber, until it is stopped.
// Nothing wakes it by the clock.
func (l *taking) begins(h *house, s gateway.Subscriber) (stop func()) {
	s.MerchantID = "main"
	h.Gateway = gateway.New(gateway.Config{
		Ledger: l, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor}, Secret: secret,
		Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard, Subscribers: []gateway.Subscriber{s},
	})
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() { h.RunTelling(ctx, time.Hour); close(ended) }()
	return func() { cancel(); <-ended }
}

// takesAhead has a test in a bubble, with a ledger that counts and a gateway that
// has told nobody of anything yet.
func takesAhead(t *testing.T, s gateway.Subscriber, test func(h *house, l *taking, stop func())) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		books, err := ledger.OpenSQLite(t.Context(), path, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer books.Close()
		l := &taking{Ledger: books}
		h := &house{t: t, ledger: books, processor: processortest.New(time.Now)}
		stop := l.begins(h, s)
		time.Sleep(time.Second)
		test(h, l, stop)
		stop()
	})
}

func TestAnEventIsMadeAsTakenWhenItIsToldAtOnce(t *testing.T) {
	shop := &listener{}
	takesAhead(t, approved("shop", shop), func(h *house, l *taking, _ func()) {
		for i := range 3 {
			h.create(fmt.Sprint("k", i), sale(1000))
			time.Sleep(time.Second)
		}
		if ahead, taken := l.counted(); shop.count() != 3 || ahead != 3 || taken != 0 {
			t.Errorf("told %d, %d of them made as taken, %d taken afterwards", shop.count(), ahead, taken)
		}
		for _, d := range h.deliveries(gateway.DeliveryFilter{}) {
			if d.Status != gateway.DeliveryDone || d.Attempts != 1 || len(d.Log) != 1 {
				t.Errorf("%+v", d)
			}
		}
	})
}

func TestWhatCannotBeMadeAsTakenIsToldAllTheSame(t *testing.T) {
	shop := &listener{}
	takesAhead(t, approved("shop", shop), func(h *house, l *taking, _ func()) {
		l.refuse(true)
		for i := range 3 {
			h.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(time.Second)
		if ahead, taken := l.counted(); shop.count() != 3 || ahead != 0 || taken != 3 {
			t.Errorf("told %d, %d of them made as taken, %d taken afterwards", shop.count(), ahead, taken)
		}
		l.refuse(false)
		h.create("later", sale(1000))
		time.Sleep(time.Second)
		if ahead, _ := l.counted(); ahead != 1 {
			t.Error("after a second nothing is taken ahead again")
		}
	})
}

// TestWhatWaitsBehindATellingIsToldRightAfterIt has the second event of a payment
// come while it is told of the first.
func TestWhatWaitsBehindATellingIsToldRightAfterIt(t *testing.T) {
	shop := &listener{takes: 10 * time.Second}
	takesAhead(t, gateway.Subscriber{Name: "shop", Sink: shop}, func(h *house, _ *taking, _ func()) {
		p := h.create("k", authorization(1000)).Payment
		time.Sleep(time.Second)
		other := h.create("other", authorization(1000)).Payment
		time.Sleep(4 * time.Second)
		a, err := h.Void(h.t.Context(), as("v"), p.ID)
		h.expect(a, err, gateway.Voided, gateway.OpApproved)
		time.Sleep(6 * time.Second)
		if first, second := shop.heard(p.ID), shop.heard(other.ID); len(first) != 2 || len(second) != 1 {
			t.Errorf("heard %v and %v", first, second)
		}
	})
}

// crowdFor has a subscriber that takes a tenth of a second for each, one after the
// other, and is owed so many at once.
func crowdFor(t *testing.T, h *house, n int) {
	t.Helper()
	h.create("first", sale(1000)) // how long the subscriber takes is known afterwards
	time.Sleep(time.Second)
	for i := range n {
		h.create(fmt.Sprint("k", i), sale(1000))
	}
	time.Sleep(150 * time.Millisecond)
}

func slowShop() (*listener, gateway.Subscriber) {
	shop := &listener{takes: 100 * time.Millisecond}
	s := approved("shop", shop)
	s.AtOnce = 1
	return shop, s
}

func TestNoMoreIsTakenAheadThanIsToldInASecond(t *testing.T) {
	shop, s := slowShop()
	takesAhead(t, s, func(h *house, _ *taking, _ func()) {
		crowdFor(t, h, 30)
		taken := 0
		for _, d := range h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending}}) {
			taken += d.Attempts
		}
		if taken < 5 || taken > 10 {
			t.Errorf("%d are taken", taken)
		}
		time.Sleep(10 * time.Second)
		if shop.count() != 31 || shop.most > 1 {
			t.Errorf("told %d, %d at once", shop.count(), shop.most)
		}
	})
}

func TestAProcessThatEndsGivesBackWhatItHasTakenAhead(t *testing.T) {
	shop, s := slowShop()
	takesAhead(t, s, func(h *house, l *taking, stop func()) {
		crowdFor(t, h, 8)
		stop()
		told := shop.count()
		if told == 9 {
			t.Fatal("nothing was left")
		}
		for _, d := range h.deliveries(gateway.DeliveryFilter{}) {
			if d.Attempts != len(d.Log) {
				t.Errorf("%d attempts are counted and %d were made", d.Attempts, len(d.Log))
			}
		}
		next := l.begins(h, s)
		time.Sleep(time.Second)
		next()
		if shop.count() != 9 {
			t.Errorf("told %d, and %d more within a second by the next process, of 9", told, shop.count()-told)
		}
	})
}

// TestAnOutageCostsNoAttemptOfWhatWasTakenAhead has the subscriber ask to be left
// alone while some are taken ahead of their telling.
func TestAnOutageCostsNoAttemptOfWhatWasTakenAhead(t *testing.T) {
	shop, s := slowShop()
	takesAhead(t, s, func(h *house, _ *taking, _ func()) {
		crowdFor(t, h, 8)
		shop.answers(func(gateway.Delivery) gateway.Verdict {
			return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: time.Minute, Pause: time.Minute}
		})
		time.Sleep(time.Second)
		waiting := 0
		for _, d := range h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending}}) {
			if d.Attempts != len(d.Log) {
				t.Errorf("%d attempts are counted and %d were made", d.Attempts, len(d.Log))
			}
			if d.Attempts == 0 {
				waiting++
			}
		}
		if waiting == 0 {
			t.Error("nothing was taken ahead")
		}
	})
}

// TestWhatWasTakenAheadAndNotBegunInTimeIsLeftToOthers has a subscriber that was
// quick become slow, so that what was taken for it could outlast its time.
func TestWhatWasTakenAheadAndNotBegunInTimeIsLeftToOthers(t *testing.T) {
	shop, s := slowShop()
	s.Deadline = 40 * time.Second
	takesAhead(t, s, func(h *house, _ *taking, _ func()) {
		crowdFor(t, h, 4)
		shop.answers(func(gateway.Delivery) gateway.Verdict {
			time.Sleep(35 * time.Second)
			return gateway.Verdict{Outcome: gateway.Told}
		})
		time.Sleep(time.Minute)
		left := h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending}})
		if len(left) == 0 || left[0].Attempts != 1 || shop.count() != 5-len(left) {
			t.Errorf("told %d, %d are left: %+v", shop.count(), len(left), left)
		}
	})
}

// TestOneThatWaitedTooLongTakesNoOtherOfItsCallWithIt has two wait for a call that
// takes long, one of them for nearly all of it. Both would go in the next call.
func TestOneThatWaitedTooLongTakesNoOtherOfItsCallWithIt(t *testing.T) {
	org := &batcher{}
	s := approved("org", org)
	s.AtOnce, s.Deadline = 1, 40*time.Second
	takesAhead(t, s, func(h *house, l *taking, _ func()) {
		h.create("first", sale(1000))
		time.Sleep(time.Second)
		org.answers(func(gateway.Delivery) gateway.Verdict {
			time.Sleep(36 * time.Second)
			return gateway.Verdict{Outcome: gateway.Told}
		})
		h.create("slow", sale(1000))
		time.Sleep(time.Second)
		org.answers(nil)
		early := h.create("early", sale(1000)).Payment
		time.Sleep(33 * time.Second)
		late := h.create("late", sale(1000)).Payment
		time.Sleep(5 * time.Second)
		if ahead, taken := l.counted(); ahead != 4 || taken != 0 {
			t.Errorf("%d are made as taken, %d taken afterwards", ahead, taken)
		}
		if first, second := org.heard(early.ID), org.heard(late.ID); len(first) != 0 || len(second) != 1 {
			t.Errorf("told %v of the one that another process may have by now, and %v of the other", first, second)
		}
	})
}
