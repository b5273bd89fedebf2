package gateway

import (
	"context"
	"errors"
	"time"
)

const (
	// settlementLook is when a payment that holds or has taken money is looked
	// at by itself, and settlementAgain how often from then on. The export
	// shows the days on which transactions were made: what settles days later
	// would be missed by reading it.
	settlementLook  = 26 * time.Hour
	settlementAgain = 24 * time.Hour
	// settlementLate is how long after its money was taken what is still not
	// settled is shown to an operator, and settlementAtMost when nobody looks any
	// more.
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
// settled yet. The next look is written down before this one is made, so that one
// that fails is not made again at once.
func (g *Gateway) lookAtSettlement(ctx context.Context, m Merchant, p Payment, op Operation) error {
	op.Due = g.clock().Add(settlementAgain)
	next := p.next(op, g.clock())
	if err := g.write(ctx, Change{Payment: next, Base: p.Version, Operation: op.ID}); err != nil {
		return err
	}
	looked := g.lookWhetherSettled(ctx, m, next)
	if g.clock().Sub(next.takenAt()) <= settlementLate {
		return looked
	}
	answered := looked == nil || errors.Is(looked, ErrNotFound)
	return errors.Join(looked, g.settlesLate(ctx, m, p.ID, answered))
}

func (g *Gateway) lookWhetherSettled(ctx context.Context, m Merchant, p Payment) error {
	looking, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	record, err := g.processors[m.ID].Transaction(looking, p.TransactionID)
	if err != nil {
		return err
	}
	_, err = follower{gateway: g, merchant: m}.matched(ctx, p, record)
	return err
}

// takenAt is when the money was taken, or held where it is not taken yet.
func (p Payment) takenAt() time.Time {
	at := p.CreatedAt
	for _, op := range p.Operations {
		if op.Kind == KindCapture && op.Status == OpApproved {
			at = op.CreatedAt
		}
	}
	return at
}

// settlesLate shows an operator what the last look has not shown settled, and
// after the longest time ends the looks, of which the last has to have been
// answered.
func (g *Gateway) settlesLate(ctx context.Context, m Merchant, id string, answered bool) error {
	_, err := settle(func() (Payment, error) {
		p, err := g.payment(ctx, m, id)
		if err != nil || p.First().Due.IsZero() {
			return p, err
		}
		op := p.First()
		news := p.Status == StatusApproved && op.raise(notSettled)
		over := answered && g.clock().Sub(p.takenAt()) > settlementAtMost
		if over {
			op.Due = time.Time{}
		}
		next := p.next(op, g.clock())
		ended := over && next.enhancing()
		if ended { // nobody looks any more, and the lines stay for no other reason
			next.concludeEnhancement(EnhancementNotPossible, uncapturedDetail)
		}
		change := Change{Payment: next, Base: p.Version, Operation: op.ID}
		switch {
		case news:
			change.Events = []Event{attentionEvent(next, op.ID, g.clock())}
		case ended:
			change.Events = []Event{eventOf(p.Status, next, "", g.clock())}
		case !over:
			return p, nil
		}
		return next, g.write(ctx, change)
	})
	return err
}
