package history

import (
	"fmt"
	"slices"
)

// nothingTaken: the verification of a card takes no money and holds none, and
// nothing that is done to money is ever done to it: nobody sends it, whoever asks.
func nothingTaken(x *index) []Violation {
	var found []Violation
	wrong := func(key, says string) {
		found = append(found, x.violation(NothingTaken, "key "+key, says, about{key: key}))
	}
	for _, key := range x.keys {
		if !slices.ContainsFunc(x.calls[key], func(c Call) bool { return c.Verifies }) {
			continue
		}
		for _, t := range x.chargesOf(key) {
			switch {
			case t.Kind != "authorization" || t.Authorized != 0 || t.Amount != 0:
				wrong(key, fmt.Sprintf("PayTrace has the %s %s of %d", t.Kind, t.ID, t.Authorized))
			case slices.ContainsFunc(x.Sends, func(s Send) bool { return s.Subject == t.ID }):
				wrong(key, "more than the verification was sent")
			}
		}
	}
	for _, c := range x.Calls {
		if x.paid[c.Payment.Order].Verifies {
			if says := notVerification(c.Payment); says != "" {
				wrong(x.paid[c.Payment.Order].Key, says+", as told")
			}
		}
	}
	for _, p := range x.Payments {
		if x.paid[p.Order].Verifies {
			if says := notVerification(p); says != "" {
				wrong(x.paid[p.Order].Key, says+", in the end")
			}
		}
	}
	return found
}

// notVerification says what a verification is shown as and cannot be, or "". What a
// clerk does at PayTrace's screens is none of ours.
func notVerification(p Payment) string {
	ours := slices.DeleteFunc(slices.Clone(p.Operations), func(o Operation) bool { return o.Origin == "external" })
	switch {
	case p.Status != "" && !slices.Contains([]string{"unknown", "verified", "declined", "failed"}, p.Status):
		return "it is shown as " + p.Status
	case p.Amount != 0 || p.Captured != 0 || p.Refunded != 0 || p.Pending != 0:
		return fmt.Sprintf("it is shown with %d, of which %d is taken", p.Amount, p.Captured)
	case len(ours) > 1:
		return "an operation was made of it: " + ours[1].Kind
	}
	return ""
}
