package gateway

import (
	"context"
	"errors"
)

// Void undoes a payment before settlement. Voiding what is voided or expired
// already is a success, so that a shop can always cancel its order.
func (g *Gateway) Void(ctx context.Context, caller Caller, transactionID string) (Answer, error) {
	return g.operate(ctx, caller, "void", transactionID, nil,
		func(ctx context.Context, p Payment, op Operation, m Merchant) (Change, error) {
			p, err := g.givenBackFirst(ctx, m, p)
			if err != nil {
				return Change{}, err
			}
			return decideVoid(p, op, g.moment(), m)
		}, callVoid)
}

var errNotAsked = errors.New("PayTrace could not be asked")

// givenBackFirst counts what was given back at PayTrace's own screens before
// money that was taken is voided: a void gives all of it back, whatever a clerk
// has credited already. What holds money and has taken none needs no look.
func (g *Gateway) givenBackFirst(ctx context.Context, m Merchant, p Payment) (Payment, error) {
	if _, busy := p.inProgress(); busy || p.Status != StatusApproved || p.ACH() {
		return p, nil
	}
	p, sure := g.catchUp(ctx, m, p)
	switch sure {
	case certain:
		return p, nil
	case soonCertain:
		return p, refuse(CodeInProgress,
			"money of this order was given back at PayTrace a moment ago, and it is not known yet whether it is this payment's; try again").retry(m.hearingTime())
	case unasked:
		return p, refuse(CodeProcessorUnavailable,
			"PayTrace could not be asked what was given back of this order at its own screens; repeat with the same key").retry(askAgain).because(errNotAsked)
	default:
		return p, refuse(CodeNotVoidable,
			"PayTrace does not plainly show what was given back of this order at its own screens; refund the payment instead, which waits until that is known")
	}
}

func callVoid(ctx context.Context, to Processor, p *Payment, op *Operation) Result {
	return to.Void(ctx, Void{TransactionID: p.TransactionID, SendBefore: op.SendBefore})
}

func decideVoid(p Payment, op Operation, at moment, m Merchant) (Change, error) {
	if other, busy := p.inProgress(); busy {
		return Change{}, inProgress(p, other)
	}
	op.Kind = KindVoid
	switch p.Status {
	case Authorized:
		op.Amount = p.Granted()
	case Accepted, StatusApproved:
		if p.ACH() && p.bankStanding(m, at.now).state != RecordPending {
			return Change{}, refuse(CodeAlreadySettled, "the bank payment has gone out; refund it instead")
		}
		op.Amount = p.Captured()
	case Voided, Expired:
		op.Status, op.Amount, op.TransactionID = OpApproved, p.Granted(), p.TransactionID
		return decided(p, p.next(op, at.now), op.ID, at.now), nil
	case PartiallyRefunded:
		if p.SettledAt.IsZero() && !p.ACH() {
			return Change{}, refuse(CodeNotVoidable,
				"%s of the %s captured was given back already, and a void would give back all of it; refund the rest instead", p.Refunded(), p.Captured())
		}
		return Change{}, refuse(CodeAlreadySettled, "the payment is settled; refund it instead")
	case Settled:
		return Change{}, refuse(CodeAlreadySettled, "the payment is settled; refund it instead")
	case Verified:
		return Change{}, refuse(CodeNotVoidable, holdsNoMoney, "void")
	default:
		return Change{}, refuse(CodeNotVoidable, "a payment that is %s cannot be voided", p.Status)
	}
	op = at.intent(op, m)
	return Change{Payment: p.next(op, at.now), Base: p.Version, Operation: op.ID}, nil
}
