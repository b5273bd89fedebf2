package gateway

import (
	"context"
	"fmt"
	"time"
)

// UnmatchedTransaction is one on the processor's books that belongs to no
// payment of the ledger.
type UnmatchedTransaction struct {
	MerchantID string    `json:"merchantId"`
	LiveMode   bool      `json:"liveMode"`
	Record     Record    `json:"record"`
	FirstSeen  time.Time `json:"firstSeen"`
	LastSeen   time.Time `json:"lastSeen"`
}

// UnmatchedFilter selects unmatched transactions of one merchant.
type UnmatchedFilter struct {
	MerchantID string
	LiveMode   bool
	OrderID    string // empty: of any order
	// Before is the place of the last one of the page before: its FirstSeen and
	// its transaction id.
	BeforeSeen time.Time
	BeforeID   string
	Limit      int
}

// UnmatchedPage is a part of the list of a merchant's unmatched transactions, and
// whether there is more of it.
type UnmatchedPage struct {
	Transactions []UnmatchedTransaction
	More         bool
	// SeenThrough is the time up to which everything on the processor's books has
	// been judged. Until the first complete reading it is zero, and that nothing is
	// listed says nothing.
	SeenThrough time.Time
}

// Unmatched returns a page of the transactions on the processor's books that
// belong to no payment, the last found first.
func (g *Gateway) Unmatched(ctx context.Context, f UnmatchedFilter) (UnmatchedPage, error) {
	m, err := g.merchant(f.MerchantID)
	if err != nil {
		return UnmatchedPage{}, err
	}
	f.LiveMode = m.LiveMode
	var seen Watch
	found, more, err := readPage(ctx, g, f.Limit, func(limit int) (_ []UnmatchedTransaction, err error) {
		f.Limit = limit
		// Before the list, which so is no older than it is said to be.
		if seen, err = g.ledger.Watch(ctx, m.ID, m.LiveMode); err != nil {
			return nil, err
		}
		return g.ledger.Unmatched(ctx, f)
	})
	if err != nil {
		return UnmatchedPage{}, err // and the question may still be under way
	}
	return UnmatchedPage{Transactions: found, More: more, SeenThrough: seen.Through}, nil
}

// unmatchedEvent tells that there is a transaction of which the ledger knows no
// payment.
func unmatchedEvent(m Merchant, r Record, now time.Time) *Event {
	return &Event{
		ID: NewEventID(now), MerchantID: m.ID, Type: EventUnmatched, At: now, Transaction: &r,
	}
}

// unlistAtLeast is how long ago a transaction was seen when it may be forgotten,
// at the least. By then it is behind every reading of the export, so that it is
// not found anew, and not told again.
const unlistAtLeast = 2 * watchAtMost

// ofAnotherSystem says that the transaction is a charge that the gateway did not
// make, of which nobody has to decide anything. Refunds stay: they may be one
// payment's yet. So does what bears a reference of ours, which a ledger that was
// restored has lost.
func (u UnmatchedTransaction) ofAnotherSystem() bool {
	return u.Record.Kind != KindRefund && !isReference(u.Record.Reference)
}

// forgetUnmatched takes charges of other systems off the lists of all merchants
// once they have not been seen for as long as events are kept. Where an account
// is used by other systems too, the lists would grow for ever.
func (r *retaining) forgetUnmatched(ctx context.Context) error {
	if r.gateway.retention.ForgetAfter == 0 {
		return nil
	}
	before := r.turn.StartedAt.Add(-max(r.gateway.retention.ForgetAfter, unlistAtLeast))
	for id, m := range r.gateway.merchants {
		if err := r.unlist(ctx, m, before); err != nil {
			return fmt.Errorf("the unmatched transactions of merchant %s: %w", id, err)
		}
	}
	return nil
}

// unlist goes through what was first seen before a time, the last of it first.
func (r *retaining) unlist(ctx context.Context, m Merchant, before time.Time) error {
	books := r.gateway.ledger
	next := UnmatchedFilter{MerchantID: m.ID, LiveMode: m.LiveMode, BeforeSeen: before, Limit: retainAtOnce}
	for {
		page, err := books.Unmatched(ctx, next)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, u := range page {
			if !u.LastSeen.Before(before) || !u.ofAnotherSystem() {
				continue
			}
			if err := books.DropUnmatched(ctx, m.ID, m.LiveMode, u.Record.TransactionID); err != nil {
				return err
			}
			r.unlisted++
		}
		last := page[len(page)-1]
		next.BeforeSeen, next.BeforeID = last.FirstSeen, last.Record.TransactionID
		if err := r.pause(ctx); err != nil {
			return err
		}
	}
}
