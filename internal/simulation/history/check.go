package history

import (
	"fmt"
	"slices"
	"strings"
)

// Violation is a broken promise.
type Violation struct {
	Rule    string
	Subject string // the key, payment or transaction
	Says    string
	// Lines are what was seen of the subject, in the order of time.
	Lines []string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: %s: %s\n    %s", v.Rule, v.Subject, v.Says, strings.Join(v.Lines, "\n    "))
}

// The rules by name.
const (
	ChargedOnce   = "charged-once"
	SentOnce      = "sent-once"
	OwnIntent     = "own-intent"
	WithinBounds  = "within-bounds"
	Decided       = "decided"
	ToldStands    = "told-stands"
	SameOperation = "same-operation"
	KeyReuse      = "key-reuse"
	NoOrphan      = "no-orphan"
	Adopted       = "adopted"
	GivenUp       = "given-up"
	BooksAgree    = "books-agree"
	TrulyDone     = "truly-done"
	Answers       = "answers"
	HeardInOrder  = "heard-in-order"
	HeardAll      = "heard-all"
	OneAtATime    = "one-at-a-time"
	StoredOnce    = "stored-once"
	VaultAgrees   = "vault-agrees"
	Forgotten     = "forgotten"
	CardsTold     = "cards-told"
	EnhancedOnce  = "enhanced-once"
	Attended      = "attended"
	PartsTold     = "parts-told"
	PartsBack     = "parts-back"
	NothingTaken  = "nothing-taken"
	TakenBack     = "taken-back"
	VerifiedFirst = "verified-first"
)

var rules = []func(*index) []Violation{
	chargedOnce, sentOnce, ownIntent, withinBounds, decided, toldStands,
	sameOperation, keyReuse, noOrphan, adopted, givenUp, booksAgree, trulyDone, answers,
	heardInOrder, heardAll, oneAtATime,
	profileSentOnce, storedOnce, vaultAgrees, forgotten, cardsTold,
	enhancedOnce, checkSentOnce, attended, partsTold, partsBack, nothingTaken,
	takenBack, verifiedFirst,
}

// Check holds the history against every rule.
func Check(h History) []Violation {
	x := newIndex(h)
	var found []Violation
	for _, rule := range rules {
		found = append(found, rule(x)...)
	}
	return found
}

// index finds what belongs together.
type index struct {
	History
	keys         []string            // of callers, sorted
	calls        map[string][]Call   // by key, in the order of time
	orders       map[string][]string // of a key
	paid         map[string]Call     // the first Pay of an order
	payments     map[string]Payment  // by id
	byReference  map[string]Payment
	transactions map[string]Transaction // by id
	refunds      map[string][]Transaction
	listed       map[string]bool // transactions and orders that a person was told of
}

func newIndex(h History) *index {
	x := &index{
		History: h, calls: map[string][]Call{}, orders: map[string][]string{}, payments: map[string]Payment{},
		byReference: map[string]Payment{}, transactions: map[string]Transaction{}, refunds: map[string][]Transaction{},
		listed: map[string]bool{}, paid: map[string]Call{},
	}
	x.Calls = slices.Clone(h.Calls)
	slices.SortStableFunc(x.Calls, func(a, b Call) int { return a.At.Compare(b.At) })
	for _, c := range x.Calls {
		if c.Key == "" {
			continue
		}
		if x.calls[c.Key] == nil {
			x.keys = append(x.keys, c.Key)
		}
		x.calls[c.Key] = append(x.calls[c.Key], c)
		if _, there := x.paid[c.Order]; c.Verb == Pay && !there {
			x.paid[c.Order] = c
		}
		if c.Order != "" && !slices.Contains(x.orders[c.Key], c.Order) {
			x.orders[c.Key] = append(x.orders[c.Key], c.Order)
		}
	}
	slices.Sort(x.keys)
	for _, p := range h.Payments {
		x.payments[p.ID] = p
		x.byReference[p.Reference] = p
	}
	for _, t := range h.Transactions {
		x.transactions[t.ID] = t
		if t.Of != "" {
			x.refunds[t.Of] = append(x.refunds[t.Of], t)
		}
	}
	for _, u := range h.Unmatched {
		x.listed[u.ID], x.listed[u.Order] = true, true
	}
	return x
}

// chargesOf are the charges that PayTrace has for a key's orders, clerks' own
// apart.
func (x *index) chargesOf(key string) []Transaction {
	var of []Transaction
	for _, t := range x.Transactions {
		if t.charges() && !t.ByClerk && slices.Contains(x.orders[key], t.Order) {
			of = append(of, t)
		}
	}
	return of
}

// given is what PayTrace has given back of a transaction.
func (x *index) given(id string) int64 {
	var sum int64
	for _, r := range x.refunds[id] {
		sum += r.back()
	}
	return sum
}

// hidden is the part of that which nobody could tell to be the transaction's:
// the gateway lists it for a person instead.
func (x *index) hidden(id string) int64 {
	var sum int64
	for _, r := range x.refunds[id] {
		if x.listed[r.ID] {
			sum += r.back()
		}
	}
	return sum
}

// undone says that nothing of a charge is left with the merchant.
func (x *index) undone(t Transaction) bool {
	return t.State == "voided" || t.State == "declined" || (t.taken() > 0 && x.given(t.ID) >= t.taken())
}
