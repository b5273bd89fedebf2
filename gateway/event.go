package gateway

import "time"

// Event is a row of the outbox, written with the state it tells.
type Event struct {
	ID          string
	MerchantID  string
	PaymentID   string
	OperationID string
	// Type is "payment." and the payment's new status, "payment.updated" when
	// something changed that is not the status, or "operator.attention".
	Type    string
	Version int64
	At      time.Time
	// Payment is the payment at that version.
	Payment Payment
	// Transaction is set instead, and there is no payment, in an event of type
	// "transaction.unmatched".
	Transaction *Record
}

// attentionEvent tells the operator that only a person can decide.
func attentionEvent(p Payment, operationID string, now time.Time) Event {
	e := eventOf(p.Status, p, operationID, now)
	e.Type = "operator.attention"
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
		Payment:     p,
	}
}
