package magento

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"paytrace-gateway/gateway"
)

// call is one delivery by core REST.
type call struct {
	*Sink
	ctx   context.Context
	task  task
	books books
}

// viaCore tells an event by Magento's own REST API: it reads, decides by what it
// has read, acts at most once, and leaves a comment.
func (s *Sink) viaCore(ctx context.Context, t task) gateway.Verdict {
	o, verdict := s.findOrder(ctx, t)
	if verdict != nil {
		return *verdict
	}
	b, err := s.read(ctx, o)
	c := &call{s, ctx, t, b}
	switch {
	case errors.Is(err, errTotals):
		return gateway.Verdict{Outcome: gateway.Dead, StatusCode: 200, Attention: "magento_totals: order " + c.named() + " has totals that are no whole cents",
			Detail: "order " + c.named() + " has totals that are no whole cents, so nothing can be compared with them; book the payment by hand, then skip this delivery"}
	case err != nil:
		return failure(err)
	}
	if why := c.books.stranger(t.event.Payment, s.config.MethodCodes); why != "" {
		return c.notOurs(why)
	}
	return c.act()
}

// findOrder returns a verdict instead when there is nothing to act on.
func (s *Sink) findOrder(ctx context.Context, t task) (order, *gateway.Verdict) {
	stop := func(v gateway.Verdict) (order, *gateway.Verdict) { return order{}, &v }
	p := t.event.Payment
	if !allUnreserved(p.OrderID) {
		if p.Channel != s.config.Channel {
			return stop(gateway.Verdict{Outcome: gateway.Told, Detail: "not sent: the order id has characters that no order number of Magento's has"})
		}
		return stop(gateway.Verdict{Outcome: gateway.Dead, Detail: "the order id has characters that Magento's versions sign differently, so the order cannot be looked up; " +
			"take letters, digits and dashes for the prefix of order numbers in the shop, book this payment by hand, then skip this delivery"})
	}
	store := s.config.Stores[p.StoreCode]
	if store == 0 && p.StoreCode != "" && len(s.config.Stores) > 0 {
		return stop(gateway.Verdict{Outcome: gateway.Dead, Detail: "order " + s.orderWords(t) + " cannot be looked up: its store code is not in the setting stores; add it, then replay"})
	}
	found, err := s.client.orders(ctx, p.OrderID, store)
	switch {
	case err != nil:
		return stop(failure(err))
	case len(found) == 0:
		return stop(s.missing(ctx, t))
	case len(found) > 1:
		return stop(gateway.Verdict{Outcome: gateway.Dead, StatusCode: 200, Attention: "order_ambiguous: Magento has several orders " + s.orderWords(t),
			Detail: "Magento has several orders " + s.orderWords(t) + "; name the store views in the setting stores, then replay"})
	case string(found[0].IncrementID) != p.OrderID || found[0].EntityID == 0:
		return stop(gateway.Verdict{Outcome: gateway.Later, StatusCode: 200, Detail: "Magento answered the search for order " + s.orderWords(t) + " with another order; is something in front of it that answers in its place?"})
	}
	return found[0], nil
}

func (c *call) named() string { return c.orderWords(c.task) }

// notOurs leaves an order alone that another payment, or none, has made.
func (c *call) notOurs(why string) gateway.Verdict {
	v := told("nothing was written: order " + c.named() + " is not this payment's, since " + why)
	if holdsMoney(c.task.event.Payment) {
		v.Attention = "paid_without_order: order " + c.named() + " is not this payment's, since " + why
	}
	return v
}

// act is the table of deeds.
func (c *call) act() gateway.Verdict {
	if c.task.holdsPart() {
		return c.handOver(short(c.task.event.Payment))
	}
	switch c.task.deed {
	case announce:
		return c.announce()
	case pay:
		return c.pay()
	case deny:
		return c.deny()
	case undo:
		return c.undo()
	case giveBack:
		return c.giveBack()
	case recall:
		return c.recall()
	case confirm:
		return c.confirm()
	case unmade:
		return c.unmade()
	}
	return c.handOver(c.task.attention)
}

func (c *call) in(states ...string) bool {
	for _, s := range states {
		if c.books.order.State == s {
			return true
		}
	}
	return false
}

// announce lets the order of an authorized payment go on.
func (c *call) announce() gateway.Verdict {
	if c.in(stateCanceled, stateClosed) {
		return c.handOver(fmt.Sprintf("paid_but_canceled: the payment is authorized and its order is %s; void the payment, or take the order up again", c.books.order.State))
	}
	if v := c.leaveReview(c.config.placeOf(gateway.Authorized)); v != nil {
		return *v
	}
	return c.finish("the order may be fulfilled")
}

// pay books the money of a sale or a capture with an invoice.
func (c *call) pay() gateway.Verdict {
	p := c.task.event.Payment
	short := p.Captured() - c.books.paid
	switch {
	case short > 0 && c.in(stateCanceled, stateClosed):
		return c.handOver(fmt.Sprintf("paid_but_canceled: %s were taken and the order is %s; refund the payment, or take the order up again", p.Captured(), c.books.order.State))
	case short <= 0 && !c.in(stateReview):
		return c.finish("Magento has it as paid already")
	}
	if v := c.leaveReview(c.config.placeOf(gateway.StatusApproved)); v != nil {
		return *v
	}
	switch {
	case short <= 0:
		return c.finish("Magento has it as paid already")
	case c.books.hasOpenInvoice():
		return c.handOver("open_invoice: Magento has an invoice that waits for this money, and core REST cannot mark it as paid; the gateway's module can")
	case short != c.task.op.Amount || c.books.paid+short != c.books.grand:
		return c.handOver(fmt.Sprintf("partial_amount: %s were taken, Magento has %s of %s as paid; make an invoice (capture offline) of what was paid for", p.Captured(), c.books.paid, c.books.grand))
	}
	return c.document("an invoice", c.books.toInvoice, func(items []itemQty) error {
		return c.client.invoice(c.ctx, c.books.order.EntityID, items)
	}, func() bool { return c.books.paid == p.Captured() })
}

// deny ends the order of a payment that was declined after all. An order that
// has gone on in the meantime is a person's matter: a late decline must not
// cancel what may have been paid otherwise.
func (c *call) deny() gateway.Verdict {
	switch {
	case c.in(stateCanceled):
		return c.finish("the order is canceled already")
	case c.in(stateReview) && c.config.Declined == DeclineStaysInReview:
		return c.finish("The order stays in review: accept or deny it")
	case c.books.paid > 0 || !c.in(stateReview, stateNew, statePendingPayment):
		return c.handOver(fmt.Sprintf("declined_but_open: the payment was declined and the order is %s; hold it until it is paid, or cancel it", c.books.order.State))
	}
	return c.cancel()
}

// undo ends the order of a payment that was voided, or gives back what an
// invoice says was paid.
func (c *call) undo() gateway.Verdict {
	switch {
	case c.in(stateCanceled, stateClosed):
		return c.finish("the order is " + c.books.order.State + " already")
	case c.books.paid > 0 && !c.undoesAll():
		return c.handOver(fmt.Sprintf("voided_but_open: %s were voided of a payment that had taken %s, and Magento has %s as paid and %s as refunded; look whose money it is, then correct the order by hand",
			c.task.op.Amount, c.task.event.Payment.Captured(), c.books.paid, c.books.refunded))
	case c.books.paid > 0:
		return c.returnAll(c.books.paid - c.books.refunded)
	case !c.in(stateReview, stateNew, statePendingPayment, stateProcessing):
		return c.handOver(fmt.Sprintf("voided_but_open: the payment was voided and the order is %s; cancel it, or take a new payment", c.books.order.State))
	}
	return c.cancel()
}

// undoesAll says that what Magento has as paid is this payment's money, and that
// the void has given back all that is left of it. A void of an authorization
// alone says nothing about what was paid otherwise.
func (c *call) undoesAll() bool {
	taken := c.task.event.Payment.Captured()
	return taken > 0 && c.books.paid == taken && c.task.op.Amount == c.books.paid-c.books.refunded
}

// giveBack books a refund with an offline credit memo.
func (c *call) giveBack() gateway.Verdict {
	p := c.task.event.Payment
	short := p.Refunded() - c.books.refunded
	switch {
	case short <= 0:
		return c.finish("Magento has it as refunded already")
	case c.books.paid == 0 && p.Status == gateway.Refunded && c.task.op.Amount == c.books.grand:
		return c.undo()
	case short != c.task.op.Amount:
		return c.handOver(c.partly())
	}
	return c.returnAll(short)
}

// partly is why a refund is left to a person.
func (c *call) partly() string {
	return fmt.Sprintf("partial_amount: %s were given back, Magento has %s of %s as refunded; make an offline credit memo of what it was for",
		c.task.event.Payment.Refunded(), c.books.refunded, c.books.paid)
}

// returnAll makes an offline credit memo of all that is left, if that is what
// was given back.
func (c *call) returnAll(amount gateway.Money) gateway.Verdict {
	if amount <= 0 {
		return c.finish("Magento has it as refunded already")
	}
	if amount != c.books.paid-c.books.refunded || !c.in(stateProcessing, stateComplete) {
		return c.handOver(c.partly())
	}
	want := c.books.refunded + amount
	return c.document("an offline credit memo", c.books.toRefund, func(items []itemQty) error {
		return c.client.refund(c.ctx, c.books.order.EntityID, items, c.books.shippingLeft())
	}, func() bool { return c.books.refunded == want })
}

// recall is about what Magento asked for without hearing the answer: it has
// booked nothing, and books it when it asks again.
func (c *call) recall() gateway.Verdict {
	if v := c.booked(); v != nil {
		return *v
	}
	if c.task.takesPart() {
		return c.handOver(c.misbooked())
	}
	return c.handOver(fmt.Sprintf("answer_lost: Magento asked for a %s of %s and did not hear that it was done; do the same once more there, the gateway answers it without moving money again", c.task.op.Kind, c.task.op.Amount))
}

// confirm is about what Magento asked for and has had its answer to. The answer
// may have been lost inside of the shop, or the sums lack what was done
// elsewhere before.
func (c *call) confirm() gateway.Verdict {
	if v := c.booked(); v != nil {
		return *v
	}
	if c.task.takesPart() {
		return c.handOver(c.misbooked())
	}
	p := c.task.event.Payment
	return c.handOver(fmt.Sprintf("not_booked: Magento asked for a %s of %s and was told that it is done, but %s taken and %s given back are not in its books: it has %s as paid, %s as refunded, and the order is %s; correct it there by hand, offline",
		c.task.op.Kind, c.task.op.Amount, p.Captured(), p.Refunded(), c.books.paid, c.books.refunded, c.books.order.State))
}

// misbooked is why the capture of a part is left to a person.
func (c *call) misbooked() string {
	p := c.task.event.Payment
	return fmt.Sprintf("partial_amount: the bank has given %s of %s, %s were taken, and Magento has %s as paid; correct it there by hand, offline, and take the rest otherwise",
		p.Granted(), p.Amount, p.Captured(), c.books.paid)
}

// booked is the verdict when Magento's books have what it asked for. What was paid
// besides may be there too, but not where the bank has given a part: an invoice of
// all of the order says that the rest is paid as well.
func (c *call) booked() *gateway.Verdict {
	p := c.task.event.Payment
	done := false
	switch c.task.op.Kind {
	case gateway.KindCapture:
		done = c.books.paid == p.Captured() || (c.books.paid > p.Captured() && !c.task.takesPart())
	case gateway.KindRefund:
		done = c.books.refunded >= p.Refunded()
	case gateway.KindVoid:
		// A void alone leaves the order open; only its transaction tells.
		done = c.in(stateCanceled, stateClosed) || slices.ContainsFunc(c.books.transactions, func(t transaction) bool { return t.Type == "void" })
	}
	if !done {
		return nil
	}
	return new(told("nothing was written: Magento asked for the " + string(c.task.op.Kind) + " and has booked it"))
}
