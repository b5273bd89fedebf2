package magento

import (
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
func (s *Sink) missing(t task) gateway.Verdict {
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
	v.Attention = fmt.Sprintf("paid_without_order: the payment is %s and Magento has no order %s", t.event.Payment.Status, named)
	if s.config.UndoWithoutOrder && t.event.Payment.Channel == s.config.Channel {
		v.Undo = true
	}
	v.Detail = fmt.Sprintf("Magento has no order %s; find out in the shop whether it was lost, then save it there or refund the payment", named)
	if age >= giveUpAfter {
		v.Outcome, v.Patient = gateway.Dead, false
		v.Detail += "; it was asked for during three days"
		return v
	}
	v.After = askHourly
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
