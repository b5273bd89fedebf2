package gateway

import (
	"context"
	"errors"
	"time"
)

// sweepLimit bounds the payments one sweep takes up.
const sweepLimit = 100

// Sweep finishes what a process that died has left: an operation that was
// `sending` past any deadline becomes unknown, and a payment that was given up
// is undone. It is safe on any number of instances.
func (g *Gateway) Sweep(ctx context.Context) error {
	payments, err := g.ledger.Unfinished(ctx, g.clock().Add(-staleAfter), sweepLimit)
	if err != nil {
		return err
	}
	for _, p := range payments {
		m, ok := g.merchants[p.MerchantID]
		if !ok {
			continue
		}
		if err := g.finish(ctx, m, p); err != nil {
			g.log.Warn("sweep.payment", "merchant", p.MerchantID, "payment", p.ID, "error", err)
		}
	}
	return nil
}

func (g *Gateway) finish(ctx context.Context, m Merchant, p Payment) error {
	for _, op := range p.Operations {
		stale := op.Status == OpSending && g.clock().After(op.SendBefore.Add(m.CallDeadline+staleAfter))
		switch {
		case stale && g.flights.find(op.ID) == nil:
			change, err := conclude(p, op.ID, Result{Outcome: Unknown}, g.clock())
			if err != nil {
				return err
			}
			err = g.write(ctx, change)
			if errors.Is(err, ErrStale) {
				return nil // somebody else has moved it on
			}
			if err != nil {
				return err
			}
			g.log.Warn("payment.unknown", "merchant", p.MerchantID, "payment", p.ID, "operation", op.ID,
				"sender", op.Sender, "detail", "the process that sent it has not recorded an answer")
			p = change.Payment
		case op.Cancel == CancelRequested && op.Status == OpApproved:
			_, err := g.undo(ctx, m, p, op)
			return err
		}
	}
	return nil
}

// RunSweeps sweeps at once and then at every interval, until ctx is done.
func (g *Gateway) RunSweeps(ctx context.Context, every time.Duration) {
	for {
		if err := g.Sweep(ctx); err != nil && ctx.Err() == nil {
			g.log.Error("sweep.failed", "error", err, "consequence", "unfinished payments wait for the next sweep")
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
	}
}
