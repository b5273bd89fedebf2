package drill

import (
	"fmt"
	"sync"
	"testing"

	"paytrace-gateway/internal/services"
	"paytrace-gateway/internal/simulation/history"
)

// plainSale is the request of a key that is its own order.
func (w *town) plainSale(key string) ask {
	w.t.Helper()
	method, err := w.payTrace.hostedFields()
	if err != nil {
		w.t.Fatal(err)
	}
	return ask{verb: history.Pay, key: key, order: key, body: fmt.Sprintf(
		`{"intent":"sale","amount":"19.99","orderId":%q,"paymentMethod":%s}`, key, method)}
}

// underWay begins a request at the first gateway, and returns when PayTrace
// has it and will not answer for a while.
func (w *town) underWay(a ask, seconds float64) (answer func() history.Call) {
	w.t.Helper()
	w.payTrace.misbehave(fmt.Sprintf(`{"operation":"sale","kind":"delay","seconds":%g}`, seconds))
	arrived := w.payTrace.arrived("sale")
	var c history.Call
	var work sync.WaitGroup
	work.Go(func() { c = w.call(0, a) })
	eventually(w.t, "the sale has reached PayTrace", func() bool { return w.payTrace.arrived("sale") == arrived+1 })
	return func() history.Call { w.await(&work); return c }
}

// chargesOf are the states of what PayTrace has of an order.
func (w *town) chargesOf(order string) (states []string) {
	w.t.Helper()
	for _, t := range w.payTrace.transactions() {
		if t.InvoiceID == order {
			states = append(states, t.State)
		}
	}
	return states
}

func (w *town) wantCharges(order string, states ...string) {
	w.t.Helper()
	if got := w.chargesOf(order); fmt.Sprint(got) != fmt.Sprint(states) {
		w.t.Errorf("PayTrace has %v of %s, want %v", got, order, states)
	}
}

func TestAnUndecidedKeyOnTheOtherInstanceWaits(t *testing.T) {
	t.Parallel()
	w := openTown(t, setup{redisURL: services.RedisServer(t).URL, sendWindow: longWindow})
	a := w.plainSale("slow")
	first := w.underWay(a, 2)
	again := w.call(1, a)
	if again.Status != 201 || again.Payment.Status != "approved" || !again.Replayed {
		t.Errorf("the repeat at the other gateway: HTTP %d %s, replayed %t; want 201 approved, a replay", again.Status, again.Payment.Status, again.Replayed)
	}
	if c := first(); c.Status != 201 || c.Payment.ID != again.Payment.ID || c.Operation.ID != again.Operation.ID {
		t.Errorf("the first: HTTP %d of %s, the repeat is of %s", c.Status, c.Payment.ID, again.Payment.ID)
	}
	w.wantCharges("slow", "pending_settlement")
	w.settle(patience)
}

func TestAKeyIsGivenUpAtTheOtherInstance(t *testing.T) {
	t.Parallel()
	w := openTown(t, setup{redisURL: services.RedisServer(t).URL, sendWindow: longWindow})
	t.Run("before the charge", func(t *testing.T) {
		if c := w.call(0, ask{verb: history.Cancel, key: "before"}); c.Status != 201 || c.Outcome != "cancelled" {
			t.Errorf("the giving up: HTTP %d %s, want 201 cancelled", c.Status, c.Outcome)
		}
		if c := w.call(1, w.plainSale("before")); c.Status != 422 || c.Code != "key_cancelled" {
			t.Errorf("the late sale: HTTP %d %s, want 422 key_cancelled", c.Status, c.Code)
		}
		w.wantCharges("before")
	})
	t.Run("during the charge", func(t *testing.T) {
		a := w.plainSale("during")
		first := w.underWay(a, 1)
		if c := w.shop(1).insist(ask{verb: history.Cancel, key: "during"}); c.Status != 201 || c.Payment.Status != "voided" {
			t.Errorf("the giving up: HTTP %d, the payment is %s; want 201, voided", c.Status, c.Payment.Status)
		}
		first()
		if c := w.call(0, a); c.Status != 422 || c.Code != "key_cancelled" {
			t.Errorf("the repeated sale: HTTP %d %s, want 422 key_cancelled", c.Status, c.Code)
		}
		w.wantCharges("during", "voided")
	})
	t.Run("after the charge", func(t *testing.T) {
		a := w.plainSale("after")
		if c := w.call(0, a); c.Status != 201 || c.Payment.Status != "approved" {
			t.Errorf("the sale: HTTP %d, the payment is %s; want 201, approved", c.Status, c.Payment.Status)
		}
		if c := w.shop(1).insist(ask{verb: history.Cancel, key: "after"}); c.Status != 201 || c.Payment.Status != "voided" {
			t.Errorf("the giving up: HTTP %d, the payment is %s; want 201, voided", c.Status, c.Payment.Status)
		}
		w.wantCharges("after", "voided")
	})
	w.settle(patience)
}
