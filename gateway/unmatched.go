package gateway

import (
	"context"
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
