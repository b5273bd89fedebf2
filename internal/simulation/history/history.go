// Package history judges what was seen of a run: what callers asked and were
// told, which intents instances wrote and what they sent, what PayTrace has on
// its books, and how the gateway shows its payments in the end. Its rules are
// pure functions, and it imports nothing of ours, so that it cannot share a
// misunderstanding with what it judges.
package history

import "time"

// History is all that was seen of one run.
type History struct {
	Calls   []Call
	Intents []Intent
	Sends   []Send
	Crashes []Crash
	// Arrivals and Transactions are PayTrace's own view.
	Arrivals     []Arrival
	Transactions []Transaction
	// Payments are how the gateway shows them in the end, and Unmatched the
	// transactions that it lists as belonging to none of them.
	Payments  []Payment
	Unmatched []Unmatched
	// Subscribers are who has to be told of every one of Events. Receipts are
	// what they saw, and Dead the dead letters of the end.
	Subscribers []string
	Events      []Event
	Receipts    []Receipt
	Dead        []Dead
	// Customers are the vault in the end, and Profiles PayTrace's own.
	Customers []Customer
	Profiles  []Profile
	// Changes are what the keys of callers have changed in the vault, in the end.
	Changes []Operation
	// Resolved are the bank operations that a person has decided.
	Resolved []Resolved
	// VerifiesFirst says that every card which is entered has to be verified before it
	// is kept.
	VerifiesFirst bool
	// Blind are the times in which PayTrace's export did not show everything.
	Blind []Span
}

// Unmatched is a transaction that the gateway lists for a person.
type Unmatched struct{ ID, Order string }

// The verbs of a Call.
const (
	Pay     = "pay"
	Capture = "capture"
	Void    = "void"
	Refund  = "refund"
	Cancel  = "cancel"
	Ask     = "ask" // by key
	Get     = "get" // by payment id
	// Of the vault.
	Store   = "store"   // a customer with a card
	Add     = "add"     // one more card
	Replace = "replace" // a card by another
	Prefer  = "prefer"  // another default
	Remove  = "remove"  // a card
	Forget  = "forget"  // the customer
)

// Call is one request of a caller, and what it was told.
type Call struct {
	At, Until time.Time
	Instance  string
	Verb      string
	Key       string
	// Request is everything that the key is bound to, as text: two calls with
	// one key and different Requests are a key used twice.
	Request string
	// Order is the order of a Pay. No two keys of callers share one.
	Order string
	// TakesPart says of a Pay that an approval of a part is taken, and Verifies that
	// it asks about a card and wants no money.
	TakesPart, Verifies bool
	// Enters says of a change of the vault that it brings a card.
	Enters bool
	// Customer and Method are those of the vault that a call is about.
	Customer, Method string
	// Budget is how long the caller gave the gateway. Excused says that no answer
	// could come: the caller hung up, or the instance was not there.
	Budget  time.Duration
	Excused bool
	// Status is the HTTP status, zero when no answer came.
	Status int
	Code   string
	// Outcome stands in problems and in payments.
	Outcome  string
	Replayed bool
	// Payment is what the answer shows, and Operation what the key made; both
	// are empty where the answer shows none.
	Payment   Payment
	Operation Operation
}

// Answered says that the caller got an answer.
func (c Call) Answered() bool { return c.Status != 0 }

// Payment is a payment as the gateway shows it.
type Payment struct {
	ID, Reference, Order string
	TransactionID        string
	Status               string
	Amount               int64
	Part                 int64 // what the bank gave of it, zero for all
	Captured, Refunded   int64
	Pending              int64
	NeedsAttention       bool
	ACH                  bool // it draws on a bank account
	Version              int64
	Operations           []Operation
	Enhanced             Enhanced
}

// granted is what the bank gave of the amount.
func (p Payment) granted() int64 {
	if p.Part > 0 {
		return p.Part
	}
	return p.Amount
}

// Operation is an operation as the gateway shows it.
type Operation struct {
	ID, Kind, Status    string
	ProcessedAs, Origin string
	Key                 string
	TransactionID       string
	Amount              int64
}

// Intent is one that an instance has written, and been told that it is kept.
type Intent struct {
	At         time.Time
	Instance   string
	Kind       string
	Subject    string // the reference of a charge, else the id of the transaction or profile
	SendBefore time.Time
	// Key and Customer are given of what is done to a profile.
	Key, Customer string
}

// Send is an operation that an instance handed to its way to PayTrace.
type Send struct {
	At         time.Time
	Instance   string
	Kind       string
	Subject    string
	SendBefore time.Time
	Outcome    string
	// Order and Profile are what a charge is for, and the profile that it charges,
	// if any. Token is the card that goes into a profile.
	Order, Profile, Token string
}

// Crash is an instance that has crashed.
type Crash struct {
	At       time.Time
	Instance string
}

// Span is a time from and to.
type Span struct{ From, To time.Time }

// Arrival is a request that PayTrace has read.
type Arrival struct {
	At            time.Time
	Operation     string // sale, authorization, capture, void, refund, and others
	Reference     string
	TransactionID string
	Profile       string
	HTTPStatus    int
	Answer        int
	Acted         bool
	Fault         string
}

// Transaction is a row of PayTrace's books in the end.
type Transaction struct {
	ID        string
	Kind      string // sale, authorization, refund
	State     string // authorized, pending_settlement, settled, voided, declined
	Amount    int64  // what settles; of an authorization what was authorized, once captured what was captured
	Captured  bool
	Of        string // what a refund returns, empty when of nothing
	Reference string
	Order     string
	ByClerk   bool
	// Credit says that the refund bears nothing which ties it to what it
	// returns: Of is what the clerk has meant.
	Credit bool
	At     time.Time
	// Authorized is what was authorized, before a capture lowered it.
	Authorized int64
	// Enhanced is what was told of it besides. Its purchase order stands in the
	// place of Reference, which is what the charge came with.
	Enhanced Enhanced
}

// charges says that the transaction takes or holds a shopper's money, or did.
func (t Transaction) charges() bool {
	return (t.Kind == "sale" || t.Kind == "authorization") && t.State != "declined"
}

// holds says that there is money behind the charge, as there is none behind the
// verification of a card.
func (t Transaction) holds() bool { return t.charges() && t.Authorized > 0 }

// lowered says that less settles of it than was approved.
func (t Transaction) lowered() bool { return t.Amount < t.Authorized }

// taken is the money that the transaction takes from a shopper.
func (t Transaction) taken() int64 {
	if t.charges() && (t.State == "pending_settlement" || t.State == "settled") {
		return t.Amount
	}
	return 0
}

// back is the money that a refund gives back.
func (t Transaction) back() int64 {
	if t.Kind == "refund" && (t.State == "pending_settlement" || t.State == "settled") {
		return t.Amount
	}
	return 0
}
