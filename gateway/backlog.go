package gateway

import (
	"context"
	"time"
)

// Backlog is what one merchant has unfinished.
type Backlog struct {
	MerchantID string
	LiveMode   bool
	// Unknown counts operations, sending or unknown; OldestUnknown is when the
	// intent of the oldest was written.
	Unknown       int
	OldestUnknown time.Time
	// Waiting counts refunds that wait for settlement.
	Waiting int
	// Attention counts payments that wait for a person.
	Attention int
	// Overdue counts operations whose Due has passed; OldestDue is the Due of
	// the one that waits longest.
	Overdue   int
	OldestDue time.Time
	// Unmatched counts transactions that belong to no payment.
	Unmatched int
}

// Backlog counts what is unfinished, for the operator.
func (g *Gateway) Backlog(ctx context.Context) ([]Backlog, error) {
	return g.ledger.Backlog(ctx, g.clock())
}

// InFlight is how many operations are under way in this process.
func (g *Gateway) InFlight() int { return g.flights.count() }
