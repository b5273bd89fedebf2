package gateway

import (
	"fmt"
	"slices"
	"time"
)

// Intent is what a new payment asks for.
type Intent string

// The intents.
const (
	IntentSale      Intent = "sale"
	IntentAuthorize Intent = "authorize"
	// IntentVerify asks the bank about a card, for nothing: see verification.go.
	IntentVerify Intent = "verify"
)

// Status is the state of a payment.
type Status string

// The states of a payment.
const (
	Sending           Status = "sending"
	Authorized        Status = "authorized"
	StatusApproved    Status = "approved"
	StatusDeclined    Status = "declined"
	Failed            Status = "failed"
	StatusUnknown     Status = "unknown"
	Voided            Status = "voided"
	Expired           Status = "expired"
	Settled           Status = "settled"
	PartiallyRefunded Status = "partially_refunded"
	Refunded          Status = "refunded"
	Verified          Status = "verified"
	// Accepted is a bank payment that the processor has taken, and a bank may
	// still return.
	Accepted Status = "accepted"
	// Returned is a bank payment that a bank has sent back.
	Returned Status = "returned"
)

// moves lists every change of state that is allowed; no other ever happens.
// Apart from `failed` back to `sending`, which needs the first operation's own
// key, and the undoing of a charge found late, a state never goes backwards.
var moves = map[Status][]Status{
	Sending:           {Authorized, Accepted, StatusApproved, Verified, StatusDeclined, Failed, StatusUnknown},
	StatusUnknown:     {Authorized, Accepted, StatusApproved, Verified, StatusDeclined, Failed, Voided},
	Failed:            {Sending, Voided, Refunded},
	Authorized:        {Accepted, StatusApproved, Voided, Expired},
	Verified:          {Voided},
	Accepted:          {StatusApproved, PartiallyRefunded, Refunded, Voided, Returned},
	StatusApproved:    {Settled, PartiallyRefunded, Refunded, Voided, Returned},
	Settled:           {PartiallyRefunded, Refunded},
	PartiallyRefunded: {Refunded, Returned},
}

// Payment is one payment of one order, with every operation made on it.
// It is a value: a verb returns the next one and leaves the old one alone.
type Payment struct {
	ID         string `json:"id"`
	MerchantID string `json:"merchantId"`
	LiveMode   bool   `json:"liveMode"`
	Status     Status `json:"status"`
	Intent     Intent `json:"intent"`
	Amount     Money  `json:"amount"`
	Currency   string `json:"currency"`

	OrderID    string            `json:"orderId,omitempty"`
	StoreCode  string            `json:"storeCode,omitempty"`
	CustomerID string            `json:"customerId,omitempty"`
	Channel    string            `json:"channel,omitempty"`
	Source     SourceRecords     `json:"source"`
	Metadata   map[string]string `json:"metadata,omitempty"`

	Method MethodKind  `json:"method"`
	Card   CardSummary `json:"card"`
	// Bank is set exactly when the payment is ACH: it draws on a bank account.
	Bank            *BankSummary `json:"bankAccount,omitempty"`
	CustomerVaultID string       `json:"customerVaultId,omitempty"`
	PaymentMethodID string       `json:"paymentMethodId,omitempty"`

	// Reference is ours; PayTrace keeps it with the charge and can be asked
	// for it.
	Reference     string   `json:"reference"`
	TransactionID string   `json:"transactionId,omitempty"`
	ApprovalCode  string   `json:"approvalCode,omitempty"`
	AVS           string   `json:"avs,omitempty"`
	CSC           string   `json:"csc,omitempty"`
	Decline       *Decline `json:"decline,omitempty"`
	// Enhancement is what is told of the order besides, nil for nearly every
	// payment.
	Enhancement *Enhancement `json:"enhancement,omitempty"`

	// AcceptPartial says that the caller takes an approval of a part.
	AcceptPartial bool `json:"acceptPartial,omitempty"`
	// CardBalance is what is left on the card, where the processor tells it.
	CardBalance *Money `json:"cardBalance,omitempty"`

	NeedsAttention bool        `json:"needsAttention,omitempty"`
	Version        int64       `json:"version"`
	CreatedAt      time.Time   `json:"createdAt"`
	UpdatedAt      time.Time   `json:"updatedAt"`
	SettledAt      time.Time   `json:"settledAt,omitzero"`
	Operations     []Operation `json:"operations"`
}

// SourceRecords are the Salesforce records a payment belongs to.
type SourceRecords struct {
	OpportunityID     string `json:"opportunityId,omitempty"`
	SalesforceOrderID string `json:"salesforceOrderId,omitempty"`
	AccountID         string `json:"accountId,omitempty"`
	ContactID         string `json:"contactId,omitempty"`
}

// Address is a postal address.
type Address struct {
	Name        string `json:"name,omitempty"`
	Street      string `json:"street,omitempty"`
	Street2     string `json:"street2,omitempty"`
	City        string `json:"city,omitempty"`
	State       string `json:"state,omitempty"`
	PostalCode  string `json:"postalCode,omitempty"`
	CountryCode string `json:"countryCode,omitempty"`
}

// Captured is the money taken: every approved sale and capture, or what a clerk
// has lowered it to since.
//
// A part that nobody wanted has been taken after all when it went back by a refund
// and not by a void.
func (p Payment) Captured() Money {
	var taken Money
	for _, o := range p.Operations {
		switch {
		case o.refusedPart() && p.Refunded() > 0:
			taken += o.Amount
		case o.Status != OpApproved:
		case o.Kind == KindSale, o.Kind == KindCapture:
			taken += o.Amount
		case o.Kind == KindAdjust:
			taken = o.Amount
		}
	}
	return taken
}

// Refunded is the money given back, by refunds and by refunds done as a void.
func (p Payment) Refunded() Money {
	return p.sum(func(o Operation) bool { return o.Kind == KindRefund && o.Status == OpApproved })
}

// RefundPending is the money that is promised back, or may have gone back: it
// stays reserved until its operation is decided.
func (p Payment) RefundPending() Money {
	return p.sum(func(o Operation) bool {
		return o.Kind == KindRefund && (o.Undecided() || o.Status == OpWaiting)
	})
}

// Refundable is what may still be refunded. Of what a bank has returned nothing is
// there.
func (p Payment) Refundable() Money {
	if p.Status == Returned {
		return 0
	}
	return max(0, p.Captured()-p.Refunded()-p.RefundPending())
}

func (p Payment) sum(counts func(Operation) bool) Money {
	var total Money
	for _, o := range p.Operations {
		if counts(o) {
			total += o.Amount
		}
	}
	return total
}

// HoldsMoney says that a shopper's money is taken or held, or may be.
func (p Payment) HoldsMoney() bool {
	if p.Intent == IntentVerify {
		return false
	}
	switch p.Status {
	case StatusDeclined:
		return len(p.Operations) > 0 && p.First().unwanted()
	case Failed, Voided, Expired, Refunded, Returned:
		return false
	}
	return true
}

// Operation returns the operation with that id.
func (p Payment) Operation(id string) (Operation, bool) {
	i := slices.IndexFunc(p.Operations, func(o Operation) bool { return o.ID == id })
	if i < 0 {
		return Operation{}, false
	}
	return p.Operations[i], true
}

// First is the sale, authorization or verification that made the payment.
func (p Payment) First() Operation { return p.Operations[0] }

// inProgress returns an undecided operation, if there is one.
func (p Payment) inProgress() (Operation, bool) {
	i := slices.IndexFunc(p.Operations, Operation.Undecided)
	if i < 0 {
		return Operation{}, false
	}
	return p.Operations[i], true
}

// next is the payment one version on, with the operation put in its place.
func (p Payment) next(op Operation, now time.Time) Payment {
	p.Version++
	p.UpdatedAt = now
	op.UpdatedAt = now
	p.Operations = slices.Clone(p.Operations)
	if i := slices.IndexFunc(p.Operations, func(o Operation) bool { return o.ID == op.ID }); i >= 0 {
		p.Operations[i] = op
	} else {
		p.Operations = append(p.Operations, op)
	}
	p.NeedsAttention = p.attention()
	return p
}

// attention says that an operation waits for a person's decision.
func (p Payment) attention() bool {
	return slices.ContainsFunc(p.Operations, func(o Operation) bool { return o.Attention != "" })
}

// move changes the state along the table. A move that the table does not have
// must not reach the ledger.
func (p *Payment) move(to Status) error {
	if p.Status == to {
		return nil
	}
	if !slices.Contains(moves[p.Status], to) {
		return fmt.Errorf("payment %s cannot move from %s to %s", p.ID, p.Status, to)
	}
	p.Status = to
	p.endEnhancement()
	return nil
}

// KnownStatus says whether a payment can be in that state.
func KnownStatus(s Status) bool {
	if _, ok := moves[s]; ok {
		return true
	}
	return s == StatusDeclined || s == Voided || s == Expired || s == Refunded || s == Returned
}
