package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"paytrace-gateway/gateway"
)

const (
	customerSQL = `SELECT body FROM vault_customers WHERE merchant_id = ? AND live_mode = ? AND id = ?`

	lastCustomerSQL = `SELECT version, since FROM vault_lives WHERE merchant_id = ? AND live_mode = ? AND customer_id = ?`

	profileUsedSQL = `SELECT EXISTS (SELECT 1 FROM vault_methods WHERE profile_id = ? AND merchant_id = ? AND live_mode = ?)`

	customersSQL = `SELECT body FROM vault_customers
		WHERE merchant_id = ? AND live_mode = ? AND id > ? ORDER BY id LIMIT ?`

	// expiringSQL goes through the customers in their order, by an index that says
	// when their cards expire. Here and below a CROSS JOIN has SQLite look for
	// those that were found, and not for what was found of all customers.
	expiringSQL = `SELECT body
		FROM (SELECT DISTINCT customer_id FROM vault_methods
			WHERE merchant_id = ? AND live_mode = ? AND customer_id > ? AND expires > 0 AND expires <= ?
			ORDER BY customer_id LIMIT ?) AS expiring
		CROSS JOIN vault_customers
		WHERE merchant_id = ? AND live_mode = ? AND id = expiring.customer_id
		ORDER BY id`

	// dueChecksSQL looks at no more than the methods that are due longest: after
	// a long outage all of them are.
	dueChecksSQL = `SELECT id, merchant_id, work.since, work.places, body
		FROM (SELECT customer_id, MIN(check_due) AS since, COUNT(*) AS places
			FROM (SELECT customer_id, check_due FROM vault_methods
				WHERE merchant_id = ? AND live_mode = ? AND check_due > 0 AND check_due <= ?
				ORDER BY check_due, customer_id LIMIT ? OFFSET ?) AS longest
			GROUP BY customer_id) AS work
		CROSS JOIN vault_customers
		WHERE merchant_id = ? AND live_mode = ? AND id = work.customer_id
		ORDER BY work.since, id`
)

// Customer implements gateway.VaultLedger.
func (l *Ledger) Customer(ctx context.Context, merchantID string, liveMode bool, customerID string) (gateway.VaultCustomer, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	return oneOfVault[gateway.VaultCustomer](l, l.reads.customer.QueryRowContext(ctx, merchantID, liveMode, customerID))
}

// LastCustomer implements gateway.VaultLedger.
func (l *Ledger) LastCustomer(ctx context.Context, merchantID string, liveMode bool, customerID string) (gateway.PastCustomer, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	var past gateway.PastCustomer
	var since int64
	err := l.reads.lastCustomer.QueryRowContext(ctx, merchantID, liveMode, customerID).Scan(&past.Version, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return past, nil
	}
	past.Since = timeOf(since)
	return past, l.explain(err)
}

// ProfileUsed implements gateway.VaultLedger.
func (l *Ledger) ProfileUsed(ctx context.Context, merchantID string, liveMode bool, profileID string) (used bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	err = l.reads.profileUsed.QueryRowContext(ctx, profileID, merchantID, liveMode).Scan(&used)
	return used, l.explain(err)
}

// Customers implements gateway.VaultLedger.
func (l *Ledger) Customers(ctx context.Context, f gateway.CustomerFilter) ([]gateway.VaultCustomer, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	limit := max(f.Limit, 0)
	if f.ExpiresBy == 0 {
		return manyOfVault[gateway.VaultCustomer](l)(l.reads.customers.QueryContext(ctx, f.MerchantID, f.LiveMode, f.After, limit))
	}
	return manyOfVault[gateway.VaultCustomer](l)(l.reads.expiring.QueryContext(ctx,
		f.MerchantID, f.LiveMode, f.After, f.ExpiresBy, limit, f.MerchantID, f.LiveMode))
}

// DueChecks implements gateway.VaultLedger. A customer with several methods that
// are due takes as many places.
func (l *Ledger) DueChecks(ctx context.Context, merchantID string, liveMode bool, now time.Time, limit int) ([]gateway.VaultCustomer, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	checks := due[gateway.VaultCustomer]{limit: limit, decode: decodeVault[gateway.VaultCustomer]}
	if err := checks.read(func(from, size int) ([]dueRow, error) {
		return l.dueRows(l.reads.dueChecks.QueryContext(ctx, merchantID, liveMode, now.UnixMicro(), size, from, merchantID, liveMode))
	}); err != nil {
		return nil, err
	}
	return checks.answer()
}

func oneOfVault[T any](l *Ledger, row *sql.Row) (T, error) {
	var none T
	var body string
	err := row.Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return none, gateway.ErrNotFound
	}
	if err != nil {
		return none, l.explain(err)
	}
	return decodeVault[T](body)
}

func manyOfVault[T any](l *Ledger) func(*sql.Rows, error) ([]T, error) {
	return func(rows *sql.Rows, err error) ([]T, error) {
		if err != nil {
			return nil, l.explain(err)
		}
		defer rows.Close()
		var many []T
		for rows.Next() {
			var body string
			if err := rows.Scan(&body); err != nil {
				return nil, l.explain(err)
			}
			one, err := decodeVault[T](body)
			if err != nil {
				return nil, err
			}
			many = append(many, one)
		}
		return many, l.explain(rows.Err())
	}
}
