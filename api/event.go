package api

import (
	"encoding/json"

	"paytrace-gateway/gateway"
)

// EventData is what subscribers are told of an event, as JSON: the payment as
// every answer shows it, at the event's moment; or, where there is none, the
// transaction that belongs to no payment. The contract has the envelope around
// it as CallbackEvent.
func EventData(e gateway.Event) ([]byte, error) {
	if e.Transaction != nil {
		return json.Marshal(viewOfUnmatched(gateway.UnmatchedTransaction{Record: *e.Transaction, FirstSeen: e.At, LastSeen: e.At}))
	}
	return json.Marshal(viewOf(e.Payment))
}
