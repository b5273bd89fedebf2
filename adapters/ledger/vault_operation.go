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

	vaultOperationSQL = `SELECT body FROM vault_operations WHERE id = ? AND merchant_id = ?`

	// Each merchant's removals have places of their own, as dueSQL has them for
	// payments, and so has the rest of its work: of a customer with hundreds of cards
	// who left, hundreds of removals are due before what somebody waits for.
	dueVaultOperationsSQL = `SELECT vault_operations.id, vault_operations.merchant_id, work.due, 1, vault_operations.body FROM vault_operations
		JOIN (SELECT id, due, ROW_NUMBER() OVER (PARTITION BY merchant_id ORDER BY due, id) AS place
			FROM vault_operations
			WHERE due > 0 AND due <= ? AND (verb = 'remove') = ? AND (? = '' OR merchant_id = ?)) AS work
		ON vault_operations.id = work.id
		WHERE work.place > ? AND work.place <= ?
		ORDER BY work.due, vault_operations.id`
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
	if limit <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	operations := due[gateway.VaultOperation]{limit: limit, decode: decodeVault[gateway.VaultOperation]}
	for _, removals := range []bool{false, true} {
		if err := operations.readOfEach(func(merchantID string, from, size int) ([]dueRow, error) {
			return l.dueRows(l.reads.dueVaultOperations.QueryContext(ctx, now.UnixMicro(), removals, merchantID, merchantID, from, from+size))
		}); err != nil {
			return nil, err
		}
	}
	return operations.answer()
}
