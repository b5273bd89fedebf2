package simulator

import (
	"crypto/rand"
	"sync/atomic"
	"time"
)

// The kinds of a transaction and of a charge. Captures, voids and adjustments
// are done to a transaction and make none.
const (
	kindSale          = "sale"
	kindAuthorization = "authorization"
	kindCapture       = "capture"
	kindRefund        = "refund"
	kindVoid          = "void"
	kindAdjust        = "adjust"
)

// The states of a transaction. A sale, a captured authorization and a refund
// are pending until the next settlement.
const (
	stateAuthorized = "authorized"
	statePending    = "pending_settlement"
	stateSettled    = "settled"
	stateVoided     = "voided"
	stateDeclined   = "declined"
)

// transaction is one row at PayTrace: a sale, an authorization (which a capture
// turns into a pending sale under the same id) or a refund.
type transaction struct {
	ID         int64
	Kind       string
	State      string
	Amount     cents // What will settle; of an authorization what was authorized.
	Original   cents // What it was made for, whatever was captured or adjusted since.
	Refunded   cents // The sum of its refunds that were not voided.
	RefundOf   int64
	Captured   bool
	CustomerID string
	Card       card

	Billing, Shipping                     address
	Description, InvoiceID                string
	CustomerReferenceID, TaxAmount, Email string
	ApprovalCode, ApprovalMessage         string
	AVS, CSC                              string

	CreatedAt, CapturedAt, VoidedAt time.Time
	Through, By, FromIP             string
	Batch                           int
	SettledAt                       time.Time
	// Enhanced is what was told of it besides, and FirstCustomerReferenceID what it
	// came with, before that was overwritten.
	Enhanced                 *EnhancedData
	FirstCustomerReferenceID string
}

// charge is one thing that was done: a transaction made, captured, adjusted or
// voided. The amount is the one that it had from then on.
type charge struct {
	Kind          string
	TransactionID int64
	Amount        cents
	By            string
	At            time.Time
}

// customer is a profile of the vault.
type customer struct {
	ID                string
	Card              card
	HasCard           bool
	AccountLast4      string
	RoutingNumber     string
	Billing, Shipping address
	Email, Phone, Fax string
	CreatedAt         time.Time
	By, FromIP        string
}

// hostedFields is a card that the hosted fields have taken. The CSC is judged
// at once, so that none is kept.
type hostedFields struct {
	EncKey string
	Card   card
	CSC    string
}

// books are all that the simulator knows, and what the state file holds.
type books struct {
	NextID         int64
	NextCustomerID int64
	NextCheckID    int64
	NextBatch      int

	Transactions []*transaction
	Charges      []charge
	Customers    map[string]*customer
	Checks       map[int64]*check
	Batches      []*batch
	HostedFields map[string]hostedFields
	Tokens       map[string]time.Time
	ClientKeys   map[string]time.Time

	ClockOffset   time.Duration
	ClockSet      bool
	SettlementDue time.Time

	FingerprintKey []byte
	EncryptionKey  []byte
}

// indexes are made from the books and never stored.
type indexes struct {
	byID     map[int64]*transaction
	pending  []*transaction
	approved map[duplicateKey]*transaction
	failures map[string][]time.Time
}

// lastIssued is the highest transaction id that any simulator of this process
// has issued, so that one started right after another repeats none.
var lastIssued atomic.Int64

// firstID starts the transaction ids from the clock: nine digits for years, fifty
// ids for each second, so that a restart without a state file repeats none.
func firstID(now time.Time) int64 {
	const base, perSecond = 100_000_000, 50
	epoch := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	fromClock := base + max(0, now.Sub(epoch).Milliseconds()*perSecond/1000)
	return max(fromClock, lastIssued.Load()+1)
}

func newBooks(nextID int64) books {
	key := make([]byte, 32)
	rand.Read(key)
	return books{
		NextID: nextID, NextCustomerID: 39_000_001, NextCheckID: nextID, NextBatch: 1,
		Customers: map[string]*customer{}, Checks: map[int64]*check{},
		HostedFields: map[string]hostedFields{}, Tokens: map[string]time.Time{}, ClientKeys: map[string]time.Time{},
		FingerprintKey: key,
	}
}

func newIndexes(b *books) indexes {
	x := indexes{byID: map[int64]*transaction{}, approved: map[duplicateKey]*transaction{}, failures: map[string][]time.Time{}}
	for _, t := range b.Transactions {
		x.add(t)
	}
	return x
}

func (x *indexes) add(t *transaction) {
	x.byID[t.ID] = t
	if t.State == statePending {
		x.pending = append(x.pending, t)
	}
	if isCharge(t.Kind) && t.State != stateDeclined {
		x.approved[duplicateKeyOf(t)] = t
	}
}

func isCharge(kind string) bool { return kind == kindSale || kind == kindAuthorization }

// record issues the transaction's id and puts it into the books.
func (s *Simulator) record(t *transaction) *transaction {
	t.ID = s.books.NextID
	s.books.NextID++
	raise(&lastIssued, t.ID)
	s.books.Transactions = append(s.books.Transactions, t)
	s.indexes.add(t)
	s.note(t.Kind, t, t.By)
	return t
}

// note adds what was done to the list of charges.
func (s *Simulator) note(kind string, t *transaction, by string) {
	s.books.Charges = append(s.books.Charges, charge{kind, t.ID, t.Amount, by, s.now()})
	s.changed()
}

func raise(high *atomic.Int64, to int64) {
	for {
		old := high.Load()
		if to <= old || high.CompareAndSwap(old, to) {
			return
		}
	}
}
