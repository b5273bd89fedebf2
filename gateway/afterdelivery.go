package gateway

import (
	"context"
	"errors"
)

// followDelivery is what an attempt means for the payment itself: a person has
// to look at it, or need not any more, or its charge is to be given back.
func (g *Gateway) followDelivery(ctx context.Context, d Delivery, v Verdict) {
	if d.Event.PaymentID == "" {
		return
	}
	err := g.attendDelivery(ctx, d, v)
	if err == nil && v.Undo {
		err = g.undoDelivery(ctx, d)
	}
	if err != nil {
		g.log.Error("delivery.not_followed", "merchant", d.MerchantID, "payment", d.Event.PaymentID, "delivery", d.ID, "error", err,
			"consequence", "the payment is not shown to a person, or not given back, before the delivery's next attempt")
	}
}

// attendDelivery raises what the sink wants a person to see, and calms what an
// earlier attempt raised once the event is delivered.
func (g *Gateway) attendDelivery(ctx context.Context, d Delivery, v Verdict) error {
	ended := map[string]bool{}
	for _, a := range d.Log {
		if d.Status == DeliveryDone && a.Attention != "" {
			ended[a.Attention] = true
		}
	}
	if v.Attention == "" && len(ended) == 0 {
		return nil
	}
	_, err := settle(func() (Payment, error) {
		p, err := g.ledger.Payment(ctx, d.MerchantID, d.Event.PaymentID)
		if err != nil {
			return p, err
		}
		if v.Attention != "" {
			change, news, err := attend(p, p.First(), v.Attention, g.clock())
			if err != nil || !news {
				return p, err
			}
			return change.Payment, g.write(ctx, change)
		}
		op := p.First()
		before := op.Attention
		op.calm(func(why string) bool { return ended[why] })
		if op.Attention == before {
			return p, nil
		}
		next := p.next(op, g.clock())
		return next, g.write(ctx, Change{
			Payment: next, Base: p.Version, Operation: op.ID, Events: []Event{eventOf(p.Status, next, op.ID, g.clock())},
		})
	})
	return err
}

// undoDelivery gives the key of the payment's charge up, as a shop would.
func (g *Gateway) undoDelivery(ctx context.Context, d Delivery) error {
	p, err := g.ledger.Payment(ctx, d.MerchantID, d.Event.PaymentID)
	if err != nil || p.First().Cancel != "" {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, g.merchants[d.MerchantID].CallDeadline)
	defer cancel()
	_, err = g.Cancel(ctx, d.MerchantID, p.First().Key)
	var refused *Error
	if errors.As(err, &refused) && refused.Code == CodeNotCancellable {
		return nil
	}
	return err
}
