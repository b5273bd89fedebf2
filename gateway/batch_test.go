package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// batcher is a listener that takes several at once.
type batcher struct {
	listener
	calls []int
	fail  bool
}

func (b *batcher) BatchLimit() int { return 200 }

func (b *batcher) DeliverAll(_ context.Context, all []gateway.Delivery) []gateway.Verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, len(all))
	b.told = append(b.told, all...)
	verdicts := make([]gateway.Verdict, len(all))
	for i := range verdicts {
		verdicts[i].Outcome = gateway.Told
	}
	if b.fail {
		return verdicts[1:]
	}
	return verdicts
}

func TestAQueueIsToldInBatchesWhereTheSinkTakesThem(t *testing.T) {
	org := &batcher{listener: listener{answer: func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, Pause: time.Minute}
	}}}
	tells(t, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(time.Second)
		for i := range 50 {
			h.create(fmt.Sprint("q", i), sale(1000))
		}
		org.answers(nil)
		time.Sleep(2 * time.Minute)
		org.mu.Lock()
		if len(org.calls) == 0 || slices.Max(org.calls) < 40 {
			t.Errorf("batches of %v", org.calls)
		}
		org.mu.Unlock()
		if left := h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending}}); len(left) != 0 {
			t.Errorf("%d are left", len(left))
		}
	}, gateway.Subscriber{Name: "org", Sink: org})
}

func TestASinkWithoutAVerdictForEachIsAskedForEachAlone(t *testing.T) {
	org := &batcher{fail: true}
	tells(t, func(t *testing.T, h *house) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { h.create(fmt.Sprint("q", i), sale(1000)) })
		}
		wg.Wait()
		org.mu.Lock()
		org.fail = false
		org.mu.Unlock()
		time.Sleep(time.Hour)
		if left := h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending, gateway.DeliveryDead}}); len(left) != 0 {
			t.Errorf("%d are left", len(left))
		}
	}, gateway.Subscriber{Name: "org", Sink: org})
}

func TestWhatOneCallToldIsWrittenInOneGo(t *testing.T) {
	org := &batcher{}
	takesAhead(t, approved("org", org), func(h *house, l *taking, stop func()) {
		stop()
		for i := range 20 {
			h.create(fmt.Sprint("q", i), sale(1000))
		}
		defer l.begins(h, approved("org", org))()
		time.Sleep(time.Minute)
		l.mu.Lock()
		defer l.mu.Unlock()
		if !slices.Equal(org.calls, []int{20}) || !slices.Equal(l.saves, []int{20}) {
			t.Errorf("calls of %v were saved by %v", org.calls, l.saves)
		}
	})
}

func TestWhatIsGivenBackIsWrittenInOneGo(t *testing.T) {
	_, s := slowShop()
	takesAhead(t, s, func(h *house, l *taking, stop func()) {
		crowdFor(t, h, 8)
		stop()
		l.mu.Lock()
		defer l.mu.Unlock()
		if last := l.saves[len(l.saves)-1]; last < 5 {
			t.Errorf("the writes at the end were %v", l.saves)
		}
	})
}
