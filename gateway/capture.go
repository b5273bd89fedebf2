package gateway

import "context"

// CapturePayment asks for an authorization's money; nil means all of it.
type CapturePayment struct {
	Amount *Money `json:"amount,omitempty"`
}

// Capture takes an authorization's money, all or a part. PayTrace allows one
// capture for each authorization.
func (g *Gateway) Capture(ctx context.Context, caller Caller, transactionID string, cmd CapturePayment) (Answer, error) {
	return g.operate(ctx, caller, "capture", transactionID, cmd,
		func(_ context.Context, p Payment, op Operation, m Merchant) (Change, error) {
			return decideCapture(p, op, cmd, g.moment(), m)
		},
		func(ctx context.Context, to Processor, p *Payment, op *Operation) Result {
			return to.Capture(ctx, Capture{TransactionID: p.TransactionID, Amount: op.Amount, SendBefore: op.SendBefore})
		})
}

func decideCapture(p Payment, op Operation, cmd CapturePayment, at moment, m Merchant) (Change, error) {
	if other, busy := p.inProgress(); busy {
		return Change{}, inProgress(p, other)
	}
	switch p.Status {
	case Authorized:
	case Accepted, StatusApproved, Settled, PartiallyRefunded, Refunded, Returned:
		if p.Intent == IntentAuthorize {
			return Change{}, refuse(CodeAlreadyCaptured,
				"%s of %s was captured, and PayTrace takes one capture for each authorization; the remaining %s can no longer be captured",
				p.Captured(), p.Granted(), p.Granted()-p.Captured())
		}
		return Change{}, refuse(CodeNotCapturable, "a sale is captured when it is made")
	case Verified:
		return Change{}, refuse(CodeNotCapturable, holdsNoMoney, "capture")
	default:
		return Change{}, refuse(CodeNotCapturable, "a payment that is %s cannot be captured", p.Status)
	}
	op.Kind, op.Amount = KindCapture, p.Granted()
	if cmd.Amount != nil {
		op.Amount = *cmd.Amount
	}
	if op.Amount <= 0 {
		return Change{}, refuse(CodeAmount, "the amount must be at least 0.01").on("amount")
	}
	if op.Amount > p.Granted() {
		return Change{}, refuse(CodeCaptureExceeds, "at most the authorized %s can be captured", p.Granted()).on("amount")
	}
	op = at.intent(op, m)
	return Change{Payment: p.next(op, at.now), Base: p.Version, Operation: op.ID}, nil
}
