package gateway

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// The processor has neither a key nor an export for bank payments. So nothing of
// one is ever looked for: what became of it and was not heard is for a person from
// the first moment on. And nobody hears that a bank payment has come in: it has,
// when the time has passed in which banks return one.

// CheckPrefix begins the ids of bank payments, whose numbers at the processor are
// a range of their own and may be those of card payments too.
const CheckPrefix = "chk_"

// CheckID says whether an id is that of a bank payment.
func CheckID(id string) bool {
	number, of := strings.CutPrefix(id, CheckPrefix)
	return of && number != "" && len(number) <= maxCheckNumber && strings.Trim(number, "0123456789") == ""
}

// maxCheckNumber is as long as a number of 64 bits can be.
const maxCheckNumber = 19

// windowFirstLook is when the return window of a bank payment is looked at first.
// No window ends earlier.
const windowFirstLook = day

// doBankDue does what is due of a bank payment. Nothing of it asks the processor,
// but for the undoing and the refunds that are sent now. Beside an operation that is
// undecided all of it waits, and is not due: that may last until a person decides,
// and the decision makes it due again, by expectWindow.
func (g *Gateway) doBankDue(ctx context.Context, m Merchant, p Payment, op Operation) error {
	_, busy := p.inProgress()
	switch {
	case op.Status == OpSending:
		return g.giveUpHearing(ctx, p, op)
	case busy:
		return g.write(ctx, Change{Payment: p.notDue(op, g.clock()), Base: p.Version, Operation: op.ID})
	case op.Cancel == CancelRequested && op.Status == OpApproved && !(p.Status == Accepted && waitingUndo(p, op)):
		return g.undoDue(ctx, m, p, op)
	case op.Status == OpWaiting:
		return g.sendWaiting(ctx, m, p, op)
	}
	return g.lookAtWindow(ctx, m, p, op)
}

// lookAtWindow makes a bank payment approved once its return window has passed.
func (g *Gateway) lookAtWindow(ctx context.Context, m Merchant, p Payment, op Operation) error {
	change, err := afterWindow(p, op, windowEnd(p.debit().SentAt, m.ReturnWindow), g.clock())
	if err != nil {
		return err
	}
	if err := g.write(ctx, change); err != nil {
		return err
	}
	if change.Payment.Status != p.Status {
		g.log.Info("payment.window_passed", "merchant", m.ID, "payment", p.ID, "businessDays", m.ReturnWindow)
	}
	return nil
}

// afterWindow is the next state of a bank payment whose return window ends then.
// The refunds that waited for it are sent now. It is pure.
func afterWindow(p Payment, op Operation, end, now time.Time) (Change, error) {
	switch {
	case p.Status != Accepted:
		op.Due = time.Time{}
	case now.Before(end):
		op.Due = end
	default:
		op.Due = dueAfter(p, op, now)
		next := p.next(op, now)
		if err := next.move(StatusApproved); err != nil {
			return Change{}, err
		}
		next.wakeRefunds(now)
		return Change{Payment: next, Base: p.Version, Operation: op.ID, Events: []Event{eventOf(p.Status, next, p.debit().ID, now)}}, nil
	}
	return Change{Payment: p.next(op, now), Base: p.Version, Operation: op.ID}, nil
}

// expectWindow makes due what a bank payment waits for, unless it is: an accepted
// one the look at its window, one that was given up its undoing, one whose window
// has passed the refunds that wait. Beside what is undecided nothing is due.
func (p *Payment) expectWindow(now time.Time) {
	if _, busy := p.inProgress(); busy {
		return
	}
	switch op := &p.Operations[0]; {
	case op.Status != OpApproved:
	case op.Cancel == CancelRequested && op.Due.IsZero():
		op.Due = now.Add(undoEvery)
	case op.Cancel == CancelRequested:
	case p.Status != Accepted:
		op.Due = time.Time{}
	case op.Due.IsZero():
		op.Due = p.debit().SentAt.Add(windowFirstLook) // at once, if that is long ago
	}
	if p.Status == StatusApproved || p.Status == PartiallyRefunded {
		p.wakeRefunds(now)
	}
}

// wakeRefunds makes the refunds due that wait for the end of the return window.
func (p *Payment) wakeRefunds(now time.Time) {
	for i, o := range p.Operations {
		if o.Status == OpWaiting && o.Due.IsZero() {
			p.Operations[i].Due = now
		}
	}
}

// debit is the operation that draws on the account: the sale, or the funding of a
// hold.
func (p Payment) debit() Operation {
	i := slices.IndexFunc(p.Operations, func(o Operation) bool { return o.Kind == KindCapture && o.Status == OpApproved })
	return p.Operations[max(i, 0)]
}

// goneOut says that an accepted bank payment is not voided any more: the processor
// has refused its void, and a person has said that it is not done. A void that was
// only not heard of says nothing, nor does one of the hold before it was funded.
func (p Payment) goneOut() bool {
	since := p.debit().SentAt
	return slices.ContainsFunc(p.Operations, func(o Operation) bool {
		return o.Status == OpFailed && o.Contested && (o.Kind == KindVoid || o.ProcessedAs == AsVoid) && !o.SentAt.Before(since)
	})
}

// bankStanding stands where a card payment is looked at before money goes back: a
// bank payment is voided while it is accepted, and refunded once its window has
// passed. What has gone out and may still be returned is neither; nor is that of
// which a person has given a part back by hand while the window runs.
func (p Payment) bankStanding(m Merchant, now time.Time) settlement {
	switch end := windowEnd(p.debit().SentAt, m.ReturnWindow); {
	case p.Status == PartiallyRefunded && now.Before(end):
		return settlement{state: RecordOther, again: end.Sub(now)}
	case p.Status != Accepted:
		return settlement{state: RecordSettled}
	case p.goneOut():
		return settlement{state: RecordOther}
	}
	return settlement{state: RecordPending}
}

// bankUnknown is what a person is told of a bank payment's operation whose answer
// did not come, or that the processor refused for the payment's state.
func bankUnknown(op Operation, r Result) string {
	if r.Contested {
		return "PayTrace refuses the " + string(op.Kind) + ", since the bank payment is voided or has gone out already, or is not known: look at its screens, and say whether it is done"
	}
	return "no answer came to the " + string(op.Kind) + " of a bank payment, which nobody can look up: look at PayTrace's screens, and say whether it is done"
}

// verifyBank takes a person's word. The processor cannot be asked about a bank
// payment; what is known here is that its id is nobody else's.
func (g *Gateway) verifyBank(ctx context.Context, m Merchant, p Payment, op Operation, cmd ResolveOperation) (sighting, error) {
	own := op.Charges() || op.Status == OpWaiting || (op.Kind == KindRefund && op.ProcessedAs != AsVoid)
	switch {
	case cmd.Decision != Done || (op.Status != OpUnknown && op.Status != OpWaiting):
		return sighting{}, nil
	case !own:
		return sighting{result: Result{Outcome: Approved, TransactionID: p.TransactionID}}, nil
	case !CheckID(cmd.TransactionID):
		return sighting{}, refuse(CodeNotResolvable,
			"name the check at PayTrace by which the %s was done: %s and its number, such as %s981619", op.Kind, CheckPrefix, CheckPrefix).on("transactionId")
	}
	other, err := g.ledger.PaymentByTransaction(ctx, m.ID, m.LiveMode, cmd.TransactionID)
	if err == nil {
		return sighting{}, refuse(CodeNotResolvable, "this check belongs to payment %s already", other.ID).on("transactionId")
	}
	if !errors.Is(err, ErrNotFound) {
		return sighting{}, unavailable(err)
	}
	return sighting{result: Result{Outcome: Approved, TransactionID: cmd.TransactionID}}, nil
}

// undoneByHand follows the word of a person that a bank payment which was given
// up is undone at the processor's screens: no look can show it.
func undoneByHand(p Payment, given Operation, now time.Time) (Change, error) {
	given.Cancel, given.Due, given.Attention = CancelDone, time.Time{}, ""
	op := Operation{
		ID: NewOperationID(now), Kind: KindVoid, Status: OpApproved, Origin: OriginExternal,
		Amount: cmp.Or(p.Captured(), p.Amount), TransactionID: p.TransactionID, CreatedAt: now,
	}
	to := Voided
	if p.Status != Authorized && p.Status != Accepted {
		op.Kind, op.ProcessedAs, op.Amount, op.TransactionID, to = KindRefund, AsRefund, p.returnable(), "", Refunded
	}
	next := withOperation(p, given).next(op, now)
	next.closeWaitingRefunds(now)
	if err := next.move(to); err != nil {
		return Change{}, err
	}
	return Change{Payment: next, Base: p.Version, Operation: op.ID, Events: []Event{eventOf(p.Status, next, op.ID, now)}}, nil
}
