package gateway

import (
	"slices"
	"time"
)

// Delivery is one event on its way to one subscriber. The deliveries of one
// payment to one subscriber form a queue in the order of the payment's
// versions: none leaves before those in front of it are delivered or skipped,
// so that nobody is told an older state after a newer one.
type Delivery struct {
	ID         string
	MerchantID string
	LiveMode   bool
	Subscriber string
	// Lane is what of the other side the event touches, empty where that is its
	// queue alone. Two deliveries of one subscriber and lane are never under way at
	// once, nor two of one queue.
	Lane string
	// Unlaned says that an instance without the subscriber's sink made the
	// delivery, so that its lane is not known before it is taken.
	Unlaned bool
	Event   Event
	Status  DeliveryStatus
	// Parked says that it waits behind a dead letter of its payment. It is made
	// by those who read, and not kept.
	Parked bool
	// Due is when a pending delivery is tried next, zero when it waits for one in
	// front of it. While it is under way, Due is when another process may take it
	// for lost.
	Due time.Time
	// Attempts counts those that were begun, Failures those that moved it along
	// its schedule.
	Attempts int
	Failures int
	// Log holds what came of the attempts, oldest first, at most logAtMost.
	Log []Attempt
	// Version counts the changes of this row.
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// DeliveryStatus is the state of a delivery.
type DeliveryStatus string

// The states of a delivery.
const (
	// DeliveryPending is to be tried when it is due.
	DeliveryPending DeliveryStatus = "pending"
	// DeliveryDone was told, or had not to be.
	DeliveryDone DeliveryStatus = "delivered"
	// DeliveryDead is a dead letter: not tried again before a person says so.
	DeliveryDead DeliveryStatus = "dead"
	// DeliverySkipped was given up by a person.
	DeliverySkipped DeliveryStatus = "skipped"
)

// Ended says that the deliveries behind this one may go on.
func (s DeliveryStatus) Ended() bool { return s == DeliveryDone || s == DeliverySkipped }

// Attempt is what came of telling a subscriber once, or a person's decision
// about the delivery.
type Attempt struct {
	At time.Time `json:"at"`
	// Number counts the attempts, from one; a person's decision has none.
	Number int `json:"number,omitempty"`
	// Took is how long the subscriber was waited for.
	Took    time.Duration   `json:"took,omitempty"`
	Outcome DeliveryOutcome `json:"outcome"`
	// StatusCode is the HTTP status that came back, zero when none did.
	StatusCode int `json:"statusCode,omitempty"`
	// Detail tells a person what happened. It holds no secret and no card data.
	Detail string `json:"detail,omitempty"`
	// By is the process that tried, or the person who decided.
	By string `json:"by,omitempty"`
	// Attention is why the sink wanted a person to look at the payment.
	Attention string `json:"attention,omitempty"`
}

// logAtMost bounds the log of one delivery; the oldest entries go first.
const logAtMost = 100

// noted is the delivery one version on, with an entry at the end of its log.
func (d Delivery) noted(a Attempt) Delivery {
	d.Version++
	d.UpdatedAt = a.At
	log := append(slices.Clone(d.Log), a)
	d.Log = log[max(0, len(log)-logAtMost):]
	return d
}

// underWay says that a process may be telling of it at this moment: the last
// attempt that was begun is not in the log, and its time is not over.
func (d Delivery) underWay(now time.Time) bool {
	ended := 0
	for _, a := range d.Log {
		ended = max(ended, a.Number)
	}
	over := d.Due.Sub(now)
	return d.Status == DeliveryPending && 0 < over && over <= leaseAtMost && ended < d.Attempts
}

// since is when the event happened, or was sent again by a person.
func (d Delivery) since() time.Time {
	since := d.Event.At
	for _, a := range d.Log {
		if a.Outcome == Replayed {
			since = a.At
		}
	}
	return since
}

// leaseAtMost is more than any delivery is held by the process that tells it.
const leaseAtMost = 2 * time.Minute

// Queue is what orders deliveries: the payment, the customer of the vault, or
// the event itself when it tells of neither.
func (e Event) Queue() string {
	if e.PaymentID != "" {
		return e.PaymentID
	}
	if e.Vault != nil {
		return e.Vault.Queue(e.MerchantID)
	}
	return e.ID
}

// DeliveryFilter selects deliveries of one merchant. Empty members do not
// filter.
type DeliveryFilter struct {
	MerchantID  string
	LiveMode    bool
	Subscriber  string
	PaymentID   string
	Statuses    []DeliveryStatus // any of them
	CreatedFrom time.Time        // inclusive
	CreatedTo   time.Time        // exclusive
	// Before is the id of the last delivery of the page before.
	Before string
	Limit  int
}

// DeliveryBacklog is what one subscriber has not been told.
type DeliveryBacklog struct {
	MerchantID string
	LiveMode   bool
	Subscriber string
	// Pending counts what is to be tried, OldestPending is when the oldest of it
	// was made.
	Pending       int
	OldestPending time.Time
	Dead          int
}

// SubscriberState is what is kept of a subscriber besides its configuration.
type SubscriberState struct {
	MerchantID string
	LiveMode   bool
	Subscriber string
	// DisabledAt is when the subscriber said that it is gone, zero while it is
	// told of changes. What happens meanwhile waits.
	DisabledAt time.Time
	// Reason is for a person.
	Reason string
	// Version counts the changes of this row.
	Version int64
}
