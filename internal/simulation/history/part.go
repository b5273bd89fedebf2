package history

import (
	"fmt"
	"slices"
)

// A bank may give a part of what is asked for, such as what is left on a gift card.

// isPart says that a bank gave less than a payment asked for.
func isPart(p Payment, t Transaction) bool {
	return t.charges() && !t.ByClerk && t.Authorized < p.Amount
}

// sameGrant says that what is shown as approved is what PayTrace shows. A charge
// that nobody had heard of, and that a clerk had lowered before it was found, passes
// for one of which a part was given.
func sameGrant(granted int64, t Transaction) bool {
	return granted == t.Authorized || (granted < t.Authorized && t.lowered())
}

// partsTold: wherever a payment is shown as done of which a bank gave a part, the
// part is shown as what was given: to callers, in the end, and in events.
func partsTold(x *index) []Violation {
	var found []Violation
	wrong := map[string]bool{}
	judge := func(id, status string, granted int64, where string) {
		p := x.payments[id]
		t, there := x.transactions[p.TransactionID]
		if !there || !isPart(p, t) || !decidedCharge[status] || sameGrant(granted, t) || wrong[id] {
			return
		}
		wrong[id] = true
		found = append(found, x.violation(PartsTold, "payment "+id,
			fmt.Sprintf("it is shown as %s with %d%s, and the bank gave %d of %d", status, granted, where, t.Authorized, p.Amount), about{payment: id}))
	}
	for _, c := range x.Calls {
		judge(c.Payment.ID, c.Payment.Status, c.Payment.granted(), ", as told")
	}
	for _, e := range x.Events {
		judge(e.Payment, e.Status, e.Granted, ", in event "+e.ID)
	}
	for _, p := range x.Payments {
		judge(p.ID, p.Status, p.granted(), ", in the end")
	}
	return found
}

// decidedCharge are the states in which a charge is known to be there.
var decidedCharge = map[string]bool{
	"authorized": true, "approved": true, "settled": true, "partially_refunded": true, "refunded": true, "voided": true, "declined": true,
}

// asDone are the states by which a shop takes its order for paid.
var asDone = map[string]bool{"authorized": true, "approved": true, "settled": true}

// partsBack: a part for which nobody asked is told to nobody as an approval, and in
// the end neither held nor taken, unless a person is told. Who has given the key up
// gets all of it undone either way.
func partsBack(x *index) []Violation {
	var found []Violation
	wanted := func(p Payment) bool {
		asked, known := x.paid[p.Order]
		return !known || asked.TakesPart || x.cancels(asked.Key)
	}
	wrong := map[string]bool{}
	judge := func(id, status, where string) {
		p := x.payments[id]
		t, there := x.transactions[p.TransactionID]
		if there && isPart(p, t) && !wanted(p) && asDone[status] && !wrong[id] {
			wrong[id] = true
			found = append(found, x.violation(PartsBack, "payment "+id,
				fmt.Sprintf("nobody asked for a part, and it is shown as %s%s, of which the bank gave %d", status, where, t.Authorized), about{payment: id}))
		}
	}
	for _, c := range x.Calls {
		judge(c.Payment.ID, c.Payment.Status, ", as told")
	}
	for _, e := range x.Events {
		judge(e.Payment, e.Status, ", in event "+e.ID)
	}
	for _, t := range x.Transactions {
		p, known := x.byReference[t.Reference]
		if known && isPart(p, t) && !x.paid[p.Order].TakesPart && !x.undone(t) && !p.NeedsAttention {
			found = append(found, x.violation(PartsBack, "transaction "+t.ID,
				"nobody asked for a part, and PayTrace still has it as "+t.State, about{transaction: t.ID, payment: p.ID}))
		}
	}
	return found
}

// cancels says that a key was to be given up.
func (x *index) cancels(key string) bool {
	return slices.ContainsFunc(x.calls[key], func(c Call) bool { return c.Verb == Cancel })
}
