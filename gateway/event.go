package gateway

import (
	"slices"
	"time"
)

// Event is a row of the outbox, written with the state it tells.
type Event struct {
	ID          string
	MerchantID  string
	PaymentID   string
	OperationID string
	// Type is one of EventTypes.
	Type    string
	Version int64
	At      time.Time
	// Payment is the payment at that version.
	Payment Payment
	// Transaction is set instead, and there is no payment, in an event of type
	// EventUnmatched.
	Transaction *Record
	// Vault is set instead in an event of the customer vault. Version is that of
	// the customer then.
	Vault *VaultNews
}

// versionBits are more than the versions of any customer need.
const versionBits = 20

// Position orders the events of one queue, by their versions. Those of the vault
// have before that since when versions are counted, which is the same for all of
// a customer's id; but it was not before versions went on from a removed customer
// to the next one, and what was told then may still wait.
func (e Event) Position() int64 {
	if e.Vault == nil || e.Vault.Since.IsZero() {
		return e.Version
	}
	return e.Vault.Since.UnixMilli()<<versionBits + e.Version
}

// The types of event that are not named for a payment's new status.
const (
	// EventUpdated: something changed that is not the status.
	EventUpdated = "payment.updated"
	// EventAttention: only a person can decide.
	EventAttention = "operator.attention"
	// EventUnmatched: the processor has a transaction that belongs to no payment.
	EventUnmatched = "transaction.unmatched"
	// EventMethodCreated, EventMethodUpdated and EventMethodDeleted tell of a
	// stored payment method.
	EventMethodCreated = "payment_method.created"
	EventMethodUpdated = "payment_method.updated"
	EventMethodDeleted = "payment_method.deleted"
)

// EventTypes are all types of event, sorted.
func EventTypes() []string {
	types := []string{EventUpdated, EventAttention, EventUnmatched, EventMethodCreated, EventMethodUpdated, EventMethodDeleted}
	for _, s := range []Status{
		Authorized, Accepted, StatusApproved, Verified, StatusDeclined, Failed, StatusUnknown, Voided, Expired, Settled,
		PartiallyRefunded, Refunded, Returned,
	} {
		types = append(types, "payment."+string(s))
	}
	slices.Sort(types)
	return types
}

// attentionEvent tells the operator that only a person can decide.
func attentionEvent(p Payment, operationID string, now time.Time) Event {
	e := eventOf(p.Status, p, operationID, now)
	e.Type = EventAttention
	return e
}

func eventOf(before Status, p Payment, operationID string, now time.Time) Event {
	kind := "updated"
	if p.Status != before {
		kind = string(p.Status)
	}
	return Event{
		ID:          NewEventID(now),
		MerchantID:  p.MerchantID,
		PaymentID:   p.ID,
		OperationID: operationID,
		Type:        "payment." + kind,
		Version:     p.Version,
		At:          now,
		Payment:     p.told(),
	}
}
