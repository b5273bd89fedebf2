package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"paytrace-gateway/gateway"
)

// paymentFile is a payment as the API shows it, or within the body of a webhook.
// What the API does not show and an expression can name may stand there too.
type paymentFile struct {
	Data *json.RawMessage `json:"data"`

	PaymentID          string                `json:"paymentId"`
	TransactionID      string                `json:"transactionId"`
	Status             gateway.Status        `json:"status"`
	Intent             gateway.Intent        `json:"intent"`
	Amount             gateway.Money         `json:"amount"`
	CurrencyCode       string                `json:"currencyCode"`
	OrderID            string                `json:"orderId"`
	StoreCode          string                `json:"storeCode"`
	CustomerID         string                `json:"customerId"`
	Channel            string                `json:"channel"`
	SourceRecords      gateway.SourceRecords `json:"sourceRecords"`
	Metadata           map[string]string     `json:"metadata"`
	ProcessorReference string                `json:"processorReference"`
	PaymentMethodType  gateway.MethodKind    `json:"paymentMethodType"`
	CardType           gateway.Brand         `json:"cardType"`
	Last4Digits        string                `json:"last4Digits"`
	CustomerVaultID    string                `json:"customerVaultId"`
	PaymentMethodID    string                `json:"paymentMethodId"`
	ApprovalCode       string                `json:"approvalCode"`
	AVSResult          string                `json:"avsResult"`
	CSCResult          string                `json:"cscResult"`
	CardBalance        *gateway.Money        `json:"cardBalance"`
	Decline            *gateway.Decline      `json:"decline"`
	TaxAmount          *gateway.Money        `json:"taxAmount"`
	PurchaseOrder      string                `json:"purchaseOrder"`
	EnhancedData       *enhancedFile         `json:"enhancedData"`
	BankAccount        *bankFile             `json:"bankAccount"`
	NeedsAttention     bool                  `json:"needsAttention"`
	Version            int64                 `json:"version"`
	CreatedAt          time.Time             `json:"createdAt"`
	UpdatedAt          time.Time             `json:"updatedAt"`
	SettledAt          time.Time             `json:"settledAt"`
	Operations         []operationFile       `json:"operations"`
}

// enhancedFile is what has become of an order's lines.
type enhancedFile struct {
	Status        gateway.EnhancementStatus `json:"status"`
	LineItemCount int                       `json:"lineItemCount"`
	Attempts      int                       `json:"attempts"`
	Detail        string                    `json:"detail"`
}

type bankFile struct {
	Last4Digits string              `json:"last4Digits"`
	AccountType gateway.AccountType `json:"accountType"`
	HolderType  gateway.HolderType  `json:"holderType"`
}

type returnFile struct {
	ReturnCode string    `json:"returnCode"`
	EnteredBy  string    `json:"enteredBy"`
	Note       string    `json:"note"`
	ReturnedAt time.Time `json:"returnedAt"`
	EnteredAt  time.Time `json:"enteredAt"`
}

type operationFile struct {
	OperationID     string                  `json:"operationId"`
	OperationKind   gateway.OperationKind   `json:"operationKind"`
	OperationStatus gateway.OperationStatus `json:"operationStatus"`
	ProcessedAs     gateway.ProcessedAs     `json:"processedAs"`
	Origin          gateway.Origin          `json:"origin"`
	Channel         string                  `json:"channel"`
	Amount          gateway.Money           `json:"amount"`
	TransactionID   string                  `json:"transactionId"`
	IdempotencyKey  string                  `json:"idempotencyKey"`
	Decline         *gateway.Decline        `json:"decline"`
	Attention       string                  `json:"attention"`
	BankReturn      *returnFile             `json:"bankReturn"`
	CreatedAt       time.Time               `json:"createdAt"`
	UpdatedAt       time.Time               `json:"updatedAt"`
}

// readPayment reads the file, of which the errors quote no value.
func readPayment(path string) (gateway.Payment, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return gateway.Payment{}, err
	}
	var f paymentFile
	err = json.Unmarshal(content, &f)
	if err == nil && f.Data != nil {
		err = json.Unmarshal(*f.Data, &f)
	}
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped):
		return gateway.Payment{}, fmt.Errorf("%s: %s is of another type than the API's", path, mistyped.Field)
	case err != nil:
		return gateway.Payment{}, fmt.Errorf("%s is no payment as the API shows it: its JSON or an amount in it cannot be read", path)
	case f.PaymentID == "" || !gateway.KnownStatus(f.Status) || len(f.Operations) == 0:
		return gateway.Payment{}, fmt.Errorf("%s is no payment as the API shows it: paymentId, a known status and at least one of operations are needed; "+
			"GET /api/v1/payments/{paymentId} answers with one", path)
	}
	return f.payment(), nil
}

func (f paymentFile) payment() gateway.Payment {
	p := gateway.Payment{
		ID: f.PaymentID, Status: f.Status, Intent: f.Intent, Amount: f.Amount, Currency: f.CurrencyCode,
		OrderID: f.OrderID, StoreCode: f.StoreCode, CustomerID: f.CustomerID, Channel: f.Channel, Source: f.SourceRecords, Metadata: f.Metadata,
		Method: f.PaymentMethodType, Card: gateway.CardSummary{Brand: f.CardType, LastFour: f.Last4Digits},
		CustomerVaultID: f.CustomerVaultID, PaymentMethodID: f.PaymentMethodID, Reference: f.ProcessorReference,
		TransactionID: f.TransactionID, ApprovalCode: f.ApprovalCode, AVS: f.AVSResult, CSC: f.CSCResult, CardBalance: f.CardBalance, Decline: f.Decline,
		Enhancement: f.enhancement(), Bank: f.BankAccount.summary(),
		NeedsAttention: f.NeedsAttention, Version: f.Version, CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt, SettledAt: f.SettledAt,
	}
	for _, o := range f.Operations {
		p.Operations = append(p.Operations, gateway.Operation{
			ID: o.OperationID, Kind: o.OperationKind, Status: o.OperationStatus, ProcessedAs: o.ProcessedAs, Origin: o.Origin,
			Channel: o.Channel, Amount: o.Amount, TransactionID: o.TransactionID, Key: o.IdempotencyKey, Decline: o.Decline,
			Attention: o.Attention, Return: o.BankReturn.bankReturn(), CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
		})
	}
	p.Operations[0].Part = p.First().Charges() && p.First().Amount < p.Amount
	if p.Channel == "" {
		p.Channel = p.First().Channel
	}
	return p
}

// eventOf tells of the payment as it stands, by its latest operation.
func eventOf(p gateway.Payment) gateway.Event {
	last := p.Operations[len(p.Operations)-1]
	return gateway.Event{
		ID: "evt_0000000000000000000example", PaymentID: p.ID, OperationID: last.ID, Type: "payment." + string(p.Status),
		Version: p.Version, At: p.UpdatedAt, Payment: p,
	}
}

// enhancement is nil where nothing is told of a purchasing card.
func (f paymentFile) enhancement() *gateway.Enhancement {
	if f.TaxAmount == nil && f.PurchaseOrder == "" && f.EnhancedData == nil {
		return nil
	}
	e := &gateway.Enhancement{TaxAmount: f.TaxAmount, PurchaseOrder: f.PurchaseOrder}
	if told := f.EnhancedData; told != nil {
		e.Status, e.LineItemCount, e.Attempts, e.Detail = told.Status, told.LineItemCount, told.Attempts, told.Detail
	}
	return e
}

func (b *bankFile) summary() *gateway.BankSummary {
	if b == nil {
		return nil
	}
	return &gateway.BankSummary{LastFour: b.Last4Digits, AccountType: b.AccountType, HolderType: b.HolderType}
}

func (r *returnFile) bankReturn() *gateway.BankReturn {
	if r == nil {
		return nil
	}
	return &gateway.BankReturn{Code: r.ReturnCode, By: r.EnteredBy, Note: r.Note, ReturnedAt: r.ReturnedAt, At: r.EnteredAt}
}
