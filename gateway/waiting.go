package gateway

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"
)

// sendWaiting sends a refund that waited for settlement, once its payment is
// settled. Refunds that together are the whole before settlement are closed by
// one void.
func (g *Gateway) sendWaiting(ctx context.Context, m Merchant, p Payment, op Operation) error {
	flight, err := g.flights.board()
	if err != nil {
		return err // it stays due
	}
	defer flight.leaveUnlessDeparted()
	p, op, err = g.take(ctx, p, op, sendWaitingEvery)
	if err != nil {
		return err
	}
	p, seen := g.books(ctx, m, p, func(Payment) Money { return 0 })
	if op, _ = p.Operation(op.ID); op.Status != OpWaiting {
		return nil
	}
	change, err := decideWaiting(p, op, seen, g.moment(), m)
	if err != nil {
		return err
	}
	if err := g.writeIntent(ctx, change, flight, waits); err != nil {
		return err
	}
	if sent, _ := change.Payment.Operation(op.ID); sent.Status != OpSending {
		return nil
	}
	flight.depart(op.ID)
	g.fly(context.WithoutCancel(ctx), &verb{merchant: m, call: callWaiting}, &departure{change: change, flight: flight})
	return nil
}

// callWaiting keeps a refund waiting that did not leave, or that was refused for the
// gateway's log-in or set-up, which a person mends: it was promised, and nobody is
// there to send it again.
func callWaiting(ctx context.Context, to Processor, p *Payment, op *Operation) Result {
	r := callRefund(ctx, to, p, op)
	ours := r.Outcome == Rejected && r.Rejection != nil && (r.Rejection.Again || r.Rejection.Credentials)
	if r.Outcome == NotSent || ours {
		return Result{Outcome: waits, Rejection: r.Rejection, Detail: r.Detail}
	}
	return r
}

// keptWaiting is what an operator is told at once of a refund that waits for a set-up
// to be mended: a right that refunds alone need shows nowhere else. A log-in that is
// refused stops everything, and is told by that.
func keptWaiting(r Result) string {
	return "PayTrace refuses this refund for the gateway's set-up or rights (error " + r.Rejection.Code + "), and it is tried every hour"
}

// notMade is what an operator is told of a refund that was promised and refused.
func notMade(op Operation) string {
	why := "PayTrace has refused it"
	switch {
	case op.Decline != nil:
		why = "PayTrace has declined it (" + op.Decline.Code + ")"
	case op.Rejection != nil && op.Rejection.Code == RejectedByState:
		why = strings.TrimSuffix(op.Rejection.Message, ".")
	case op.Rejection != nil:
		why = "PayTrace has rejected it (error " + op.Rejection.Code + ")"
	}
	return "this refund was promised, and is not made: " + why
}

// decideWaiting says what becomes of a waiting refund after a look.
func decideWaiting(p Payment, op Operation, seen settlement, at moment, m Merchant) (Change, error) {
	if other, busy := p.inProgress(); busy {
		return Change{}, errors.Join(errors.New("another operation of the payment is under way"), inProgress(p, other))
	}
	if op.Amount > p.returnable() {
		return returnedThere(p, op, at.now), nil
	}
	switch {
	case seen.state == RecordSettled:
		op = resend(op, AsRefund, at, m)
	case seen.state == RecordPending && p.isWhole(p.RefundPending()):
		op = resend(op, AsVoid, at, m)
	case seen.state == RecordVoided && (p.Status == StatusApproved || p.Status == Failed):
		return voidedThere(p, op, at.now)
	case seen.again > 0:
		op.Due = at.now.Add(seen.again)
	case at.now.Sub(op.CreatedAt) > waitingAtMost && op.Attention == "":
		op.raise(cmp.Or(seen.why, "the payment is still not settled"))
	}
	change, err := withSettlement(p, op, seen, at.now)
	if before, _ := p.Operation(op.ID); err == nil && before.Attention != op.Attention {
		change.Events = append(change.Events, attentionEvent(change.Payment, op.ID, at.now))
	}
	return change, err
}

// resend keeps what an operator was told: the refund has not been sent yet.
func resend(op Operation, as ProcessedAs, at moment, m Merchant) Operation {
	told := op.Attention
	op = at.intent(op, m)
	op.ProcessedAs, op.Attention, op.Waited = as, told, true
	return op
}

// returnedThere ends a refund that waited while its money was given back at
// PayTrace's own screens.
func returnedThere(p Payment, op Operation, now time.Time) Change {
	op.reject("The money was given back at PayTrace's own screens meanwhile.")
	return decided(p, p.next(op, now), op.ID, now)
}

// voidedThere follows a void that was made at PayTrace's own screens: the
// shopper has all of the money back, the refunds that waited with it.
func voidedThere(p Payment, op Operation, now time.Time) (Change, error) {
	next := p.next(op, now)
	next.closeWaitingRefunds(now)
	if err := next.move(Voided); err != nil {
		return Change{}, err
	}
	next.expectSettlement(now)
	return decided(p, next, op.ID, now), nil
}

// watchFailed looks for a charge that was called failed because it was not
// found. If it turns up after all it is undone, and told.
func (g *Gateway) watchFailed(ctx context.Context, m Merchant, p Payment, op Operation) error {
	p, op, err := g.take(ctx, p, op, watchEvery)
	if err != nil {
		return err
	}
	found, err := g.processors[m.ID].Transactions(ctx, op.SentAt.AddDate(0, 0, -1), op.SentAt.AddDate(0, 0, 2), p.Reference)
	if err != nil {
		return err
	}
	change, ok := afterWatch(p, op, found, g.clock())
	if !ok {
		return nil
	}
	return g.write(ctx, change)
}

// afterWatch ends the watch in time, and turns a charge that was found late
// into one that has to be undone.
func afterWatch(p Payment, op Operation, found []Record, now time.Time) (Change, bool) {
	seen, ok := sightCharge(p, found)
	before := op.Attention
	switch {
	case ok && seen.attention != "" && op.raise(seen.attention):
	case ok && seen.result.Outcome == Approved && !seen.voided:
		op.Late, op.Cancel, op.Due = true, CancelRequested, now
		op.Part, op.Amount = seen.result.ApprovedAmount < p.Amount, seen.result.ApprovedAmount
		op.TransactionID = seen.result.TransactionID
		p.TransactionID = op.TransactionID
	case now.Sub(op.SentAt) > watchedFor:
		op.Due = time.Time{}
	default:
		return Change{}, false
	}
	change := Change{Payment: p.next(op, now), Base: p.Version, Operation: op.ID}
	if op.Attention != before {
		change.Events = []Event{attentionEvent(change.Payment, op.ID, now)}
	}
	return change, true
}
