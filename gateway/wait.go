package gateway

import (
	"context"
	"time"
)

// departure is a request whose answer stands, or is brought by a flight.
type departure struct {
	answer Answer
	change Change
	flight *flight // nil: the answer stands
	// result is what the processor has answered.
	result Result
}

// lands waits for the flight, and says whether it has landed before the caller's
// budget ended.
func (d *departure) lands(ctx context.Context) bool {
	select {
	case <-d.flight.landed:
		return true
	case <-ctx.Done():
		return false
	}
}

// landed is the answer that the flight has brought.
func (d *departure) landed() Answer {
	answer := d.answer
	if d.flight != nil && d.flight.payment.ID != "" {
		answer.Payment = d.flight.payment
	}
	return answer
}

// The waits between two looks at the ledger for an operation that another
// instance has under way.
const (
	firstLook = 50 * time.Millisecond
	lastLook  = time.Second
)

// repeat answers a key that was used before for the same request: with the
// decided answer, or, while there is none, by waiting with whoever is at work.
func (g *Gateway) repeat(ctx context.Context, v verb, bound KeyRecord) Answer {
	current := Answer{Payment: *bound.Payment, OperationID: bound.OperationID, Replayed: true}
	if bound.Reply == nil {
		if v.unattended {
			return current
		}
		return g.watch(ctx, current)
	}
	stored := current
	stored.Payment = bound.Reply.Payment
	// What has moved on from waiting is shown as it is now.
	if op := current.Operation(); op.Late || op.Status != stored.Operation().Status {
		return current
	}
	return stored
}

// watch waits until the answer's operation is decided or ctx is done.
func (g *Gateway) watch(ctx context.Context, answer Answer) Answer {
	g.watchUntil(ctx, answer.OperationID, func() bool { return !answer.Operation().Undecided() }, func() {
		if p, err := g.ledger.Payment(ctx, answer.Payment.MerchantID, answer.Payment.ID); err == nil {
			answer.Payment = p
		}
	})
	return answer
}

// watchUntil looks at the ledger until the operation is decided or ctx is done,
// at once when this process has it under way and hears of it.
func (g *Gateway) watchUntil(ctx context.Context, operationID string, decided func() bool, look func()) {
	pause := firstLook
	var heard *flight
	for !decided() {
		timer := time.NewTimer(pause)
		var landed chan struct{}
		f := g.flights.find(operationID)
		if f != nil && f != heard {
			landed = f.landed
		}
		select {
		case <-landed:
			heard = f
		case <-timer.C:
			pause = min(2*pause, lastLook)
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
		look()
	}
}
