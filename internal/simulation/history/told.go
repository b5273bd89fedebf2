package history

import (
	"fmt"
	"slices"
	"time"
)

// undecided names an operation that is not decided, or "".
func undecided(p Payment) string {
	for _, o := range p.Operations {
		if slices.Contains([]string{"unknown", "sending", "waiting_settlement"}, o.Status) {
			return o.ID
		}
	}
	return ""
}

// decided: in the end every payment is decided or waits for a person, none that a
// caller was told of is gone, and no refund that a caller was promised has ended undone
// without a person. A refund may wait for a person to say whose money a listed
// transaction of its order is.
func decided(x *index) []Violation {
	var found []Violation
	for _, p := range x.Payments {
		if id := undecided(p); id != "" && !p.NeedsAttention && !(x.listed[p.Order] && onlyWaits(p)) {
			found = append(found, x.violation(Decided, "payment "+p.ID, "nobody was told that "+id+" is not decided", about{payment: p.ID}))
		}
	}
	promised := x.promised()
	for _, p := range x.Payments {
		if id := brokenPromise(p, promised); id != "" && !p.NeedsAttention {
			found = append(found, x.violation(Decided, "payment "+p.ID, id+" was promised and is not made, and nobody was told", about{payment: p.ID}))
		}
	}
	missing := map[string]bool{}
	for _, c := range x.Calls {
		if _, there := x.payments[c.Payment.ID]; c.Payment.ID != "" && !there && !missing[c.Payment.ID] {
			missing[c.Payment.ID] = true
			found = append(found, x.violation(Decided, "payment "+c.Payment.ID, "a caller was told of it and it is gone", about{payment: c.Payment.ID}))
		}
	}
	return found
}

// promised are the refunds of which a caller was told that they wait.
func (x *index) promised() map[string]bool {
	all := map[string]bool{}
	for _, c := range x.Calls {
		if c.Operation.Kind == "refund" && c.Operation.Status == "waiting_settlement" {
			all[c.Operation.ID] = true
		}
	}
	return all
}

// brokenPromise names a promised refund that was refused, though its money is there to
// be given back, or "". What was given back otherwise, or returned by a bank, was not.
func brokenPromise(p Payment, promised map[string]bool) string {
	if p.Status == "voided" || p.Status == "returned" {
		return ""
	}
	for _, o := range p.Operations {
		refused := o.Status == "declined" || o.Status == "rejected"
		if promised[o.ID] && refused && o.Amount <= p.Captured-p.Refunded {
			return o.ID
		}
	}
	return ""
}

// onlyWaits says that nothing of the payment is unknown.
func onlyWaits(p Payment) bool {
	return !slices.ContainsFunc(p.Operations, func(o Operation) bool { return o.Status == "unknown" || o.Status == "sending" })
}

// mayBecome are the changes of an operation that contradict nothing. What was
// not sent, or refused at the log-in, goes on by its own key alone.
var mayBecome = map[string][]string{
	"unknown":            {"approved", "declined", "rejected", "not_sent", "failed", "waiting_settlement", "cancelled"},
	"waiting_settlement": {"unknown", "approved", "declined", "rejected", "failed", "not_sent", "cancelled"},
	"not_sent":           {"unknown", "approved", "declined", "rejected", "failed", "waiting_settlement", "cancelled"},
	"rejected":           {"unknown", "approved", "declined", "not_sent", "failed", "waiting_settlement", "cancelled"},
}

// paymentMayBecome are the changes of a payment, followed to their ends.
var paymentMayBecome = map[string][]string{
	"unknown":            {"verified", "authorized", "accepted", "returned", "approved", "declined", "failed", "voided", "settled", "partially_refunded", "refunded", "expired"},
	"failed":             {"unknown", "verified", "authorized", "accepted", "returned", "approved", "declined", "voided", "settled", "partially_refunded", "refunded", "expired"},
	"authorized":         {"accepted", "returned", "approved", "voided", "expired", "settled", "partially_refunded", "refunded"},
	"accepted":           {"approved", "partially_refunded", "refunded", "voided", "returned"},
	"approved":           {"settled", "partially_refunded", "refunded", "voided", "returned"},
	"settled":            {"partially_refunded", "refunded"},
	"partially_refunded": {"refunded", "returned"},
}

// telling is a status that somebody was told.
type telling struct {
	call   Call
	status string
}

// toldStands: what a caller was told is not contradicted by what any caller is
// told afterwards, nor by the end.
func toldStands(x *index) []Violation {
	operations, payments := map[string][]telling{}, map[string][]telling{}
	end := Call{At: endOfTime, Until: endOfTime, Verb: "end"}
	for _, c := range x.Calls {
		for _, o := range shown(c) {
			operations[o.ID] = append(operations[o.ID], telling{c, o.Status})
		}
		// A stored answer shows the payment as it stood when it was decided.
		if c.Payment.ID != "" && !c.Replayed {
			payments[c.Payment.ID] = append(payments[c.Payment.ID], telling{c, c.Payment.Status})
		}
	}
	ownKey, of := map[string]string{}, map[string]string{}
	for _, p := range x.Payments {
		payments[p.ID] = append(payments[p.ID], telling{end, p.Status})
		for _, o := range p.Operations {
			operations[o.ID] = append(operations[o.ID], telling{end, o.Status})
			ownKey[o.ID], of[o.ID] = o.Key, p.ID
		}
	}
	var found []Violation
	for _, id := range sorted(operations) {
		if a, b, wrong := contradiction(operations[id], mayBecome, x.calls[ownKey[id]]); wrong {
			found = append(found, x.violation(ToldStands, "operation "+id,
				"it was told as "+a.status+" and is "+b.status+" afterwards", about{key: ownKey[id], payment: of[id]}))
		}
	}
	for _, id := range sorted(payments) {
		if a, b, wrong := contradiction(payments[id], paymentMayBecome, nil); wrong {
			found = append(found, x.violation(ToldStands, "payment "+id,
				"it was told as "+a.status+" and is "+b.status+" afterwards", about{payment: id}))
		}
	}
	return append(found, notSentStands(x)...)
}

// shown are the operations that an answer shows. A stored answer shows the
// others as they stood then, and its own as it is.
func shown(c Call) []Operation {
	var all []Operation
	if c.Operation.ID != "" {
		all = append(all, c.Operation)
	}
	if c.Replayed {
		return all
	}
	for _, o := range c.Payment.Operations {
		if o.ID != c.Operation.ID {
			all = append(all, o)
		}
	}
	return all
}

// contradiction finds two tellings of which the later began after the earlier
// had ended, and that do not go together. own are the calls with the
// operation's own key, nil where keys do not matter.
func contradiction(told []telling, allowed map[string][]string, own []Call) (a, b telling, wrong bool) {
	for i, a := range told {
		for _, b := range told[i+1:] {
			if a.status == b.status || !b.call.At.After(a.call.Until) {
				continue
			}
			if !slices.Contains(allowed[a.status], b.status) {
				return a, b, true
			}
			mute := a.status == "not_sent" || a.status == "rejected"
			if mute && own != nil && !goesOn(own, a.call, b.call) {
				return a, b, true
			}
		}
	}
	return telling{}, telling{}, false
}

// goesOn says that the operation's own key, or its giving up, came after what
// was told, or was still under way then.
func goesOn(own []Call, after, before Call) bool {
	return slices.ContainsFunc(own, func(c Call) bool {
		return c.Verb != Ask && c.Verb != Get && !c.At.After(before.Until) &&
			(c.At.After(after.At) || c.Until.After(after.Until) || !c.Answered())
	})
}

// notSentStands: where every request of a key was told that nothing was sent,
// PayTrace has nothing.
func notSentStands(x *index) []Violation {
	var found []Violation
	for _, key := range x.keys {
		certain := false
		for _, c := range x.calls[key] {
			if c.Verb != Pay {
				continue
			}
			certain = c.Outcome == "not_sent" && c.Answered()
			if !certain {
				break
			}
		}
		if charges := x.chargesOf(key); certain && len(charges) > 0 {
			found = append(found, x.violation(ToldStands, "key "+key,
				"every caller was told that nothing was sent, and PayTrace has "+charges[0].ID, about{key: key}))
		}
	}
	return found
}

// overBudget is what an answer may take beyond the caller's budget.
const overBudget = 200 * time.Millisecond

// answers: every caller gets an answer within its budget, and no answer says
// that the gateway itself has failed.
func answers(x *index) []Violation {
	var found []Violation
	for _, c := range x.Calls {
		says := ""
		switch took := c.Until.Sub(c.At); {
		case !c.Answered() && !c.Excused:
			says = "a caller got no answer"
		case c.Answered() && took > c.Budget+overBudget:
			says = fmt.Sprintf("an answer took %v of a budget of %v", took, c.Budget)
		case c.Status == 500:
			says = "the gateway failed on a request"
		}
		if says != "" {
			found = append(found, x.violation(Answers, c.Verb+" "+c.Key, says, about{key: c.Key}))
		}
	}
	return found
}
