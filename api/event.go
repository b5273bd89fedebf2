package api

import (
	"encoding/json"

	"paytrace-gateway/gateway"
)

// EventData writes what a subscriber is told of an event: the payment as it
// stood then, as an answer would show it, with the operation that the event is
// about; or the transaction that belongs to no payment; or the stored payment
// method. The contract has the envelope around it as CallbackEvent.
func EventData(e gateway.Event) ([]byte, error) {
	if e.Vault != nil {
		return json.Marshal(viewOfVaultNews(e))
	}
	if e.Transaction != nil {
		return json.Marshal(viewOfUnmatched(gateway.UnmatchedTransaction{
			MerchantID: e.MerchantID, Record: *e.Transaction, FirstSeen: e.At, LastSeen: e.At,
		}))
	}
	v := viewOf(e.Payment)
	if op, ok := e.Payment.Operation(e.OperationID); ok {
		shown := viewOfOperation(op)
		v.Operation = &shown
	}
	return json.Marshal(v)
}
