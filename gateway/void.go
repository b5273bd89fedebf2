package gateway

import "context"

// Void undoes a payment before settlement. Voiding what is voided or expired
// already is a success, so that a shop can always cancel its order.
func (g *Gateway) Void(ctx context.Context, caller Caller, transactionID string) (Answer, error) {
	return g.operate(ctx, caller, "void", transactionID, nil,
		func(_ context.Context, p Payment, op Operation, m Merchant) (Change, error) {
			return decideVoid(p, op, g.moment(), m)
		}, callVoid)
}

func callVoid(ctx context.Context, to Processor, p Payment, op Operation) Result {
	return to.Void(ctx, Void{TransactionID: p.TransactionID, SendBefore: op.SendBefore})
}

func decideVoid(p Payment, op Operation, at moment, m Merchant) (Change, error) {
	if other, busy := p.inProgress(); busy {
		return Change{}, inProgress(p, other)
	}
	op.Kind = KindVoid
	switch p.Status {
	case Authorized:
		op.Amount = p.Amount
	case StatusApproved:
		op.Amount = p.Captured()
	case Voided, Expired:
		op.Status, op.Amount, op.TransactionID = OpApproved, p.Amount, p.TransactionID
		return decided(p, p.next(op, at.now), op.ID, at.now), nil
	case Settled, PartiallyRefunded:
		return Change{}, refuse(CodeAlreadySettled, "the payment is settled; refund it instead")
	default:
		return Change{}, refuse(CodeNotVoidable, "a payment that is %s cannot be voided", p.Status)
	}
	op = at.intent(op, m)
	return Change{Payment: p.next(op, at.now), Base: p.Version, Operation: op.ID}, nil
}
