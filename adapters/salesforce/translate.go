package salesforce

import (
	"cmp"
	"maps"
	"strings"

	"paytrace-gateway/adapters/mapping"
	"paytrace-gateway/gateway"
)

// picklist has a value of Status__c for every state of a payment. The field is
// a restricted picklist: another value than the org knows is refused.
var picklist = map[gateway.Status]string{
	gateway.Sending:        "Pending",
	gateway.Authorized:     "Authorized",
	gateway.StatusApproved: "Completed",
	gateway.StatusDeclined: "Declined",
	gateway.Failed:         "Failed",
	gateway.StatusUnknown:  "Indeterminate",
	gateway.Voided:         "Voided",
	// The bank has let the money go and none was taken, as after a void.
	gateway.Expired: "Voided",
	gateway.Settled: "Completed",
	// Money was taken and not all of it went back. "Refunded" would say that the
	// sale is undone. An org that adds "Partially Refunded" to its picklist maps
	// the state to it; by default it would be refused.
	gateway.PartiallyRefunded: "Completed",
	gateway.Refunded:          "Refunded",
	// PayTrace has taken a bank payment, and the money is not there yet.
	gateway.Accepted: "Pending",
	// A bank has sent it back, so that nothing is paid. An org that adds "Returned"
	// to its picklist maps the state to it.
	gateway.Returned: "Failed",
}

// moneyTaken is what was captured, or while nothing is what the bank gave, or else
// what was asked for: a state such as Completed or Voided beside it is read as that
// much money.
const moneyTaken = `number(capturedAmount != "0.00" ? capturedAmount : approvedAmount != "0.00" ? approvedAmount : amount)`

// DefaultRules are what becomes of a payment, or of an operation, in an org
// whose fields have the names of docs/salesforce.md.
func DefaultRules(perOperation bool) mapping.Rules {
	fields := map[string]string{
		"PaymentID__c":         "transactionId",
		"OpportunityId__c":     "sourceRecords.opportunityId",
		"OrderId__c":           "sourceRecords.salesforceOrderId",
		"Account__c":           "sourceRecords.accountId",
		"Amount__c":            moneyTaken,
		"Status__c":            "mappedStatus",
		"TransactionDate__c":   "createdAt",
		"PaymentMethodType__c": "paymentMethodType",
		"Last4Digits__c":       "last4Digits",
		"CustomerVaultID__c":   "customerVaultId",
	}
	if perOperation {
		fields[DefaultExternalID] = "paymentId"
		fields["PaymentID__c"] = "operation.transactionId"
		fields["Amount__c"] = "number(operation.amount)"
		fields["Status__c"] = "operation.mappedStatus"
		fields["TransactionDate__c"] = "operation.createdAt"
	}
	return mapping.Rules{Fields: fields, Statuses: maps.Clone(picklist)}
}

// DefaultEventRules are what a platform event holds. It has no lookups, so
// records are named by their ids as text.
func DefaultEventRules() mapping.Rules {
	return mapping.Rules{
		Fields: map[string]string{
			"EventID__c":          "eventId",
			"EventType__c":        "eventType",
			"EventSequence__c":    "version",
			"OccurredAt__c":       "at",
			"GatewayPaymentID__c": "paymentId",
			"PaymentID__c":        "transactionId",
			"Status__c":           "mappedStatus",
			"Amount__c":           moneyTaken,
			"OpportunityId__c":    "sourceRecords.opportunityId",
		},
		Statuses: maps.Clone(picklist),
	}
}

// record is a row of the org's object, by our external id.
type record struct {
	id     string
	fields map[string]any
}

// concerns says whether an event is about a payment. What PayTrace's books show
// beyond that has no record in an org.
func concerns(e gateway.Event) bool {
	return e.PaymentID != "" && e.Payment.ID != "" && e.Payment.Intent != gateway.IntentVerify
}

// recordOf is the record that an event changes.
func recordOf(e gateway.Event, rules *mapping.Mapping, perOperation bool) (record, error) {
	fields, err := rules.Fields(e)
	r := record{id: e.PaymentID, fields: fields}
	if op, ok := mapping.OperationOf(e); perOperation && ok {
		r.id = op.ID
	}
	return r, err
}

// alsoChanged is the event as it would name the other operations that its change has
// written: a void closes the refunds that waited for settlement. They have the time
// of the payment.
func alsoChanged(e gateway.Event) (others []gateway.Event) {
	named, _ := mapping.OperationOf(e)
	for _, op := range e.Payment.Operations {
		if op.ID == named.ID || op.UpdatedAt.IsZero() || !op.UpdatedAt.Equal(e.Payment.UpdatedAt) {
			continue
		}
		e.OperationID = op.ID
		others = append(others, e)
	}
	return others
}

// sameRecord is as much of a Salesforce id as tells records apart: ids are
// written with 15 characters, or with three more that repeat them for systems
// that do not tell case.
const sameRecord = 15

// laneOf is the record under which an event's record hangs, whose row Salesforce
// locks while it is written. The account comes first: its row is locked for the
// records of all its opportunities and orders.
func laneOf(e gateway.Event) string {
	source := e.Payment.Source
	if e.Vault != nil {
		source = cmp.Or(e.Vault.Source, e.Vault.Previous)
	}
	for _, parent := range []struct{ kind, id string }{
		{"account", source.AccountID}, {"opportunity", source.OpportunityID}, {"order", source.SalesforceOrderID}, {"contact", source.ContactID},
	} {
		if id := strings.TrimSpace(parent.id); id != "" {
			return parent.kind + ":" + id[:min(len(id), sameRecord)]
		}
	}
	return ""
}
