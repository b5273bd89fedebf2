package gateway

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// RefundPayment asks for money back; nil means all that is left.
type RefundPayment struct {
	Amount *Money `json:"amount,omitempty"`
}

// Refund gives money back. PayTrace refunds settled transactions only, so a
// full refund before settlement is done as a void, and a partial one waits.
func (g *Gateway) Refund(ctx context.Context, caller Caller, transactionID string, cmd RefundPayment) (Answer, error) {
	return g.operate(ctx, caller, "refund", transactionID, cmd,
		func(ctx context.Context, p Payment, op Operation, m Merchant) (Change, error) {
			seen := settlement{}
			if refuseRefund(p, op, cmd) == nil {
				p, seen = g.books(ctx, m, p, func(p Payment) Money { return refundAmount(p, cmd) })
			}
			// The moment comes after the look: the time to send begins now.
			return decideRefund(p, op, cmd, seen, g.moment(), m)
		}, callRefund)
}

func callRefund(ctx context.Context, to Processor, p *Payment, op *Operation) Result {
	if op.ProcessedAs == AsVoid {
		return callVoid(ctx, to, p, op)
	}
	return to.Refund(ctx, Refund{TransactionID: p.TransactionID, Amount: op.Amount, SendBefore: op.SendBefore})
}

// settlement is what a look at the processor showed, the zero value when the
// look failed.
type settlement struct {
	state RecordState
	at    time.Time
	// why is for an operator: what keeps a refund waiting, if it is not that
	// the payment is not settled.
	why string
	// unasked says that PayTrace could not be asked.
	unasked bool
	// again is when it is worth asking again, zero for the usual time.
	again time.Duration
}

// waitFor is how long a refund waits before it asks again.
func (s settlement) waitFor() time.Duration { return cmp.Or(s.again, sendWaitingEvery) }

// settlementOf looks only when the ledger does not know the payment settled, and
// follows what it sees.
func (g *Gateway) settlementOf(ctx context.Context, m Merchant, p Payment) (Payment, settlement) {
	if p.Status != StatusApproved && p.Status != Failed && !p.First().refusedPart() {
		return p, settlement{state: RecordSettled, at: p.SettledAt}
	}
	looking, cancel := context.WithTimeout(ctx, g.lookTime(ctx, m))
	defer cancel()
	record, err := g.processors[m.ID].Transaction(looking, p.TransactionID)
	if err != nil {
		g.log.Warn("refund.look_failed", "merchant", m.ID, "payment", p.ID, "error", err,
			"consequence", "no money goes back before PayTrace can be asked whether the payment is settled")
		return p, settlement{unasked: true}
	}
	seen := settlement{state: record.State, at: record.SettledAt}
	if _, err := (follower{gateway: g, merchant: m}).matched(ctx, p, record); err != nil && !errors.Is(err, ErrStale) {
		return p, settlement{unasked: true}
	}
	if fresh, err := g.ledger.Payment(ctx, p.MerchantID, p.ID); err == nil {
		p = fresh
	}
	return p, seen
}

// lookTime leaves a sixth of the caller's time to write down what the look has
// shown, or that it has shown nothing.
func (g *Gateway) lookTime(ctx context.Context, m Merchant) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return m.CallDeadline
	}
	return min(time.Until(deadline)*5/6, m.CallDeadline)
}

// refuseRefund holds the rules that need no look at the processor.
func refuseRefund(p Payment, op Operation, cmd RefundPayment) error {
	switch p.Status {
	case Accepted, StatusApproved, Settled, PartiallyRefunded:
	case Sending, StatusUnknown:
		return undecided(p)
	case Authorized:
		return refuse(CodeNotRefundable, "nothing was captured yet; void the authorization instead")
	case Refunded:
		return refuse(CodeRefundExceeds, "all of the %s captured is refunded already", p.Captured())
	case Verified:
		return refuse(CodeNotRefundable, holdsNoMoney, "refund")
	case Returned:
		return refuse(CodeNotRefundable, "the bank has returned the payment: its money is with the shopper already")
	default:
		return refuse(CodeNotRefundable, "a payment that is %s cannot be refunded", p.Status)
	}
	if other, busy := p.inProgress(); busy {
		return inProgress(p, other)
	}
	amount := refundAmount(p, cmd)
	if amount <= 0 && cmd.Amount != nil {
		return refuse(CodeAmount, "the amount must be at least 0.01").on("amount")
	}
	if amount <= 0 || amount > p.Refundable() {
		return refuse(CodeRefundExceeds,
			"%s of the %s captured can still be refunded (%s is refunded, %s is promised or under way)",
			p.Refundable(), p.Captured(), p.Refunded(), p.RefundPending()).on("amount")
	}
	return nil
}

func refundAmount(p Payment, cmd RefundPayment) Money {
	if cmd.Amount != nil {
		return *cmd.Amount
	}
	return p.Refundable()
}

// isWhole says that an amount which is to go back is all that was taken, so that
// a void may do it.
func (p Payment) isWhole(amount Money) bool { return p.Refunded() == 0 && amount == p.Captured() }

func decideRefund(p Payment, op Operation, cmd RefundPayment, seen settlement, at moment, m Merchant) (Change, error) {
	if err := refuseRefund(p, op, cmd); err != nil {
		return Change{}, err
	}
	if seen.state == RecordVoided {
		return Change{}, refuse(CodeNotRefundable, "the payment was voided at PayTrace")
	}
	op.Kind, op.Amount = KindRefund, refundAmount(p, cmd)
	switch {
	case seen.state == RecordSettled:
		op.ProcessedAs = AsRefund
		op = at.intent(op, m)
	case seen.state == RecordPending && p.isWhole(op.Amount+p.RefundPending()):
		op.ProcessedAs = AsVoid
		op = at.intent(op, m)
	default:
		op.Status, op.Due = OpWaiting, at.now.Add(seen.waitFor())
		if p.Status == Accepted {
			op.Due = time.Time{} // the end of the return window wakes it
		}
		return decided(p, p.next(op, at.now), op.ID, at.now), nil
	}
	return withSettlement(p, op, seen, at.now)
}

// withSettlement is the operation's change, with the settlement that the look
// before it has shown, if that is news.
func withSettlement(p Payment, op Operation, seen settlement, now time.Time) (Change, error) {
	change := Change{Payment: p.next(op, now), Base: p.Version, Operation: op.ID}
	if p.Status == StatusApproved && seen.state == RecordSettled && !p.ACH() {
		if err := change.Payment.move(Settled); err != nil {
			return Change{}, err
		}
		change.Payment.SettledAt = seen.at
		change.Payment.expectSettlement(now)
		change.Events = []Event{eventOf(p.Status, change.Payment, "", now)}
	}
	return change, nil
}
