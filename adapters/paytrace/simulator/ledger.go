package simulator

import (
	"strconv"
	"time"
)

// TransactionRow is one transaction as GET /transactions shows it: what PayTrace
// holds in the end, where GET /charges tells how it came about.
type TransactionRow struct {
	TransactionID string `json:"transactionId"`
	// ParentTransactionID is the sale that a refund returns; a refund to a card or
	// a customer has none.
	ParentTransactionID string `json:"parentTransactionId"`
	// Kind is sale, authorization or refund.
	Kind  string `json:"kind"`
	State string `json:"state"`
	// Approved says that it was, whether or not it was voided since.
	Approved bool `json:"approved"`
	Voided   bool `json:"voided"`

	// Amount is what settles, or what may still be captured; OriginalAmount is what
	// it was made for, before any capture or adjustment.
	Amount         string `json:"amount"`
	OriginalAmount string `json:"originalAmount"`
	// CapturedAmount is what was taken from the card: of an approved sale all of
	// it, of an authorization what was captured. A void does not make it nothing.
	CapturedAmount string `json:"capturedAmount"`
	// RefundedAmount is the sum of the refunds of it that were not voided.
	RefundedAmount string `json:"refundedAmount"`

	InvoiceID           string `json:"invoiceId"`
	CustomerReferenceID string `json:"customerReferenceId"`
	// FirstCustomerReferenceID is what enhanced data has overwritten, and
	// EnhancedData what that has told.
	FirstCustomerReferenceID string        `json:"firstCustomerReferenceId,omitempty"`
	EnhancedData             *EnhancedData `json:"enhancedData,omitempty"`

	CustomerID string `json:"customerId"`
	// CreatedBy is the API's user or "clerk".
	CreatedBy   string `json:"createdBy"`
	BatchNumber int    `json:"batchNumber"`

	// What has not happened has no time.
	CreatedAt  time.Time `json:"createdAt"`
	CapturedAt time.Time `json:"capturedAt,omitzero"`
	VoidedAt   time.Time `json:"voidedAt,omitzero"`
	SettledAt  time.Time `json:"settledAt,omitzero"`
}

// Transactions are all transactions, oldest first, as GET /transactions shows
// them.
func (s *Simulator) Transactions() []TransactionRow { return attended(s, s.transactionRows) }

func (s *Simulator) transactionRows() []TransactionRow {
	rows := make([]TransactionRow, 0, len(s.books.Transactions))
	for _, t := range s.books.Transactions {
		rows = append(rows, t.row())
	}
	return rows
}

func (t *transaction) row() TransactionRow {
	row := TransactionRow{
		TransactionID: strconv.FormatInt(t.ID, 10), Kind: t.Kind, State: t.State,
		Approved: t.State != stateDeclined, Voided: t.State == stateVoided,
		Amount: t.Amount.String(), OriginalAmount: t.Original.String(),
		CapturedAmount: t.captured().String(), RefundedAmount: t.Refunded.String(),
		InvoiceID: t.InvoiceID, CustomerReferenceID: t.CustomerReferenceID, CustomerID: t.CustomerID,
		FirstCustomerReferenceID: t.FirstCustomerReferenceID, EnhancedData: t.Enhanced,
		CreatedBy: t.By, BatchNumber: t.Batch,
		CreatedAt: t.CreatedAt, CapturedAt: t.CapturedAt, VoidedAt: t.VoidedAt, SettledAt: t.SettledAt,
	}
	if t.RefundOf != 0 {
		row.ParentTransactionID = strconv.FormatInt(t.RefundOf, 10)
	}
	return row
}

func (t *transaction) captured() cents {
	if t.Captured || t.Kind == kindSale && t.State != stateDeclined {
		return t.Amount
	}
	return 0
}
