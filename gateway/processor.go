package gateway

import (
	"context"
	"errors"
	"time"
)

// Outcome is one of the five answers a processor's client can give.
type Outcome string

// The five outcomes.
const (
	// Approved: the processor did it.
	Approved Outcome = "approved"
	// Declined: the processor asked the card's bank and it said no.
	Declined Outcome = "declined"
	// Rejected: the processor's own words say that nothing was done.
	Rejected Outcome = "rejected"
	// NotSent: it is certain that no byte of the request left.
	NotSent Outcome = "not_sent"
	// Unknown: a byte may have left and no answer that can be trusted came.
	Unknown Outcome = "unknown"
)

// Result is what became of one call to a processor.
type Result struct {
	Outcome       Outcome
	TransactionID string
	ApprovalCode  string
	AVS           string
	CSC           string
	Card          CardSummary
	// Bank is what was read of a stored bank account.
	Bank BankSummary
	// Decline is set for Declined, Rejection for Rejected.
	Decline   *Decline
	Rejection *Rejection
	// ApprovedAmount is how much of a charge was approved, zero where the answer
	// does not tell it. Balance is what is left on the card, where it does.
	ApprovedAmount Money
	Balance        *Money
	// Contested marks an Unknown in which the processor said that the
	// transaction's state forbids the call. Such an answer decides nothing:
	// the transaction has to be looked at, by a person if it is a bank payment.
	Contested bool
	// Answered marks an Unknown that the processor answered in full, in words that
	// do not say for certain what it did. The call is as unknown as any other, and
	// never made again; the processor is there.
	Answered bool
	// Doubt is what an approval of enhanced data says that does not fit what was
	// told: that it made fewer lines, for one.
	Doubt string
	// Detail tells an operator what happened. It never holds card data.
	Detail string
}

// failure is what an observer counts as one: nobody got an answer from the
// processor. A decline is an answer.
func (r Result) failure() error {
	if r.Outcome == NotSent || r.Outcome == Unknown {
		return errNoAnswer
	}
	return nil
}

var errNoAnswer = errors.New("the processor gave no answer")

// Decline is a bank's refusal, with the words for a shopper.
type Decline struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Category  string `json:"category"`
	Retryable bool   `json:"retryable"`
}

// Rejection is the processor's refusal to try.
type Rejection struct {
	// Code is the processor's own error number.
	Code    string `json:"code"`
	Message string `json:"message"`
	// Field is the request field that the processor complained of, if known.
	Field string `json:"field,omitempty"`
	// Credentials marks a refusal of our log-in or set-up: not the caller's
	// fault, the operator has to mend it.
	Credentials bool `json:"credentials,omitempty"`
	// Again says that the key of the operation may send it again once that is
	// mended. Only a refusal of the log-in itself is known to have done nothing
	// and to be over then.
	Again bool `json:"again,omitempty"`
}

// Charge asks for a sale, an authorization, or the verification of a card, whose
// amount is nothing.
type Charge struct {
	Intent Intent
	Amount Money
	// AcceptPartial asks for a part where the whole is not to be had.
	AcceptPartial bool
	OrderID       string
	Reference     string
	Method        PaymentMethod
	CustomerID    string // the processor's own id of a vault customer
	// SourceTransactionID charges the card of an earlier transaction again.
	SourceTransactionID string
	// ACH says that a bank account is drawn on: the method's, or the one that is
	// stored with the customer.
	ACH               bool
	Billing, Shipping *Address
	Metadata          map[string]string
	// TaxAmount and PurchaseOrder are told as far as the charge can bear them.
	TaxAmount     *Money
	PurchaseOrder string
	SendBefore    time.Time
}

// Capture asks for (part of) an authorization's money.
type Capture struct {
	TransactionID string
	Amount        Money
	SendBefore    time.Time
}

// Void asks to undo an unsettled transaction.
type Void struct {
	TransactionID string
	SendBefore    time.Time
}

// Refund asks to return (part of) a settled transaction's money.
type Refund struct {
	TransactionID string
	Amount        Money
	SendBefore    time.Time
}

// Processor moves money. Its methods never return an error beside the result:
// every failure is one of the five outcomes.
//
// An implementation sends a request at most once. After SendBefore, checked
// right before the first byte, it returns NotSent. It may send again only
// when the processor's own words say that nothing was done and the cause is
// gone (an expired token). It returns by the context's deadline.
type Processor interface {
	Charge(context.Context, Charge) Result
	Capture(context.Context, Capture) Result
	Void(context.Context, Void) Result
	Refund(context.Context, Refund) Result
	Inspector
	Enhancer
	Profiles
	CardForm
	Reporter
}

// CardForm is the processor's own form for a card, in a shopper's browser. The
// card goes from there to the processor, and to nobody else.
type CardForm interface {
	// ClientKey asks for the key that opens the form. It moves no money, leaves
	// nothing behind and may be asked again. It returns ErrCredentials when the
	// processor refuses our log-in or set-up.
	ClientKey(context.Context) (ClientKey, error)
}

// ClientKey opens a card form. The key goes to a browser and into no log.
type ClientKey struct {
	Key string
	// ScriptURL is the address of the processor's script for the form, empty
	// where it is not known.
	ScriptURL string
}

// Inspector looks at what a processor has on its books. Looking changes
// nothing and may be repeated.
type Inspector interface {
	// Transaction returns ErrNotFound when the processor has no such id.
	Transaction(ctx context.Context, transactionID string) (Record, error)
	// Transactions returns what was made on the days from..to, both included,
	// in the processor's zone; text, when not empty, narrows the search.
	Transactions(ctx context.Context, from, to time.Time, text string) ([]Record, error)
}

// Reporter shows a processor's books to a person who asks for them, which nothing else
// has to wait for or suffer from.
type Reporter interface {
	// Books returns what was made on the days from..to, both included, in the
	// processor's zone. It returns ErrCredentials when the processor refuses our
	// log-in or set-up.
	Books(ctx context.Context, from, to time.Time) ([]Record, error)
}

// RecordState is the state of a transaction on the processor's books.
type RecordState string

// The states on the processor's books.
const (
	RecordAuthorized RecordState = "authorized"
	RecordPending    RecordState = "pending_settlement"
	RecordSettled    RecordState = "settled"
	RecordVoided     RecordState = "voided"
	RecordDeclined   RecordState = "declined"
	// RecordOther is a state we do not recognise; nothing is concluded from it.
	RecordOther RecordState = "other"
)

// Record is a transaction as the processor shows it.
type Record struct {
	TransactionID string        `json:"transactionId"`
	Kind          OperationKind `json:"kind,omitempty"`
	State         RecordState   `json:"state"`
	Amount        Money         `json:"amount"`
	OrderID       string        `json:"orderId,omitempty"`
	Reference     string        `json:"reference,omitempty"`
	// ReferenceStart is the beginning of the reference of the charge that this
	// transaction belongs to, where the processor shows no more of it.
	ReferenceStart string      `json:"referenceStart,omitempty"`
	Card           CardSummary `json:"card"`
	CreatedBy      string      `json:"createdBy,omitempty"`
	CreatedAt      time.Time   `json:"createdAt"`
	SettledAt      time.Time   `json:"settledAt,omitzero"`
	// Batch is the number of the batch in which it has settled, where it is shown.
	Batch string `json:"batch,omitempty"`
}
