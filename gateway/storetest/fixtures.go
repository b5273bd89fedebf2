package storetest

import (
	"crypto/rand"
	"slices"
	"time"

	"paytrace-gateway/gateway"
)

// start is when the suite's first payment is made. Times have microseconds,
// which is what a ledger keeps.
var start = time.Date(2026, 3, 14, 15, 9, 26, 535897000, time.UTC)

// Sale is the intent of a new payment with every member filled, bound to a key
// of its own.
func Sale(merchantID string, at time.Time) gateway.Change {
	op := gateway.Operation{
		ID: gateway.NewOperationID(at), Kind: gateway.KindSale, Status: gateway.OpSending,
		Origin: gateway.OriginAPI, Channel: "magento", Amount: 1999, Key: "order-" + rand.Text()[:16],
		Sender: "instance-1", SentAt: at, SendBefore: at.Add(5 * time.Second), Due: at.Add(2 * time.Hour), Looks: 2, Misses: 1,
		AskedAt: at.Add(time.Second), DecidedAt: at.Add(2 * time.Second), WasUnknown: true, Waited: true,
		Attention: "a person has to decide", CreatedAt: at, UpdatedAt: at,
		Resolution: &gateway.Resolution{Decision: gateway.Seen, By: "ops", Note: `"looked" at it`, At: at},
	}
	p := gateway.Payment{
		ID: gateway.NewPaymentID(at), MerchantID: merchantID, LiveMode: true,
		Status: gateway.Sending, Intent: gateway.IntentSale, Amount: 1999, Currency: "USD",
		OrderID: "100000042", StoreCode: "main", CustomerID: "7", Channel: "magento",
		Source: gateway.SourceRecords{
			OpportunityID: "006000000000001", SalesforceOrderID: "801000000000001",
			AccountID: "001000000000001", ContactID: "003000000000001",
		},
		Metadata: map[string]string{"gift": "yes", "note": `"<&>" ü 漢`},
		Method:   gateway.ByVault, Card: card, CustomerVaultID: "cus_1", PaymentMethodID: "pm_1",
		Reference: gateway.NewReference(at), Version: 1, CreatedAt: at, UpdatedAt: at,
		Operations: []gateway.Operation{op},
	}
	return gateway.Change{
		Payment: p, Operation: op.ID,
		Binds: &gateway.Binding{Key: op.Key, Fingerprint: []byte{0, 1, 2, 0xff}},
	}
}

var card = gateway.CardSummary{
	Brand: gateway.Visa, LastFour: "1111", ExpirationMonth: "12", ExpirationYear: "2030",
}

// Approval decides the first operation of a payment, with its event and reply.
func Approval(p gateway.Payment, at time.Time) gateway.Change {
	op := p.First()
	op.Status, op.TransactionID = gateway.OpApproved, "txn-"+op.ID
	next := with(p, op, at)
	next.Status, next.TransactionID = gateway.StatusApproved, op.TransactionID
	next.ApprovalCode, next.AVS, next.CSC = "TAS679", "Full Exact Match", "Match"
	return decided(p, next, op.ID, at)
}

// refund adds an approved refund of one cent, bound to a key of its own.
func refund(p gateway.Payment, at time.Time) gateway.Change {
	op := gateway.Operation{
		ID: gateway.NewOperationID(at), Kind: gateway.KindRefund, Status: gateway.OpApproved,
		ProcessedAs: gateway.AsRefund, Origin: gateway.OriginAPI, Amount: 1, TransactionID: "refund-" + rand.Text()[:16],
		Key: "refund-" + rand.Text()[:16], CreatedAt: at,
	}
	next := with(p, op, at)
	next.Status = gateway.PartiallyRefunded
	c := decided(p, next, op.ID, at)
	c.Binds = &gateway.Binding{Key: op.Key, Fingerprint: []byte("refund")}
	return c
}

// external adds a refund that was made at the processor's own screens. It has
// no key.
func external(p gateway.Payment, at time.Time) gateway.Change {
	op := gateway.Operation{
		ID: gateway.NewOperationID(at), Kind: gateway.KindRefund, Status: gateway.OpApproved,
		ProcessedAs: gateway.AsRefund, Origin: gateway.OriginExternal, Amount: 1, TransactionID: "refund-" + rand.Text()[:16],
		CreatedAt: at,
	}
	next := with(p, op, at)
	next.Status = gateway.PartiallyRefunded
	return gateway.Change{
		Payment: next, Base: p.Version, Operation: op.ID, Events: []gateway.Event{event(next, op.ID, at)},
	}
}

// touched is a change that does no more than raise the version.
func touched(p gateway.Payment, at time.Time) gateway.Change {
	return gateway.Change{Payment: with(p, p.First(), at), Base: p.Version}
}

// with is the payment one version on, the operation put in its place.
func with(p gateway.Payment, op gateway.Operation, at time.Time) gateway.Payment {
	p.Version++
	p.UpdatedAt, op.UpdatedAt = at, at
	p.Operations = slices.Clone(p.Operations)
	i := slices.IndexFunc(p.Operations, func(o gateway.Operation) bool { return o.ID == op.ID })
	if i < 0 {
		p.Operations = append(p.Operations, op)
	} else {
		p.Operations[i] = op
	}
	return p
}

func decided(before, after gateway.Payment, operationID string, at time.Time) gateway.Change {
	return gateway.Change{
		Payment: after, Base: before.Version, Operation: operationID,
		Reply:  &gateway.Reply{Payment: after, OperationID: operationID},
		Events: []gateway.Event{event(after, operationID, at)},
	}
}

func event(p gateway.Payment, operationID string, at time.Time) gateway.Event {
	return gateway.Event{
		ID: gateway.NewEventID(at), MerchantID: p.MerchantID, PaymentID: p.ID, OperationID: operationID,
		Type: "payment." + string(p.Status), Version: p.Version, At: at, Payment: p,
	}
}
