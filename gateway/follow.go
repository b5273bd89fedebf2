package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// follower turns rows of one merchant's export into what they mean here.
type follower struct {
	gateway  *Gateway
	merchant Merchant
}

// progress is how far a row was followed.
type progress int

const (
	// rowBusy: its payment is not decided, or may be about to be written. The
	// row has to be followed later, however old it is by then.
	rowBusy progress = iota
	// rowListed: it belongs to no payment so far.
	rowListed
	// rowDone: it needs no more work until it changes.
	rowDone
)

// row follows one row.
func (f follower) row(ctx context.Context, r Record) (how progress, err error) {
	for range tries {
		how, err = f.match(ctx, r)
		if !errors.Is(err, ErrStale) {
			return how, err
		}
	}
	return rowBusy, nil // the payment is changing too fast
}

func (f follower) match(ctx context.Context, r Record) (progress, error) {
	p, err := f.gateway.ledger.PaymentByTransaction(ctx, f.merchant.ID, f.merchant.LiveMode, r.TransactionID)
	switch {
	case err == nil:
		return f.matched(ctx, p, r)
	case !errors.Is(err, ErrNotFound):
		return rowBusy, err
	case r.State == RecordDeclined || r.State == RecordVoided || r.Amount == 0: // of nothing is a verification
		return f.over(ctx, r)
	case f.gateway.clock().Sub(r.CreatedAt) < f.merchant.hearingTime():
		return rowBusy, nil // whoever made it may still hear of it
	case r.Kind == KindRefund:
		return f.refund(ctx, r)
	}
	return f.charge(ctx, r)
}

// hearingTime is how long after its making a transaction's sender may still
// record it.
func (m Merchant) hearingTime() time.Duration { return m.SendWindow + m.CallDeadline + staleAfter }

// over follows a row that no money is behind, or no more.
func (f follower) over(ctx context.Context, r Record) (progress, error) {
	_, listed, err := f.listed(ctx, r)
	if err == nil && listed {
		_, err = f.keep(ctx, r)
	}
	return rowDone, err
}

// listed says that the transaction has found no payment before.
func (f follower) listed(ctx context.Context, r Record) (UnmatchedTransaction, bool, error) {
	u, err := f.gateway.ledger.UnmatchedTransaction(ctx, f.merchant.ID, f.merchant.LiveMode, r.TransactionID)
	if errors.Is(err, ErrNotFound) {
		return u, false, nil
	}
	return u, err == nil, err
}

// unlist forgets that the transaction had found no payment.
func (f follower) unlist(ctx context.Context, r Record) error {
	_, listed, err := f.listed(ctx, r)
	if err != nil || !listed {
		return err
	}
	return f.gateway.ledger.DropUnmatched(ctx, f.merchant.ID, f.merchant.LiveMode, r.TransactionID)
}

// matched follows a row whose payment is known.
func (f follower) matched(ctx context.Context, p Payment, r Record) (progress, error) {
	if err := f.unlist(ctx, r); err != nil {
		return rowBusy, err
	}
	for {
		if _, busy := p.inProgress(); busy {
			return rowBusy, nil
		}
		change, news, err := afterRow(p, r, f.gateway.clock())
		if err != nil || !news {
			return rowDone, err
		}
		if err := f.write(ctx, change, r); err != nil {
			return rowBusy, err
		}
		p = change.Payment
	}
}

func (f follower) write(ctx context.Context, change Change, r Record) error {
	if err := f.gateway.ledger.Apply(ctx, change); err != nil {
		return err
	}
	p := change.Payment
	op, _ := p.Operation(change.Operation)
	f.gateway.log.Info("watch.followed", "merchant", p.MerchantID, "payment", p.ID, "operation", op.ID, "kind", op.Kind,
		"origin", op.Origin, "transaction", r.TransactionID, "state", r.State, "status", p.Status, "attention", op.Attention)
	if op.Origin == OriginExternal {
		f.gateway.observe(p, op.ID, ByWatch)
	}
	return nil
}

// charge keeps a charge that is on PayTrace's books and not in the ledger. One
// that bears a reference of ours is for the reconciler.
func (f follower) charge(ctx context.Context, r Record) (progress, error) {
	p, err := f.gateway.ledger.PaymentByReference(ctx, f.merchant.ID, r.Reference)
	switch {
	case errors.Is(err, ErrNotFound) || (err == nil && (p.LiveMode != f.merchant.LiveMode || p.ACH())):
		return f.keep(ctx, r)
	case err != nil:
		return rowBusy, err
	case p.First().Undecided():
		return rowBusy, nil
	case p.First().Status == OpFailed && !p.First().Late:
		if err := f.hasten(ctx, p); err != nil {
			return rowBusy, err
		}
		return f.keep(ctx, r)
	}
	if err := f.doubled(ctx, p, r); err != nil {
		return rowBusy, err
	}
	return f.keep(ctx, r)
}

// hasten makes the daily look for a charge that was called failed due now.
func (f follower) hasten(ctx context.Context, p Payment) error {
	op, now := p.First(), f.gateway.clock()
	if op.Due.IsZero() || !op.Due.After(now) {
		return nil
	}
	op.Due = now
	return f.gateway.ledger.Apply(ctx, Change{Payment: p.next(op, now), Base: p.Version, Operation: op.ID})
}

// doubled shows a payment whose reference a second transaction bears: money may
// have been taken twice.
func (f follower) doubled(ctx context.Context, p Payment, r Record) error {
	why := fmt.Sprintf("transaction %s at PayTrace bears this payment's reference too", r.TransactionID)
	change, news, err := attend(p, p.First(), why, f.gateway.clock())
	if err != nil || !news {
		return err
	}
	return f.write(ctx, change, r)
}

// seenAgainAfter is how old LastSeen may be, so that rows that stay as they are
// cost no writing.
const seenAgainAfter = day

// keep lists a transaction that belongs to no payment. It is looked at again
// with every reading: its payment may turn up.
func (f follower) keep(ctx context.Context, r Record) (progress, error) {
	now := f.gateway.clock()
	before, listed, err := f.listed(ctx, r)
	if err != nil {
		return rowBusy, err
	}
	if listed && glanceAt(before.Record) == glanceAt(r) && now.Sub(before.LastSeen) < seenAgainAfter {
		return rowListed, nil
	}
	var event *Event
	if f.merchant.TellUnmatched {
		event = unmatchedEvent(f.merchant, r, now)
	}
	if !listed {
		f.gateway.log.Warn("watch.unmatched", "merchant", f.merchant.ID, "transaction", r.TransactionID, "kind", r.Kind,
			"state", r.State, "amount", r.Amount.String(), "order", r.OrderID, "createdBy", r.CreatedBy)
	}
	return rowListed, f.gateway.ledger.KeepUnmatched(ctx, UnmatchedTransaction{
		MerchantID: f.merchant.ID, LiveMode: f.merchant.LiveMode, Record: r, FirstSeen: now, LastSeen: now,
	}, event)
}

// afterRow is the next state of a payment after what PayTrace's books show of
// one of its transactions, and whether that is any news. It is pure.
func afterRow(p Payment, r Record, now time.Time) (Change, bool, error) {
	if p.TransactionID != r.TransactionID {
		return afterRefundRow(p, r, now)
	}
	switch p.Status {
	case Authorized:
		switch r.State {
		case RecordVoided:
			return external(p, Operation{Kind: KindVoid, Amount: p.Granted()}, r, Voided, now)
		case RecordPending, RecordSettled:
			return external(p, Operation{Kind: KindCapture, Amount: r.Amount}, r, StatusApproved, now)
		}
	case StatusApproved:
		switch {
		case r.State == RecordVoided:
			return external(p, Operation{Kind: KindVoid, Amount: p.Captured()}, r, Voided, now)
		case lowered(p, r):
			return external(p, Operation{Kind: KindAdjust, Amount: r.Amount}, r, StatusApproved, now)
		case r.State == RecordSettled:
			return settledThere(p, r, now)
		}
	case Voided, Failed, StatusDeclined, Refunded:
		if !p.expectsNothing() {
			return contradiction(p, r, now) // its money was taken, and given back by refunds
		}
		// What is being undone may well be there still.
		if r.State == RecordSettled && p.First().Cancel != CancelRequested {
			return contradicted(p, fmt.Sprintf("PayTrace shows transaction %s as settled, and the payment is %s here", r.TransactionID, p.Status), now)
		}
		return Change{}, false, nil
	}
	return contradiction(p, r, now)
}

// contradiction shows a person what cannot be true of money that was taken: that
// it is voided after it was settled or given back, or another sum.
func contradiction(p Payment, r Record, now time.Time) (Change, bool, error) {
	if r.State == RecordVoided && (p.Status == Settled || p.Status == PartiallyRefunded || p.Status == Refunded) {
		return contradicted(p, fmt.Sprintf("PayTrace shows transaction %s as voided, and it was %s before", r.TransactionID,
			strings.ReplaceAll(string(p.Status), "_", " ")), now)
	}
	if taken := p.Captured(); (r.State == RecordPending || r.State == RecordSettled) && taken > 0 && r.Amount != taken {
		return contradicted(p, fmt.Sprintf("PayTrace shows transaction %s with another amount: %s", r.TransactionID, r.Amount), now)
	}
	return Change{}, false, nil
}

// afterRefundRow compares a refund's row with its operation.
func afterRefundRow(p Payment, r Record, now time.Time) (Change, bool, error) {
	for _, op := range p.Operations {
		if op.TransactionID != r.TransactionID || op.Kind != KindRefund {
			continue
		}
		back := r.State == RecordPending || r.State == RecordSettled
		gone := r.State == RecordVoided || r.State == RecordDeclined
		if (op.Status == OpApproved && gone) || (op.Status == OpDeclined && back) {
			return attend(p, op, fmt.Sprintf("PayTrace shows the refund %s as %s, and it is %s here", r.TransactionID, r.State, op.Status), now)
		}
	}
	return Change{}, false, nil
}

// external is an operation that was done at PayTrace's own screens.
func external(p Payment, op Operation, r Record, to Status, now time.Time) (Change, bool, error) {
	op.ID, op.Origin, op.Status = NewOperationID(now), OriginExternal, OpApproved
	op.TransactionID, op.CreatedAt = r.TransactionID, now
	next := p.next(op, now)
	if to == Voided {
		next.closeWaitingRefunds(now)
	}
	if err := next.move(to); err != nil {
		return Change{}, false, err
	}
	next.expectSettlement(now)
	change := Change{Payment: next, Base: p.Version, Operation: op.ID, Events: []Event{eventOf(p.Status, next, op.ID, now)}}
	return change, true, nil
}

// expectsNothing says that no money of the payment should settle: what took it
// was undone before, or never was.
func (p Payment) expectsNothing() bool {
	if p.First().refusedPart() && p.Refunded() > 0 {
		return false
	}
	return p.Status != Refunded || slices.ContainsFunc(p.Operations, func(o Operation) bool {
		return o.Kind == KindRefund && o.Status == OpApproved && o.ProcessedAs == AsVoid
	})
}

// lowered says that a clerk has lowered what is taken. More than what was asked
// for is for a person to see.
func lowered(p Payment, r Record) bool {
	return (r.State == RecordPending || r.State == RecordSettled) && p.Refunded() == 0 && 0 < r.Amount && r.Amount < p.Captured()
}

func settledThere(p Payment, r Record, now time.Time) (Change, bool, error) {
	next := p.next(p.First(), now)
	if err := next.move(Settled); err != nil {
		return Change{}, false, err
	}
	next.SettledAt = r.SettledAt
	next.expectSettlement(now)
	return Change{
		Payment: next, Base: p.Version, Operation: p.First().ID,
		Events: []Event{eventOf(p.Status, next, "", now)},
	}, true, nil
}

// contradicted shows a payment to a person, since PayTrace's books and ours
// cannot both be right.
func contradicted(p Payment, why string, now time.Time) (Change, bool, error) {
	return attend(p, p.First(), why, now)
}

// attend puts an operation on the attention list, unless a person has seen it
// there for the same reason.
func attend(p Payment, op Operation, why string, now time.Time) (Change, bool, error) {
	if !op.raise(why) {
		return Change{}, false, nil
	}
	next := p.next(op, now)
	return Change{
		Payment: next, Base: p.Version, Operation: op.ID, Events: []Event{attentionEvent(next, op.ID, now)},
	}, true, nil
}
