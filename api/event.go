package api

import (
	"encoding/json"

	"paytrace-gateway/gateway"
)

// eventView is what a subscriber is told, as the contract's CallbackEvent shows
// it.
type eventView struct {
	EventID     string         `json:"eventId"`
	PaymentID   string         `json:"paymentId,omitempty"`
	OperationID string         `json:"operationId,omitempty"`
	Version     int64          `json:"version"`
	Payment     *paymentView   `json:"payment,omitempty"`
	Transaction *unmatchedView `json:"transaction,omitempty"`
}

// EventData writes what is told of an event: the payment as it stood then, as
// every answer shows it, or the transaction that belongs to none.
func EventData(e gateway.Event) ([]byte, error) {
	v := eventView{EventID: e.ID, PaymentID: e.PaymentID, OperationID: e.OperationID, Version: e.Version}
	if e.Transaction != nil {
		t := viewOfUnmatched(gateway.UnmatchedTransaction{MerchantID: e.MerchantID, Record: *e.Transaction, FirstSeen: e.At, LastSeen: e.At})
		v.Transaction = &t
		return json.Marshal(v)
	}
	p := viewOf(e.Payment)
	v.Payment = &p
	return json.Marshal(v)
}
