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
	op := &p.Operations[0]
	if op.Status != OpApproved || op.Cancel == CancelRequested {
		return
	}
	learning := !cardKnown(p.Card, CardSummary{}) && op.Looks < learnTries
	switch {
	case learning:
	case p.Status == Authorized || p.Status == StatusApproved:
		op.Due = now.Add(settlementLook)
	default:
		op.Due = time.Time{}
	}
}

// lookAtSettlement looks at one payment that no reading of the export has shown
// settled yet.
func (g *Gateway) lookAtSettlement(ctx context.Context, m Merchant, p Payment, op Operation) error {
	age := g.clock().Sub(p.CreatedAt)
	op.Due = g.clock().Add(settlementAgain)
	if age > settlementAtMost {
		op.Due = time.Time{}
	}
	next := p.next(op, g.clock())
	if err := g.write(ctx, Change{Payment: next, Base: p.Version, Operation: op.ID}); err != nil {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	record, err := g.processors[m.ID].Transaction(looking, p.TransactionID)
	if err != nil {
		return err
	}
	follow, err := g.follower(ctx, m)
	if err != nil {
		return err
	}
	if _, err := follow.matched(ctx, next, record); err != nil {
		return err
	}
	if age < settlementLate || record.State != RecordPending {
		return nil
	}
	fresh, err := g.ledger.Payment(ctx, p.MerchantID, p.ID)
	if err != nil {
		return err
	}
	change, news, err := attend(fresh, fresh.First(), "the payment is still not settled at PayTrace", g.clock())
	if err != nil || !news {
		return err
	}
	return g.write(ctx, change)
}
