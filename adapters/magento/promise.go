package magento

import (
	"fmt"
	"strings"

	"paytrace-gateway/gateway"
)

// A refund that waits for settlement is answered as promised, and Magento saves its
// credit memo. Where it is not made after all, the shop has as refunded what the
// shopper has not got, and nobody at the shop would look for that.

// unmade says that the operation is such a refund of the shop's own. One that a person
// has called done is made by another operation.
func (c Config) unmade(op gateway.Operation) bool {
	if !op.Promised() || op.Channel != c.Channel {
		return false
	}
	switch op.Status {
	case gateway.OpCancelled:
		return op.Resolution == nil || op.Resolution.Decision != gateway.Done
	case gateway.OpDeclined, gateway.OpRejected, gateway.OpFailed:
		return true
	}
	return false
}

// notRefunded is for a person: in what other way the shopper gets the money, Magento
// does not know.
func notRefunded(t task) task {
	if !holdsMoney(t.event.Payment) {
		return leaveIt(t.event, "a refund that was promised is not made, and the shopper has all of the money")
	}
	t.deed = unmade
	t.attention = fmt.Sprintf("refund_not_made: the refund of %s was promised and is not made, since %s; its credit memo stands, so pay it in another way", t.op.Amount, whyNot(t.op))
	return t
}

// whyNot is why a refund is not made.
func whyNot(op gateway.Operation) string {
	switch {
	case op.Status == gateway.OpCancelled && op.Cancel != "":
		return "its key was given up"
	case op.Status == gateway.OpCancelled:
		return "somebody at the gateway has ended it"
	case op.Status == gateway.OpFailed:
		return "somebody at the gateway has found that PayTrace did not make it"
	case op.Decline != nil:
		return "PayTrace has declined it (" + op.Decline.Code + ")"
	case op.Rejection != nil && op.Rejection.Code == gateway.RejectedByState:
		return "PayTrace's books do not allow it: " + strings.TrimSuffix(op.Rejection.Message, ".")
	case op.Rejection != nil:
		return "PayTrace has rejected it (error " + op.Rejection.Code + ")"
	}
	return "PayTrace has refused it"
}

// unmadeBefore is what has to be known of such refunds once their payment came back: a
// return ends those that wait, and their credit memos stand.
func (c Config) unmadeBefore(p gateway.Payment) string {
	var total gateway.Money
	for _, op := range p.Operations {
		if c.unmade(op) {
			total += op.Amount
		}
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s of refunds that were promised are not made and have their credit memos, so ask for that much less, unless they were paid in another way)", total)
}

// unmade leaves an order alone whose books have no more as refunded than was given
// back, or is promised still.
func (c *call) unmade() gateway.Verdict {
	p := c.task.event.Payment
	if c.books.refunded <= p.Refunded()+p.RefundPending() {
		return told("nothing was written: a refund that was promised is not made, and Magento has none of it as refunded")
	}
	return c.handOver(c.task.attention)
}
