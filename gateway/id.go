package gateway

import (
	"crypto/rand"
	"encoding/base32"
	"regexp"
	"time"
)

var lowerBase32 = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID returns prefix and 26 characters, the first of which tell the
// millisecond: ids sort by the time of their making, so an index on them grows
// at its end and a page of the newest needs no other order.
func newID(prefix string, now time.Time) string {
	b := millisecond(now)
	rand.Read(b[6:])
	return prefix + lowerBase32.EncodeToString(b[:])
}

func millisecond(now time.Time) (b [16]byte) {
	ms := uint64(max(now.UnixMilli(), 0))
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	return b
}

// FirstPaymentID is in front of the ids of all payments that are made in that
// millisecond or later, and behind all that were made before.
func FirstPaymentID(at time.Time) string {
	b := millisecond(at)
	return "pay_" + lowerBase32.EncodeToString(b[:])
}

// FirstDeliveryID is the same for deliveries.
func FirstDeliveryID(at time.Time) string {
	b := millisecond(at)
	return "dlv_" + lowerBase32.EncodeToString(b[:])
}

// NewPaymentID, NewOperationID and NewEventID make the gateway's own ids.
func NewPaymentID(now time.Time) string { return newID("pay_", now) }

// NewOperationID makes the id of an operation.
func NewOperationID(now time.Time) string { return newID("op_", now) }

// NewEventID makes the id of an event.
func NewEventID(now time.Time) string { return newID("evt_", now) }

// NewDeliveryID makes the id of a delivery.
func NewDeliveryID(now time.Time) string { return newID("dlv_", now) }

// NewRequestID makes the id under which a request stands in the log.
func NewRequestID(now time.Time) string { return newID("req_", now) }

var reference = regexp.MustCompile(`^[A-Z2-7]{16}$`)

// isReference says that a text has the form of a reference of ours.
func isReference(s string) bool { return reference.MatchString(s) }

// NewReference makes the sixteen characters by which a sale or authorization
// is found again at PayTrace. They are upper-case base32, so that no export,
// screen or search changes them. The first three tell the quarter of a second,
// anew every 2.3 hours, and the others are chance: references of one moment
// stand beside each other in their index, so that a group of payments changes a
// page of it and not one for each; those of one order still begin differently,
// which invoices are told apart by.
func NewReference(now time.Time) string {
	b := chance()
	moment := uint16(now.UnixMilli() >> 8)
	b[0], b[1] = byte(moment>>7), byte(moment<<1)|b[1]&1
	return base32.StdEncoding.EncodeToString(b[:])
}

// NewProfileID makes PayTrace's id of a new profile. It is chosen before
// PayTrace is asked, so that a profile can be looked for whose making was never
// answered.
func NewProfileID() string {
	b := chance()
	return base32.StdEncoding.EncodeToString(b[:])
}

func chance() (b [10]byte) {
	rand.Read(b[:])
	return b
}
