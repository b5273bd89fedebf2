package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"paytrace-gateway/gateway"
)

const (
	unmatchedTransactionSQL = `SELECT record, first_seen, last_seen FROM unmatched_transactions
		WHERE merchant_id = ? AND live_mode = ? AND transaction_id = ?`

	// The bound on first_seen stands twice, so that a page begins at its place in
	// the index.
	unmatchedSQL = `SELECT record, first_seen, last_seen FROM unmatched_transactions
		WHERE merchant_id = ? AND live_mode = ? AND first_seen <= ? AND (first_seen < ? OR transaction_id > ?)
		ORDER BY first_seen DESC, transaction_id LIMIT ?`
	unmatchedByOrderSQL = `SELECT record, first_seen, last_seen FROM unmatched_transactions
		WHERE merchant_id = ? AND live_mode = ? AND order_id = ? AND order_id <> ''
			AND first_seen <= ? AND (first_seen < ? OR transaction_id > ?)
		ORDER BY first_seen DESC, transaction_id LIMIT ?`
)

// unmatchedRow is an unmatched transaction as its row, with the event that
// tells of it, if any does.
type unmatchedRow struct {
	merchant            string
	liveMode            bool
	transaction         string
	order               string
	record              string
	firstSeen, lastSeen time.Time
	event               *eventRow
}

func encodeUnmatched(u gateway.UnmatchedTransaction, e *gateway.Event) (unmatchedRow, error) {
	if u.MerchantID == "" || u.Record.TransactionID == "" {
		return unmatchedRow{}, errors.New("it needs a merchant and a transaction id")
	}
	record, err := encodeRecord(u.Record)
	if err != nil {
		return unmatchedRow{}, err
	}
	row := unmatchedRow{
		merchant: u.MerchantID, liveMode: u.LiveMode, transaction: u.Record.TransactionID,
		order: u.Record.OrderID, record: record, firstSeen: u.FirstSeen, lastSeen: u.LastSeen,
	}
	return row, row.tell(e)
}

func (u *unmatchedRow) tell(e *gateway.Event) error {
	if e == nil {
		return nil
	}
	if e.Transaction == nil || e.PaymentID != "" || e.Vault != nil {
		return fmt.Errorf("its event %s has to tell of a transaction, and of nothing else", e.ID)
	}
	body, err := encodeRecord(*e.Transaction)
	u.event = &eventRow{Event: *e, body: body}
	return err
}

func encodeRecord(r gateway.Record) (string, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("transaction %s cannot be written as JSON: %w", r.TransactionID, err)
	}
	return string(body), nil
}

func (u unmatchedRow) place() string {
	return fmt.Sprintf("unmatched %s %t %s", u.merchant, u.liveMode, u.transaction)
}

// write tells of a new row only. Of two gateways that see a transaction first,
// the second waits in the insert, and then finds the first one's row.
func (u unmatchedRow) write(s *session) error {
	added, err := s.exec(insertUnmatchedSQL,
		u.merchant, u.liveMode, u.transaction, u.order, u.record, u.firstSeen.UnixMicro(), u.lastSeen.UnixMicro())
	switch {
	case err != nil:
		return err
	case added == 0:
		return s.put(updateUnmatchedSQL, u.order, u.record, u.lastSeen.UnixMicro(), u.merchant, u.liveMode, u.transaction)
	case u.event != nil:
		return u.event.write(s)
	}
	return nil
}

func (u unmatchedRow) delete(s *session) error {
	return s.put(deleteUnmatchedSQL, u.merchant, u.liveMode, u.transaction)
}

// KeepUnmatched implements gateway.Ledger. The body of the event is its
// transaction as JSON.
func (l *Ledger) KeepUnmatched(ctx context.Context, u gateway.UnmatchedTransaction, e *gateway.Event) error {
	row, err := encodeUnmatched(u, e)
	if err != nil {
		return fmt.Errorf("an unmatched transaction that the ledger cannot take: %w", err)
	}
	return l.write(ctx, row.place(), row.write)
}

// DropUnmatched implements gateway.Ledger.
func (l *Ledger) DropUnmatched(ctx context.Context, merchantID string, liveMode bool, transactionID string) error {
	row := unmatchedRow{merchant: merchantID, liveMode: liveMode, transaction: transactionID}
	return l.write(ctx, row.place(), row.delete)
}

// UnmatchedTransaction implements gateway.Ledger.
func (l *Ledger) UnmatchedTransaction(ctx context.Context, merchantID string, liveMode bool, transactionID string) (gateway.UnmatchedTransaction, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	u, err := decodeUnmatched(merchantID, liveMode, l.reads.unmatchedTransaction.QueryRowContext(ctx, merchantID, liveMode, transactionID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.UnmatchedTransaction{}, gateway.ErrNotFound
	}
	return u, l.explain(err)
}

// Unmatched implements gateway.Ledger. Those that were first seen at one time
// are in the order of their transaction ids.
func (l *Ledger) Unmatched(ctx context.Context, f gateway.UnmatchedFilter) ([]gateway.UnmatchedTransaction, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.unmatchedRows(ctx, f)
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var page []gateway.UnmatchedTransaction
	for rows.Next() {
		u, err := decodeUnmatched(f.MerchantID, f.LiveMode, rows.Scan)
		if err != nil {
			return nil, l.explain(err)
		}
		page = append(page, u)
	}
	return page, l.explain(rows.Err())
}

func (l *Ledger) unmatchedRows(ctx context.Context, f gateway.UnmatchedFilter) (*sql.Rows, error) {
	before, limit := int64(math.MaxInt64), max(f.Limit, 0)
	if !f.BeforeSeen.IsZero() {
		before = f.BeforeSeen.UnixMicro()
	}
	if f.OrderID != "" {
		return l.reads.unmatchedByOrder.QueryContext(ctx, f.MerchantID, f.LiveMode, f.OrderID, before, before, f.BeforeID, limit)
	}
	return l.reads.unmatched.QueryContext(ctx, f.MerchantID, f.LiveMode, before, before, f.BeforeID, limit)
}

// decodeUnmatched reads the columns that the queries of unmatched transactions
// share.
func decodeUnmatched(merchantID string, liveMode bool, scan func(...any) error) (gateway.UnmatchedTransaction, error) {
	var record string
	var firstSeen, lastSeen int64
	if err := scan(&record, &firstSeen, &lastSeen); err != nil {
		return gateway.UnmatchedTransaction{}, err
	}
	u := gateway.UnmatchedTransaction{
		MerchantID: merchantID, LiveMode: liveMode, FirstSeen: timeOf(firstSeen), LastSeen: timeOf(lastSeen),
	}
	var err error
	u.Record, err = decodeRecord(record)
	return u, err
}

func decodeRecord(body string) (gateway.Record, error) {
	var r gateway.Record
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return gateway.Record{}, fmt.Errorf("a stored transaction cannot be read, was it written by a newer program? %w", err)
	}
	return r, nil
}
