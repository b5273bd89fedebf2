package gateway

import (
	"context"
	"errors"
	"slices"
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
func (g *Gateway) Resolve(ctx context.Context, merchantID string, by Actor, paymentID string, cmd ResolveOperation) (Answer, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Answer{}, err
	}
	return inBudget(ctx, g, func() (Answer, error) {
		return settle(func() (Answer, error) { return g.resolve(ctx, m, by, paymentID, cmd) })
	})
}

func (g *Gateway) resolve(ctx context.Context, m Merchant, by Actor, paymentID string, cmd ResolveOperation) (Answer, error) {
	p, err := g.payment(ctx, m, paymentID)
	if err != nil {
		return Answer{}, err
	}
	op, ok := p.Operation(cmd.OperationID)
	if !ok {
		return Answer{}, refuse(CodeNotFound, "the payment has no operation with this id").on("operationId")
	}
	if op.Resolution != nil && op.Resolution.Decision == cmd.Decision && op.Attention == "" {
		if cmd.TransactionID != "" && cmd.TransactionID != op.TransactionID && !countedThere(p, op, cmd.TransactionID) {
			return Answer{}, refuse(CodeNotResolvable, "it was decided before, by transaction %s", op.TransactionID).on("transactionId")
		}
		return Answer{Payment: p, OperationID: op.ID, Replayed: true}, nil
	}
	byHand := p.ACH() && cmd.Decision == Done && op.Status == OpApproved && op.Cancel == CancelRequested
	if other, busy := p.inProgress(); busy && (op.Status == OpWaiting || byHand) {
		return Answer{}, inProgress(p, other)
	}
	if cmd.Decision == Done && op.Cancel == CancelRequested && !p.ACH() && waitingUndo(p, op) {
		// It would be sent all the same, and what was made by hand may not be to be seen yet.
		return Answer{}, refuse(CodeInProgress, "a refund of this payment waits for settlement and would still be sent; decide that one: done, by its transaction, or not_done")
	}
	seen, err := g.verify(ctx, m, p, op, cmd)
	if err != nil {
		return Answer{}, err
	}
	now := g.clock()
	decision := Resolution{Decision: cmd.Decision, By: by.String(), Note: cmd.Note, About: about(op), At: now, Before: op.Resolution}
	change, err := decideResolve(p, op, decision, seen, now)
	if err != nil {
		return Answer{}, err
	}
	change.Audit = resolved(m, by, p, op, cmd, now)
	err = g.write(ctx, change)
	if errors.Is(err, ErrTransactionTaken) {
		return Answer{}, refuse(CodeNotResolvable, "this transaction belongs to another payment already").on("transactionId")
	}
	if err != nil {
		return Answer{}, err
	}
	g.log.Warn("payment.resolved", "merchant", m.ID, "payment", p.ID, "operation", op.ID, "decision", cmd.Decision,
		"by", by.String(), "transaction", cmd.TransactionID, "status", change.Payment.Status)
	if err := (follower{gateway: g, merchant: m}).unlist(ctx, Record{TransactionID: cmd.TransactionID}); err != nil {
		g.log.Warn("watch.failed", "merchant", m.ID, "error", err, "consequence", "the transaction stays listed as unmatched until the next reading")
	}
	if !op.Undecided() {
		return Answer{Payment: change.Payment, OperationID: op.ID}, nil
	}
	g.observe(change.Payment, op.ID, ByOperator)
	after := g.followUp(ctx, m, change.Payment, op.ID)
	return Answer{Payment: after, OperationID: op.ID}, nil
}

// resolved is the record of the decision. The note stays with the payment, since
// nobody knows what a person writes there.
func resolved(m Merchant, by Actor, p Payment, op Operation, cmd ResolveOperation, now time.Time) *AuditRecord {
	r := AuditRecord{
		At: now, Actor: by, Action: AuditPaymentResolved, MerchantID: m.ID, LiveMode: m.LiveMode,
		Subject: AuditSubject{Kind: "payment", ID: p.ID},
		Details: map[string]string{"operation": op.ID, "decision": string(cmd.Decision)},
	}
	if cmd.TransactionID != "" {
		r.Details["transaction"] = cmd.TransactionID
	}
	return &r
}

// about is what the operation waited for, with what a person has seen of it
// before.
func about(op Operation) string {
	if op.Resolution == nil {
		return op.Attention
	}
	return joined(op.Resolution.About, op.Attention)
}

// verify keeps a slip of the hand out of the books: what is said to be done
// must not be another payment's, and nothing may be said that PayTrace plainly
// contradicts. A PayTrace that cannot be asked does not keep a person from
// deciding.
func (g *Gateway) verify(ctx context.Context, m Merchant, p Payment, op Operation, cmd ResolveOperation) (sighting, error) {
	looking, cancel := context.WithTimeout(ctx, g.lookTime(ctx, m))
	defer cancel()
	waits := op.Status == OpWaiting
	switch {
	case cmd.Decision == NotDone && op.Status == OpUnknown && g.clock().Sub(op.SentAt) < m.hearingTime():
		return sighting{}, refuse(CodeInProgress, "whoever sent this %s may still hear of it; decide in two minutes", op.Kind).retry(m.hearingTime())
	case p.ACH():
		return g.verifyBank(ctx, m, p, op, cmd)
	case cmd.Decision == NotDone && op.Status == OpUnknown:
		return g.verifyNotDone(looking, m, p, op)
	case cmd.Decision != Done || (op.Status != OpUnknown && !waits):
		return sighting{}, nil
	case op.Charges() || waits || (op.Kind == KindRefund && op.ProcessedAs != AsVoid):
		return g.verifyOwn(looking, m, p, op, cmd.TransactionID)
	}
	record, err := g.processors[m.ID].Transaction(looking, p.TransactionID)
	if err != nil {
		g.notVerified(p, op, err)
		return sighting{result: Result{Outcome: Approved, TransactionID: p.TransactionID}}, nil
	}
	result := judge(op, record, false)
	if result.Outcome != Approved {
		return sighting{}, refuse(CodeNotResolvable, "PayTrace shows the transaction as %s with %s; this %s is not done", record.State, record.Amount, op.Kind).on("decision")
	}
	return sighting{result: result}, nil
}

func (g *Gateway) notVerified(p Payment, op Operation, err error) {
	g.log.Warn("resolve.not_verified", "merchant", p.MerchantID, "payment", p.ID, "operation", op.ID, "error", err)
}

// verifyNotDone refuses what the books plainly show as done.
func (g *Gateway) verifyNotDone(ctx context.Context, m Merchant, p Payment, op Operation) (sighting, error) {
	seen, err := g.look(ctx, m, p, op)
	if err != nil {
		g.notVerified(p, op, err)
		return sighting{}, nil
	}
	if seen.result.Outcome == Approved {
		return sighting{}, refuse(CodeNotResolvable, "PayTrace shows that this %s was done, by transaction %s", op.Kind, seen.result.TransactionID).on("decision")
	}
	return sighting{}, g.refuseHeld(ctx, m, p, op, seen.held)
}

// refuseHeld keeps a person from ending a charge while PayTrace holds money under
// its reference: the shopper would be charged anew beside it. What is settled looks
// the same before and after its refund, so the refund itself is looked for.
func (g *Gateway) refuseHeld(ctx context.Context, m Merchant, p Payment, op Operation, held Record) error {
	way := "void"
	switch {
	case held.TransactionID == "":
		return nil
	case held.State == RecordSettled:
		back, err := g.gaveBack(ctx, m, p, held)
		if err != nil {
			g.notVerified(p, op, err)
		}
		if err != nil || back {
			return nil
		}
		way = "refund"
	}
	orElse := ""
	if _, err := confirm(p, op, held); err == nil {
		orElse = ", or say done by it"
	}
	return refuse(CodeNotResolvable, "PayTrace holds %s under this reference, transaction %s: %s it there first%s",
		held.Amount, held.TransactionID, way, orElse).on("decision")
}

// gaveBack says that PayTrace shows a refund of as much as the transaction holds,
// which can be this payment's and is no other's. Where not all can be seen, nothing
// contradicts the person.
func (g *Gateway) gaveBack(ctx context.Context, m Merchant, p Payment, held Record) (bool, error) {
	rows, whole, err := g.readDays(ctx, m, held.CreatedAt, g.clock(), p.orderText())
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		done := r.State == RecordPending || r.State == RecordSettled
		if r.Kind != KindRefund || !done || r.Amount != held.Amount || r.CreatedAt.Before(held.CreatedAt) || !p.isOfReference(r) {
			continue
		}
		_, err := g.ledger.PaymentByTransaction(ctx, m.ID, m.LiveMode, r.TransactionID)
		if errors.Is(err, ErrNotFound) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return !whole, nil
}

// verifyOwn looks at a transaction of the operation's own: a charge's or a
// refund's.
func (g *Gateway) verifyOwn(ctx context.Context, m Merchant, p Payment, op Operation, id string) (sighting, error) {
	if id == "" {
		return sighting{}, refuse(CodeNotResolvable, "name the transaction at PayTrace by which the %s was done", op.Kind).on("transactionId")
	}
	other, err := g.ledger.PaymentByTransaction(ctx, m.ID, m.LiveMode, id)
	switch {
	case err == nil && op.Status == OpUnknown && other.ID == p.ID && id == op.TransactionID:
		// Its own answer named it, and the books did not show it then.
	case err == nil && op.Status == OpWaiting && other.ID == p.ID && countedThere(p, op, id):
		return sighting{counted: true}, nil
	case err == nil:
		return sighting{}, refuse(CodeNotResolvable, "this transaction belongs to payment %s already", other.ID).on("transactionId")
	case !errors.Is(err, ErrNotFound):
		return sighting{}, unavailable(err)
	}
	record, err := g.processors[m.ID].Transaction(ctx, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		g.notVerified(p, op, err)
		return sighting{result: Result{Outcome: Approved, TransactionID: id}}, nil
	}
	if err != nil {
		return sighting{}, refuse(CodeNotResolvable, "PayTrace has no transaction with this id").on("transactionId")
	}
	return confirm(p, op, record)
}

// countedThere says that a refund which was made at PayTrace's screens in place
// of a waiting one has been seen and counted already.
func countedThere(p Payment, waiting Operation, id string) bool {
	return slices.ContainsFunc(p.Operations, func(o Operation) bool {
		return o.Origin == OriginExternal && o.Kind == KindRefund && o.TransactionID == id && o.Amount == waiting.Amount
	})
}

// confirm says whether a record can be what was done.
func confirm(p Payment, op Operation, r Record) (sighting, error) {
	seen := sighting{result: Result{Outcome: Approved, TransactionID: r.TransactionID, Card: r.Card}}
	wrong := func(what string) (sighting, error) {
		return sighting{}, refuse(CodeNotResolvable, "PayTrace shows this transaction %s", what).on("transactionId")
	}
	refund := op.Kind == KindRefund
	switch {
	case (r.Kind == KindRefund) != refund:
		return wrong("as a " + string(r.Kind))
	case r.Amount != op.Amount && !(op.Charges() && p.isPart(r)):
		return wrong("with another amount, " + r.Amount.String())
	case isReference(r.Reference) && r.Reference != p.Reference, !p.isOfReference(r):
		return wrong("with the reference of another payment")
	case r.OrderID != "" && p.OrderID != "" && !p.isOfOrder(r):
		return wrong("with another order")
	case r.Card.LastFour != "" && p.Card.LastFour != "" && r.Card.LastFour != p.Card.LastFour:
		return wrong("with another card")
	case r.State == RecordDeclined, r.State == RecordOther, refund && r.State == RecordVoided:
		return wrong("as " + string(r.State) + "; it was not done")
	case refund && r.Amount > p.returnable():
		return wrong("but only " + p.returnable().String() + " can have been given back")
	}
	seen.voided = r.State == RecordVoided
	if op.Charges() {
		seen.result.ApprovedAmount = r.Amount
	}
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
	case op.Status == OpWaiting && decision.Decision == Done && !seen.counted:
		op.ProcessedAs = AsRefund
		return concludeGivenBack(p, op, seen.result, now)
	case op.Status == OpWaiting && decision.Decision != Seen:
		op.Status, op.Due, op.Attention = OpCancelled, time.Time{}, ""
		return decided(p, p.next(op, now), op.ID, now), nil
	case op.Attention == "":
		return Change{}, refuse(CodeNotResolvable, "nothing about this %s waits for a person's decision", op.Kind).on("operationId")
	case decision.Decision == Done && op.Cancel == CancelRequested && p.ACH():
		return undoneByHand(p, op, now)
	case decision.Decision == Done && op.Cancel == CancelRequested:
		// A look at the payment shows what was done.
		op.Cancel, op.Due, op.Attention = CancelDone, now, ""
	case decision.Decision == Seen && op.Cancel != CancelRequested && !op.Undecided():
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
		next := p.next(op, now)
		if next.ACH() {
			next.expectWindow(now)
		}
		return decided(p, next, op.ID, now), nil
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
	next.wakeRefunds(now) // those of a bank payment that is not accepted any more
	return decided(p, next, op.ID, now), nil
}
