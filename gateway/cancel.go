package gateway

import (
	"context"
	"errors"
	"time"
)

// Cancel gives a key up. A key never seen is closed, so that a late request
// with it does nothing; a payment that is not decided is undone once it is; an
// approved one is voided or refunded.
func (g *Gateway) Cancel(ctx context.Context, merchantID, key string) (Answer, error) {
	merchant, err := g.merchant(merchantID)
	if err != nil {
		return Answer{}, err
	}
	return inBudget(ctx, g, func() (Answer, error) { return g.cancel(ctx, merchant, key) })
}

func (g *Gateway) cancel(ctx context.Context, m Merchant, key string) (Answer, error) {
	record, err := g.ledger.Key(ctx, m.ID, key)
	if errors.Is(err, ErrNotFound) {
		if err := g.ledger.CloseKey(ctx, m.ID, key, g.clock()); err != nil {
			if errors.Is(err, ErrKeyTaken) {
				return Answer{}, err
			}
			return Answer{}, uncertain(unavailable(err))
		}
		return Answer{KeyClosed: true}, nil
	}
	if err != nil {
		return Answer{}, uncertain(unavailable(err))
	}
	if record.Closed() {
		return Answer{KeyClosed: true, Replayed: true}, nil
	}
	if record.OfVault() {
		return Answer{}, refuse(CodeKeyReused,
			"this idempotency key was used for a change of the customer vault, and only a key of a payment can be given up; remove the payment method instead")
	}
	p, err := record.payment(m)
	if err != nil {
		return Answer{}, uncertain(err)
	}
	change, needed, err := decideCancel(p, record.OperationID, g.clock())
	if err != nil {
		return Answer{}, err
	}
	if needed {
		if err := g.write(ctx, change); err != nil {
			return Answer{}, uncertain(err)
		}
		p = change.Payment
	}
	answer := g.watch(ctx, Answer{Payment: p, OperationID: record.OperationID, Replayed: !needed})
	// The wish is durable: whatever keeps the undoing from happening now, it
	// is due again.
	answer.Payment = g.followUp(ctx, m, answer.Payment, answer.OperationID)
	return answer, nil
}

// decideCancel marks the operation as given up, or says that it need not be.
func decideCancel(p Payment, operationID string, now time.Time) (Change, bool, error) {
	op, _ := p.Operation(operationID)
	waiting := op.Kind == KindRefund && op.Status == OpWaiting
	other, busy := p.inProgress()
	switch {
	case op.Status == OpCancelled, op.Cancel != "":
		return Change{}, false, nil
	case !op.Charges() && !waiting && !op.Continuable():
		return Change{}, false, refuse(CodeNotCancellable,
			"only a key that made a payment, a refund that still waits, or what was not sent, can be given up; this one made a %s that is %s", op.Kind, op.Status)
	case waiting && busy:
		return Change{}, false, inProgress(p, other) // a void may be giving it back
	case waiting:
		op.Status, op.Cancel, op.Due, op.Attention = OpCancelled, CancelDone, time.Time{}, ""
		return decided(p, p.next(op, now), op.ID, now), true, nil
	case op.Continuable():
		op.Status, op.Cancel, op.Due = OpCancelled, CancelDone, time.Time{}
	case op.Status == OpApproved && op.Kind != KindVerify:
		op.Cancel, op.Due = CancelRequested, now.Add(undoEvery)
	case op.Undecided():
		op.Cancel = CancelRequested // it is undone, or due, once it is decided
	default:
		return Change{}, false, nil
	}
	next := p.next(op, now)
	next.endEnhancement()
	return Change{Payment: next, Base: p.Version, Operation: op.ID}, true, nil
}
