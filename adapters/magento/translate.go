package magento

import (
	"cmp"
	"fmt"
	"strings"

	"paytrace-gateway/gateway"
)

// deed is what an event asks to be done to its order.
type deed string

const (
	// leave: the shop has not to be told.
	leave deed = ""
	// announce: the payment is authorized.
	announce deed = "authorized"
	// pay: money was taken.
	pay deed = "paid"
	// deny: the payment was declined after the shop had stopped to wait for it.
	deny deed = "declined"
	// undo: the payment was voided.
	undo deed = "voided"
	// giveBack: money was refunded.
	giveBack deed = "refunded"
	// remark: nothing in the order changes, and the shop should know.
	remark deed = "remark"
	// unmade: a refund that Magento was promised, and has booked, is not made.
	unmade deed = "not refunded"
	// recall: Magento asked for it, and had stopped to wait when it was decided.
	recall deed = "answered late"
	// confirm: Magento asked for it and has had its answer, so it should have
	// booked it.
	confirm deed = "answered"
)

// task is an event as a thing to do.
type task struct {
	event gateway.Event
	op    gateway.Operation
	deed  deed
	// why a leave is one.
	why string
	// attention is what a remark wants of a person.
	attention string
	// keeps says that a missing order is no reason to give its charge back: the
	// delivery had arrived once, or was started anew by a person, or tells of what
	// came after the charge, whose own event goes before it, so that the order may
	// have been there and gone since; or it is in another store.
	keeps bool
}

func leaveIt(e gateway.Event, why string) task { return task{event: e, why: why} }

// plan decides what an event asks for, by the event alone. What the shop itself
// asked for is never booked from here.
func (c Config) plan(e gateway.Event) task {
	t := c.changes(e)
	if t.deed == leave || !c.asked(t.op, e) {
		return t
	}
	switch heard := c.heard(t.op, e); {
	case t.deed == remark || t.deed == unmade: // news of what was answered long ago
	case heard && t.op.Status != gateway.OpApproved:
		return leaveIt(e, "Magento asked for this itself and has had its answer, so it books it itself")
	case heard:
		t.deed = confirm
	default:
		t.deed = recall
	}
	return t
}

// changes finds what an event has changed, whoever asked for it.
func (c Config) changes(e gateway.Event) task {
	op, known := e.Payment.Operation(e.OperationID)
	switch {
	case e.PaymentID == "":
		return leaveIt(e, "it belongs to no payment, and so to no order")
	case e.Payment.Intent == gateway.IntentVerify:
		return leaveIt(e, "it is about a verification of a card, by which no order is paid")
	case e.Payment.OrderID == "":
		return leaveIt(e, "the payment has no order id")
	case !known:
		return leaveIt(e, "it is about no operation of the payment")
	}
	t := task{event: e, op: op}
	switch e.Type {
	case eventOf(gateway.Authorized):
		t.deed = announce
	case eventOf(gateway.Accepted):
		return leaveIt(e, "a bank may still return the payment; the shop hears of it once it is approved")
	case eventOf(gateway.Returned):
		return c.returned(t)
	case eventOf(gateway.StatusApproved):
		t.deed = pay
	case eventOf(gateway.StatusDeclined), eventOf(gateway.Failed):
		if c.heard(op, e) {
			return leaveIt(e, "the shop heard it as the answer to its call, and saves no order after that")
		}
		t.deed = deny
	case eventOf(gateway.Voided):
		t.deed = undo
	case eventOf(gateway.Refunded), eventOf(gateway.PartiallyRefunded):
		t.deed = giveBack
	case eventOf(gateway.Expired):
		t.deed, t.attention = remark, "authorization_expired: the order cannot be captured any more; cancel it in Magento, or take a new payment"
	case gateway.EventUpdated:
		return c.planUpdate(t)
	default:
		return leaveIt(e, "an event of type "+e.Type+" changes nothing in Magento")
	}
	return t
}

// eventOf is the type of event of a payment that has come to a status.
func eventOf(s gateway.Status) string { return "payment." + string(s) }

// planUpdate finds the changes of money that leave the payment's status as it
// is: one more partial refund, one that is not made though it was promised, and what
// a clerk has lowered.
func (c Config) planUpdate(t task) task {
	switch {
	case t.event.Payment.Status == gateway.StatusDeclined:
		return leaveIt(t.event, "the payment was declined, and what a bank had given of it all the same is given back")
	case t.op.Return != nil:
		return c.returned(t)
	case c.unmade(t.op):
		return notRefunded(t)
	case t.op.Status != gateway.OpApproved:
		return leaveIt(t.event, "nothing was done that Magento books")
	case t.op.Kind == gateway.KindRefund:
		t.deed = giveBack
	case t.op.Kind == gateway.KindAdjust:
		t.deed = remark
		t.attention = "amount_lowered: a clerk has lowered what is taken to " + t.op.Amount.String() + "; Magento has no document for it, so correct the order by hand"
	default:
		return leaveIt(t.event, "nothing was done that Magento books")
	}
	return t
}

// returned is for a person: whether the goods are out, and whether the shopper pays
// in another way, Magento does not know.
func (c Config) returned(t task) task {
	code := ""
	if t.op.Return != nil {
		code = " with " + t.op.Return.Code
	}
	t.deed = remark
	if t.op.Kind == gateway.KindRefund {
		t.attention = "refund_returned: a bank has returned the refund of " + t.op.Amount.String() + code + refundsReturn(t.event.Payment)
	} else {
		t.attention = "payment_returned: a bank has returned the payment" + code + paymentsReturn(t.event.Payment) + c.unmadeBefore(t.event.Payment)
	}
	return t
}

// refundsReturn is how the shopper stands once a refund came back.
func refundsReturn(p gateway.Payment) string {
	if p.CameBack() {
		return ", and the payment was returned too, so that the shopper has the money; the credit memo stands, pay nothing besides and ask for none of it"
	}
	return ", so that the shopper has not got it; the credit memo stands, pay it in another way"
}

// paymentsReturn is how the order stands once its payment came back. What was
// refunded is credited. It is the shopper's once where the refund came back as well,
// and twice where it did not.
func paymentsReturn(p gateway.Payment) string {
	refunded, twice := p.Refunded(), p.RefundsKept()
	owed := p.Captured() - refunded + twice
	switch {
	case refunded == 0:
		return ", so that the order is not paid; ask the shopper for the money, or cancel the order or make an offline credit memo"
	case owed == 0:
		return ", whose refund was returned before, so that the shopper has the money; the credit memo stands, ask for none of it, unless it was paid in another way meanwhile"
	case twice == 0:
		return ", whose refund was returned before; the credit memo stands, and the rest is not paid, so ask the shopper for " + owed.String()
	default:
		return ", of which " + twice.String() + " were refunded and are with the shopper twice; the credit memo stands, ask the shopper for " + owed.String()
	}
}

// asked says that Magento's own screens asked for what has happened. Its charges
// are another matter: what they have become is told. So is that a bank payment has
// come in, days after whoever captured it had an answer.
func (c Config) asked(op gateway.Operation, e gateway.Event) bool {
	return op.Channel == c.Channel && !op.Charges() && !cameIn(e)
}

// heard says that whoever asked for the operation was still waiting when it was
// decided. An operation whose key was sent again was asked for anew: that is whom
// the answer went to. What a gateway has decided that did not take the time down is
// as old as the event that tells of it.
func (c Config) heard(op gateway.Operation, e gateway.Event) bool {
	switch {
	case op.Origin != gateway.OriginAPI || op.WasUnknown:
		return false
	case op.DecidedAt.IsZero():
		return op.Looks == 0 && e.At.Sub(op.CreatedAt) <= c.CallerBudget
	}
	return op.DecidedAt.Sub(cmp.Or(op.AskedAt, op.CreatedAt)) <= c.CallerBudget
}

// chargeHeard says the same of the payment's charge, whatever the event tells of: by
// the charge alone the shop has decided whether to save its order under review. A
// charge whose time of decision was not taken down is known by its own event only,
// which tells of it first. With any other it counts as heard, so that no review is
// lifted on a guess.
func (c Config) chargeHeard(e gateway.Event) bool {
	charge := e.Payment.First()
	decides := e.OperationID == charge.ID && !cameIn(e)
	if charge.DecidedAt.IsZero() && !charge.WasUnknown && !decides {
		return true
	}
	return c.heard(charge, e)
}

// cameIn says that the event tells of a bank payment that has come in, days after it
// was accepted.
func cameIn(e gateway.Event) bool {
	return e.Payment.ACH() && e.Type == eventOf(gateway.StatusApproved)
}

// holdsMoney says that the shopper's money is taken or held.
func holdsMoney(p gateway.Payment) bool {
	switch p.Status {
	case gateway.Authorized, gateway.Accepted, gateway.StatusApproved, gateway.Settled, gateway.PartiallyRefunded:
		return true
	}
	return false
}

// names are what the order's transactions may bear of the payment. Magento adds
// to them when a command gives no id, as in 123-capture.
func names(p gateway.Payment) []string {
	all := []string{p.ID, p.Reference, p.TransactionID}
	for _, o := range p.Operations {
		all = append(all, o.TransactionID)
	}
	return all
}

// holdsPart says that the event would let an order go on of which the bank has given
// a part alone, by its charge or by a capture of that.
func (t task) holdsPart() bool {
	return t.event.Payment.First().Part && (t.deed == announce || t.deed == pay)
}

// takesPart says that the operation is a capture of what the bank has given in part.
func (t task) takesPart() bool {
	return t.event.Payment.First().Part && t.op.Kind == gateway.KindCapture
}

// short is what is said to a person of a payment that the bank has given a part of.
func short(p gateway.Payment) string {
	return fmt.Sprintf("partial_amount: the bank has given %s of %s, so the order is not paid for; take the rest otherwise, or void the payment", p.Granted(), p.Amount)
}

// bears says that a text of the order's is one of the payment's names.
func bears(found string, names []string) bool {
	for _, name := range names {
		if name != "" && (found == name || strings.HasPrefix(found, name+"-")) {
			return true
		}
	}
	return false
}

// words are the comment's, for the shop's people. It ends with a mark by which
// it is found again.
func (t task) words(more string) string {
	p := t.event.Payment
	said := fmt.Sprintf("PayTrace gateway: payment %s is %s", p.ID, strings.ReplaceAll(string(p.Status), "_", " "))
	said += fmt.Sprintf("; %s of %s %s", t.op.Kind, t.op.Amount, p.Currency)
	if t.op.TransactionID != "" {
		said += ", transaction " + t.op.TransactionID
	}
	if p.Card.LastFour != "" {
		said += fmt.Sprintf(", %s ending in %s", p.Card.Brand, p.Card.LastFour)
	}
	if t.deed == deny && p.Decline != nil {
		said += ": " + p.Decline.Message
	}
	if more != "" {
		said += ". " + more
	}
	return said + " [" + t.mark() + " · " + t.event.ID + "]"
}

// mark names what was done, whichever event tells of it.
func (t task) mark() string { return string(t.deed) + " · " + t.op.ID }

// isTold says that the history has the comment already.
func (t task) isTold(history []comment) bool {
	for _, c := range history {
		if strings.Contains(string(c.Comment), t.event.ID) || strings.Contains(string(c.Comment), "["+t.mark()+" · ") {
			return true
		}
	}
	return false
}
