package history

import (
	"fmt"
	"slices"
	"strings"
	"time"
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
	own := x.verifications()
	for _, key := range sorted(own) {
		p := own[key]
		for _, t := range x.Transactions {
			if t.Reference == p.Reference && (t.Kind != "authorization" || t.Authorized != 0) {
				wrong(p.Operations[0].Key, fmt.Sprintf("PayTrace has the %s %s of %d", t.Kind, t.ID, t.Authorized))
			}
		}
		if says := notVerification(p); says != "" {
			wrong(p.Operations[0].Key, says+", in the end")
		}
		if p.TransactionID != "" && slices.ContainsFunc(x.Sends, func(s Send) bool { return s.Subject == p.TransactionID }) {
			wrong(p.Operations[0].Key, "more than the verification was sent")
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

// verifications are those that the gateway makes by itself, of cards to be kept.
func (x *index) verifications() map[string]Payment {
	of := map[string]Payment{}
	for _, p := range x.Payments {
		if o := p.Operations; len(o) > 0 && o[0].Kind == "verify" && strings.HasSuffix(o[0].Key, "/verify") {
			of[strings.TrimSuffix(o[0].Key, "/verify")] = p
		}
	}
	return of
}

// verifiedFirst: where cards are verified before they are kept, one that was entered
// is sent to be kept only after PayTrace has approved its verification, and one of
// which a caller was told that it is not good never is.
func verifiedFirst(x *index) []Violation {
	if !x.VerifiesFirst {
		return nil
	}
	var found []Violation
	verifications := x.verifications()
	for _, key := range x.keys {
		calls := x.calls[key]
		if !slices.ContainsFunc(calls, func(c Call) bool { return c.Enters }) {
			continue
		}
		declined := slices.ContainsFunc(calls, func(c Call) bool { return c.Code == "verification_declined" })
		p, there := verifications[key]
		for _, i := range x.Intents {
			says := ""
			switch {
			case i.Key != key:
				continue
			case declined:
				says = "a caller was told that the card is not good"
			case !there || !x.approvedBefore(p.Reference, i.At):
				says = "PayTrace had not verified the card"
			default:
				continue
			}
			found = append(found, x.violation(VerifiedFirst, "key "+key,
				"it is to be kept at "+clock(i.At)+", and "+says, about{key: key, reference: p.Reference}))
			break
		}
	}
	return found
}

// approvedBefore says that PayTrace had an approved charge with the reference by then.
func (x *index) approvedBefore(reference string, by time.Time) bool {
	return slices.ContainsFunc(x.Transactions, func(t Transaction) bool {
		return t.Reference == reference && t.charges() && !t.At.After(by)
	})
}
