package gateway

import (
	"context"
	"errors"
)

// Payment returns one payment by the gateway's own id.
func (g *Gateway) Payment(ctx context.Context, merchantID, id string) (Payment, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Payment{}, err
	}
	return inBudget(ctx, g, func() (Payment, error) { return g.payment(ctx, m, id) })
}

// Payments returns a page, newest first, and whether there are more.
func (g *Gateway) Payments(ctx context.Context, f PaymentFilter) ([]Payment, bool, error) {
	m, err := g.merchant(f.MerchantID)
	if err != nil {
		return nil, false, err
	}
	f.LiveMode = &m.LiveMode
	return readPage(ctx, g, f.Limit, func(limit int) ([]Payment, error) {
		f.Limit = limit
		return g.ledger.Payments(ctx, f)
	})
}

// readPage reads one more than a page holds, which tells whether there are more.
func readPage[T any](ctx context.Context, g *Gateway, size int, read func(limit int) ([]T, error)) ([]T, bool, error) {
	page, err := inBudget(ctx, g, func() ([]T, error) { return read(size + 1) })
	var slow *Error
	if err != nil && !errors.As(err, &slow) {
		err = unavailable(err)
	}
	if len(page) > size {
		return page[:size], true, err
	}
	return page, false, err
}

// ByKey tells what became of a key, as it stands now.
func (g *Gateway) ByKey(ctx context.Context, merchantID, key string) (Answer, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Answer{}, err
	}
	return inBudget(ctx, g, func() (Answer, error) {
		record, err := g.ledger.Key(ctx, m.ID, key)
		switch {
		case errors.Is(err, ErrNotFound):
			return Answer{}, refuse(CodeNotFound, "no request with this idempotency key has reached the gateway")
		case err != nil:
			return Answer{}, uncertain(unavailable(err))
		case record.Closed():
			return Answer{KeyClosed: true}, nil
		case record.OfVault():
			return Answer{}, refuse(CodeNotFound,
				"no payment came with this idempotency key: it was used for a change of the customer vault")
		}
		p, err := record.payment(m)
		return Answer{Payment: p, OperationID: record.OperationID}, uncertain(err)
	})
}

// Ready returns nil while the gateway can take payments.
func (g *Gateway) Ready(ctx context.Context) error {
	g.flights.mu.Lock()
	closed := g.flights.closed
	g.flights.mu.Unlock()
	if closed {
		return refuse(CodeStopping, "the gateway is stopping").retry(askAgain)
	}
	err := g.ledger.Ready(ctx)
	g.readyTurn(err)
	if err != nil {
		return unavailable(err)
	}
	return nil
}
