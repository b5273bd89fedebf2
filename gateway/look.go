package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The reconciler: an unknown operation is looked for on PayTrace's books until
// it is found, until its absence is certain, or until a person decides.

const (
	// absentAfter is the age before which an operation is never taken for
	// absent, and missesNeeded the looks that must have missed it by then.
	absentAfter  = 24 * time.Hour
	missesNeeded = 2
	// undecidedAtMost is the age at which an unknown is shown to an operator.
	undecidedAtMost = 25 * time.Hour
	// watchedFor is how long a charge that was called failed is looked for
	// all the same, and watchEvery how often.
	watchedFor = 30 * 24 * time.Hour
	watchEvery = 24 * time.Hour
	// clockSkew is what PayTrace's clock may differ from ours.
	clockSkew = 5 * time.Minute
)

// sighting is what one look showed.
type sighting struct {
	// result decides the operation when its Outcome is set and not Unknown.
	result Result
	// voided says that the charge was found, and found voided.
	voided bool
	// missed says that the look would have shown the operation, and did not.
	missed bool
	// counted says that what was done is counted by another operation.
	counted bool
	// held is a transaction that bears our reference, is not plainly the charge,
	// and has money behind it.
	held Record
	// attention is for an operator: what was seen that only a person can
	// decide.
	attention string
}

// lookFor looks once and records what it saw.
func (g *Gateway) lookFor(ctx context.Context, m Merchant, p Payment, op Operation) error {
	p, op, err := g.take(ctx, p, op, m.CallDeadline+nextLook(op.Looks))
	if err != nil {
		return err
	}
	looking, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	seen, err := station(looking, g, StageLook, m.ID, func(ctx context.Context) (sighting, error) { return g.look(ctx, m, p, op) })
	if err != nil {
		g.log.Warn("payment.look_failed", "merchant", m.ID, "payment", p.ID, "operation", op.ID, "error", err)
		seen = sighting{}
	}
	change, err := afterLook(p, op, seen, g.clock())
	if err != nil {
		return err
	}
	err = g.write(ctx, change)
	if errors.Is(err, ErrTransactionTaken) {
		seen = sighting{attention: "transaction " + seen.result.TransactionID + " at PayTrace, which could be this one, is another payment's already"}
		if change, err = afterLook(p, op, seen, g.clock()); err == nil {
			err = g.write(ctx, change)
		}
	}
	if err != nil {
		return err
	}
	decided, _ := change.Payment.Operation(op.ID)
	if !decided.Undecided() {
		g.observe(change.Payment, op.ID, ByLook)
	}
	g.log.Info("payment.looked", lookedAt(p, op, decided)...)
	g.followUp(ctx, m, change.Payment, op.ID)
	for _, given := range change.Payment.Operations {
		if isUndo(decided, given) && !decided.Undecided() {
			g.followUp(ctx, m, change.Payment, given.ID) // done, or begun anew
		}
	}
	return nil
}

// lookedAt tells of a look at an operation, which has decided it or not. A part of
// the amount that was found is told, since it may be given back.
func lookedAt(p Payment, before, after Operation) []any {
	told := []any{
		"merchant", p.MerchantID, "payment", p.ID, "operation", after.ID, "looks", before.Looks + 1,
		"misses", after.Misses, "status", after.Status, "attention", after.Attention,
	}
	if after.Part {
		told = append(told, "approvedAmount", after.Amount.String(), "wanted", !after.refusedPart() && after.Cancel == "")
	}
	return told
}

func (g *Gateway) look(ctx context.Context, m Merchant, p Payment, op Operation) (sighting, error) {
	if op.Kind == KindCapture || op.Kind == KindVoid || op.ProcessedAs == AsVoid {
		record, err := g.processors[m.ID].Transaction(ctx, p.TransactionID)
		return sighting{result: judge(op, record, false), missed: err == nil && undoneThere(op, record)}, err
	}
	from, to := op.SentAt.AddDate(0, 0, -1), op.SentAt.AddDate(0, 0, 1)
	if op.Kind == KindRefund {
		records, err := g.processors[m.ID].Transactions(ctx, from, to, "")
		if err != nil {
			return sighting{}, err
		}
		return g.sightRefund(ctx, m, p, op, records)
	}
	if op.TransactionID != "" {
		return g.lookAtOwn(ctx, m, p, op)
	}
	found, err := g.processors[m.ID].Transactions(ctx, from, to, p.Reference)
	if err != nil {
		return sighting{}, err
	}
	if seen, ok := sightCharge(p, found); ok {
		return seen, nil
	}
	if g.clock().Sub(op.SentAt) < absentAfter && op.Misses >= missesNeeded-1 {
		return sighting{}, nil // one more miss would prove nothing yet
	}
	// A quiet merchant's next charge may come a day or two later.
	all, err := g.processors[m.ID].Transactions(ctx, from, to.AddDate(0, 0, 2), "")
	if err != nil {
		return sighting{}, err
	}
	if all, err = g.restored(ctx, m, all, op.SendBefore.Add(clockSkew)); err != nil {
		return sighting{}, err
	}
	return sightAbsence(p, op, all, m.ExportRowCap), nil
}

// lookAtOwn looks at the transaction that a charge's own answer has named. Since it
// was heard of, its absence proves nothing.
func (g *Gateway) lookAtOwn(ctx context.Context, m Merchant, p Payment, op Operation) (sighting, error) {
	record, err := g.processors[m.ID].Transaction(ctx, op.TransactionID)
	if errors.Is(err, ErrNotFound) {
		return sighting{}, nil
	}
	if err != nil {
		return sighting{}, err
	}
	record.Reference = p.Reference // it is this one's, whatever PayTrace shows in that place
	seen, _ := sightCharge(p, []Record{record})
	return seen, nil
}

// restoredAtMost bounds the charges whose references are sought in the ledger.
const restoredAtMost = 8

// restored gives later charges their references back, in whose place PayTrace
// shows purchase orders since it was told of enhanced data. One that has its own
// is enough.
func (g *Gateway) restored(ctx context.Context, m Merchant, all []Record, after time.Time) ([]Record, error) {
	if slices.ContainsFunc(all, func(r Record) bool { return isReference(r.Reference) && r.CreatedAt.After(after) }) {
		return all, nil
	}
	sought := 0
	for i, r := range all {
		if r.Reference == "" || !r.CreatedAt.After(after) || sought >= restoredAtMost {
			continue
		}
		sought++
		p, err := g.ledger.PaymentByTransaction(ctx, m.ID, m.LiveMode, r.TransactionID)
		switch {
		case err == nil && p.TransactionID == r.TransactionID:
			all[i].Reference = p.Reference
			return all, nil
		case err != nil && !errors.Is(err, ErrNotFound):
			return nil, err
		}
	}
	return all, nil
}

// sightCharge adopts a charge only on equal reference, and equal amount or a part
// of it that a bank can have given.
func sightCharge(p Payment, found []Record) (sighting, bool) {
	mine := slices.DeleteFunc(slices.Clone(found), func(r Record) bool { return r.Reference != p.Reference })
	if len(mine) == 0 {
		return sighting{}, false
	}
	r := mine[0]
	if len(mine) > 1 {
		return sighting{held: firstHeld(mine), attention: fmt.Sprintf("%d transactions "+bearReference+" %s",
			len(mine), p.Reference)}, true
	}
	if r.Amount != p.Amount && !p.isPart(r) {
		return sighting{held: firstHeld(mine), attention: fmt.Sprintf("transaction %s "+bearsReference+" %s, but another amount: %s",
			r.TransactionID, p.Reference, r.Amount)}, true
	}
	result := Result{Outcome: Approved, TransactionID: r.TransactionID, Card: r.Card, ApprovedAmount: r.Amount, Detail: "found at PayTrace by its reference"}
	switch r.State {
	case RecordAuthorized, RecordPending, RecordSettled:
		return sighting{result: result}, true
	case RecordVoided:
		return sighting{result: result, voided: true}, true
	case RecordDeclined:
		result.Outcome = Declined
		result.Decline = declinedThere
		return sighting{result: result}, true
	default:
		return sighting{attention: "transaction " + r.TransactionID + " at PayTrace is in a state that the gateway does not know"}, true
	}
}

// What the books show of a charge that nobody can tell to be ours.
const (
	bearsReference = "at PayTrace bears the reference"
	bearReference  = "at PayTrace bear the reference"
)

// HeldThere says of a charge whose outcome nobody knows, by what it waits for, that
// PayTrace has shown other money under its reference: until that is undone there,
// nobody may say that the charge was not done (refuseHeld).
func HeldThere(attention string) bool {
	return strings.Contains(attention, bearsReference) || strings.Contains(attention, bearReference)
}

// firstHeld is the first transaction that has money behind it, or none.
func firstHeld(found []Record) Record {
	for _, r := range found {
		if r.Amount > 0 && (r.State == RecordAuthorized || r.State == RecordPending || r.State == RecordSettled) {
			return r
		}
	}
	return Record{}
}

// sightAbsence counts a look as a miss only if it would have shown the charge:
// it stayed below the cap on rows, and it showed a charge made after ours that
// bears a reference. Without that nobody knows whether the books have moved on,
// or whether they show references at all.
func sightAbsence(p Payment, op Operation, all []Record, rowCap int) sighting {
	if seen, ok := sightCharge(p, all); ok {
		return seen
	}
	if rowCap > 0 && len(all) >= rowCap {
		return sighting{}
	}
	later := slices.ContainsFunc(all, func(r Record) bool {
		return isReference(r.Reference) && r.CreatedAt.After(op.SendBefore.Add(clockSkew))
	})
	return sighting{missed: later}
}

// sightRefund adopts a refund, which bears no reference of ours, only when
// exactly one row can be it, and the row can be nobody else's: no other refund
// of that amount is undecided, and whoever is still at work on one has had the
// time to hear of it.
func (g *Gateway) sightRefund(ctx context.Context, m Merchant, p Payment, op Operation, records []Record) (sighting, error) {
	var mine []Record
	for _, r := range records {
		if !couldBe(m, p, op, r) {
			continue
		}
		_, err := g.ledger.PaymentByTransaction(ctx, m.ID, m.LiveMode, r.TransactionID)
		if err == nil {
			continue // another operation's
		}
		if !errors.Is(err, ErrNotFound) {
			return sighting{}, err
		}
		mine = append(mine, r)
	}
	if len(mine) == 0 {
		return sighting{}, nil
	}
	if g.clock().Sub(mine[0].CreatedAt) < m.SendWindow+m.CallDeadline+staleAfter {
		return sighting{}, nil // whoever made it may still hear of it
	}
	rivals, err := g.ledger.UndecidedRefunds(ctx, m.ID, m.LiveMode, op.Amount, mine[0].CreatedAt.Add(-m.CallDeadline-clockSkew))
	if err != nil {
		return sighting{}, err
	}
	if len(mine) > 1 || rivals > 1 {
		return sighting{attention: fmt.Sprintf("%d refunds at PayTrace could be this one, and %d of our refunds of this amount are undecided",
			len(mine), rivals)}, nil
	}
	return sightedRefund(mine[0]), nil
}

func couldBe(m Merchant, p Payment, op Operation, r Record) bool {
	sameCard := p.Card.LastFour == "" || r.Card.LastFour == "" || p.Card.LastFour == r.Card.LastFour
	return r.Kind == KindRefund && r.Amount == op.Amount && sameCard && (r.OrderID == "" || p.isOfOrder(r)) &&
		p.isOfReference(r) &&
		!r.CreatedAt.Before(op.SentAt.Add(-clockSkew)) &&
		!r.CreatedAt.After(op.SendBefore.Add(m.CallDeadline+clockSkew)) &&
		(m.ProcessorUser == "" || r.CreatedBy == m.ProcessorUser)
}

func sightedRefund(r Record) sighting {
	result := Result{Outcome: Approved, TransactionID: r.TransactionID, Detail: "the only refund at PayTrace that can be this one"}
	switch r.State {
	case RecordPending, RecordSettled:
		return sighting{result: result}
	case RecordDeclined:
		result.Outcome, result.Decline = Declined, declinedThere
		return sighting{result: result}
	default:
		return sighting{attention: "the refund " + r.TransactionID + " at PayTrace is " + string(r.State)}
	}
}

// declinedThere is the reason of a decline that was found on the books, which
// do not tell more.
var declinedThere = &Decline{Code: "found", Message: "The card was declined.", Category: "declined"}

// undoneThere says that the books plainly show a capture or a void as not
// done.
func undoneThere(op Operation, seen Record) bool {
	return seen.State == RecordAuthorized || (op.Kind != KindCapture && seen.State == RecordPending)
}

// afterLook is the next state after a look. It is pure.
func afterLook(p Payment, op Operation, seen sighting, now time.Time) (Change, error) {
	if seen.result.Outcome != "" && seen.result.Outcome != Unknown {
		return concludeFound(p, op, seen, now)
	}
	age := now.Sub(op.SentAt)
	op.Looks++
	if seen.missed {
		op.Misses++
	}
	if op.Misses >= missesNeeded && seen.missed && age >= absentAfter {
		return concludeAbsent(p, op, now)
	}
	before := op.Attention
	switch {
	case seen.attention != "":
		op.Attention = seen.attention
	case age >= undecidedAtMost && op.Attention == "":
		op.Attention = "PayTrace's books have not shown what became of this " + string(op.Kind)
	}
	op.Due = now.Add(nextLook(op.Looks))
	change := Change{Payment: p.next(op, now), Base: p.Version, Operation: op.ID}
	if op.Attention != before {
		change.Events = []Event{attentionEvent(change.Payment, op.ID, now)}
	}
	return change, nil
}

func concludeFound(p Payment, op Operation, seen sighting, now time.Time) (Change, error) {
	change, err := conclude(p, op, seen.result, now)
	if err != nil || !seen.voided || op.Kind == KindVerify { // what the bank has said of a card, no void takes back
		return change, err
	}
	if there, _ := change.Payment.Operation(op.ID); there.refusedPart() {
		there.Cancel, there.Due = CancelDone, time.Time{} // it has gone back already
		change.Payment = withOperation(change.Payment, there)
	} else if err := change.Payment.move(Voided); err != nil {
		return Change{}, err
	}
	change.Reply = replyOf(change.Payment, op.ID)
	change.Events = []Event{eventOf(p.Status, change.Payment, op.ID, now)}
	return change, nil
}

// concludeAbsent is the one place where an unknown becomes failed. A charge is
// watched for all the same; for anything else the payment stays as it is.
func concludeAbsent(p Payment, op Operation, now time.Time) (Change, error) {
	if op.Kind == KindRefund {
		// It was to be done as a void and nothing was done: it is promised still.
		return conclude(p, op, Result{Outcome: waits}, now)
	}
	op.Status, op.Attention, op.Due = OpFailed, "", time.Time{}
	if op.Charges() && op.Kind != KindVerify && !p.ACH() { // nothing is held if it turns up, or nobody can look
		op.Due = now.Add(watchEvery)
	}
	op.settleCancel()
	next := p.next(op, now)
	if op.Charges() {
		if err := next.move(Failed); err != nil {
			return Change{}, err
		}
	}
	if next.ACH() {
		next.expectWindow(now)
	}
	return decided(p, next, op.ID, now), nil
}
