package simulation

import (
	"context"
	"time"

	"paytrace-gateway/gateway"
)

// ApplyVault implements gateway.VaultLedger.
func (l *ledgerPort) ApplyVault(ctx context.Context, c gateway.VaultChange) error {
	return l.write("ApplyVault", about(c), crashes{}, func() error { return l.next.ApplyVault(ctx, c) })
}

// about says what a change of the vault is about, in words that are the same in
// each run of one seed.
func about(c gateway.VaultChange) string {
	if len(c.Operations) > 0 {
		return c.Operations[0].Key + " " + string(c.Operations[0].Status)
	}
	if c.Customer != nil {
		return c.Customer.ID
	}
	return ""
}

// Customer implements gateway.VaultLedger.
func (l *ledgerPort) Customer(ctx context.Context, merchantID string, live bool, id string) (gateway.VaultCustomer, error) {
	return read(l, "Customer", id, func() (gateway.VaultCustomer, error) { return l.next.Customer(ctx, merchantID, live, id) })
}

// VaultOperation implements gateway.VaultLedger.
func (l *ledgerPort) VaultOperation(ctx context.Context, merchantID, id string) (gateway.VaultOperation, error) {
	return read(l, "VaultOperation", "", func() (gateway.VaultOperation, error) { return l.next.VaultOperation(ctx, merchantID, id) })
}

// ProfileUsed implements gateway.VaultLedger.
func (l *ledgerPort) ProfileUsed(ctx context.Context, merchantID string, live bool, profileID string) (bool, error) {
	return read(l, "ProfileUsed", "", func() (bool, error) { return l.next.ProfileUsed(ctx, merchantID, live, profileID) })
}

// Customers implements gateway.VaultLedger.
func (l *ledgerPort) Customers(ctx context.Context, f gateway.CustomerFilter) ([]gateway.VaultCustomer, error) {
	return read(l, "Customers", f.After, func() ([]gateway.VaultCustomer, error) { return l.next.Customers(ctx, f) })
}

// DueVaultOperations implements gateway.VaultLedger.
func (l *ledgerPort) DueVaultOperations(ctx context.Context, now time.Time, limit int) ([]gateway.VaultOperation, error) {
	return read(l, "DueVaultOperations", "", func() ([]gateway.VaultOperation, error) { return l.next.DueVaultOperations(ctx, now, limit) })
}

// DueChecks implements gateway.VaultLedger.
func (l *ledgerPort) DueChecks(ctx context.Context, merchantID string, live bool, now time.Time, limit int) ([]gateway.VaultCustomer, error) {
	return read(l, "DueChecks", "", func() ([]gateway.VaultCustomer, error) { return l.next.DueChecks(ctx, merchantID, live, now, limit) })
}
