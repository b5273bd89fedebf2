package ledger

import (
	"context"
	"time"

	"paytrace-gateway/gateway"
)

func (p *pair) ApplyVault(ctx context.Context, c gateway.VaultChange) error {
	return p.next().ApplyVault(ctx, c)
}

func (p *pair) Customer(ctx context.Context, merchantID string, liveMode bool, customerID string) (gateway.VaultCustomer, error) {
	return p.next().Customer(ctx, merchantID, liveMode, customerID)
}

func (p *pair) VaultOperation(ctx context.Context, merchantID, operationID string) (gateway.VaultOperation, error) {
	return p.next().VaultOperation(ctx, merchantID, operationID)
}

func (p *pair) Customers(ctx context.Context, f gateway.CustomerFilter) ([]gateway.VaultCustomer, error) {
	return p.next().Customers(ctx, f)
}

func (p *pair) DueVaultOperations(ctx context.Context, now time.Time, limit int) ([]gateway.VaultOperation, error) {
	return p.next().DueVaultOperations(ctx, now, limit)
}

func (p *pair) DueChecks(ctx context.Context, merchantID string, liveMode bool, now time.Time, limit int) ([]gateway.VaultCustomer, error) {
	return p.next().DueChecks(ctx, merchantID, liveMode, now, limit)
}

func (p *pair) LastCustomer(ctx context.Context, merchantID string, liveMode bool, customerID string) (gateway.PastCustomer, error) {
	return p.next().LastCustomer(ctx, merchantID, liveMode, customerID)
}

func (p *pair) ProfileUsed(ctx context.Context, merchantID string, liveMode bool, profileID string) (bool, error) {
	return p.next().ProfileUsed(ctx, merchantID, liveMode, profileID)
}
