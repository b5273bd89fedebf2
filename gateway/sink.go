package gateway

import (
	"context"
	"time"
)

// Sink is how one outside system is told of events. package sinktest is its
// specification.
type Sink interface {
	// Lane names what of the other side an event touches beyond its own payment,
	// such as an order or a parent record, or is empty. Events of one lane are
	// never told at once.
	Lane(Event) string
	// Deliver tells the event of the delivery once, before ctx ends, and never
	// tries again by itself. It may be called with an event that was delivered
	// already: a process that dies after telling leaves no trace of it.
	Deliver(context.Context, Delivery) Verdict
}

// Batcher is a Sink that can tell of several payments in one call.
type Batcher interface {
	Sink
	// BatchLimit is how many deliveries one call takes at most.
	BatchLimit() int
	// DeliverAll tells several events, of as many lanes, once. It returns a
	// verdict for each, in their order.
	DeliverAll(context.Context, []Delivery) []Verdict
}

// DeliveryOutcome is what came of telling a subscriber once.
type DeliveryOutcome string

// The outcomes of an attempt.
const (
	// Told: the subscriber has it, or it had not to be told.
	Told DeliveryOutcome = "delivered"
	// Later: it was not taken, and may be at another time.
	Later DeliveryOutcome = "later"
	// Dead: it will not be taken as it is, whenever it is tried.
	Dead DeliveryOutcome = "dead"
	// Replayed and Skipped are a person's decisions, and no sink's.
	Replayed DeliveryOutcome = "replayed"
	Skipped  DeliveryOutcome = "skipped"
)

// Verdict is a sink's answer.
type Verdict struct {
	Outcome DeliveryOutcome
	// StatusCode is the HTTP status that came back, zero when none did.
	StatusCode int
	// Detail tells a person what was tried, what came back and, when it was not
	// taken, what to do. It holds no secret, no card data, and of foreign text
	// only what was scrubbed.
	Detail string
	// After is how long a Later has to wait at least, zero for the schedule's
	// own time.
	After time.Duration
	// Patient marks a Later that is nobody's failure, such as an order that is
	// not saved yet: it takes no step of the schedule, After alone counts, and
	// it says nothing of the subscriber's health.
	Patient bool
	// IfHeld marks a Later that is worth it only while the payment holds money:
	// once it does not, as it stands in the ledger, the event counts as told.
	IfHeld bool
	// Pause holds back everything for this subscriber for a time, as an
	// exhausted quota of calls asks for.
	Pause time.Duration
	// Disable says that the subscriber wants no more events.
	Disable bool
	// Attention is why a person has to look at the payment, in words that start
	// with a fixed code such as "paid_without_order". It ends by itself when the
	// event is delivered.
	Attention string
	// Undo asks for the payment's charge to be given back, as a shop that gives
	// its key up would.
	Undo bool
}

// Subscriber is one system of one merchant that is told of changes.
type Subscriber struct {
	MerchantID string
	LiveMode   bool
	// Name is unique among the merchant's subscribers.
	Name string
	Sink Sink
	// Events are the types of event that are told; a type that ends in ".*"
	// stands for all that begin so. None means all.
	Events []string
	// Schedule are the waits after each failed attempt; after the last one the
	// delivery is a dead letter. None means DefaultSchedule.
	Schedule []time.Duration
	// AtOnce bounds the deliveries under way, Deadline each of them.
	AtOnce   int
	Deadline time.Duration
}

// DefaultSchedule is the example of the Standard Webhooks specification, which
// takes about three days: https://www.standardwebhooks.com.
var DefaultSchedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// Previewer is a Sink that can show what an event becomes, without telling it.
type Previewer interface {
	// Preview returns what the other side would get, fit for being written as
	// JSON, and nil for an event that it is told nothing of. It holds no secret.
	Preview(Event) (any, error)
}
