package gateway

import (
	"context"
	"time"
)

const (
	// settlementLook is when a payment that holds or has taken money is looked
	// at by itself, and settlementAgain how often from then on. The export
	// shows the days on which transactions were made: what settles days later
	// would be missed by reading it.
	settlementLook  = 26 * time.Hour
	settlementAgain = 24 * time.Hour
	// settlementLate is the age at which what is still not settled is shown to
	// an operator, and settlementAtMost that at which nobody looks any more.
	settlementLate   = 10 * 24 * time.Hour
	settlementAtMost = 40 * 24 * time.Hour
)

// expectSettlement makes a payment whose money is held or taken due for a look,
// and one that is settled or over not due any more.
func (p *Payment) expectSettlement(now time.Time) {
	if p.ACH() {
		p.expectWindow(now)
		return
	}
	op := &p.Operations[0]
	if op.Status != OpApproved || op.Cancel == CancelRequested {
		return
	}
	learning := !cardKnown(p.Card, CardSummary{}) && op.Looks < learnTries
	switch {
	case learning:
	case p.awaitsEnhancement():
		if op.Due.IsZero() || p.Enhancement.Attempts == 0 {
			op.Due = now
		}
	case p.Status == Authorized || p.Status == StatusApproved:
		op.Due = now.Add(settlementLook)
	default:
		op.Due = time.Time{}
	}
	if p.Status != StatusApproved {
		op.calm(func(why string) bool { return why == notSettled })
		p.NeedsAttention = p.attention()
	}
}

// notSettled is what an operator is told of a payment that no look has shown
// settled.
const notSettled = "PayTrace has not shown this payment as settled for ten days"

// lookAtSettlement looks at one payment that no reading of the export has shown
// settled yet.
func (g *Gateway) lookAtSettlement(ctx context.Context, m Merchant, p Payment, op Operation) error {
	age := g.clock().Sub(p.CreatedAt)
	op.Due = g.clock().Add(settlementAgain)
	if age > settlementAtMost {
		op.Due = time.Time{}
	}
	news := age > settlementLate && p.Status == StatusApproved && op.raise(notSettled)
	next := p.next(op, g.clock())
	ended := op.Due.IsZero() && next.enhancing()
	if ended { // nobody looks any more, and the lines stay for no other reason
		next.concludeEnhancement(EnhancementNotPossible, uncapturedDetail)
	}
	change := Change{Payment: next, Base: p.Version, Operation: op.ID}
	switch {
	case news:
		change.Events = []Event{attentionEvent(next, op.ID, g.clock())}
	case ended:
		change.Events = []Event{eventOf(p.Status, next, "", g.clock())}
	}
	if err := g.write(ctx, change); err != nil {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	record, err := g.processors[m.ID].Transaction(looking, p.TransactionID)
	if err != nil {
		return err
	}
	_, err = follower{gateway: g, merchant: m}.matched(ctx, next, record)
	return err
}
