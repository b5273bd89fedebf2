package gateway

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A refund bears no reference that comes back, and its row does not say whose
// money it returns. One that was made at PayTrace's own screens is counted to
// the only payment it can belong to: same order, same card, enough money left.

// sameOrder bounds the payments of one order that are looked at.
const sameOrder = 100

// refund finds the payment of a refund that no operation of ours has made.
func (f *follower) refund(ctx context.Context, r Record) (bool, error) {
	ours := f.merchant.ProcessorUser == "" || r.CreatedBy == f.merchant.ProcessorUser
	if ours {
		rivals, err := f.gateway.ledger.UndecidedRefunds(ctx, f.merchant.ID, r.Amount, r.CreatedAt.Add(-f.merchant.CallDeadline-clockSkew))
		if err != nil || rivals > 0 {
			return false, err // the reconciler may know it for one of ours
		}
	}
	p, found, err := f.refunded(ctx, r)
	if err != nil {
		return false, err
	}
	if !found {
		return f.keep(ctx, r)
	}
	if _, busy := p.inProgress(); busy {
		return false, nil
	}
	change, err := refundedThere(p, r, f.gateway.clock())
	if err != nil {
		return false, err
	}
	if err := f.write(ctx, change, r); err != nil {
		return false, err
	}
	if f.lists(r) {
		return true, f.gateway.ledger.DropUnmatched(ctx, p.MerchantID, p.LiveMode, r.TransactionID)
	}
	return true, nil
}

// refunded is the one payment whose money the refund can have returned.
func (f *follower) refunded(ctx context.Context, r Record) (Payment, bool, error) {
	if r.OrderID == "" {
		return Payment{}, false, nil
	}
	live := f.merchant.LiveMode
	of, err := f.gateway.ledger.Payments(ctx, PaymentFilter{
		MerchantID: f.merchant.ID, LiveMode: &live, OrderID: r.OrderID, Limit: sameOrder,
	})
	if err != nil {
		return Payment{}, false, err
	}
	of = slices.DeleteFunc(of, func(p Payment) bool { return !canHaveReturned(p, r) })
	if len(of) != 1 {
		return Payment{}, false, nil
	}
	return of[0], true, nil
}

func canHaveReturned(p Payment, r Record) bool {
	sameCard := p.Card.LastFour == "" || r.Card.LastFour == "" || p.Card.LastFour == r.Card.LastFour
	return sameCard && p.TransactionID != "" && p.Captured()-p.Refunded() >= r.Amount &&
		p.Status != Voided && !r.CreatedAt.Before(p.CreatedAt.Add(-clockSkew))
}

// refundedThere counts a refund that was made at PayTrace's own screens. What
// is promised besides it stays promised; whether it still can be kept is seen
// when it is sent.
func refundedThere(p Payment, r Record, now time.Time) (Change, error) {
	op := Operation{
		ID: NewOperationID(now), Kind: KindRefund, Status: OpApproved, ProcessedAs: AsRefund, Origin: OriginExternal,
		Amount: r.Amount, TransactionID: r.TransactionID, CreatedAt: r.CreatedAt,
	}
	next := p.next(op, now)
	if err := next.followRefund(); err != nil {
		return Change{}, err
	}
	next.expectSettlement(now)
	return Change{
		Payment: next, Base: p.Version, Operation: op.ID,
		Events: []Event{eventOf(p.Status, next, op.ID, now)},
	}, nil
}

// catchUp counts the refunds of the payment's order that PayTrace shows and the
// watcher has not seen yet. It says whether the payment can be trusted to have
// them all.
func (g *Gateway) catchUp(ctx context.Context, m Merchant, p Payment) (Payment, certainty) {
	if p.OrderID == "" {
		return p, certain // nothing could be told to be this payment's
	}
	ctx, cancel := context.WithTimeout(ctx, g.lookTime(ctx, m))
	defer cancel()
	sure, err := g.catchUpWith(ctx, m, p)
	fresh, readErr := p, error(nil)
	if err == nil {
		fresh, readErr = g.ledger.Payment(ctx, p.MerchantID, p.ID)
	}
	if err := errors.Join(err, readErr); err != nil {
		g.log.Warn("refund.look_failed", "merchant", m.ID, "payment", p.ID, "error", err,
			"consequence", "the refund waits: PayTrace could not be asked what was refunded at its screens")
		return p, doubtful
	}
	return fresh, sure
}

// certainty says how far a payment can be trusted to have all of its refunds.
type certainty int

const (
	doubtful certainty = iota
	// soonCertain: a refund was made so lately that its sender may still
	// record it.
	soonCertain
	certain
)

func (g *Gateway) catchUpWith(ctx context.Context, m Merchant, p Payment) (certainty, error) {
	w, err := g.ledger.Watch(ctx, m.ID, m.LiveMode)
	if err != nil {
		return doubtful, err
	}
	now := g.clock()
	from := w.from(m, now)
	if from.Before(p.CreatedAt) {
		from = p.CreatedAt
	}
	rows, err := g.processors[m.ID].Transactions(ctx, from, now, p.OrderID)
	if err != nil {
		return doubtful, err
	}
	follow, err := g.follower(ctx, m)
	if err != nil {
		return doubtful, err
	}
	sure := certain
	if m.ExportRowCap > 0 && len(rows) >= m.ExportRowCap {
		sure = doubtful
	}
	for _, r := range inOrder(rows) {
		if r.Kind != KindRefund || r.State == RecordDeclined || r.State == RecordVoided || r.OrderID != p.OrderID {
			continue
		}
		done, err := follow.row(ctx, r)
		switch {
		case err != nil:
			return doubtful, err
		case done || !canHaveReturned(p, r):
		case now.Sub(r.CreatedAt) < m.hearingTime():
			sure = min(sure, soonCertain)
		default:
			sure = doubtful
		}
	}
	return sure, nil
}

// books is what a look at PayTrace shows of the payment before money is given
// back: whether it is settled, and what was given back at PayTrace's screens.
func (g *Gateway) books(ctx context.Context, m Merchant, p Payment) (Payment, settlement) {
	seen := g.settlementOf(ctx, m, p)
	if seen.state != RecordSettled || p.First().Late {
		return p, seen
	}
	p, sure := g.catchUp(ctx, m, p)
	switch sure {
	case certain:
		return p, seen
	case soonCertain:
		return p, settlement{again: m.hearingTime()}
	default:
		return p, settlement{why: "PayTrace could not be asked, or does not plainly show, what was given back at its screens"}
	}
}
