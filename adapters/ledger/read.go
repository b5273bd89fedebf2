package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

const (
	paymentSQL = `SELECT body FROM payments WHERE id = ?` + ofMerchantSQL

	// A payment's own transaction goes before a refund's: it is the one that
	// a shop refunds and voids by.
	byTransactionSQL = `SELECT body FROM payments
		WHERE merchant_id = ? AND id IN (
			SELECT id FROM payments
				WHERE merchant_id = ? AND live_mode = ? AND transaction_id = ? AND transaction_id <> ''
			UNION ALL
			SELECT payment_id FROM operations
				WHERE merchant_id = ? AND live_mode = ? AND transaction_id = ? AND transaction_id <> '')
		ORDER BY CASE WHEN transaction_id = ? THEN 0 ELSE 1 END, id DESC
		LIMIT 1`

	byReferenceSQL = `SELECT body FROM payments WHERE reference = ? AND reference <> '' AND merchant_id = ?`

	// The payment comes with its key: a repeat is one read.
	keySQL = `SELECT k.fingerprint, k.operation_id, p.body,
			/*sqlite CASE WHEN p.answers = k.key THEN p.body ELSE sqlite*/ k.reply /*sqlite END sqlite*/
		FROM idempotency_keys AS k LEFT JOIN payments AS p ON p.id = k.payment_id
		WHERE k.merchant_id = ? AND k.key = ?`

	undecidedRefundsSQL = `SELECT COUNT(*) FROM operations
		WHERE merchant_id = ? AND live_mode = ? AND kind = 'refund' AND amount = ? AND status IN ('sending', 'unknown') AND send_before >= ?
			AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.id = operations.payment_id AND substr(payments.transaction_id, 1, 4) = 'chk_')`
)

// readPatience bounds one read, for callers who do not.
const readPatience = 10 * time.Second

// reader holds the connections that read, with their statements.
type reader struct {
	db      *sql.DB
	dialect dialect

	payment, byTransaction, byReference, key *sql.Stmt
	undecidedRefunds, due, backlog           *sql.Stmt
	watch                                    *sql.Stmt
	customer, customers, expiring            *sql.Stmt
	dueChecks                                *sql.Stmt
	vaultOperation, dueVaultOperations       *sql.Stmt
	profileUsed, lastCustomer                *sql.Stmt
	unmatched, unmatchedByOrder              *sql.Stmt
	unmatchedTransaction                     *sql.Stmt
	unspread, dueDeliveries, delivery        *sql.Stmt
	deliveryBacklog, subscriber              *sql.Stmt
	subscriptions, subscriptionsOf           *sql.Stmt
	forgotten, dueSubscribers, subscribers   *sql.Stmt
	apiClients, apiClientsVersion            *sql.Stmt
	sealedSecrets, sealedSecretsVersion      *sql.Stmt
	operators, operatorsVersion, session     *sql.Stmt
}

func newReader(ctx context.Context, db *sql.DB, d dialect) (*reader, error) {
	r := &reader{db: db, dialect: d}
	for _, s := range []struct {
		statement **sql.Stmt
		query     string
	}{
		{&r.payment, paymentSQL}, {&r.byTransaction, byTransactionSQL}, {&r.byReference, byReferenceSQL}, {&r.key, keySQL},
		{&r.undecidedRefunds, undecidedRefundsSQL}, {&r.due, dueSQL}, {&r.backlog, backlogSQL},
		{&r.watch, watchSQL},
		{&r.customer, customerSQL}, {&r.customers, customersSQL}, {&r.expiring, expiringSQL}, {&r.dueChecks, dueChecksSQL},
		{&r.profileUsed, profileUsedSQL}, {&r.lastCustomer, lastCustomerSQL}, {&r.vaultOperation, vaultOperationSQL}, {&r.dueVaultOperations, dueVaultOperationsSQL},
		{&r.unmatched, unmatchedSQL}, {&r.unmatchedByOrder, unmatchedByOrderSQL}, {&r.unmatchedTransaction, unmatchedTransactionSQL},
		{&r.unspread, unspreadSQL}, {&r.dueDeliveries, dueDeliveriesSQL}, {&r.delivery, deliverySQL},
		{&r.deliveryBacklog, deliveryBacklogSQL}, {&r.subscriber, subscriberSQL}, {&r.subscriptions, subscriptionsSQL}, {&r.subscribers, subscribersSQL}, {&r.dueSubscribers, dueSubscribersSQL},
		{&r.subscriptionsOf, subscriptionsOfSQL}, {&r.forgotten, forgottenSQL},
		{&r.apiClients, apiClientsSQL}, {&r.apiClientsVersion, apiClientsVersionSQL},
		{&r.sealedSecrets, sealedSecretsSQL}, {&r.sealedSecretsVersion, sealedSecretsVersionSQL},
		{&r.operators, operatorsSQL}, {&r.operatorsVersion, operatorsVersionSQL}, {&r.session, sessionSQL},
	} {
		var err error
		if *s.statement, err = db.PrepareContext(ctx, d.query(s.query)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Payment implements gateway.Ledger.
func (l *Ledger) Payment(ctx context.Context, merchantID, paymentID string) (gateway.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	return l.one(ctx, l.reads.payment.QueryRowContext(ctx, paymentID, merchantID))
}

// PaymentByTransaction implements gateway.Ledger.
func (l *Ledger) PaymentByTransaction(ctx context.Context, merchantID string, liveMode bool, transactionID string) (gateway.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	return l.one(ctx, l.reads.byTransaction.QueryRowContext(ctx,
		merchantID, merchantID, liveMode, transactionID, merchantID, liveMode, transactionID, transactionID))
}

// PaymentByReference implements gateway.Ledger.
func (l *Ledger) PaymentByReference(ctx context.Context, merchantID, reference string) (gateway.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	return l.one(ctx, l.reads.byReference.QueryRowContext(ctx, reference, merchantID))
}

// Key implements gateway.Ledger.
func (l *Ledger) Key(ctx context.Context, merchantID, key string) (gateway.KeyRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	record := gateway.KeyRecord{Key: key}
	var operation, body, reply sql.NullString
	err := l.reads.key.QueryRowContext(ctx, merchantID, key).Scan(&record.Fingerprint, &operation, &body, &reply)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.KeyRecord{}, gateway.ErrNotFound
	}
	if err != nil {
		return gateway.KeyRecord{}, l.explain(err)
	}
	record.OperationID = operation.String
	if !body.Valid {
		return record, nil
	}
	p, err := l.payment(ctx, body.String)
	if err != nil {
		return gateway.KeyRecord{}, err
	}
	record.Payment = &p
	if !reply.Valid {
		return record, nil
	}
	answered := p
	if reply.String != body.String || isArchived(body.String) {
		if answered, err = l.reply(ctx, key, reply.String); err != nil {
			return gateway.KeyRecord{}, err
		}
	}
	record.Reply = &gateway.Reply{Payment: answered, OperationID: record.OperationID}
	return record, nil
}

// UndecidedRefunds implements gateway.Ledger.
func (l *Ledger) UndecidedRefunds(ctx context.Context, merchantID string, liveMode bool, amount gateway.Money, since time.Time) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	err = l.reads.undecidedRefunds.QueryRowContext(ctx, merchantID, liveMode, int64(amount), since.UnixMicro()).Scan(&n)
	return n, l.explain(err)
}

func (l *Ledger) one(ctx context.Context, row *sql.Row) (gateway.Payment, error) {
	var body string
	err := row.Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.Payment{}, gateway.ErrNotFound
	}
	if err != nil {
		return gateway.Payment{}, l.explain(err)
	}
	return l.payment(ctx, body)
}

// many lets go of its connection before it reads from the archive, whose files
// may be slow.
func (l *Ledger) many(ctx context.Context, rows *sql.Rows, err error) ([]gateway.Payment, error) {
	if err != nil {
		return nil, l.explain(err)
	}
	ids, bodies, err := bodiesOf(rows)
	if err != nil {
		return nil, l.explain(err)
	}
	var payments []gateway.Payment
	for i, body := range bodies {
		p, err := l.payment(ctx, body)
		if err != nil {
			return nil, fmt.Errorf("payment %s: %w", ids[i], err)
		}
		payments = append(payments, p)
	}
	return payments, nil
}

func bodiesOf(rows *sql.Rows) (ids, bodies []string, err error) {
	defer rows.Close()
	for rows.Next() {
		var id, body string
		if err := rows.Scan(&id, &body); err != nil {
			return nil, nil, err
		}
		ids, bodies = append(ids, id), append(bodies, body)
	}
	return ids, bodies, rows.Err()
}
