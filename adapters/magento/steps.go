package magento

import (
	"fmt"

	"paytrace-gateway/gateway"
)

// The steps of the core way. Each either does what it is named for, or returns
// the verdict with which the delivery ends.

// again reads the order and its documents once more, after something was done
// or refused.
func (c *call) again() *gateway.Verdict {
	o, verdict := c.findOrder(c.ctx, c.task)
	if verdict != nil {
		return verdict
	}
	b, err := c.read(c.ctx, o)
	if err != nil {
		return new(failure(err))
	}
	c.books = b
	return nil
}

// leaveReview takes an order out of payment_review by overwriting its state.
// Core REST has no other way, and nothing else works while it is there.
func (c *call) leaveReview(to place) *gateway.Verdict {
	switch {
	case !c.in(stateReview):
		return nil
	case c.books.order.Status == "fraud":
		return new(c.handOver("fraud_review: Magento suspects fraud in this order; accept or deny its payment there"))
	case !c.reviewIsOurs():
		return new(c.handOver("foreign_review: something else than this payment has put the order under review; accept or deny its payment there"))
	case c.books.hasOpenInvoice():
		// Its items are on the invoice, so that the order can be neither canceled
		// nor invoiced afterwards.
		return new(c.handOver("open_invoice: the order is under review with an invoice that waits for its money, and core REST can neither pay nor cancel that; accept or deny the payment in Magento, or install the gateway's module"))
	case !c.config.LeaveReview:
		return &gateway.Verdict{Outcome: gateway.Dead, StatusCode: 200, Detail: "order " + c.named() + " is in payment_review, which core REST leaves only by overwriting its state; " +
			"set leaveReview and give the integration the right Magento_Sales::create, or install the gateway's module; then replay"}
	}
	err := c.client.save(c.ctx, c.books.order, to)
	switch {
	case lacksRight(err):
		v := failure(err)
		v.Outcome, v.After = gateway.Dead, 0
		v.Detail = "order " + c.named() + " cannot leave payment_review: the integration lacks the right Magento_Sales::create; tick it and activate the integration again, or install the gateway's module; then replay"
		return &v
	case err != nil:
		return new(failure(err))
	}
	if v := c.again(); v != nil {
		return v
	}
	if c.in(stateReview) {
		return &gateway.Verdict{Outcome: gateway.Dead, StatusCode: 200, Detail: "Magento answered that order " + c.named() + " was saved, and it is in payment_review still; accept or deny its payment there, then replay"}
	}
	return nil
}

// reviewIsOurs says that the order waits for a charge that the gateway had not
// decided when the shop saved it. Whoever heard of the charge at once saved no such
// order, and a status of another name is another module's.
func (c *call) reviewIsOurs() bool {
	status := c.books.order.Status
	known := status == places[gateway.StatusUnknown].status || status == c.config.reviewStatus()
	return known && !c.config.chargeHeard(c.task.event)
}

// cancel cancels the order. Its payment method is asked for a void by that,
// which the gateway answers with success for a payment that holds nothing.
func (c *call) cancel() gateway.Verdict {
	if v := c.leaveReview(place{stateNew, "pending"}); v != nil {
		return *v
	}
	// Magento refuses with success too, so that only the order tells.
	err := c.client.cancel(c.ctx, c.books.order.EntityID)
	if err != nil && !isRefusal(err) {
		return failure(err)
	}
	if v := c.again(); v != nil {
		return *v
	}
	switch {
	case c.in(stateCanceled):
		return c.finish("the order is canceled")
	case err != nil:
		return failure(err)
	}
	return c.handOver(fmt.Sprintf("cancel_refused: Magento does not cancel the order, which is %s; hold it or cancel it there", c.books.order.State))
}

// document makes an invoice or a credit memo of all that is left, and looks
// whether Magento's totals are what they have to be then.
func (c *call) document(what string, items func() ([]itemQty, error), send func([]itemQty) error, fits func() bool) gateway.Verdict {
	list, err := items()
	if err != nil {
		return c.handOver(fmt.Sprintf("no_items: %s has to be made by hand, since the items of the order do not tell what is left", what))
	}
	err = send(list)
	if err != nil && !isRefusal(err) {
		return failure(err)
	}
	refused := err
	if v := c.again(); v != nil {
		return *v
	}
	switch {
	case fits() && refused != nil:
		return c.finish(what + " was made by somebody else at the same moment")
	case fits():
		return c.finish(what + " was made")
	case refused != nil && c.in(stateHolded):
		v := failure(refused)
		v.Outcome, v.Detail = gateway.Later, "order "+c.named()+" is on hold, so Magento takes no document for it; it is tried again, take the hold off in the shop"
		return v
	case refused != nil:
		return failure(refused)
	}
	return c.handOver(fmt.Sprintf("total_differs: %s was made, and Magento has %s as paid and %s as refunded, which is not what was moved; correct it by hand", what, c.books.paid, c.books.refunded))
}

// finish leaves the comment, and tells that all is done.
func (c *call) finish(more string) gateway.Verdict {
	if v := c.remark(more); v != nil {
		return *v
	}
	return told(fmt.Sprintf("order %s is told, state %s: %s", c.named(), c.books.order.State, more))
}

// handOver leaves the comment, and wants a person to look.
func (c *call) handOver(attention string) gateway.Verdict {
	if v := c.remark(attention); v != nil {
		return *v
	}
	v := told(fmt.Sprintf("order %s got a comment and nothing else: %s", c.named(), attention))
	v.Attention = attention
	return v
}

// remark writes the comment unless it is there.
func (c *call) remark(more string) *gateway.Verdict {
	if c.task.isTold(c.books.comments) {
		return nil
	}
	o := c.books.order
	status := c.config.statusFor(c.task.event.Payment.Status, o)
	if status == "" {
		// Magento would take the order's status away altogether.
		return &gateway.Verdict{Outcome: gateway.Dead, StatusCode: 200, Detail: "order " + c.named() + " has no status, so it takes no comment; give it one in the shop, then replay"}
	}
	if err := c.client.comment(c.ctx, o.EntityID, c.task.words(more), status); err != nil {
		return new(failure(err))
	}
	return nil
}
