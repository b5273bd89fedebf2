package ledger

import (
	"context"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

const (
	insertVaultOperationSQL = `INSERT INTO vault_operations
		(id, merchant_id, live_mode, customer_id, verb, status, due, version, created_at, updated_at, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO NOTHING`
	updateVaultOperationSQL = `UPDATE vault_operations SET status = ?, due = ?, version = ?, updated_at = ?, body = ?
		WHERE id = ? AND merchant_id = ? AND version = ?`

	vaultOperationSQL     = `SELECT body FROM vault_operations WHERE id = ? AND merchant_id = ?`
	dueVaultOperationsSQL = `SELECT id, merchant_id, due, 1, body FROM vault_operations WHERE due > 0 AND due <= ? ORDER BY due, id LIMIT ? OFFSET ?`
)

// vaultOperationRow is an operation of the vault, whole as JSON.
type vaultOperationRow struct {
	gateway.VaultOperation
	body string
}

func encodeVaultOperation(op gateway.VaultOperation, o owner) (vaultOperationRow, error) {
	if op.ID == "" || op.MerchantID == "" || op.Version < 1 {
		return vaultOperationRow{}, fmt.Errorf("its operation %q needs an id, a merchant and a version above zero", op.ID)
	}
	if (owner{merchant: op.MerchantID, customer: op.CustomerID, liveMode: op.LiveMode}) != o {
		return vaultOperationRow{}, fmt.Errorf("its operation %s belongs to another customer", op.ID)
	}
	body, err := encodeBody(op)
	return vaultOperationRow{VaultOperation: op, body: body}, err
}

func (o vaultOperationRow) write(s *session) error {
	if o.Version == 1 {
		return s.one(gateway.ErrStale, insertVaultOperationSQL,
			o.ID, o.MerchantID, o.LiveMode, o.CustomerID, string(o.Verb), string(o.Status), orZero(o.Due), o.Version,
			o.CreatedAt.UnixMicro(), o.UpdatedAt.UnixMicro(), o.body)
	}
	return s.one(gateway.ErrStale, updateVaultOperationSQL,
		string(o.Status), orZero(o.Due), o.Version, o.UpdatedAt.UnixMicro(), o.body,
		o.ID, o.MerchantID, o.Version-1)
}

// VaultOperation implements gateway.VaultLedger.
func (l *Ledger) VaultOperation(ctx context.Context, merchantID, operationID string) (gateway.VaultOperation, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	return oneOfVault[gateway.VaultOperation](l, l.reads.vaultOperation.QueryRowContext(ctx, operationID, merchantID))
}

// DueVaultOperations implements gateway.VaultLedger.
func (l *Ledger) DueVaultOperations(ctx context.Context, now time.Time, limit int) ([]gateway.VaultOperation, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	operations := due[gateway.VaultOperation]{limit: limit, decode: decodeVault[gateway.VaultOperation]}
	if err := operations.read(func(from, size int) ([]dueRow, error) {
		return l.dueRows(l.reads.dueVaultOperations.QueryContext(ctx, now.UnixMicro(), size, from))
	}); err != nil {
		return nil, err
	}
	return operations.answer()
}
