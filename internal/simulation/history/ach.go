package history

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Of a bank payment PayTrace has neither a key nor an export: what was not heard
// of it is a person's to decide, and nobody else's.

// Resolved is a bank operation that a person has decided by PayTrace's screens.
type Resolved struct {
	At        time.Time
	Subject   string // what its sending was about
	Operation string
}

// isCheck says whether an id is that of a bank payment.
func isCheck(id string) bool { return strings.HasPrefix(id, "chk_") }

// checkSentOnce: once a sending of a bank payment was not heard of, nothing of
// that payment is sent again, until a person has decided it.
func checkSentOnce(x *index) []Violation {
	var found []Violation
	unheard := map[string]Send{}
	sends := slices.Clone(x.Sends)
	slices.SortStableFunc(sends, func(a, b Send) int { return a.At.Compare(b.At) })
	for _, s := range sends {
		if !isCheck(s.Subject) && !x.byReference[s.Subject].ACH {
			continue
		}
		before, lost := unheard[s.Subject]
		if lost && !x.resolvedBetween(s.Subject, before.At, s.At) {
			found = append(found, x.violation(SentOnce, s.Kind+" "+s.Subject,
				fmt.Sprintf("%s sent it, and what became of the %s before was not heard", s.Instance, before.Kind),
				about{reference: s.Subject, transaction: s.Subject}))
		}
		if s.Outcome == "unknown" {
			unheard[s.Subject] = s
		}
	}
	return found
}

func (x *index) resolvedBetween(subject string, from, to time.Time) bool {
	return slices.ContainsFunc(x.Resolved, func(r Resolved) bool {
		return r.Subject == subject && r.At.After(from) && !r.At.After(to)
	})
}

// hearing is by when nobody hears any more of what was sent.
const hearing = time.Hour

// attended: an operation of a bank payment of which nobody will hear any more is on
// the attention list, and on no other list.
func attended(x *index) []Violation {
	var found []Violation
	judge := func(p Payment, where string) {
		if p.ACH && !p.NeedsAttention && slices.ContainsFunc(p.Operations, func(o Operation) bool { return o.Status == "unknown" }) {
			found = append(found, x.violation(Attended, "payment "+p.ID, "an operation is unknown, and no person is told"+where, about{payment: p.ID}))
		}
	}
	type state struct {
		payment string
		version int64
	}
	first := map[state]time.Time{}
	for _, c := range x.Calls {
		s := state{c.Payment.ID, c.Payment.Version}
		if first[s].IsZero() {
			first[s] = c.At
		}
		if c.At.Sub(first[s]) > hearing {
			judge(c.Payment, ", as told")
		}
	}
	promised := x.promised()
	for _, p := range x.Payments {
		judge(p, ", in the end")
		if p.ACH && p.NeedsAttention && undecided(p) == "" && brokenPromise(p, promised) == "" {
			found = append(found, x.violation(Attended, "payment "+p.ID, "a person is called, and there is nothing to decide", about{payment: p.ID}))
		}
		if p.ACH && x.listed[p.Order] {
			found = append(found, x.violation(Attended, "payment "+p.ID, "it is listed among what cannot be matched too", about{payment: p.ID}))
		}
	}
	return found
}
