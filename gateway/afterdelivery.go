package gateway

import (
	"context"
	"errors"
)

// attendDelivery raises what the sink wants a person to see, and calms what an
// earlier attempt raised once the event is delivered, or given up by a person.
func (g *Gateway) attendDelivery(ctx context.Context, d Delivery, v Verdict) {
	ended := d.endedAttention(v)
	if d.Event.PaymentID == "" || (v.Attention == "" && len(ended) == 0) {
		return
	}
	_, err := settle(func() (Payment, error) {
		p, err := g.ledger.Payment(ctx, d.MerchantID, d.Event.PaymentID)
		if err != nil {
			return p, err
		}
		change, news := g.attended(p, v.Attention, ended)
		if !news {
			return p, nil
		}
		return change.Payment, g.write(ctx, change)
	})
	g.notFollowed(d, err)
}

// endedAttention are the reasons that earlier attempts gave, once the event is
// told or given up.
func (d Delivery) endedAttention(v Verdict) map[string]bool {
	ended := map[string]bool{}
	for _, a := range d.Log {
		if d.Status.Ended() && a.Attention != "" && a.Attention != v.Attention {
			ended[a.Attention] = true
		}
	}
	return ended
}

// attended is the payment with one reason more, and others gone.
func (g *Gateway) attended(p Payment, why string, ended map[string]bool) (Change, bool) {
	op, now := p.First(), g.clock()
	before := op.Attention
	op.calm(func(why string) bool { return ended[why] })
	raised := why != "" && op.raise(why)
	if op.Attention == before {
		return Change{}, false
	}
	next := p.next(op, now)
	event := eventOf(p.Status, next, op.ID, now)
	if raised {
		event = attentionEvent(next, op.ID, now)
	}
	return Change{Payment: next, Base: p.Version, Operation: op.ID, Events: []Event{event}}, true
}

// undoDelivery gives the key of the payment's charge up, as a shop would.
func (g *Gateway) undoDelivery(ctx context.Context, d Delivery) {
	p, err := g.ledger.Payment(ctx, d.MerchantID, d.Event.PaymentID)
	if err == nil && p.First().Cancel == "" {
		ctx, cancel := context.WithTimeout(ctx, g.merchants[d.MerchantID].CallDeadline)
		defer cancel()
		_, err = g.Cancel(ctx, d.MerchantID, p.First().Key)
	}
	if !codeIs(err, CodeNotCancellable) && !errors.Is(err, ErrNotFound) {
		g.notFollowed(d, err)
	}
}

func (g *Gateway) notFollowed(d Delivery, err error) {
	if err != nil {
		g.log.Error("delivery.not_followed", "merchant", d.MerchantID, "payment", d.Event.PaymentID, "delivery", d.ID, "error", err,
			"consequence", "the payment is not shown to a person, or not given back, before the delivery's next attempt")
	}
}
