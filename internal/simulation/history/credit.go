package history

import (
	"fmt"
	"time"
)

// A clerk can credit a shopper's card as often as he likes: PayTrace does not
// hold such a credit against what was taken. So the gateway has to, as soon as
// the export shows it.

// creditShows is how long before a sending a credit was made that the look
// before the sending must have shown.
const creditShows = time.Minute

// credited is what clerks have credited of a transaction.
func (x *index) credited(id string) int64 {
	var sum int64
	for _, r := range x.refunds[id] {
		if r.Credit {
			sum += r.back()
		}
	}
	return sum
}

// givenTwice: what the gateway gives back, by a void or a refund, leaves alone
// what clerks have credited before.
func givenTwice(x *index) []Violation {
	var found []Violation
	judge := func(t Transaction, kind string, by time.Time, amount int64) {
		if shown := x.shown(t.ID, x.sentBy(t.ID, kind, by)); shown > 0 && amount+shown > t.Amount {
			found = append(found, x.violation(WithinBounds, "transaction "+t.ID,
				fmt.Sprintf("the gateway gave %d of %d back by a %s, and PayTrace showed %d as credited", amount, t.Amount, kind, shown),
				about{transaction: t.ID}))
		}
	}
	for _, a := range x.Arrivals {
		t, there := x.transactions[a.TransactionID]
		if there && a.Operation == Void && a.Acted && t.Kind != "refund" {
			judge(t, Void, a.At, t.Amount)
		}
	}
	for _, r := range x.Transactions {
		if t, there := x.transactions[r.Of]; there && !r.ByClerk && r.back() > 0 {
			judge(t, Refund, r.At, r.back())
		}
	}
	return found
}

// sentBy is when the last operation of a kind left for a transaction by some
// time, that time where none did.
func (x *index) sentBy(id, kind string, by time.Time) time.Time {
	sent := by
	for _, s := range x.Sends {
		if s.Subject == id && s.Kind == kind && !s.At.After(by) {
			sent = s.At
		}
	}
	return sent
}

// shown is what clerks have credited of a transaction that the look before a
// sending must have seen.
func (x *index) shown(id string, sent time.Time) int64 {
	since := sent.Add(-creditShows)
	for _, b := range x.Blind {
		if b.From.Before(sent) && b.To.After(since) {
			return 0
		}
	}
	var sum int64
	for _, r := range x.refunds[id] {
		if r.Credit && r.At.Before(since) {
			sum += r.back()
		}
	}
	return sum
}
