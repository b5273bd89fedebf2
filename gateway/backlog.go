package gateway

import (
	"context"
	"errors"
	"slices"
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
	// Storing counts cards of which nobody knows whether PayTrace has stored or
	// replaced them, Removing profiles that PayTrace is still to delete. The
	// oldest is when the first of them was asked for.
	Storing        int
	OldestStoring  time.Time
	Removing       int
	OldestRemoving time.Time
	// OldestCheck is since when the stored card has been due that waits longest to
	// be compared with its profile, zero when none is due.
	OldestCheck time.Time
	// Watched says that the merchant's export is read, and SeenThrough up to
	// when everything on it has been followed, zero before the first complete
	// reading.
	Watched     bool
	SeenThrough time.Time
}

// Backlog counts what is unfinished, for the operator, and says how far the
// export of each merchant has been followed.
func (g *Gateway) Backlog(ctx context.Context) ([]Backlog, error) {
	rows, err := g.ledger.Backlog(ctx, g.clock())
	if err != nil {
		return nil, err
	}
	for _, m := range g.merchants {
		watch, err := g.ledger.Watch(ctx, m.ID, m.LiveMode)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(rows, func(b Backlog) bool { return b.MerchantID == m.ID && b.LiveMode == m.LiveMode })
		if i < 0 {
			i, rows = len(rows), append(rows, Backlog{MerchantID: m.ID, LiveMode: m.LiveMode})
		}
		rows[i].Watched, rows[i].SeenThrough = true, watch.Through
		if rows[i].OldestCheck, err = g.oldestCheck(ctx, m); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// oldestCheck is when the method was due that waits longest for its comparison. What
// cannot be read waits too.
func (g *Gateway) oldestCheck(ctx context.Context, m Merchant) (time.Time, error) {
	now := g.clock()
	due, err := g.ledger.DueChecks(ctx, m.ID, m.LiveMode, now, 1)
	var oldest time.Time
	var rows UnreadableError
	if errors.As(err, &rows) {
		oldest, err = rows[0].At, nil // they come in the order of that
	}
	for _, c := range due {
		for _, method := range c.Methods {
			if at := method.CheckDue; !at.IsZero() && !at.After(now) && (oldest.IsZero() || at.Before(oldest)) {
				oldest = at
			}
		}
	}
	return oldest, err
}

// InFlight is how many operations are under way in this process.
func (g *Gateway) InFlight() int { return g.flights.count() }
