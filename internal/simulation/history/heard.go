package history

import (
	"fmt"
	"slices"
	"time"
)

// Event is one that a ledger has kept.
type Event struct {
	ID, Payment string // or the queue of what is of no payment
	Version     int64
	// Status and Granted are the payment's, as the event tells them.
	Status  string
	Granted int64
	// Type, Customer and Method are given of what tells of a stored card.
	Type, Customer string
	Method         Method
}

// Receipt is one telling as a subscriber saw it.
type Receipt struct {
	At, Until  time.Time
	Instance   string
	Subscriber string
	Lane       string
	Event      string
	Payment    string
	Version    int64
	// Acted says that the subscriber took it, whatever it answered then.
	Acted bool
}

// Dead is a dead letter of the end.
type Dead struct {
	Subscriber, Event, Payment string
	Version                    int64
}

// queue is what is told in order: a payment's events to one subscriber.
type queue struct{ subscriber, payment string }

// queues are the receipts that were acted on, in the order of time. An event
// that tells of no payment is a queue of its own.
func (x *index) queues() map[queue][]Receipt {
	all := map[queue][]Receipt{}
	for _, r := range x.Receipts {
		if q := (queue{r.Subscriber, r.Payment}); r.Acted && r.Payment != "" {
			all[q] = append(all[q], r)
		}
	}
	for _, receipts := range all {
		slices.SortStableFunc(receipts, func(a, b Receipt) int { return a.At.Compare(b.At) })
	}
	return all
}

// places are where each event stands in its queue: its version, also of a
// customer who was removed and made anew.
func (x *index) places() map[string]int64 {
	places := map[string]int64{}
	for _, e := range x.Events {
		places[e.ID] = e.Version
	}
	return places
}

// heardInOrder: no subscriber is told an older state of a payment after a newer
// one.
func heardInOrder(x *index) []Violation {
	var found []Violation
	places := x.places()
	for q, receipts := range x.queues() {
		for i := 1; i < len(receipts); i++ {
			if a, b := receipts[i-1], receipts[i]; places[b.Event] < places[a.Event] {
				found = append(found, x.violation(HeardInOrder, q.subscriber+" of payment "+q.payment,
					fmt.Sprintf("it was told version %d after version %d", b.Version, a.Version), about{payment: q.payment}))
				break
			}
		}
	}
	return found
}

// heardAll: every event reaches every subscriber, or is a dead letter, or waits
// behind one of its payment.
func heardAll(x *index) []Violation {
	heard := map[[2]string]bool{}
	for _, r := range x.Receipts {
		if r.Acted {
			heard[[2]string{r.Subscriber, r.Event}] = true
		}
	}
	places, dead := x.places(), map[queue]int64{} // the place of the oldest dead letter
	for _, d := range x.Dead {
		q := queue{d.Subscriber, d.Payment}
		if oldest, there := dead[q]; !there || places[d.Event] < oldest {
			dead[q] = places[d.Event]
		}
	}
	var found []Violation
	for _, e := range x.Events {
		for _, s := range x.Subscribers {
			letter, parked := dead[queue{s, e.Payment}]
			if !heard[[2]string{s, e.ID}] && !(parked && places[e.ID] >= letter) {
				found = append(found, x.violation(HeardAll, s+" of event "+e.ID,
					fmt.Sprintf("nobody told it of version %d of payment %s, and it is no dead letter", e.Version, e.Payment), about{payment: e.Payment}))
			}
		}
	}
	return found
}

// oneAtATime: what touches one lane of a subscriber is told one after the other.
func oneAtATime(x *index) []Violation {
	lanes := map[queue][]Receipt{}
	for _, r := range x.Receipts {
		q := queue{r.Subscriber, r.Lane}
		lanes[q] = append(lanes[q], r)
	}
	var found []Violation
	for q, receipts := range lanes {
		slices.SortStableFunc(receipts, func(a, b Receipt) int { return a.At.Compare(b.At) })
		for i := 1; i < len(receipts); i++ {
			if a, b := receipts[i-1], receipts[i]; b.At.Before(a.Until) {
				found = append(found, x.violation(OneAtATime, q.subscriber+" lane "+q.payment,
					fmt.Sprintf("%s told %s while %s told %s", b.Instance, b.Event, a.Instance, a.Event), about{payment: b.Payment}))
				break
			}
		}
	}
	return found
}
