package api

import (
	"time"

	"paytrace-gateway/gateway"
)

// paymentView is a payment as the contract shows it. Empty members are absent.
type paymentView struct {
	PaymentID           string            `json:"paymentId,omitempty"`
	MerchantID          string            `json:"merchantId,omitempty"`
	LiveMode            *bool             `json:"liveMode,omitempty"`
	TransactionID       string            `json:"transactionId,omitempty"`
	Status              gateway.Status    `json:"status,omitempty"`
	Outcome             string            `json:"outcome,omitempty"`
	Amount              *gateway.Money    `json:"amount,omitempty"`
	ApprovedAmount      *gateway.Money    `json:"approvedAmount,omitempty"`
	CapturedAmount      *gateway.Money    `json:"capturedAmount,omitempty"`
	RefundedAmount      *gateway.Money    `json:"refundedAmount,omitempty"`
	RefundPendingAmount *gateway.Money    `json:"refundPendingAmount,omitempty"`
	CurrencyCode        string            `json:"currencyCode,omitempty"`
	OrderID             string            `json:"orderId,omitempty"`
	StoreCode           string            `json:"storeCode,omitempty"`
	SourceRecords       *sourceRecords    `json:"sourceRecords,omitempty"`
	ProcessorReference  string            `json:"processorReference,omitempty"`
	CardType            gateway.Brand     `json:"cardType,omitempty"`
	Last4Digits         string            `json:"last4Digits,omitempty"`
	BankAccount         *bankView         `json:"bankAccount,omitempty"`
	CustomerVaultID     string            `json:"customerVaultId,omitempty"`
	PaymentMethodID     string            `json:"paymentMethodId,omitempty"`
	ApprovalCode        string            `json:"approvalCode,omitempty"`
	AVSResult           string            `json:"avsResult,omitempty"`
	CSCResult           string            `json:"cscResult,omitempty"`
	CardBalance         *gateway.Money    `json:"cardBalance,omitempty"`
	Decline             *gateway.Decline  `json:"decline,omitempty"`
	TaxAmount           *gateway.Money    `json:"taxAmount,omitempty"`
	PurchaseOrder       string            `json:"purchaseOrder,omitempty"`
	EnhancedData        *enhancedView     `json:"enhancedData,omitempty"`
	Operation           *operationView    `json:"operation,omitempty"`
	Operations          []operationView   `json:"operations,omitempty"`
	CreatedAt           *time.Time        `json:"createdAt,omitempty"`
	UpdatedAt           *time.Time        `json:"updatedAt,omitempty"`
	Version             int64             `json:"version,omitempty"`
	Metadata            map[string]string `json:"metadata,omitempty"`
	NeedsAttention      bool              `json:"needsAttention,omitempty"`
	IdempotencyKey      string            `json:"idempotencyKey,omitempty"`
	RequestID           string            `json:"requestId,omitempty"`
	IdempotentReplay    bool              `json:"idempotentReplay,omitempty"`
	RetryAfterSeconds   int               `json:"retryAfterSeconds,omitempty"`
}

type operationView struct {
	OperationID     string                  `json:"operationId"`
	OperationKind   gateway.OperationKind   `json:"operationKind"`
	OperationStatus gateway.OperationStatus `json:"operationStatus"`
	ProcessedAs     gateway.ProcessedAs     `json:"processedAs,omitempty"`
	Origin          gateway.Origin          `json:"origin"`
	Channel         string                  `json:"channel,omitempty"`
	Amount          gateway.Money           `json:"amount"`
	TransactionID   string                  `json:"transactionId,omitempty"`
	IdempotencyKey  string                  `json:"idempotencyKey,omitempty"`
	Decline         *gateway.Decline        `json:"decline,omitempty"`
	Attention       string                  `json:"attention,omitempty"`
	Resolution      *resolutionView         `json:"resolution,omitempty"`
	BankReturn      *returnView             `json:"bankReturn,omitempty"`
	CreatedAt       time.Time               `json:"createdAt"`
	UpdatedAt       time.Time               `json:"updatedAt"`
}

// resolutionView is what a person has decided. Apex has "by" for itself.
type resolutionView struct {
	Decision  gateway.Decision `json:"decision"`
	About     string           `json:"about,omitempty"`
	DecidedBy string           `json:"decidedBy"`
	Note      string           `json:"note,omitempty"`
	DecidedAt time.Time        `json:"decidedAt"`
}

// viewOf shows a payment. Wherever a caller looks, `sending` is `unknown`:
// whether the money moves is what nobody knows at that moment.
func viewOf(p gateway.Payment) paymentView {
	captured, refunded, pending := p.Captured(), p.Refunded(), p.RefundPending()
	v := paymentView{
		PaymentID: p.ID, MerchantID: p.MerchantID, LiveMode: &p.LiveMode, TransactionID: p.TransactionID,
		Status: shownStatus(p.Status), Outcome: outcomeOf(p.First()),
		Amount: &p.Amount, CapturedAmount: &captured, RefundedAmount: &refunded, RefundPendingAmount: &pending,
		CurrencyCode: p.Currency, OrderID: p.OrderID, StoreCode: p.StoreCode, ProcessorReference: p.Reference,
		CardType: p.Card.Brand, Last4Digits: p.Card.LastFour,
		CustomerVaultID: p.CustomerVaultID, PaymentMethodID: p.PaymentMethodID,
		ApprovalCode: p.ApprovalCode, AVSResult: p.AVS, CSCResult: p.CSC, CardBalance: p.CardBalance, Decline: p.Decline,
		CreatedAt: &p.CreatedAt, UpdatedAt: &p.UpdatedAt, Version: p.Version,
		Metadata: p.Metadata, NeedsAttention: p.NeedsAttention,
	}
	if p.First().Part {
		granted := p.Granted()
		v.ApprovedAmount = &granted
	}
	if source := sourceRecords(p.Source); source != (sourceRecords{}) {
		v.SourceRecords = &source
	}
	v.showEnhancement(p.Enhancement)
	if p.ACH() {
		v.BankAccount = viewOfBank(*p.Bank)
	}
	for _, op := range p.Operations {
		v.Operations = append(v.Operations, viewOfOperation(op))
	}
	return v
}

func viewOfOperation(op gateway.Operation) operationView {
	status := op.Status
	if status == gateway.OpSending {
		status = gateway.OpUnknown
	}
	v := operationView{
		OperationID: op.ID, OperationKind: op.Kind, OperationStatus: status, ProcessedAs: op.ProcessedAs,
		Origin: op.Origin, Channel: op.Channel, Amount: op.Amount, TransactionID: op.TransactionID,
		IdempotencyKey: op.Key, Decline: op.Decline, Attention: op.Attention, BankReturn: viewOfReturn(op.Return),
		CreatedAt: op.CreatedAt, UpdatedAt: op.UpdatedAt,
	}
	if r := op.Resolution; r != nil {
		v.Resolution = &resolutionView{Decision: r.Decision, About: r.About, DecidedBy: r.By, Note: r.Note, DecidedAt: r.At}
	}
	return v
}

func shownStatus(s gateway.Status) gateway.Status {
	if s == gateway.Sending {
		return gateway.StatusUnknown
	}
	return s
}

// outcomeOf is the operation's status in the words of Answer and Problem.
func outcomeOf(op gateway.Operation) string {
	switch {
	case op.GivenUp():
		return outcomeCancelled
	case op.Undecided():
		return string(gateway.Unknown)
	default:
		return string(op.Status)
	}
}
