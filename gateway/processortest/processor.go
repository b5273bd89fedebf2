// Package processortest holds a processor in memory, for tests and
// benchmarks, and the specification that every processor's client passes.
package processortest

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

// Processor is a processor in memory. It answers at once, keeps books as
// PayTrace does, and declines an amount of 0.21.
type Processor struct {
	now func() time.Time

	mu     sync.Mutex
	before Before
	after  After
	hides  func(gateway.Record) bool
	blind  bool
	rowCap int
	books  map[string]*gateway.Record
	order  []string
	// first is the id of the first transaction.
	first int
	// batches is how many were settled.
	batches int
	calls   map[string]int
	vault   vault
	// enhanced are the lines that were added to a transaction, toldLast is all that
	// was told of it last.
	enhanced map[string]int
	toldLast map[string]gateway.EnhancedData
	// checks are the bank payments, which no export shows.
	checks []*check
	// balance is what every card covers, zero for anything; unasked says that a part
	// is approved without being allowed, silent that no answer tells it.
	balance         gateway.Money
	unasked, silent bool
}

var _ gateway.Processor = (*Processor)(nil)

// Before runs before a call acts; a result it returns is given in place of
// acting. It may block.
type Before func(ctx context.Context, call string) *gateway.Result

// After runs once a call has acted and may replace its result.
type After func(ctx context.Context, call string, r gateway.Result) gateway.Result

// SetBefore sets the hook before each call; nil takes it away.
func (p *Processor) SetBefore(hook Before) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = hook
}

// SetAfter sets the hook after each call; nil takes it away.
func (p *Processor) SetAfter(hook After) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.after = hook
}

// Hide says which records the export does not show yet; nil shows all.
func (p *Processor) Hide(hides func(gateway.Record) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hides = hides
}

// SetBalance lets every card cover that much at a time, zero for anything. A charge
// of more is approved in part where it allows that, or where unasked is set, and
// declined otherwise; silent has no answer tell that it is a part.
func (p *Processor) SetBalance(covers gateway.Money, unasked, silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.balance, p.unasked, p.silent = covers, unasked, silent
}

// Declines is the amount that is always declined.
const Declines gateway.Money = 21

// New returns an empty processor.
func New(now func() time.Time) *Processor {
	return &Processor{now: now, first: 100_000_001, books: map[string]*gateway.Record{}, calls: map[string]int{}, vault: newVault(),
		enhanced: map[string]int{}, toldLast: map[string]gateway.EnhancedData{}}
}

// Calls is how often a call has reached the processor: "charge", "capture",
// "void", "refund", "enhance", "look", "export", "create_profile", "update_profile",
// "delete_profile" or "profile".
func (p *Processor) Calls(call string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[call]
}

// Records are all transactions, oldest first.
func (p *Processor) Records() []gateway.Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []gateway.Record
	for _, id := range p.order {
		all = append(all, *p.books[id])
	}
	return all
}

// NumberFrom has the ids of transactions begin there, where a ledger knows those
// of another processor in memory.
func (p *Processor) NumberFrom(first int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first = first
}

// Settle settles everything that is pending.
func (p *Processor) Settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batches++
	for _, r := range p.books {
		if r.State == gateway.RecordPending {
			r.State, r.SettledAt, r.Batch = gateway.RecordSettled, p.now(), strconv.Itoa(p.batches)
		}
	}
	for _, c := range p.checks {
		if c.State == CheckPending {
			c.State = CheckGone
		}
	}
}

// SetRowCap cuts exports after so many rows; zero cuts none.
func (p *Processor) SetRowCap(rows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rowCap = rows
}

// HideCards keeps cards out of the books.
func (p *Processor) HideCards() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blind = true
}

// ShowCards ends HideCards.
func (p *Processor) ShowCards() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blind = false
}

// Put puts a transaction into a state at the processor's own screens, whatever
// it was.
func (p *Processor) Put(id string, state gateway.RecordState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.books[id].State = state
}

// Clerk enters a transaction at the processor's own screens and returns its id.
func (p *Processor) Clerk(r gateway.Record) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := p.enter(r)
	p.books[id].CreatedBy = "clerk"
	return id
}

// ClerkCaptures captures an authorization at the processor's own screens.
func (p *Processor) ClerkCaptures(id string, amount gateway.Money) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.books[id]
	r.Kind, r.State, r.Amount = gateway.KindSale, gateway.RecordPending, amount
}

func (p *Processor) call(ctx context.Context, name string, sendBefore time.Time, act func() gateway.Result) gateway.Result {
	p.mu.Lock()
	p.calls[name]++
	before, after := p.before, p.after
	p.mu.Unlock()
	if before != nil {
		if r := before(ctx, name); r != nil {
			return *r
		}
	}
	if p.now().After(sendBefore) {
		return gateway.Result{Outcome: gateway.NotSent, Detail: "too late to send"}
	}
	p.mu.Lock()
	r := act()
	p.mu.Unlock()
	if after != nil {
		r = after(ctx, name, r)
	}
	if ctx.Err() != nil {
		return gateway.Result{Outcome: gateway.Unknown, Detail: "no answer by the deadline"}
	}
	return r
}

func (p *Processor) enter(r gateway.Record) string {
	r.TransactionID = strconv.Itoa(p.first + len(p.order))
	r.CreatedAt, r.CreatedBy = p.now(), "api"
	p.books[r.TransactionID] = &r
	p.order = append(p.order, r.TransactionID)
	return r.TransactionID
}

// Charge approves whatever is not Declines, by any profile that was not deleted.
func (p *Processor) Charge(ctx context.Context, c gateway.Charge) gateway.Result {
	return p.call(ctx, "charge", c.SendBefore, func() gateway.Result {
		if p.vault.deleted[c.CustomerID] {
			return refused(gateway.RejectedNoProfile, "paymentMethod.vault.customerId")
		}
		if c.ACH {
			return p.draw(c)
		}
		record := gateway.Record{
			Kind: gateway.KindSale, State: gateway.RecordPending,
			Amount: c.Amount, OrderID: c.OrderID, Reference: c.Reference,
			Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439"},
		}
		if c.Intent != gateway.IntentSale {
			record.Kind, record.State = gateway.KindAuthorize, gateway.RecordAuthorized
		}
		short := p.balance > 0 && c.Amount > p.balance
		if short && (c.AcceptPartial || p.unasked) {
			record.Amount = p.balance
		}
		if c.Amount == Declines || (short && record.Amount == c.Amount) {
			record.State = gateway.RecordDeclined
			return gateway.Result{Outcome: gateway.Declined, TransactionID: p.enter(record), Decline: &gateway.Decline{
				Code: "102", Message: "Your card was declined.", Category: "insufficient_funds",
			}}
		}
		r := gateway.Result{Outcome: gateway.Approved, TransactionID: p.enter(record), ApprovalCode: "TAS001"}
		if short && !p.silent {
			r.ApprovedAmount, r.Balance = record.Amount, new(gateway.Money)
		}
		return r
	})
}

// Capture takes one capture for each authorization.
func (p *Processor) Capture(ctx context.Context, c gateway.Capture) gateway.Result {
	return p.call(ctx, "capture", c.SendBefore, func() gateway.Result {
		if gateway.CheckID(c.TransactionID) {
			return p.fund(c)
		}
		r, ok := p.books[c.TransactionID]
		if !ok || r.State != gateway.RecordAuthorized || c.Amount > r.Amount {
			return contested
		}
		r.Kind, r.State, r.Amount = gateway.KindSale, gateway.RecordPending, c.Amount
		return gateway.Result{Outcome: gateway.Approved, TransactionID: c.TransactionID}
	})
}

// Void undoes what is not settled.
func (p *Processor) Void(ctx context.Context, v gateway.Void) gateway.Result {
	return p.call(ctx, "void", v.SendBefore, func() gateway.Result {
		if gateway.CheckID(v.TransactionID) {
			return p.voidCheck(v)
		}
		r, ok := p.books[v.TransactionID]
		if !ok || (r.State != gateway.RecordPending && r.State != gateway.RecordAuthorized) {
			return contested
		}
		r.State = gateway.RecordVoided
		return gateway.Result{Outcome: gateway.Approved, TransactionID: v.TransactionID}
	})
}

// Refund returns money of what is settled.
func (p *Processor) Refund(ctx context.Context, f gateway.Refund) gateway.Result {
	return p.call(ctx, "refund", f.SendBefore, func() gateway.Result {
		if gateway.CheckID(f.TransactionID) {
			return p.credit(f)
		}
		r, ok := p.books[f.TransactionID]
		if !ok || r.State != gateway.RecordSettled {
			return contested
		}
		id := p.enter(gateway.Record{Kind: gateway.KindRefund, State: gateway.RecordPending, Amount: f.Amount, OrderID: r.OrderID})
		return gateway.Result{Outcome: gateway.Approved, TransactionID: id}
	})
}

// Enhance takes enhanced data for what is not settled, and puts its purchase
// order in the place of the reference.
func (p *Processor) Enhance(ctx context.Context, e gateway.Enhance) gateway.Result {
	return p.call(ctx, "enhance", p.now().Add(time.Hour), func() gateway.Result {
		r, ok := p.books[e.TransactionID]
		if !ok || r.State != gateway.RecordPending || r.Card.Brand != e.Brand {
			return gateway.Result{Outcome: gateway.Rejected, Detail: "not an unsettled sale of that brand", Rejection: &gateway.Rejection{Code: "814"}}
		}
		if e.Data.PurchaseOrder != "" {
			r.Reference = e.Data.PurchaseOrder
		}
		p.enhanced[e.TransactionID] += len(e.Data.LineItems)
		p.toldLast[e.TransactionID] = e.Data
		return gateway.Result{Outcome: gateway.Approved, TransactionID: e.TransactionID}
	})
}

// EnhancedLines is how many lines were added to a transaction.
func (p *Processor) EnhancedLines(transactionID string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.enhanced[transactionID]
}

// Enhanced is what was told of a transaction last.
func (p *Processor) Enhanced(transactionID string) gateway.EnhancedData {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.toldLast[transactionID]
}

var contested = gateway.Result{Outcome: gateway.Unknown, Contested: true, Detail: "the transaction's state forbids it"}

// Transaction looks one transaction up.
func (p *Processor) Transaction(ctx context.Context, id string) (gateway.Record, error) {
	p.mu.Lock()
	p.calls["look"]++
	var seen gateway.Record
	r, ok := p.books[id]
	if ok {
		seen = *r
	}
	if p.blind {
		seen.Card = gateway.CardSummary{}
	}
	before := p.before
	p.mu.Unlock()
	if before != nil && before(ctx, "look") != nil {
		return gateway.Record{}, context.DeadlineExceeded
	}
	if !ok {
		return gateway.Record{}, gateway.ErrNotFound
	}
	return seen, nil
}

// Transactions returns those made between the two days that carry the text.
func (p *Processor) Transactions(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
	p.mu.Lock()
	p.calls["export"]++
	hides, rowCap, before := p.hides, p.rowCap, p.before
	p.mu.Unlock()
	if before != nil && before(ctx, "export") != nil {
		return nil, context.DeadlineExceeded
	}
	var found []gateway.Record
	for _, r := range p.Records() {
		if r.CreatedAt.Before(from) || r.CreatedAt.After(to.AddDate(0, 0, 1)) || (hides != nil && hides(r)) {
			continue
		}
		if text == "" || text == r.OrderID || text == r.Reference {
			found = append(found, r)
		}
	}
	if rowCap > 0 && len(found) > rowCap {
		found = found[:rowCap]
	}
	return found, nil
}

// Books is Transactions without a text, and counts as an export.
func (p *Processor) Books(ctx context.Context, from, to time.Time) ([]gateway.Record, error) {
	return p.Transactions(ctx, from, to, "")
}

// ClientKey gives a key that opens nothing.
func (p *Processor) ClientKey(ctx context.Context) (gateway.ClientKey, error) {
	p.mu.Lock()
	p.calls["client_key"]++
	n, before := p.calls["client_key"], p.before
	p.mu.Unlock()
	if before != nil {
		switch r := before(ctx, "client_key"); {
		case r != nil && r.Rejection != nil && r.Rejection.Credentials:
			return gateway.ClientKey{}, gateway.ErrCredentials
		case r != nil:
			return gateway.ClientKey{}, context.DeadlineExceeded
		}
	}
	return gateway.ClientKey{Key: fmt.Sprintf("client-key-of-the-test-%d", n), ScriptURL: "https://protect.test/protect.js"}, nil
}
