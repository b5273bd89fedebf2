package history

import (
	"fmt"
	"slices"
)

// withinBounds: captures never exceed the authorization, refunds never exceed
// the captures, promised ones included; in every answer, in the end, and on
// PayTrace's books.
func withinBounds(x *index) []Violation {
	var found []Violation
	wrong := map[string]bool{}
	judge := func(p Payment, where string) {
		if says := outOfBounds(p); says != "" && !wrong[p.ID] {
			wrong[p.ID] = true
			found = append(found, x.violation(WithinBounds, "payment "+p.ID, says+where, about{payment: p.ID}))
		}
	}
	for _, c := range x.Calls {
		judge(c.Payment, ", as told")
	}
	for _, p := range x.Payments {
		judge(p, ", in the end")
	}
	for _, t := range x.Transactions {
		switch {
		case t.Captured && t.Amount > t.Authorized:
			found = append(found, x.violation(WithinBounds, "transaction "+t.ID,
				fmt.Sprintf("PayTrace captured %d of %d authorized", t.Amount, t.Authorized), about{transaction: t.ID}))
		case t.charges() && x.given(t.ID)-x.credited(t.ID) > t.Amount:
			found = append(found, x.violation(WithinBounds, "transaction "+t.ID,
				fmt.Sprintf("PayTrace gave %d of %d back", x.given(t.ID), t.Amount), about{transaction: t.ID}))
		}
	}
	return append(found, givenTwice(x)...)
}

// outOfBounds says which sum is too large, or "". What a clerk gives back, or
// lowers a charge to, counts; what was promised before that stays promised until
// it is seen to be gone, so the two together are no fault of the gateway's.
func outOfBounds(p Payment) string {
	s := sumsOf(p)
	switch {
	case s.captured > p.granted():
		return fmt.Sprintf("%d is captured of %d", s.captured, p.granted())
	case lateUndone(p):
		return ""
	case s.refunded > s.captured:
		return fmt.Sprintf("%d is refunded of %d captured", s.refunded, s.captured)
	case s.refunded-s.external+s.promised > max(s.captured, unwantedPart(p)) && !s.adjusted:
		return fmt.Sprintf("%d is refunded and %d promised of %d captured", s.refunded-s.external, s.promised, s.captured)
	case s.captured != p.Captured || s.refunded != p.Refunded || s.promised != p.Pending:
		return fmt.Sprintf("captured, refunded, pending are shown as %d, %d, %d, and its operations make %d, %d, %d",
			p.Captured, p.Refunded, p.Pending, s.captured, s.refunded, s.promised)
	}
	return ""
}

// sums are what a payment's operations add up to; external is the part of what
// was refunded that a clerk gave back, adjusted says that a clerk has lowered
// what was captured.
type sums struct {
	captured, refunded, external, promised int64
	adjusted                               bool
}

func sumsOf(p Payment) sums {
	var s sums
	for _, o := range p.Operations {
		switch {
		case o.Kind == "adjust":
			s.captured, s.adjusted = o.Amount, true
		case o.Kind == "sale" || o.Kind == "capture":
			if o.Status == "approved" {
				s.captured += o.Amount
			}
		case o.Kind != "refund":
		case o.Status == "approved":
			s.refunded += o.Amount
			if o.Origin == "external" {
				s.external += o.Amount
			}
		case o.Status == "unknown" || o.Status == "waiting_settlement":
			s.promised += o.Amount
		}
	}
	if s.refunded > 0 && refusedPart(p) {
		s.captured = p.Operations[0].Amount
	}
	return s
}

// refusedPart is a charge of which the bank gave a part that the caller does not
// take. It was captured if it went back by a refund.
func refusedPart(p Payment) bool {
	return p.Part > 0 && len(p.Operations) > 0 && p.Operations[0].Status == "declined"
}

// unwantedPart is what such a charge may be promised back before it has gone back.
func unwantedPart(p Payment) int64 {
	if refusedPart(p) {
		return p.Part
	}
	return 0
}

// lateUndone is a payment whose charge was found after it was called failed:
// what the gateway gives back of it was never counted as captured.
func lateUndone(p Payment) bool {
	return len(p.Operations) > 0 && p.Operations[0].Status == "failed" && p.Refunded+p.Pending <= p.Amount
}

// noOrphan: whatever PayTrace took by our order, the gateway knows of, or it is
// undone.
func noOrphan(x *index) []Violation {
	var found []Violation
	for _, t := range x.Transactions {
		if !t.holds() || t.ByClerk || x.undone(t) {
			continue
		}
		p, known := x.byReference[t.Reference]
		switch {
		case !known:
			found = append(found, x.violation(NoOrphan, "transaction "+t.ID, "the gateway has no payment with its reference",
				about{transaction: t.ID, reference: t.Reference}))
		case p.TransactionID != t.ID && !p.NeedsAttention:
			found = append(found, x.violation(NoOrphan, "transaction "+t.ID,
				fmt.Sprintf("the gateway shows %s as %s, with transaction %q", p.ID, p.Status, p.TransactionID),
				about{transaction: t.ID, reference: t.Reference, payment: p.ID}))
		}
	}
	return found
}

// adopted: the transaction that a payment names bears the payment's reference,
// and what the bank gave of its amount.
func adopted(x *index) []Violation {
	var found []Violation
	for _, p := range x.Payments {
		t, there := x.transactions[p.TransactionID]
		says := ""
		switch {
		case p.TransactionID == "":
		case !there:
			says = "PayTrace does not know its transaction " + p.TransactionID
		case t.Reference != p.Reference:
			says = "its transaction " + t.ID + " bears another reference at PayTrace"
		case !sameGrant(p.granted(), t):
			says = fmt.Sprintf("its transaction %s is of %d at PayTrace", t.ID, t.Authorized)
		}
		if says != "" {
			found = append(found, x.violation(Adopted, "payment "+p.ID, says, about{payment: p.ID, transaction: p.TransactionID}))
		}
	}
	return found
}

// givenUp: a key whose giving up was accepted leaves no money with the
// merchant, unless a person was told.
func givenUp(x *index) []Violation {
	var found []Violation
	for _, key := range x.keys {
		accepted := slices.ContainsFunc(x.calls[key], func(c Call) bool {
			return c.Verb == Cancel && (c.Status == 201 || c.Status == 202)
		})
		if !accepted {
			continue
		}
		for _, t := range x.chargesOf(key) {
			p := x.byReference[t.Reference]
			if t.holds() && !x.undone(t) && !p.NeedsAttention && p.Status != "returned" { // a bank's return stands in no books
				found = append(found, x.violation(GivenUp, "key "+key,
					"PayTrace still has its transaction "+t.ID+" as "+t.State, about{key: key, transaction: t.ID}))
			}
		}
	}
	return found
}

// booksAgree: of every payment that waits for nobody, the gateway's sums are
// PayTrace's.
func booksAgree(x *index) []Violation {
	var found []Violation
	for _, p := range x.Payments {
		if p.NeedsAttention || undecided(p) != "" || p.Status == "returned" { // a bank's return stands in no books
			continue
		}
		ours, theirs := kept(p), int64(0)
		state := "nothing"
		if t, there := x.transactions[p.TransactionID]; there {
			theirs, state = t.taken()-x.given(t.ID)+x.hidden(t.ID), t.State
		}
		says := ""
		switch {
		case ours != theirs:
			says = fmt.Sprintf("the gateway shows %d kept, PayTrace %d", ours, theirs)
		case (p.Status == "authorized") != (state == "authorized") && p.Amount > 0:
			says = "the gateway shows it as " + p.Status + ", PayTrace as " + state
		}
		if says != "" {
			found = append(found, x.violation(BooksAgree, "payment "+p.ID, says, about{payment: p.ID, transaction: p.TransactionID}))
		}
	}
	return found
}

// kept is the money that the merchant keeps, as the gateway shows it.
func kept(p Payment) int64 {
	if p.Status == "voided" || lateUndone(p) && p.Status == "refunded" {
		return 0
	}
	for _, o := range p.Operations {
		if o.Status == "approved" && o.Kind == "refund" && o.ProcessedAs == "void" {
			return 0
		}
	}
	return p.Captured - p.Refunded
}
