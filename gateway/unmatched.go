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

// Unmatched returns a page of the transactions on the processor's books that
// belong to no payment, the last found first, and whether there are more.
func (g *Gateway) Unmatched(ctx context.Context, f UnmatchedFilter) ([]UnmatchedTransaction, bool, error) {
	m, err := g.merchant(f.MerchantID)
	if err != nil {
		return nil, false, err
	}
	f.LiveMode = m.LiveMode
	return readPage(ctx, g, f.Limit, func(limit int) ([]UnmatchedTransaction, error) {
		f.Limit = limit
		return g.ledger.Unmatched(ctx, f)
	})
}

// unmatchedEvent tells that there is a transaction of which the ledger knows no
// payment.
func unmatchedEvent(m Merchant, r Record, now time.Time) *Event {
	return &Event{
		ID: NewEventID(now), MerchantID: m.ID, Type: EventUnmatched, At: now, Transaction: &r,
	}
}
