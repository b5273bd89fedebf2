package mapping

import (
	"slices"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// exampleAt is when everything in an example happens.
var exampleAt = time.Date(2026, 1, 15, 14, 30, 0, 0, time.UTC)

const (
	examplePayment     = "pay_0000000000000000000example"
	exampleAmount      = gateway.Money(1999)
	exampleTransaction = "123456789"
	exampleCheck       = "chk_981619"
)

var (
	exampleSource = gateway.SourceRecords{
		OpportunityID: "006000000000001AAA", SalesforceOrderID: "801000000000001AAA",
		AccountID: "001000000000001AAA", ContactID: "003000000000001AAA",
	}
	exampleCard = gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111", ExpirationMonth: "12", ExpirationYear: "2030"}
)

var exampleTax = gateway.Money(130)

const exampleMethod = "pm_0000000000000000000example"

// Example is an event of that type about a payment or a card that nobody made, with
// everything in it that a payment can have. It is false for a type that is none.
func Example(eventType string) (gateway.Event, bool) {
	if !slices.Contains(gateway.EventTypes(), eventType) {
		return gateway.Event{}, false
	}
	e := gateway.Event{ID: "evt_0000000000000000000example", MerchantID: "example", Type: eventType, Version: 3, At: exampleAt}
	if eventType == gateway.EventUnmatched {
		e.Transaction = &gateway.Record{
			TransactionID: exampleTransaction, Kind: gateway.KindSale, State: gateway.RecordPending, Amount: exampleAmount,
			OrderID: "100000001", CreatedBy: "clerk", CreatedAt: exampleAt, Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111"},
		}
		return e, true
	}
	if strings.HasPrefix(eventType, "payment_method.") {
		e.Vault = exampleNews(eventType)
		return e, true
	}
	e.Payment = examplePaymentOf(eventType)
	e.PaymentID, e.OperationID = e.Payment.ID, e.Payment.Operations[len(e.Payment.Operations)-1].ID
	return e, true
}

func exampleNews(eventType string) *gateway.VaultNews {
	n := gateway.VaultNews{
		CustomerID: "customer-42", Source: exampleSource, Origin: gateway.OriginAPI, Stored: 1,
		Method: gateway.VaultMethod{
			ID: exampleMethod, Card: exampleCard, Default: true, CreatedAt: exampleAt, UpdatedAt: exampleAt,
		},
	}
	if eventType == gateway.EventMethodDeleted {
		n.Stored = 0
	}
	return &n
}

func examplePaymentOf(eventType string) gateway.Payment {
	p := gateway.Payment{
		ID: examplePayment, MerchantID: "example", Status: exampleStatus(eventType), Intent: gateway.IntentSale,
		Amount: exampleAmount, Currency: "USD", OrderID: "100000001", StoreCode: "default", CustomerID: "42", Channel: "magento",
		Source:   exampleSource,
		Metadata: map[string]string{"purchaseOrder": "PO-1001"},
		Method:   gateway.ByVault, Card: exampleCard,
		CustomerVaultID: "customer-42", PaymentMethodID: exampleMethod,
		Reference: "EXAMPLE23456789A", TransactionID: exampleTransaction, ApprovalCode: "TAS456", AVS: "Full Exact Match", CSC: "Match",
		Enhancement:    &gateway.Enhancement{TaxAmount: &exampleTax, PurchaseOrder: "PO-1001", LineItemCount: 2, Status: gateway.EnhancementSent, Attempts: 1},
		NeedsAttention: eventType == gateway.EventAttention, Version: 3, CreatedAt: exampleAt, UpdatedAt: exampleAt,
	}
	if p.Status == gateway.Authorized || p.Status == gateway.Expired {
		p.Intent = gateway.IntentAuthorize
	}
	if p.Status == gateway.Settled || p.Status == gateway.PartiallyRefunded || p.Status == gateway.Refunded {
		p.SettledAt = exampleAt
	}
	if p.Status == gateway.Accepted || p.Status == gateway.Returned {
		p.Method, p.CustomerVaultID, p.PaymentMethodID, p.ApprovalCode, p.AVS, p.CSC = gateway.ByBankAccount, "", "", "", "", ""
		p.Card, p.Bank, p.TransactionID = gateway.CardSummary{}, &gateway.BankSummary{LastFour: "8206", AccountType: gateway.Checking, HolderType: gateway.Business}, exampleCheck
	}
	p.Operations = exampleOperations(p)
	switch p.Status {
	case gateway.StatusDeclined:
		p.Decline = &gateway.Decline{Code: "102", Message: "Your card was declined.", Category: "do_not_honor"}
		p.Operations[0].Decline = p.Decline
	case gateway.Failed, gateway.StatusUnknown:
		p.TransactionID, p.ApprovalCode, p.AVS, p.CSC = "", "", "", ""
	}
	if p.NeedsAttention {
		p.Operations[0].Attention = "an example: only a person can decide"
	}
	return p
}

// exampleStatus is the state of the payment that an event of the type tells of.
func exampleStatus(eventType string) gateway.Status {
	if status := gateway.Status(strings.TrimPrefix(eventType, "payment.")); gateway.KnownStatus(status) {
		return status
	}
	return gateway.StatusApproved // it is updated, or a person has to look at it
}

// exampleOperations are what has brought the payment into its state.
func exampleOperations(p gateway.Payment) []gateway.Operation {
	first := exampleOperation("op_0000000000000000000example", gateway.OperationKind(p.Intent), gateway.OpApproved, p.Amount)
	second := exampleOperation("op_000000000000000001example", gateway.KindRefund, gateway.OpApproved, p.Amount)
	// A shop books itself what it asked for itself, and would be told nothing.
	second.TransactionID, second.ProcessedAs, second.Channel = "123456790", gateway.AsRefund, "salesforce"
	switch p.Status {
	case gateway.StatusDeclined:
		first.Status = gateway.OpDeclined
	case gateway.Failed:
		first.Status, first.TransactionID = gateway.OpNotSent, ""
	case gateway.StatusUnknown:
		first.Status, first.TransactionID = gateway.OpUnknown, ""
	case gateway.Accepted:
		first.TransactionID = exampleCheck
	case gateway.Returned:
		first.TransactionID, first.Return = exampleCheck, &gateway.BankReturn{Code: "R01", By: "an example", ReturnedAt: exampleAt, At: exampleAt}
	case gateway.Voided:
		second.Kind, second.ProcessedAs = gateway.KindVoid, ""
		return []gateway.Operation{first, second}
	case gateway.PartiallyRefunded:
		second.Amount = 500
		return []gateway.Operation{first, second}
	case gateway.Refunded:
		return []gateway.Operation{first, second}
	}
	return []gateway.Operation{first}
}

func exampleOperation(id string, kind gateway.OperationKind, status gateway.OperationStatus, amount gateway.Money) gateway.Operation {
	return gateway.Operation{
		ID: id, Kind: kind, Status: status, Origin: gateway.OriginAPI, Channel: "magento", Amount: amount,
		TransactionID: exampleTransaction, Key: "example-" + string(kind), CreatedAt: exampleAt, UpdatedAt: exampleAt,
	}
}
