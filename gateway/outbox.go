package gateway

import (
	"context"
	"time"
)

// Outbox is the part of a ledger that holds what is to be told, and to whom.
type Outbox interface {
	// Unspread returns events of these merchants of which no deliveries have been
	// made yet: those of at most limit queues, longest-waiting queue first, and of
	// each queue all of them, in the order of version, then id. What a queue is
	// says Event.Queue; below, the queue is what is meant where a payment is named.
	// However many events others have, they are passed over. So is the whole of a
	// queue with an event that cannot be read, which an UnreadableError tells
	// beside the others.
	Unspread(ctx context.Context, merchants []string, limit int) ([]Event, error)
	// Spread keeps the deliveries that were made of events, which are not
	// unspread any more. One that is pending and has an attempt is kept as taken
	// at its UpdatedAt, with its lane held until its Due. It returns ErrStale, and
	// keeps nothing, when one of the events was spread already, or one that is to
	// be kept as taken could not be taken.
	Spread(context.Context, []Event, []Delivery) error

	// DueDeliveries returns at most limit deliveries of one subscriber that may
	// be taken: pending, due, with no delivery of the same payment in front of
	// them that has not ended, and whose lane is free. What has been due longest
	// comes first. The order within a payment is that of version, then event id.
	// What cannot be read is passed over, and told by an UnreadableError.
	DueDeliveries(ctx context.Context, s Subscriber, now time.Time, limit int) ([]Delivery, error)
	// DueSubscribers are those, by their names alone, that have deliveries which
	// are due. One whose deliveries all wait for their lane may be among them.
	DueSubscribers(ctx context.Context, now time.Time) ([]Subscriber, error)
	// TakeDeliveries counts an attempt of each, sets Due to until, and holds the
	// lane until then, if it has one. Of a delivery that was Unlaned it keeps the
	// Lane, which it has from then on. It returns those that it took, as they stand
	// now, in their order: without those that cannot be taken (see DueDeliveries),
	// have changed, or whose lane is held. Each is taken by itself, and an error
	// says that some of the others may have been.
	TakeDeliveries(ctx context.Context, deliveries []Delivery, now, until time.Time) ([]Delivery, error)
	// SaveDelivery writes what has changed of a delivery (Status, Due, Attempts,
	// Failures, Log, UpdatedAt) at its next Version, and lets its lane go if it
	// holds it. It returns ErrStale unless the stored version is the one before.
	//
	// What waits behind a delivery that was saved without ending, or is spread
	// behind one that is dead or not due for minutes, has no Due, so that it costs
	// DueDeliveries nothing. It has that of its making again once what is in front
	// has ended, in the same write.
	SaveDelivery(context.Context, Delivery) error
	// SaveDeliveries is SaveDelivery of each by itself, in one go, with an answer
	// for each in their order.
	SaveDeliveries(context.Context, []Delivery) []error
	// DecideDelivery is SaveDelivery for a person's decision, with its record.
	DecideDelivery(context.Context, Delivery, AuditRecord) error
	// BringForward gives a Due to what has none though nothing is in front of it:
	// a program of an earlier release, or a hand, has ended that without a look
	// at what is behind.
	BringForward(context.Context, Subscriber) error
	// ReplayDelivery is DecideDelivery for one that was delivered: ErrStale also
	// when there is a delivery of the same payment behind it that was not
	// skipped, since nobody is told an older state after a newer one.
	ReplayDelivery(context.Context, Delivery, AuditRecord) error

	// Delivery returns ErrNotFound when the merchant has no such delivery. One
	// that cannot be read whole comes with an UnreadableError, without its log or
	// its event's payment, so that a person can skip it. So do Deliveries.
	Delivery(ctx context.Context, merchantID, id string) (Delivery, error)
	// Deliveries returns at most Limit deliveries, newest first.
	Deliveries(context.Context, DeliveryFilter) ([]Delivery, error)
	// DeliveryBacklog counts what is not delivered, by subscriber. One that owes
	// nothing and has no dead letters is absent.
	DeliveryBacklog(context.Context) ([]DeliveryBacklog, error)

	// SubscriberState returns the zero value, but for its names, before the
	// first SaveSubscriberState, which returns ErrStale unless the stored version
	// is the one before the saved one; before the first it is zero.
	SubscriberState(ctx context.Context, merchantID string, liveMode bool, name string) (SubscriberState, error)
	SaveSubscriberState(context.Context, SubscriberState) error
	// DecideSubscriber is SaveSubscriberState for a person's decision, with its
	// record.
	DecideSubscriber(context.Context, SubscriberState, AuditRecord) error
	// SubscriberStates are all that were saved, of all merchants, in any order.
	SubscriberStates(context.Context) ([]SubscriberState, error)

	// Subscribe keeps a subscription in place of what was kept under its names.
	Subscribe(context.Context, Subscription) error
	// SeeSubscription moves SeenAt ahead and changes nothing else. One that is
	// not there it keeps.
	SeeSubscription(context.Context, Subscription) error
	// Subscriptions returns those that were seen at since or later, sorted by
	// merchant, mode and name.
	Subscriptions(ctx context.Context, since time.Time) ([]Subscription, error)
	// SubscriptionsOf are those of one merchant, so that what is spread costs the
	// same however many others there are.
	SubscriptionsOf(ctx context.Context, merchantID string, since time.Time) ([]Subscription, error)
}
