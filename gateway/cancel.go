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
	return g.inBudget(ctx, func() (Answer, error) { return g.cancel(ctx, merchant, key) })
}

func (g *Gateway) cancel(ctx context.Context, m Merchant, key string) (Answer, error) {
	record, err := g.ledger.Key(ctx, m.ID, key)
	if errors.Is(err, ErrNotFound) {
		if err := g.ledger.CloseKey(ctx, m.ID, key, g.clock()); err != nil {
			if errors.Is(err, ErrKeyTaken) {
				return Answer{}, err
			}
			return Answer{}, unavailable(err)
		}
		return Answer{KeyClosed: true}, nil
	}
	if err != nil {
		return Answer{}, unavailable(err)
	}
	if record.Closed() {
		return Answer{KeyClosed: true, Replayed: true}, nil
	}
	p, err := g.payment(ctx, m.ID, record.PaymentID)
	if err != nil {
		return Answer{}, err
	}
	change, needed, err := decideCancel(p, record.OperationID, g.clock())
	if err != nil {
		return Answer{}, err
	}
	if needed {
		if err := g.write(ctx, change); err != nil {
			return Answer{}, err
		}
		p = change.Payment
	}
	answer := g.watch(ctx, Answer{Payment: p, OperationID: record.OperationID, Replayed: !needed})
	return g.undoFor(ctx, m, answer)
}

// decideCancel marks the operation as given up, or says that it need not be.
func decideCancel(p Payment, operationID string, now time.Time) (Change, bool, error) {
	op, _ := p.Operation(operationID)
	waiting := op.Kind == KindRefund && op.Status == OpWaiting
	switch {
	case op.Status == OpCancelled, op.Cancel != "":
		return Change{}, false, nil
	case !op.Charges() && !waiting:
		return Change{}, false, refuse(CodeNotCancellable,
			"only a key that made a payment, or a refund that still waits, can be given up; this one made a %s that is %s", op.Kind, op.Status)
	case waiting:
		op.Status, op.Cancel = OpCancelled, CancelDone
		return decided(p, p.next(op, now), op.ID, now), true, nil
	case op.Continuable():
		op.Status, op.Cancel = OpCancelled, CancelDone
	case op.Undecided(), op.Status == OpApproved:
		op.Cancel = CancelRequested
	default:
		return Change{}, false, nil
	}
	return Change{Payment: p.next(op, now), Base: p.Version, Operation: op.ID}, true, nil
}

// undoFor undoes the answer's payment if it was given up and took money. The
// answer shows the payment as it stands after that.
func (g *Gateway) undoFor(ctx context.Context, m Merchant, answer Answer) (Answer, error) {
	op := answer.Operation()
	if op.Cancel != CancelRequested || op.Status != OpApproved {
		return answer, nil
	}
	p, err := g.undo(ctx, m, answer.Payment, op)
	if err != nil {
		return Answer{}, err
	}
	answer.Payment = p
	return answer, nil
}

// undo voids a payment, or refunds what a settled one still holds, under a key
// of its own: however many try, one operation is made. The slash in that key
// keeps it apart from every key that a caller can choose.
func (g *Gateway) undo(ctx context.Context, m Merchant, p Payment, given Operation) (Payment, error) {
	if p.Status == Voided || p.Status == Refunded || p.Status == Expired {
		return g.cancelled(ctx, p, given.ID)
	}
	name, decide := "void", func(p Payment, op Operation, _ settlement, at moment) (Change, error) {
		return decideVoid(p, op, at, m)
	}
	seen := settlement{}
	if p.Status != Authorized {
		seen = g.settlementOf(ctx, m, p)
	}
	if seen.state == RecordSettled {
		name, decide = "refund", func(p Payment, op Operation, seen settlement, at moment) (Change, error) {
			return decideRefund(p, op, RefundPayment{}, seen, at, m)
		}
	}
	v := verb{merchant: m, key: given.Key + "/" + name, fingerprint: fingerprint(g.secret, "undo", given.ID, nil)}
	v.decide = func(ctx context.Context, again *KeyRecord) (Change, error) {
		p, err := g.payment(ctx, m.ID, p.ID)
		if err != nil {
			return Change{}, err
		}
		at := g.moment()
		op, ok := rebound(p, again)
		if !ok {
			op = Operation{ID: NewOperationID(at.now), Origin: OriginGateway, Key: v.key, CreatedAt: at.now}
		}
		change, err := decide(p, op, seen, at)
		change.Binds = v.binding(again)
		return change, err
	}
	v.call = callRefund
	if name == "void" {
		v.call = callVoid
	}
	answer, err := g.run(ctx, v)
	if err != nil || answer.Operation().Status != OpApproved {
		return answer.Payment, err
	}
	return g.cancelled(ctx, answer.Payment, given.ID)
}

// cancelled closes the wish once nothing is left to be undone.
func (g *Gateway) cancelled(ctx context.Context, p Payment, givenID string) (Payment, error) {
	for range tries {
		given, _ := p.Operation(givenID)
		if given.Cancel != CancelRequested {
			return p, nil
		}
		given.Cancel = CancelDone
		next := p.next(given, g.clock())
		err := g.write(ctx, Change{Payment: next, Base: p.Version, Operation: givenID})
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, ErrStale) {
			return p, err
		}
		if p, err = g.payment(ctx, p.MerchantID, p.ID); err != nil {
			return p, err
		}
	}
	return p, nil
}
