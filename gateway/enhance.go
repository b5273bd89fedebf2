package gateway

import (
	"context"
	"time"
)

// Enhance asks to add enhanced data to a charge. The order and the reference are
// those of the charge: PayTrace puts what it is told in place of them.
type Enhance struct {
	TransactionID string
	Brand         Brand
	OrderID       string
	Reference     string
	Data          EnhancedData
}

// Enhancer adds enhanced data to a charge. It moves no money, and is nothing that
// a shopper waits for.
type Enhancer interface {
	// Enhance sends the call once. A refusal has done nothing; Unknown may have.
	Enhance(context.Context, Enhance) Result
}

// enhanceDue tells PayTrace of a payment's enhanced data. Before the call it is on
// disk that one is made, so that whoever comes next looks first.
func (g *Gateway) enhanceDue(ctx context.Context, m Merchant, p Payment, op Operation) error {
	if why := p.unenhanceable(); why != "" {
		return g.endEnhancing(ctx, m, p, op, EnhancementNotPossible, why)
	}
	before := *p.Enhancement
	if before.Unsure {
		var again bool
		var err error
		if p, op, again, err = g.lookForEnhanced(ctx, m, p, op); err != nil || !again {
			return err
		}
	}
	if p.Enhancement.Attempts >= enhanceTries {
		return g.endEnhancing(ctx, m, p, op, EnhancementGivenUp, tooOftenDetail)
	}
	p.enhance(func(e *Enhancement) { e.Attempts++; e.Unsure = true })
	p, op, err := g.take(ctx, p, op, m.CallDeadline+p.Enhancement.nextAttempt())
	if err != nil {
		return err
	}
	calling, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	result := g.processors[m.ID].Enhance(calling, Enhance{
		TransactionID: p.TransactionID, Brand: p.Card.Brand, OrderID: p.OrderID, Reference: p.Reference, Data: p.enhanceable(),
	})
	level := g.log.Info
	if result.Outcome != Approved || result.Doubt != "" {
		level = g.log.Warn
	}
	level("enhanced.call", "merchant", m.ID, "payment", p.ID, "transaction", p.TransactionID, "outcome", result.Outcome,
		"attempt", p.Enhancement.Attempts, "lines", p.Enhancement.LineItemCount, "detail", result.Detail)
	return g.recordEnhancing(ctx, m, p, op, func(next *Payment) { next.afterEnhance(result) })
}

// lookForEnhanced looks once for a call that was not answered. It says whether to
// call again.
func (g *Gateway) lookForEnhanced(ctx context.Context, m Merchant, p Payment, op Operation) (Payment, Operation, bool, error) {
	if p.Enhancement.Looks >= enhanceTries {
		return p, op, false, g.endEnhancing(ctx, m, p, op, EnhancementGivenUp, notToBeSeenDetail)
	}
	p.enhance(func(e *Enhancement) { e.Looks++ })
	p, op, err := g.take(ctx, p, op, m.CallDeadline+p.Enhancement.nextAttempt())
	if err != nil {
		return p, op, false, err
	}
	looking, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	again, err := g.seeEnhanced(looking, m, p, op)
	return p, op, again, err
}

// seeEnhanced looks whether a call that was not answered has been taken: PayTrace
// shows the purchase order then. It says whether to call again.
func (g *Gateway) seeEnhanced(ctx context.Context, m Merchant, p Payment, op Operation) (again bool, err error) {
	seen, err := g.processors[m.ID].Transaction(ctx, p.TransactionID)
	if err != nil {
		return false, err // it is due again, and as unsure
	}
	marked := p.Enhancement.PurchaseOrder != "" && !m.ChargeBearsPurchaseOrder
	switch {
	case seen.State != RecordPending:
		_, err := (follower{gateway: g, merchant: m}).matched(ctx, p, seen)
		return false, err
	case marked && seen.Reference == p.Enhancement.PurchaseOrder:
		return false, g.endEnhancing(ctx, m, p, op, EnhancementSent, "")
	case marked && seen.Reference == p.Reference:
		return true, nil
	}
	return false, g.endEnhancing(ctx, m, p, op, EnhancementGivenUp, notToBeSeenDetail)
}

// afterEnhance is what an answer makes of the enhancement.
func (p *Payment) afterEnhance(r Result) {
	switch r.Outcome {
	case Approved:
		p.concludeEnhancement(EnhancementSent, r.Doubt)
	case Rejected, Declined:
		p.enhance(func(e *Enhancement) { e.Unsure, e.Detail = false, r.Detail })
	case NotSent:
		p.enhance(func(e *Enhancement) { e.Unsure, e.Detail = false, "PayTrace could not be reached" })
	default:
		p.enhance(func(e *Enhancement) { e.Detail = "PayTrace has not answered" })
	}
}

func (g *Gateway) endEnhancing(ctx context.Context, m Merchant, p Payment, op Operation, as EnhancementStatus, detail string) error {
	return g.recordEnhancing(ctx, m, p, op, func(next *Payment) { next.concludeEnhancement(as, detail) })
}

// recordEnhancing writes down what has become of the enhancement, unless it has
// ended meanwhile.
func (g *Gateway) recordEnhancing(ctx context.Context, m Merchant, p Payment, op Operation, became func(*Payment)) error {
	after, err := settle(func() (Payment, error) {
		current, err := g.payment(ctx, m, p.ID)
		if err != nil || !current.enhancing() {
			return current, err
		}
		change := enhanced(current, op.ID, became, g.clock())
		return change.Payment, g.write(ctx, change)
	})
	if err == nil && after.Enhancement.Status == EnhancementGivenUp {
		g.log.Warn("enhanced.given_up", "merchant", m.ID, "payment", p.ID, "order", p.OrderID, "transaction", p.TransactionID,
			"attempts", after.Enhancement.Attempts, "detail", after.Enhancement.Detail)
	}
	return err
}

// enhanced is the payment after something has become of its enhancement. It is
// told when that was its end. It is pure.
func enhanced(p Payment, operationID string, became func(*Payment), now time.Time) Change {
	op, _ := p.Operation(operationID)
	next := p.next(op, now)
	became(&next)
	switch {
	case op.Cancel == CancelRequested: // it is due for its undoing
	case next.enhancing():
		next.Operations[0].Due = now.Add(next.Enhancement.nextAttempt())
	default:
		next.expectSettlement(now)
	}
	change := Change{Payment: next, Base: p.Version, Operation: op.ID}
	if !next.enhancing() {
		change.Events = []Event{eventOf(p.Status, next, "", now)}
	}
	return change
}

// dropLines ends the enhancement of a charge that was not sent, and that nobody
// has asked for again.
func (g *Gateway) dropLines(ctx context.Context, p Payment, op Operation) error {
	op.Due = time.Time{}
	next := p.next(op, g.clock())
	change := Change{Payment: next, Base: p.Version, Operation: op.ID}
	if next.enhancing() {
		change.Payment.concludeEnhancement(EnhancementNotPossible, notSentDetail)
		change.Events = []Event{eventOf(p.Status, change.Payment, "", g.clock())}
	}
	return g.write(ctx, change)
}
