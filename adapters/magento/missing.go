package magento

import (
	"context"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

const (
	// askAgain and askAgainAtMost bound the waits for an order that is about to
	// be saved.
	askAgain       = 30 * time.Second
	askAgainAtMost = 5 * time.Minute
	// askHourly is for an order that has not come when it should have.
	askHourly = time.Hour
	// giveUpAfter is when a missing order is a dead letter.
	giveUpAfter = 3 * 24 * time.Hour
)

// missing is the verdict on an event whose order the shop does not have. It is
// saved after its payment, so that this is nobody's failure for a while. After
// that a paid one is a person's matter, and an unpaid one nobody's.
func (s *Sink) missing(ctx context.Context, t task) gateway.Verdict {
	age := max(0, s.config.Now().Sub(t.event.At))
	v := gateway.Verdict{Outcome: gateway.Later, StatusCode: 200, Patient: true}
	named := s.orderWords(t)
	if left := s.config.OrderWait - age; left > 0 {
		v.After = min(max(askAgain, age/2), askAgainAtMost, max(left, time.Second))
		v.Detail = fmt.Sprintf("Magento does not have order %s yet; an order is saved after its payment, so nobody is troubled for %s", named, s.config.OrderWait)
		return v
	}
	if !holdsMoney(t.event.Payment) {
		return told(fmt.Sprintf("Magento has no order %s, and the payment that is %s holds no money, so there is nothing to tell", named, t.event.Payment.Status))
	}
	v.IfHeld = true // a payment that was undone meanwhile needs no order
	v.Attention = fmt.Sprintf("paid_without_order: the payment is %s and Magento has no order %s", t.event.Payment.Status, named)
	v.Detail = fmt.Sprintf("Magento has no order %s; find out in the shop whether it was lost, then save it there or refund the payment", named)
	if age >= giveUpAfter {
		v.Outcome, v.Patient = gateway.Dead, false
		v.Detail += "; it was asked for during three days"
		return v
	}
	v.After = askHourly
	if !s.config.UndoWithoutOrder || t.event.Payment.Channel != s.config.Channel || t.keeps {
		return v
	}
	if s.config.Way == WayModule { // it has looked in all stores
		v.Undo = true
		return v
	}
	return s.undoUnless(ctx, t, v)
}

// undoUnless asks for the charge to be given back, unless the shop has an order
// of that number anywhere. Nothing found proves little: a wrong number of a
// store view finds no order either.
func (s *Sink) undoUnless(ctx context.Context, t task, v gateway.Verdict) gateway.Verdict {
	anywhere, err := s.client.orders(ctx, t.event.Payment.OrderID, 0)
	switch {
	case err != nil:
		f := failure(err)
		f.Outcome, f.Attention = gateway.Later, v.Attention
		return f
	case len(anywhere) > 0:
		v.Patient, v.After = false, 0
		v.Detail = fmt.Sprintf("Magento has order %s in another store than the one that was looked in, so the setting stores is wrong; nothing is given back", s.orderWords(t))
		return v
	}
	v.Undo = true
	return v
}

// orderWords name the order for a person.
func (s *Sink) orderWords(t task) string {
	p := t.event.Payment
	named := s.client.door.Words(p.OrderID)
	if p.StoreCode != "" {
		named += " of store " + s.client.door.Words(p.StoreCode)
	}
	return named
}
