package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// An undoing that PayTrace refuses is begun anew every hour, since what is
	// refused before settlement may be taken after it; for two days, so that it
	// does not meet what a person, told since the first refusal, does by hand.
	undoAgain = time.Hour
	undoTries = 48
)

// undo voids a payment that was given up, or refunds what a settled one still
// holds. Whatever is under way already is let be: the undoing is due again,
// and nothing here waits for it.
func (g *Gateway) undo(ctx context.Context, m Merchant, p Payment, given Operation) (Payment, error) {
	if p.holdsNothing() {
		return g.undone(ctx, p, given.ID)
	}
	if _, busy := p.inProgress(); busy || waitingUndo(p, given) {
		return p, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*m.CallDeadline)
	defer cancel()
	seen := settlement{}
	if p.Status != Authorized {
		p, seen = g.books(ctx, m, p, unwantedMoney)
	}
	switch {
	case p.holdsNothing():
		return g.undone(ctx, p, given.ID)
	case seen.unasked || seen.why != "" || seen.again > 0:
		return g.undoDoubtful(ctx, p, given.ID, seen)
	}
	answer, err := g.run(ctx, g.undoing(m, p, given, seen))
	if err != nil {
		return p, err
	}
	switch op := answer.Operation(); {
	case op.Status == OpApproved:
		return g.undone(ctx, answer.Payment, given.ID)
	case op.Status == OpWaiting:
		return answer.Payment, nil // it is sent once settled
	case op.Final():
		return g.undoRefused(ctx, answer.Payment, given.ID, op)
	default:
		return answer.Payment, nil
	}
}

// holdsNothing says that nothing of the payment is left to be undone.
func (p Payment) holdsNothing() bool {
	if p.First().refusedPart() {
		voided := func(o Operation) bool { return o.Kind == KindVoid && o.Status == OpApproved }
		return slices.ContainsFunc(p.Operations, voided) || p.Refunded() >= p.Granted()
	}
	return p.Status == Voided || p.Status == Refunded || p.Status == Expired || p.Status == Returned
}

// undoing is the verb of an undoing. Its key is made of the key that was given
// up, so however many try, one operation is made; the slashes keep it apart
// from every key that a caller can choose. Only after a refusal does the next
// try get a key of its own.
func (g *Gateway) undoing(m Merchant, p Payment, given Operation, seen settlement) verb {
	v := verb{
		merchant: m, key: fmt.Sprintf("%s/undo/%d", given.Key, refusedUndos(p, given)+1), unattended: true,
		fingerprint: fingerprint(g.secret, "undo", given.ID, nil),
	}
	v.decide = func(ctx context.Context, again *KeyRecord) (Change, error) {
		p, err := g.payment(ctx, m, p.ID)
		if err != nil {
			return Change{}, err
		}
		at := g.moment()
		op, err := begin(p, again, at.now, func() Operation {
			return Operation{ID: NewOperationID(at.now), Origin: OriginGateway, Key: v.key, CreatedAt: at.now}
		})
		if err != nil {
			return Change{}, err
		}
		change, err := decideUndo(p, op, seen, at, m)
		change.Binds = v.binding(again)
		return change, err
	}
	v.call = func(ctx context.Context, to Processor, p *Payment, op *Operation) Result {
		if op.Kind == KindVoid {
			return callVoid(ctx, to, p, op)
		}
		return callRefund(ctx, to, p, op)
	}
	return v
}

func isUndo(op, given Operation) bool { return strings.HasPrefix(op.Key, given.Key+"/undo/") }

func refusedUndos(p Payment, given Operation) int {
	refused := 0
	for _, op := range p.Operations {
		if isUndo(op, given) && op.Final() && op.Status != OpApproved && op.Status != OpWaiting {
			refused++
		}
	}
	return refused
}

// waitingUndo says that the undoing waits for settlement, as a refund does: it
// is sent then.
func waitingUndo(p Payment, given Operation) bool {
	return slices.ContainsFunc(p.Operations, func(op Operation) bool { return isUndo(op, given) && op.Status == OpWaiting })
}

// unwantedMoney is what an undoing gives back.
func unwantedMoney(p Payment) Money {
	if p.First().refusedPart() {
		return p.returnable()
	}
	return p.Refundable()
}

// decideUndo voids, or refunds what is settled. Where a part was given back
// already the rest is refunded, which waits for settlement. A charge that was
// found late belongs to a payment that is failed, a part that nobody wants to one
// that is declined: both are undone as a whole.
func decideUndo(p Payment, op Operation, seen settlement, at moment, m Merchant) (Change, error) {
	switch {
	case p.First().Late, p.First().refusedPart():
		if other, busy := p.inProgress(); busy {
			return Change{}, inProgress(p, other)
		}
		if p.RefundPending() > 0 || (p.First().Late && p.Refunded() > 0) {
			return Change{}, refuse(CodeNotRefundable, "the charge is being given back already")
		}
		op.Kind, op.Amount = KindVoid, p.returnable()
		if seen.state == RecordSettled || p.Refunded() > 0 {
			op.Kind, op.ProcessedAs = KindRefund, AsRefund
		}
		op = at.intent(op, m)
		return Change{Payment: p.next(op, at.now), Base: p.Version, Operation: op.ID}, nil
	case seen.state == RecordSettled || p.Status == PartiallyRefunded || (p.Status == Accepted && p.goneOut()):
		return decideRefund(p, op, RefundPayment{}, seen, at, m)
	default:
		return decideVoid(p, op, at, m)
	}
}

// givenUpWhy begins what an operator is told of an operation whose money is to go
// back and has not yet.
func givenUpWhy(given Operation) string {
	if given.refusedPart() {
		return "a part alone was approved, which nobody wants"
	}
	return "the shop gave this payment up"
}

// undone closes the wish once nothing is left to be undone.
func (g *Gateway) undone(ctx context.Context, p Payment, givenID string) (Payment, error) {
	return g.mark(ctx, p, givenID, func(given *Operation) (raised bool) {
		given.Cancel, given.Due = CancelDone, time.Time{}
		given.calm(func(why string) bool { return strings.HasPrefix(why, givenUpWhy(*given)) })
		return false
	})
}

// undoRefused shows the payment to an operator. The gateway goes on trying for
// a while.
func (g *Gateway) undoRefused(ctx context.Context, p Payment, givenID string, undoing Operation) (Payment, error) {
	g.log.Error("payment.not_undone", "merchant", p.MerchantID, "payment", p.ID, "operation", undoing.ID, "status", undoing.Status,
		"consequence", "its money is to go back and is still taken; it is on the attention list")
	return g.mark(ctx, p, givenID, func(given *Operation) (raised bool) {
		given.Due = g.clock().Add(undoAgain)
		if refusedUndos(p, *given) >= undoTries {
			given.Due = time.Time{}
		}
		return given.raise(fmt.Sprintf("%s, and PayTrace refuses its %s", givenUpWhy(*given), undoing.Kind))
	})
}

// undoDoubtful puts the undoing off while the books do not show what has gone
// back already. Books that only could not be read are asked again by the next
// try, and a person is told when that has lasted.
func (g *Gateway) undoDoubtful(ctx context.Context, p Payment, givenID string, seen settlement) (Payment, error) {
	if given, _ := p.Operation(givenID); seen.unasked && g.clock().Sub(given.CreatedAt) < undoAgain {
		return p, nil
	}
	return g.mark(ctx, p, givenID, func(given *Operation) (raised bool) {
		if !seen.unasked {
			given.Due = g.clock().Add(seen.waitFor())
		}
		why := cmp.Or(seen.why, doubtfulBooks)
		return seen.again == 0 && given.raise(givenUpWhy(*given)+", and its undoing waits: "+why)
	})
}

// mark changes an operation that was given up, unless that is settled already. Who
// was told that a person has to look is told, too, when that has ended.
func (g *Gateway) mark(ctx context.Context, p Payment, givenID string, change func(*Operation) (raised bool)) (Payment, error) {
	current := p
	return settle(func() (Payment, error) {
		given, _ := current.Operation(givenID)
		if given.Cancel != CancelRequested {
			return current, nil
		}
		before, now := given.Attention, g.clock()
		raised := change(&given)
		next := current.next(given, now)
		c := Change{Payment: next, Base: current.Version, Operation: givenID}
		switch {
		case raised:
			c.Events = []Event{attentionEvent(next, givenID, now)}
		case given.Attention != before:
			c.Events = []Event{eventOf(current.Status, next, givenID, now)}
		}
		err := g.write(ctx, c)
		if err == nil {
			return next, nil
		}
		if fresh, readErr := g.ledger.Payment(ctx, p.MerchantID, p.ID); readErr == nil {
			current = fresh
		}
		return current, err
	})
}

// saidToBeBack says that a person has closed the undoing of what no look at a
// settlement follows: a part that nobody wants, or a charge that was found late.
func (o Operation) saidToBeBack() bool {
	return (o.Late || o.refusedPart()) && o.Cancel == CancelDone && o.Resolution != nil && o.Resolution.Decision == Done
}

// notDue is the payment with nothing left to be done to the operation.
func (p Payment) notDue(op Operation, now time.Time) Payment {
	op.Due = time.Time{}
	return p.next(op, now)
}

// lookAtWord looks once at what a person has called done. Money that PayTrace still
// holds is shown to a person again, and let be: it may be meant to stand. What is
// settled looks the same before and after its refund, so that the word stands.
func (g *Gateway) lookAtWord(ctx context.Context, m Merchant, p Payment, op Operation) error {
	p, op, err := g.take(ctx, p, op, sendWaitingEvery)
	if err != nil {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	seen, err := g.processors[m.ID].Transaction(looking, p.TransactionID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	held := seen.State == RecordAuthorized || seen.State == RecordPending
	news := held && op.raise(fmt.Sprintf("a person said that %s is back, and PayTrace shows transaction %s as %s", seen.Amount, p.TransactionID, seen.State))
	change := Change{Payment: p.notDue(op, g.clock()), Base: p.Version, Operation: op.ID}
	if news {
		change.Events = []Event{attentionEvent(change.Payment, op.ID, g.clock())}
	}
	return g.write(ctx, change)
}
