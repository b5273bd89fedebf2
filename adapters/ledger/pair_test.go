package ledger

import (
	"context"
	"sync/atomic"
	"time"

	"paytrace-gateway/gateway"
)

// pair is two gateways' ledgers on one database, used in turn.
type pair struct {
	ledgers [2]*Ledger
	calls   atomic.Int64
}

func (p *pair) next() *Ledger { return p.ledgers[p.calls.Add(1)%2] }

func (p *pair) Apply(ctx context.Context, c gateway.Change) error { return p.next().Apply(ctx, c) }

func (p *pair) Payment(ctx context.Context, merchantID, paymentID string) (gateway.Payment, error) {
	return p.next().Payment(ctx, merchantID, paymentID)
}

func (p *pair) PaymentByTransaction(ctx context.Context, merchantID string, liveMode bool, transactionID string) (gateway.Payment, error) {
	return p.next().PaymentByTransaction(ctx, merchantID, liveMode, transactionID)
}

func (p *pair) PaymentByReference(ctx context.Context, merchantID, reference string) (gateway.Payment, error) {
	return p.next().PaymentByReference(ctx, merchantID, reference)
}

func (p *pair) Key(ctx context.Context, merchantID, key string) (gateway.KeyRecord, error) {
	return p.next().Key(ctx, merchantID, key)
}

func (p *pair) CloseKey(ctx context.Context, merchantID, key string, at time.Time) error {
	return p.next().CloseKey(ctx, merchantID, key, at)
}

func (p *pair) Payments(ctx context.Context, f gateway.PaymentFilter) ([]gateway.Payment, error) {
	return p.next().Payments(ctx, f)
}

func (p *pair) Due(ctx context.Context, now time.Time, limit int) ([]gateway.Payment, error) {
	return p.next().Due(ctx, now, limit)
}

func (p *pair) Watch(ctx context.Context, merchantID string, liveMode bool) (gateway.Watch, error) {
	return p.next().Watch(ctx, merchantID, liveMode)
}

func (p *pair) SaveWatch(ctx context.Context, w gateway.Watch) error {
	return p.next().SaveWatch(ctx, w)
}

func (p *pair) SettlementFiling(ctx context.Context, merchantID string, liveMode bool) (gateway.SettlementFiling, error) {
	return p.next().SettlementFiling(ctx, merchantID, liveMode)
}

func (p *pair) SaveSettlementFiling(ctx context.Context, f gateway.SettlementFiling) error {
	return p.next().SaveSettlementFiling(ctx, f)
}

func (p *pair) KeepUnmatched(ctx context.Context, u gateway.UnmatchedTransaction, e *gateway.Event) error {
	return p.next().KeepUnmatched(ctx, u, e)
}

func (p *pair) DropUnmatched(ctx context.Context, merchantID string, liveMode bool, transactionID string) error {
	return p.next().DropUnmatched(ctx, merchantID, liveMode, transactionID)
}

func (p *pair) UnmatchedTransaction(ctx context.Context, merchantID string, liveMode bool, transactionID string) (gateway.UnmatchedTransaction, error) {
	return p.next().UnmatchedTransaction(ctx, merchantID, liveMode, transactionID)
}

func (p *pair) Unmatched(ctx context.Context, f gateway.UnmatchedFilter) ([]gateway.UnmatchedTransaction, error) {
	return p.next().Unmatched(ctx, f)
}

func (p *pair) Backlog(ctx context.Context, now time.Time) ([]gateway.Backlog, error) {
	return p.next().Backlog(ctx, now)
}

func (p *pair) UndecidedRefunds(ctx context.Context, merchantID string, liveMode bool, amount gateway.Money, since time.Time) (int, error) {
	return p.next().UndecidedRefunds(ctx, merchantID, liveMode, amount, since)
}

func (p *pair) Ready(ctx context.Context) error { return p.next().Ready(ctx) }
