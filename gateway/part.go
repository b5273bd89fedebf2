package gateway

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// A bank may give a part of what was asked for, such as what is left on a gift
// card. Unless the caller has said that it takes that (acceptPartial), the charge is
// declined, and what was given is given back on the road of what is given up: see
// undo.go.

// DeclinedForPart is the code, and the category, of a decline that the gateway has
// made of an approval of less than was asked for.
const DeclinedForPart = "partial_approval"

// mayBeGivenInPart says that a bank can give a part of what is asked for. Order
// lines add up to the whole, and would be wrong beside a part.
func (c CreatePayment) mayBeGivenInPart() bool {
	return c.Intent != IntentVerify && c.Enhanced == nil && c.Method.BankAccount == nil && c.Method.EncryptedBankAccount == nil
}

// onlyCardsAreGivenInPart refuses a part of a stored bank account, as
// mayBeGivenInPart refuses one of an account that the request brings.
func (c CreatePayment) onlyCardsAreGivenInPart(stored VaultMethod) error {
	if c.AcceptPartial && stored.ACH() {
		return refuse(CodeAmount, "only a card can be charged in part, and this payment method is a bank account; leave acceptPartial out; nothing was sent").on("acceptPartial")
	}
	return nil
}

// Granted is what the bank gave of what was asked for: all of it, or a part.
func (p Payment) Granted() Money {
	if len(p.Operations) == 0 {
		return p.Amount
	}
	return p.First().Amount
}

// refusedPart says that the bank gave a part, and that nobody wants it.
func (o Operation) refusedPart() bool { return o.Part && o.Status == OpDeclined }

// unwanted says that what the operation took is to go back, and has not yet.
func (o Operation) unwanted() bool {
	return o.Cancel == CancelRequested && (o.Status == OpApproved || o.Late || o.refusedPart())
}

// grantedIn says what an approval means for its operation: that it gives a part, and
// whether that part is taken. Whoever gave the key up gets all of it undone either
// way.
func (p Payment) grantedIn(op Operation, r Result) (part, refused bool) {
	part = r.Outcome == Approved && op.Charges() && 0 < r.ApprovedAmount && r.ApprovedAmount < op.Amount
	return part, part && !p.AcceptPartial && op.Cancel == ""
}

// declinedPart is the answer of the bank as the caller gets it.
func declinedPart(r Result) Result {
	r.Outcome, r.ApprovalCode, r.Balance = Declined, "", nil // what goes back is left on it again
	r.Decline = &Decline{
		Code: DeclinedForPart, Category: DeclinedForPart,
		Message: "The card does not cover the whole amount. Nothing was taken. Please use another card.",
	}
	return r
}

// giveBack has the part that nobody wants undone.
func (o *Operation) giveBack(now time.Time) { o.Cancel, o.Due = CancelRequested, now.Add(undoEvery) }

// seeGranted looks at the processor's books for how much was approved, where a part
// may have been and the answer does not tell. What cannot be seen is not known: the
// charge is looked for by the transaction that the answer named, and everything
// else that was heard is kept.
func seeGranted(ctx context.Context, to Inspector, p *Payment, r Result) Result {
	if r.Outcome != Approved || !p.AcceptPartial || p.ACH() || r.ApprovedAmount > 0 {
		return r
	}
	seen, err := to.Transaction(ctx, r.TransactionID)
	switch {
	case err != nil:
		r.Outcome, r.Detail = Unknown, "approved, and PayTrace does not show how much of it: "+err.Error()
	case seen.Amount <= 0 || seen.Amount > p.Amount || !p.standsAs(seen.State):
		r.Outcome, r.Detail = Unknown, fmt.Sprintf("approved, and PayTrace shows transaction %s as %s with %s", r.TransactionID, seen.State, seen.Amount)
	default:
		r.ApprovedAmount = seen.Amount
	}
	return r
}

// heard is a charge's answer as it was heard, with the amount that only a look has
// shown: the books do not tell what the bank said of the card.
func (p Payment) heard(found Result) Result {
	if p.Status != StatusUnknown || found.Outcome != Approved || p.TransactionID != found.TransactionID {
		return found
	}
	found.ApprovalCode = cmp.Or(found.ApprovalCode, p.ApprovalCode)
	found.AVS, found.CSC = cmp.Or(found.AVS, p.AVS), cmp.Or(found.CSC, p.CSC)
	found.Balance = cmp.Or(found.Balance, p.CardBalance)
	return found
}

// standsAs says that a row's state is that of a charge of this intent to which
// nothing has been done since.
func (p Payment) standsAs(s RecordState) bool {
	if p.Intent == IntentAuthorize {
		return s == RecordAuthorized
	}
	return s == RecordPending || s == RecordSettled
}

// isPart says that a row of the processor's shows that a part of the charge was
// approved: it bears our reference, and a lower amount. An authorization of which
// less was taken is somebody's capture.
func (p Payment) isPart(r Record) bool {
	if r.Amount <= 0 || r.Amount >= p.Amount || r.Reference != p.Reference {
		return false
	}
	return p.standsAs(r.State) || r.State == RecordVoided
}
