package gateway

import (
	"context"
	"errors"
	"time"
)

// ResolveOperation is a person's decision about an operation that waits for
// one.
type ResolveOperation struct {
	OperationID string
	Decision    Decision
	// TransactionID is the processor's id of what was done. A charge and a
	// refund that were done need it.
	TransactionID string
	Note          string
}

// Resolve writes down what a person has decided, and who. It moves no money.
func (g *Gateway) Resolve(ctx context.Context, merchantID, by, paymentID string, cmd ResolveOperation) (Answer, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Answer{}, err
	}
	return inBudget(ctx, g, func() (Answer, error) {
		return settle(func() (Answer, error) { return g.resolve(ctx, m, by, paymentID, cmd) })
	})
}

func (g *Gateway) resolve(ctx context.Context, m Merchant, by, paymentID string, cmd ResolveOperation) (Answer, error) {
	p, err := g.payment(ctx, m, paymentID)
	if err != nil {
		return Answer{}, err
	}
	op, ok := p.Operation(cmd.OperationID)
	if !ok {
		return Answer{}, refuse(CodeNotFound, "the payment has no operation with this id").on("operationId")
	}
	if op.Resolution != nil && op.Resolution.Decision == cmd.Decision && op.Attention == "" {
		return Answer{Payment: p, OperationID: op.ID, Replayed: true}, nil
	}
	seen, err := g.verify(ctx, m, p, op, cmd)
	if err != nil {
		return Answer{}, err
	}
	now := g.clock()
	decision := Resolution{Decision: cmd.Decision, By: by, Note: cmd.Note, About: op.Attention, At: now}
	change, err := decideResolve(p, op, decision, seen, now)
	if err != nil {
		return Answer{}, err
	}
	if err := g.write(ctx, change); err != nil {
		return Answer{}, err
	}
	g.log.Warn("payment.resolved", "merchant", m.ID, "payment", p.ID, "operation", op.ID, "decision", cmd.Decision,
		"by", by, "transaction", cmd.TransactionID, "status", change.Payment.Status)
	if op.Undecided() {
		g.observe(change.Payment, op.ID, ByOperator)
	}
	after := g.followUp(ctx, m, change.Payment, op.ID)
	return Answer{Payment: after, OperationID: op.ID}, nil
}

// verify keeps a slip of the hand out of the books: what is said to be done
// must not be another payment's, and must not contradict what PayTrace shows. A
// PayTrace that cannot be asked does not keep a person from deciding.
func (g *Gateway) verify(ctx context.Context, m Merchant, p Payment, op Operation, cmd ResolveOperation) (sighting, error) {
	if cmd.Decision != Done || (op.Status != OpUnknown && op.Status != OpWaiting) {
		return sighting{}, nil
	}
	own := op.Charges() || (op.Kind == KindRefund && op.ProcessedAs != AsVoid)
	id := p.TransactionID
	if own {
		if id = cmd.TransactionID; id == "" {
			return sighting{}, refuse(CodeNotResolvable, "name the transaction at PayTrace by which the %s was done", op.Kind).on("transactionId")
		}
		other, err := g.ledger.PaymentByTransaction(ctx, m.ID, id)
		if err == nil {
			return sighting{}, refuse(CodeNotResolvable, "this transaction belongs to payment %s already", other.ID).on("transactionId")
		}
		if !errors.Is(err, ErrNotFound) {
			return sighting{}, unavailable(err)
		}
	}
	looking, cancel := context.WithTimeout(ctx, g.lookTime(ctx, m))
	defer cancel()
	record, err := g.processors[m.ID].Transaction(looking, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		g.log.Warn("resolve.not_verified", "merchant", m.ID, "payment", p.ID, "operation", op.ID, "error", err)
		return sighting{result: Result{Outcome: Approved, TransactionID: id}}, nil
	}
	if err != nil {
		return sighting{}, refuse(CodeNotResolvable, "PayTrace has no transaction with this id").on("transactionId")
	}
	return confirm(op, record, own)
}

// confirm says whether a record can be what was done.
func confirm(op Operation, r Record, own bool) (sighting, error) {
	seen := sighting{result: Result{Outcome: Approved, TransactionID: r.TransactionID, Card: r.Card}}
	wrong := func(what string) (sighting, error) {
		return sighting{}, refuse(CodeNotResolvable, "PayTrace shows this transaction %s", what).on("transactionId")
	}
	switch {
	case !own && undoneThere(op, r):
		return sighting{}, refuse(CodeNotResolvable, "PayTrace shows that this %s was not done", op.Kind).on("decision")
	case !own:
		return seen, nil
	case (r.Kind == KindRefund) != (op.Kind == KindRefund):
		return wrong("as a " + string(r.Kind))
	case r.Amount != op.Amount:
		return wrong("with another amount, " + r.Amount.String())
	case r.State == RecordDeclined:
		return wrong("as declined; it was not done")
	case r.State == RecordVoided && op.Kind == KindRefund:
		return wrong("as voided; it was not done")
	}
	seen.voided = r.State == RecordVoided
	return seen, nil
}

// decideResolve is the next state after a person's decision. It is pure.
func decideResolve(p Payment, op Operation, decision Resolution, seen sighting, now time.Time) (Change, error) {
	op.Resolution = &decision
	switch {
	case op.Status == OpSending:
		return Change{}, inProgress(p, op)
	case op.Status == OpUnknown && decision.Decision == Done:
		return concludeFound(withOperation(p, op), op, seen, now)
	case op.Status == OpUnknown && decision.Decision == NotDone:
		return concludeNever(p, op, now)
	case op.Status == OpWaiting && decision.Decision == Done:
		op.ProcessedAs = AsRefund
		return concludeGivenBack(p, op, seen.result, now)
	case op.Status == OpWaiting && decision.Decision == NotDone:
		op.Status, op.Due, op.Attention = OpCancelled, time.Time{}, ""
		return decided(p, p.next(op, now), op.ID, now), nil
	case op.Attention == "":
		return Change{}, refuse(CodeNotResolvable, "nothing about this %s waits for a person's decision", op.Kind).on("operationId")
	case decision.Decision == Done && op.Cancel == CancelRequested:
		op.Cancel, op.Due, op.Attention = CancelDone, time.Time{}, ""
	case decision.Decision == Seen && !op.Undecided():
		op.Attention = ""
	default:
		return Change{}, refuse(CodeNotResolvable, "a %s that is %s cannot be resolved as %s", op.Kind, op.Status, decision.Decision).on("decision")
	}
	next := p.next(op, now)
	return Change{
		Payment: next, Base: p.Version, Operation: op.ID,
		Events: []Event{eventOf(p.Status, next, op.ID, now)},
	}, nil
}

// withOperation is the payment with the operation put in its place, at the
// same version.
func withOperation(p Payment, op Operation) Payment {
	version, updated := p.Version, p.UpdatedAt
	p = p.next(op, updated)
	p.Version, p.UpdatedAt = version, updated
	return p
}

// concludeNever ends an unknown operation that a person knows not to have
// happened. A charge is watched for all the same.
func concludeNever(p Payment, op Operation, now time.Time) (Change, error) {
	if op.Kind == KindRefund {
		op.Status, op.Attention, op.Due = OpFailed, "", time.Time{}
		return decided(p, p.next(op, now), op.ID, now), nil
	}
	return concludeAbsent(p, op, now)
}

// concludeGivenBack ends a refund that waited and was made at PayTrace's own
// screens.
func concludeGivenBack(p Payment, op Operation, r Result, now time.Time) (Change, error) {
	op.Status, op.TransactionID, op.Due, op.Attention = OpApproved, r.TransactionID, time.Time{}, ""
	next := p.next(op, now)
	if err := next.followRefund(); err != nil {
		return Change{}, err
	}
	return decided(p, next, op.ID, now), nil
}
