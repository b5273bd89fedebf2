package mapping

import (
	"time"

	"paytrace-gateway/gateway"
)

// Environment is all that an expression can see. Members bear the names of the
// API; what is not known is the empty text. It has no methods on purpose: they
// would be functions of the language.
type Environment struct {
	EventID   string `expr:"eventId"`
	EventType string `expr:"eventType"`
	// Version rises with every change of the payment.
	Version int64 `expr:"version"`
	// At is when it happened. Times are RFC 3339 in UTC.
	At string `expr:"at"`

	MerchantID    string `expr:"merchantId"`
	LiveMode      bool   `expr:"liveMode"`
	PaymentID     string `expr:"paymentId"`
	TransactionID string `expr:"transactionId"`
	Intent        string `expr:"intent"`
	Status        string `expr:"status"`
	// MappedStatus is the other system's word for Status.
	MappedStatus string `expr:"mappedStatus"`

	// Amounts are decimal texts such as "19.99".
	Amount string `expr:"amount"`
	// ApprovedAmount is what the bank gave, all of the amount or a part.
	ApprovedAmount      string `expr:"approvedAmount"`
	CapturedAmount      string `expr:"capturedAmount"`
	RefundedAmount      string `expr:"refundedAmount"`
	RefundPendingAmount string `expr:"refundPendingAmount"`
	CurrencyCode        string `expr:"currencyCode"`

	OrderID       string            `expr:"orderId"`
	StoreCode     string            `expr:"storeCode"`
	CustomerID    string            `expr:"customerId"`
	Channel       string            `expr:"channel"`
	SourceRecords SourceRecords     `expr:"sourceRecords"`
	Metadata      map[string]string `expr:"metadata"`

	PaymentMethodType  string  `expr:"paymentMethodType"`
	CardType           string  `expr:"cardType"`
	Last4Digits        string  `expr:"last4Digits"`
	AccountType        string  `expr:"accountType"`
	HolderType         string  `expr:"holderType"`
	CustomerVaultID    string  `expr:"customerVaultId"`
	PaymentMethodID    string  `expr:"paymentMethodId"`
	ProcessorReference string  `expr:"processorReference"`
	ApprovalCode       string  `expr:"approvalCode"`
	AVSResult          string  `expr:"avsResult"`
	CSCResult          string  `expr:"cscResult"`
	Decline            Decline `expr:"decline"`
	NeedsAttention     bool    `expr:"needsAttention"`
	// TaxAmount and PurchaseOrder are empty where none was told.
	TaxAmount     string       `expr:"taxAmount"`
	PurchaseOrder string       `expr:"purchaseOrder"`
	EnhancedData  EnhancedData `expr:"enhancedData"`
	CreatedAt     string       `expr:"createdAt"`
	UpdatedAt     string       `expr:"updatedAt"`
	SettledAt     string       `expr:"settledAt"`

	// Operation is the one that the event tells of, or the payment's first when
	// it tells of none.
	Operation Operation `expr:"operation"`
}

// SourceRecords are the Salesforce records the payment belongs to.
type SourceRecords struct {
	OpportunityID     string `expr:"opportunityId"`
	SalesforceOrderID string `expr:"salesforceOrderId"`
	AccountID         string `expr:"accountId"`
	ContactID         string `expr:"contactId"`
}

// EnhancedData is what has become of an order's lines; its status is empty where
// there are none.
type EnhancedData struct {
	Status        string `expr:"status"`
	LineItemCount int    `expr:"lineItemCount"`
	Attempts      int    `expr:"attempts"`
	Detail        string `expr:"detail"`
}

// Decline says why the payment was declined.
type Decline struct {
	Code      string `expr:"code"`
	Message   string `expr:"message"`
	Category  string `expr:"category"`
	Retryable bool   `expr:"retryable"`
}

// Operation is one thing done, or tried, to the payment.
type Operation struct {
	OperationID     string `expr:"operationId"`
	OperationKind   string `expr:"operationKind"`
	OperationStatus string `expr:"operationStatus"`
	// MappedStatus is the other system's word for what the operation by itself
	// would make of a payment.
	MappedStatus   string `expr:"mappedStatus"`
	ProcessedAs    string `expr:"processedAs"`
	Origin         string `expr:"origin"`
	Channel        string `expr:"channel"`
	Amount         string `expr:"amount"`
	TransactionID  string `expr:"transactionId"`
	IdempotencyKey string `expr:"idempotencyKey"`
	CreatedAt      string `expr:"createdAt"`
	UpdatedAt      string `expr:"updatedAt"`
	// ReturnCode is the reason of a bank that has returned what it moved.
	ReturnCode string `expr:"returnCode"`
}

// environmentOf is what the expressions see of an event.
func environmentOf(e gateway.Event, statuses map[gateway.Status]string) Environment {
	p := e.Payment
	env := Environment{
		EventID: e.ID, EventType: e.Type, Version: e.Version, At: when(e.At),
		MerchantID: e.MerchantID, LiveMode: p.LiveMode, PaymentID: p.ID, TransactionID: p.TransactionID,
		Intent: string(p.Intent), Status: string(p.Status), MappedStatus: statuses[p.Status],
		Amount: p.Amount.String(), ApprovedAmount: approved(p).String(), CapturedAmount: p.Captured().String(),
		RefundedAmount: p.Refunded().String(), RefundPendingAmount: p.RefundPending().String(), CurrencyCode: p.Currency,
		OrderID: p.OrderID, StoreCode: p.StoreCode, CustomerID: p.CustomerID, Channel: p.Channel,
		SourceRecords: SourceRecords(p.Source), Metadata: p.Metadata,
		PaymentMethodType: string(p.Method), CardType: string(p.Card.Brand), Last4Digits: p.Card.LastFour,
		CustomerVaultID: p.CustomerVaultID, PaymentMethodID: p.PaymentMethodID,
		ProcessorReference: p.Reference, ApprovalCode: p.ApprovalCode, AVSResult: p.AVS, CSCResult: p.CSC,
		NeedsAttention: p.NeedsAttention, CreatedAt: when(p.CreatedAt), UpdatedAt: when(p.UpdatedAt), SettledAt: when(p.SettledAt),
	}
	if p.Decline != nil {
		env.Decline = Decline(*p.Decline)
	}
	if p.ACH() {
		env.Last4Digits, env.AccountType, env.HolderType = p.Bank.LastFour, string(p.Bank.AccountType), string(p.Bank.HolderType)
	}
	env.tell(p.Enhancement)
	if op, ok := OperationOf(e); ok {
		env.Operation = operationOf(op, statuses[standing(p, op)])
	}
	return env
}

// approved is what the bank gave and is kept.
func approved(p gateway.Payment) gateway.Money {
	if len(p.Operations) == 0 || p.First().Status != gateway.OpApproved {
		return 0
	}
	return p.Granted()
}

func (env *Environment) tell(e *gateway.Enhancement) {
	if e == nil {
		return
	}
	env.PurchaseOrder = e.PurchaseOrder
	if e.TaxAmount != nil {
		env.TaxAmount = e.TaxAmount.String()
	}
	env.EnhancedData = EnhancedData{string(e.Status), e.LineItemCount, e.Attempts, e.Detail}
}

// OperationOf is the operation that an event is about: the one it names, or
// the one that made the payment.
func OperationOf(e gateway.Event) (gateway.Operation, bool) {
	if op, ok := e.Payment.Operation(e.OperationID); ok {
		return op, true
	}
	if len(e.Payment.Operations) == 0 {
		return gateway.Operation{}, false
	}
	return e.Payment.First(), true
}

func operationOf(op gateway.Operation, mapped string) Operation {
	shown := Operation{
		OperationID: op.ID, OperationKind: string(op.Kind), OperationStatus: string(op.Status),
		MappedStatus: mapped, ProcessedAs: string(op.ProcessedAs), Origin: string(op.Origin),
		Channel: op.Channel, Amount: op.Amount.String(), TransactionID: op.TransactionID, IdempotencyKey: op.Key,
		CreatedAt: when(op.CreatedAt), UpdatedAt: when(op.UpdatedAt),
	}
	if op.Return != nil {
		shown.ReturnCode = op.Return.Code
	}
	return shown
}

// standing is the state that an operation by itself would give its payment, so
// that one table of statuses serves records of payments and of operations.
func standing(p gateway.Payment, op gateway.Operation) gateway.Status {
	draws := op.Kind == gateway.KindSale || op.Kind == gateway.KindCapture
	switch {
	case op.Return != nil:
		return gateway.Returned
	case p.Status == gateway.Accepted && op.Status == gateway.OpApproved && draws:
		return gateway.Accepted
	}
	switch op.Status {
	case gateway.OpApproved:
		return achieved(op.Kind)
	case gateway.OpDeclined:
		return gateway.StatusDeclined
	case gateway.OpUnknown:
		return gateway.StatusUnknown
	case gateway.OpSending, gateway.OpWaiting:
		return gateway.Sending
	default: // It was rejected, not sent, failed or given up: nothing was done.
		return gateway.Failed
	}
}

// achieved is what an approval of that kind is.
func achieved(kind gateway.OperationKind) gateway.Status {
	switch kind {
	case gateway.KindAuthorize:
		return gateway.Authorized
	case gateway.KindVerify:
		return gateway.Verified
	case gateway.KindVoid:
		return gateway.Voided
	case gateway.KindRefund:
		return gateway.Refunded
	default:
		return gateway.StatusApproved
	}
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
