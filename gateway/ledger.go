package gateway

import (
	"context"
	"time"
)

// Ledger is the durable truth. package storetest is its specification.
type Ledger interface {
	// Apply makes the whole change durable, or none of it. It returns ErrStale
	// when the payment is no longer at the version the change was decided on,
	// and ErrKeyTaken when the change binds a key that is bound already. When
	// it returns nil the change survives a power cut.
	Apply(context.Context, Change) error

	// Payment, PaymentByTransaction and Key return ErrNotFound when there is
	// none, and never what belongs to another merchant. PaymentByTransaction
	// also finds a payment by the transaction id of one of its refunds.
	Payment(ctx context.Context, merchantID, paymentID string) (Payment, error)
	PaymentByTransaction(ctx context.Context, merchantID string, liveMode bool, transactionID string) (Payment, error)
	Key(ctx context.Context, merchantID, key string) (KeyRecord, error)

	// CloseKey binds a key to nothing, for good. ErrKeyTaken when it is bound.
	CloseKey(ctx context.Context, merchantID, key string, at time.Time) error

	// PaymentByReference returns the payment whose Reference it is.
	PaymentByReference(ctx context.Context, merchantID, reference string) (Payment, error)

	// Payments returns at most Limit payments, newest first.
	Payments(context.Context, PaymentFilter) ([]Payment, error)

	// Due returns payments of all merchants, at most limit of each, that have
	// an operation whose Due is set and not after now. What has been due
	// longest comes first. What cannot be read keeps nobody's place, and is told by
	// an UnreadableError, oldest first.
	Due(ctx context.Context, now time.Time, limit int) ([]Payment, error)

	// Watch returns the zero value, but for merchant and mode, before the first
	// SaveWatch. SaveWatch returns ErrStale unless the stored version is the
	// one before the saved one; before the first it is zero.
	Watch(ctx context.Context, merchantID string, liveMode bool) (Watch, error)
	SaveWatch(context.Context, Watch) error

	// KeepUnmatched keeps a transaction of which the ledger knows no payment.
	// One that is kept already gets its new Record and LastSeen only; the event
	// is written with one that was not. DropUnmatched forgets it.
	KeepUnmatched(context.Context, UnmatchedTransaction, *Event) error
	DropUnmatched(ctx context.Context, merchantID string, liveMode bool, transactionID string) error
	// UnmatchedTransaction returns one, or ErrNotFound.
	UnmatchedTransaction(ctx context.Context, merchantID string, liveMode bool, transactionID string) (UnmatchedTransaction, error)
	// Unmatched returns at most Limit, the last first-seen first.
	Unmatched(context.Context, UnmatchedFilter) ([]UnmatchedTransaction, error)

	// Backlog counts what is unfinished, merchants in order.
	Backlog(ctx context.Context, now time.Time) ([]Backlog, error)

	// A transaction at the processor belongs to one of ours: Apply returns
	// ErrTransactionTaken for a second payment with the same transaction id, and
	// for a second operation, processed as a refund, with the same one. The two
	// modes are apart.

	// UndecidedRefunds counts the merchant's refunds of that amount whose
	// outcome is not known, sending or unknown, and whose SendBefore is not
	// before since. Those of bank payments, which no export shows, do not count.
	UndecidedRefunds(ctx context.Context, merchantID string, liveMode bool, amount Money, since time.Time) (int, error)

	// Ready returns nil while the ledger can write.
	Ready(context.Context) error

	Outbox
	VaultLedger
	Archive
	SettlementFilings
	Eraser
}

// KeyRecord is what a (merchant, idempotency key) is bound to, for good.
type KeyRecord struct {
	Key         string
	Fingerprint []byte
	// OperationID is empty for a key that was closed unused. A key of the vault has
	// the id of a vault operation.
	OperationID string
	// Payment is the payment as it stands, nil for a key that was closed unused and
	// for one of the vault.
	Payment *Payment
	// Reply is the decided answer, nil while there is none.
	Reply *Reply
}

// Closed says that the key was given up before any request came with it.
func (k KeyRecord) Closed() bool { return k.OperationID == "" }

// OfVault says that the key was used for a change of the customer vault.
func (k KeyRecord) OfVault() bool { return !k.Closed() && k.Payment == nil }

// payment is the payment of the key, as far as the merchant may see it.
func (k KeyRecord) payment(m Merchant) (Payment, error) {
	if k.Payment == nil {
		return found(m, Payment{}, ErrNotFound)
	}
	return found(m, *k.Payment, nil)
}

// operation is the operation that the key is bound to.
func (k KeyRecord) operation() Operation {
	op, _ := k.Payment.Operation(k.OperationID)
	return op
}

// PaymentFilter selects payments of one merchant. Empty members do not filter.
type PaymentFilter struct {
	MerchantID     string
	LiveMode       *bool
	OrderID        string
	Statuses       []Status // any of them
	NeedsAttention *bool
	CreatedFrom    time.Time // inclusive
	CreatedTo      time.Time // exclusive
	// Before is the id of the last payment of the page before.
	Before string
	Limit  int
}
