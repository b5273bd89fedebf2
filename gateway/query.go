package gateway

import (
	"context"
	"errors"
)

// Payment returns one payment by the gateway's own id.
func (g *Gateway) Payment(ctx context.Context, merchantID, id string) (Payment, error) {
	return g.payment(ctx, merchantID, id)
}

// Payments returns a page, newest first, and whether there are more.
func (g *Gateway) Payments(ctx context.Context, f PaymentFilter) ([]Payment, bool, error) {
	size := f.Limit
	f.Limit++
	page, err := g.ledger.Payments(ctx, f)
	if err != nil {
		return nil, false, unavailable(err)
	}
	if len(page) > size {
		return page[:size], true, nil
	}
	return page, false, nil
}

// ByKey tells what became of a key, as it stands now.
func (g *Gateway) ByKey(ctx context.Context, merchantID, key string) (Answer, error) {
	record, err := g.ledger.Key(ctx, merchantID, key)
	if errors.Is(err, ErrNotFound) {
		return Answer{}, refuse(CodeNotFound, "no request with this idempotency key has reached the gateway")
	}
	if err != nil {
		return Answer{}, unavailable(err)
	}
	if record.Closed() {
		return Answer{KeyClosed: true}, nil
	}
	p, err := g.payment(ctx, merchantID, record.PaymentID)
	return Answer{Payment: p, OperationID: record.OperationID}, err
}

// Ready returns nil while the gateway can take payments.
func (g *Gateway) Ready(ctx context.Context) error {
	g.flights.mu.Lock()
	closed := g.flights.closed
	g.flights.mu.Unlock()
	if closed {
		return refuse(CodeStopping, "the gateway is stopping").retry(askAgain)
	}
	if err := g.ledger.Ready(ctx); err != nil {
		g.log.Error("ledger.not_ready", "error", err)
		return unavailable(err)
	}
	return nil
}
