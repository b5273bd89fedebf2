package history

import (
	"fmt"
	"slices"
)

// chargedOnce: one key has at most one approved charge at PayTrace, voided or
// not. So has one reference.
func chargedOnce(x *index) []Violation {
	var found []Violation
	for _, key := range x.keys {
		if charges := x.chargesOf(key); len(charges) > 1 {
			found = append(found, x.violation(ChargedOnce, "key "+key,
				fmt.Sprintf("PayTrace has %d approved charges for its orders", len(charges)), about{key: key}))
		}
	}
	seen := map[string]bool{}
	for _, t := range x.Transactions {
		if !t.charges() || t.Reference == "" {
			continue
		}
		if seen[t.Reference] {
			found = append(found, x.violation(ChargedOnce, "reference "+t.Reference,
				"two approved charges at PayTrace bear it", about{reference: t.Reference}))
		}
		seen[t.Reference] = true
	}
	return found
}

// refusedLogin are the answers by which PayTrace says that it did nothing, so
// that sending again is allowed: an unknown token, and a denial in its own
// numbers, which its history shows by the fault that made it.
func (a Arrival) refusedLogin() bool { return a.HTTPStatus == 401 || a.Fault == "denied" }

func (a Arrival) movesMoney() bool {
	return slices.Contains([]string{"sale", "authorization", "capture", "void", "refund"}, a.Operation)
}

// sentOnce: a request that PayTrace may have read is never sent again. For a
// charge that is one arrival of its reference; for the rest there are no more
// arrivals than sendings.
func sentOnce(x *index) []Violation {
	type what struct{ kind, subject string }
	arrived, sent := map[what]int{}, map[what]int{}
	for _, s := range x.Sends {
		sent[what{arrivesAs(s.Kind), s.Subject}]++
	}
	var found []Violation
	for _, a := range x.Arrivals {
		if !a.movesMoney() || a.refusedLogin() {
			continue
		}
		w, allowed := what{a.Operation, a.Reference}, 1
		if a.Operation != "sale" && a.Operation != "authorization" {
			w.subject = target(x, a)
			allowed = sent[w]
		}
		arrived[w]++
		if arrived[w] == allowed+1 {
			found = append(found, x.violation(SentOnce, w.kind+" "+w.subject,
				fmt.Sprintf("PayTrace has read more than the %d that may have left", allowed),
				about{reference: a.Reference, transaction: w.subject}))
		}
	}
	return found
}

// target is the transaction that a follow-up was about: PayTrace's history
// shows a refund by its own id.
func target(x *index, a Arrival) string {
	if t := x.transactions[a.TransactionID]; a.Operation == "refund" && t.Of != "" {
		return t.Of
	}
	return a.TransactionID
}

func arrivesAs(kind string) string {
	if kind == "authorize" || kind == "verify" {
		return "authorization"
	}
	return kind
}

// ownIntent: an instance sends only what it wrote the intent of, after it was
// told that the intent is kept, and every intent at most once.
func ownIntent(x *index) []Violation {
	type what struct {
		instance, kind, subject string
		before                  int64
	}
	type state struct {
		written Intent
		used    bool
	}
	intents := map[what]*state{}
	for _, i := range x.Intents {
		w := what{i.Instance, i.Kind, i.Subject, i.SendBefore.UnixMicro()}
		if intents[w] == nil { // what is written again while it is sending is the same intent
			intents[w] = &state{written: i}
		}
	}
	var found []Violation
	for _, s := range x.Sends {
		intent := intents[what{s.Instance, s.Kind, s.Subject, s.SendBefore.UnixMicro()}]
		says := ""
		switch {
		case intent == nil:
			says = s.Instance + " sent it without having written its intent"
		case s.At.Before(intent.written.At):
			says = s.Instance + " sent it before its intent was written"
		case intent.used:
			says = s.Instance + " sent one intent twice"
		}
		if intent != nil {
			intent.used = true
		}
		if says != "" {
			found = append(found, x.violation(OwnIntent, s.Kind+" "+s.Subject, says, about{reference: s.Subject, transaction: s.Subject}))
		}
	}
	return found
}

// sameOperation: every repeat of a key gives the same operation of the same
// payment.
func sameOperation(x *index) []Violation {
	var found []Violation
	for _, key := range x.keys {
		first := Call{}
		for _, c := range x.calls[key] {
			if c.Operation.ID == "" {
				continue
			}
			if first.Operation.ID == "" {
				first = c
			}
			if c.Operation.ID != first.Operation.ID || c.Payment.ID != first.Payment.ID {
				found = append(found, x.violation(SameOperation, "key "+key,
					"it was told of "+first.Operation.ID+" and of "+c.Operation.ID, about{key: key}))
				break
			}
		}
	}
	return found
}

// keyReuse: of the different requests that came with one key, one at most is
// carried out.
func keyReuse(x *index) []Violation {
	var found []Violation
	for _, key := range x.keys {
		accepted := ""
		for _, c := range x.calls[key] {
			if c.Request == "" || c.Operation.ID == "" {
				continue
			}
			if accepted == "" {
				accepted = c.Request
			}
			if c.Request != accepted {
				found = append(found, x.violation(KeyReuse, "key "+key,
					"two different requests were answered with an operation", about{key: key}))
				break
			}
		}
	}
	return found
}
