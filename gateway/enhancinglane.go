package gateway

import (
	"context"
	"errors"
	"time"
)

const (
	// enhanceAtOnce are the hands that a merchant's enhanced data has for itself.
	// It moves no money: a slow call of it keeps none of the other due work waiting.
	enhanceAtOnce = 2
	// enhanceQueued bounds what waits for these hands. It is below dueLimit, so that
	// a round always has room for other work.
	enhanceQueued = dueLimit / 2
	// enhanceLaterBy is when what finds no place there asks again.
	enhanceLaterBy = time.Minute
)

// enhancingLane is where the enhanced data of a merchant waits and is sent.
type enhancingLane struct {
	places, hands chan struct{}
}

// lane takes a place in the merchant's lane for a payment. None is free, or the
// payment has one: then it is nil.
func (d *duty) lane(p Payment) (l *enhancingLane, has bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.taken[enhancingOf(p)] {
		return nil, true
	}
	if l = d.enhancing[p.MerchantID]; l == nil {
		l = &enhancingLane{places: make(chan struct{}, enhanceQueued), hands: make(chan struct{}, enhanceAtOnce)}
		d.enhancing[p.MerchantID] = l
	}
	select {
	case l.places <- struct{}{}:
		d.taken[enhancingOf(p)] = true
		return l, true
	default:
		return nil, false
	}
}

// enhancingOf names what is in hand apart from the payment itself, whose other
// work goes on meanwhile. The payment's version lets one of both through.
func enhancingOf(p Payment) string { return "enhance " + p.ID }

// onlyEnhances says that nothing else of the payment is due.
func (p Payment) onlyEnhances(now time.Time) (charge Operation, only bool) {
	if !p.awaitsEnhancement() {
		return charge, false
	}
	for _, op := range p.Operations {
		due := !op.Due.IsZero() && !op.Due.After(now)
		switch {
		case op.Charges() && (!due || op.Status != OpApproved || op.unwanted() || !cardKnown(p.Card, CardSummary{}) && op.Looks < learnTries):
			return charge, false
		case op.Charges():
			charge = op
		case due:
			return charge, false
		}
	}
	return charge, true
}

// beginEnhancing sends a payment's enhanced data by the hands that are for it. It
// says false when the work is not for them: there is no room, or the merchant is
// not here.
func (g *Gateway) beginEnhancing(ctx context.Context, p Payment, charge Operation) bool {
	m, known := g.merchants[p.MerchantID]
	if !known || p.LiveMode != m.LiveMode || g.flights.find(charge.ID) != nil {
		return false
	}
	l, has := g.duty.lane(p)
	if l == nil {
		return has
	}
	g.duty.work.Go(func() {
		defer func() { <-l.places }()
		defer g.duty.end(enhancingOf(p))
		select {
		case l.hands <- struct{}{}:
			defer func() { <-l.hands }()
		case <-ctx.Done():
			return
		}
		defer g.survive(func() {})
		if err := g.enhanceDue(ctx, m, p, charge); err != nil && !errors.Is(err, ErrStale) && ctx.Err() == nil {
			g.log.Warn("due.payment", "merchant", p.MerchantID, "payment", p.ID, "error", err)
		}
	})
	return true
}

// enhanceLater makes room in the rounds for other work.
func (g *Gateway) enhanceLater(ctx context.Context, p Payment, op Operation) error {
	_, _, err := g.take(ctx, p, op, enhanceLaterBy)
	return err
}
