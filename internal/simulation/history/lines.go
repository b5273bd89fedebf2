package history

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// endOfTime is when the payments of the end were looked at.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// about names what the lines of a violation are chosen by.
type about struct{ key, payment, reference, transaction, customer string }

// violation tells a broken rule with everything that was seen of its subject.
func (x *index) violation(rule, subject, says string, a about) Violation {
	return Violation{Rule: rule, Subject: subject, Says: says, Lines: x.lines(x.widen(a))}
}

// widen follows the names from one party's books to the other's.
func (x *index) widen(a about) map[string]bool {
	names := map[string]bool{}
	add := func(words ...string) {
		for _, w := range words {
			if w != "" {
				names[w] = true
			}
		}
	}
	add(a.key, a.payment, a.reference, a.transaction, a.customer)
	for range 3 { // key → payment → reference → transaction
		for _, c := range x.Calls {
			if names[c.Key] || names[c.Payment.ID] {
				add(c.Customer, c.Key, c.Order, c.Payment.ID, c.Payment.Reference, c.Payment.TransactionID)
			}
		}
		for _, p := range x.Payments {
			if names[p.ID] || names[p.Reference] {
				add(p.ID, p.Reference, p.TransactionID, p.Order)
			}
		}
		for _, i := range x.Intents {
			if i.Customer != "" && (names[i.Subject] || names[i.Key]) {
				add(i.Subject, i.Customer)
			}
		}
		for _, t := range x.Transactions {
			if names[t.ID] || names[t.Reference] || names[t.Order] {
				add(t.ID, t.Reference)
			}
		}
	}
	return names
}

type line struct {
	at   time.Time
	text string
}

func (x *index) lines(names map[string]bool) []string {
	var all []line
	add := func(at time.Time, format string, args ...any) {
		all = append(all, line{at, fmt.Sprintf(format, args...)})
	}
	for _, c := range x.Calls {
		if names[c.Key] || names[c.Payment.ID] || names[c.Customer] {
			add(c.At, "%s asks %s", c.Verb, c.describe())
		}
	}
	for _, i := range x.Intents {
		if names[i.Subject] {
			add(i.At, "%s writes the intent of a %s of %s, to be sent before %s", i.Instance, i.Kind, i.Subject, clock(i.SendBefore))
		}
	}
	for _, s := range x.Sends {
		if names[s.Subject] {
			add(s.At, "%s sends a %s of %s (before %s): %s", s.Instance, s.Kind, s.Subject, clock(s.SendBefore), s.Outcome)
		}
	}
	for _, a := range x.Arrivals {
		if names[a.Reference] || names[a.TransactionID] || names[a.Profile] {
			add(a.At, "PayTrace reads a %s %s%s%s: HTTP %d, answer %d, acted %t, fault %q",
				a.Operation, a.Reference, a.TransactionID, a.Profile, a.HTTPStatus, a.Answer, a.Acted, a.Fault)
		}
	}
	for _, t := range x.Transactions {
		if names[t.ID] || names[t.Of] || names[t.Order] {
			add(t.At, "PayTrace makes the %s %s%s of %d for %s %s; in the end it is %s (by a clerk: %t)",
				t.Kind, t.ID, suffix(" of ", t.Of), t.Amount, t.Order, t.Reference, t.State, t.ByClerk)
		}
	}
	for _, r := range x.Receipts {
		if r.Payment != "" && names[r.Payment] {
			add(r.At, "%s tells %s of version %d of %s (%s), until %s; acted %t", r.Instance, r.Subscriber, r.Version, r.Payment, r.Event, clock(r.Until), r.Acted)
		}
	}
	for _, e := range x.Events {
		if names[e.Customer] {
			add(endOfTime, "of %s was told, in version %d, %s %v", e.Customer, e.Version, e.Type, e.Method)
		}
	}
	for _, c := range x.Customers {
		if names[c.ID] {
			add(endOfTime, "in the end the customer is %v", c)
		}
	}
	for _, p := range x.Payments {
		if names[p.ID] {
			add(endOfTime, "in the end %s", p.describe())
		}
	}
	slices.SortStableFunc(all, func(a, b line) int { return a.at.Compare(b.at) })
	texts := make([]string, len(all))
	for i, l := range all {
		texts[i] = clock(l.at) + "  " + l.text
	}
	return texts
}

func clock(t time.Time) string {
	if t.Equal(endOfTime) {
		return "the end     "
	}
	return t.UTC().Format("02 15:04:05.000")
}

func suffix(before, what string) string {
	if what == "" {
		return ""
	}
	return before + what
}

func (c Call) describe() string {
	told := "no answer"
	if c.Answered() {
		told = fmt.Sprintf("%d %s %s", c.Status, c.Code, c.Outcome)
		if c.Replayed {
			told += " (replayed)"
		}
		if c.Payment.ID != "" {
			told += " " + c.Payment.describe()
		}
		if c.Operation.ID != "" {
			told += " made " + c.Operation.ID + " " + c.Operation.Status
		}
	}
	return fmt.Sprintf("%s of %s [%s]: until %s: %s", c.Key, c.Instance, c.Request, clock(c.Until), told)
}

func (p Payment) describe() string {
	text := fmt.Sprintf("%s v%d %s of %d, transaction %q, reference %s, captured %d refunded %d pending %d",
		p.ID, p.Version, p.Status, p.Amount, p.TransactionID, p.Reference, p.Captured, p.Refunded, p.Pending)
	if p.Part > 0 {
		text += fmt.Sprintf(", of which a part was approved: %d", p.Part)
	}
	if p.NeedsAttention {
		text += ", needs attention"
	}
	for _, o := range p.Operations {
		text += fmt.Sprintf("; %s %s %s %d %s%s by %s", o.ID, o.Kind, o.Status, o.Amount, o.TransactionID, suffix(" as ", o.ProcessedAs), o.Origin)
	}
	return text
}
