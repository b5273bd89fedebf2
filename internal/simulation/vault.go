package simulation

import (
	"cmp"
	"context"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/simulation/history"
)

// ApplyVault implements gateway.VaultLedger.
func (l *ledgerPort) ApplyVault(ctx context.Context, c gateway.VaultChange) error {
	for _, op := range c.Operations {
		l.instance.world.record.nameOnce(cmp.Or(op.Key, op.CustomerID), op.ProfileID, op.ID)
	}
	err := l.keep(ctx, "ApplyVault", l.change(c), vaultRowsOf(c), l.crashesAt(c), func(ctx context.Context) error {
		err := l.next.ApplyVault(ctx, c)
		if err == nil {
			l.instance.world.audience.kept(c.Events...)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, op := range c.Operations {
		if op.Status == gateway.OpSending && op.Sender == l.instance.name {
			l.instance.world.record.intent(history.Intent{
				At: time.Now(), Instance: l.instance.name, Kind: string(op.Verb), Subject: op.ProfileID, SendBefore: op.SendBefore,
				Key: op.Key, Customer: op.CustomerID,
			})
		}
	}
	return nil
}

// crashesAt are those around an intent and around an answer.
func (l *ledgerPort) crashesAt(c gateway.VaultChange) crashes {
	switch {
	case len(c.Operations) == 0:
		return crashes{}
	case c.Operations[0].Status == gateway.OpSending && c.Operations[0].Sender == l.instance.name:
		return crashes{CrashBeforeIntent, CrashAfterIntent}
	case !c.Operations[0].Undecided():
		return crashes{CrashBeforeRecord, CrashAfterRecord}
	}
	return crashes{}
}

// change says what a change of the vault is about, in words that are the same in
// each run of one seed.
func (l *ledgerPort) change(c gateway.VaultChange) string {
	if len(c.Operations) > 0 {
		op := c.Operations[0]
		return l.instance.world.record.order(op.ID) + " " + string(op.Verb) + " " + string(op.Status)
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
	return read(l, "VaultOperation", l.instance.world.record.order(id), func() (gateway.VaultOperation, error) { return l.next.VaultOperation(ctx, merchantID, id) })
}

// LastCustomer implements gateway.VaultLedger.
func (l *ledgerPort) LastCustomer(ctx context.Context, merchantID string, live bool, id string) (gateway.PastCustomer, error) {
	return read(l, "LastCustomer", id, func() (gateway.PastCustomer, error) { return l.next.LastCustomer(ctx, merchantID, live, id) })
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
