package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

// archiveRecord is a payment as it lies in the archive, a line of JSON. The
// bodies are those of the ledger, byte by byte.
type archiveRecord struct {
	ID         string            `json:"id"`
	MerchantID string            `json:"merchantId"`
	ArchivedAt time.Time         `json:"archivedAt"`
	Payment    json.RawMessage   `json:"payment"`
	Keys       []archiveKey      `json:"keys,omitempty"`
	Events     []archiveEvent    `json:"events,omitempty"`
	Deliveries []archiveDelivery `json:"deliveries,omitempty"`
}

type archiveKey struct {
	Key         string          `json:"key"`
	OperationID string          `json:"operationId"`
	Reply       json.RawMessage `json:"reply"`
}

type archiveEvent struct {
	ID          string          `json:"id"`
	OperationID string          `json:"operationId,omitempty"`
	Type        string          `json:"type"`
	Version     int64           `json:"version"`
	At          time.Time       `json:"at"`
	Body        json.RawMessage `json:"body"`
}

type archiveDelivery struct {
	ID         string                 `json:"id"`
	EventID    string                 `json:"eventId"`
	Subscriber string                 `json:"subscriber"`
	Status     gateway.DeliveryStatus `json:"status"`
	Attempts   int                    `json:"attempts"`
	Version    int64                  `json:"version"`
	CreatedAt  time.Time              `json:"createdAt"`
	UpdatedAt  time.Time              `json:"updatedAt"`
	Log        json.RawMessage        `json:"log"`
}

// reply is the body of the key's reply.
func (r archiveRecord) reply(key string) (string, bool) {
	for _, k := range r.Keys {
		if k.Key == key {
			return string(k.Reply), true
		}
	}
	return "", false
}

const (
	finishedSQL = `SELECT id, merchant_id, updated_at, body FROM payments
		WHERE (status IN ('declined', 'failed', 'voided', 'expired', 'verified', 'settled', 'partially_refunded', 'refunded', 'returned')
				OR (status = 'approved' AND substr(transaction_id, 1, 4) = 'chk_'))
			AND NOT needs_attention AND substr(body, 1, 1) = '{'
			AND updated_at < ? AND (updated_at, id) > (?, ?)
		ORDER BY updated_at, id LIMIT ?`

	bodyAtVersionSQL = `SELECT body FROM payments WHERE id = ?` + ofMerchantSQL + ` AND version = ?`
	keyReplySQL      = `SELECT operation_id, reply FROM (SELECT operation_id, ` + replySQL + ` AS reply FROM idempotency_keys
		WHERE merchant_id = ? AND key = ? AND payment_id = ?) AS bound WHERE reply IS NOT NULL AND substr(reply, 1, 1) = '{'`
	pastSQL = `SELECT id, operation_id, type, version, at, body FROM events
		WHERE payment_id = ? AND spread ORDER BY version, id`
	unspreadPastSQL = `SELECT id FROM events WHERE COALESCE(payment_id, subject, id) = ? AND NOT spread LIMIT 1`
	toldSQL         = `SELECT id, event_id, subscriber, status, attempts, version, created_at, updated_at, log FROM deliveries
		WHERE merchant_id = ? AND live_mode = ? AND queue = ? ORDER BY id`
)

// gather reads what leaves with a payment. It says false when the payment has
// changed since it was read, or something of it is still to be told: events are
// looked at before deliveries, which are made of them.
func (l *Ledger) gather(ctx context.Context, p gateway.Payment, at time.Time) (archiveRecord, bool, error) {
	r := archiveRecord{ID: p.ID, MerchantID: p.MerchantID, ArchivedAt: at.UTC()}
	var body string
	err := l.reads.db.QueryRowContext(ctx, l.reads.dialect.query(bodyAtVersionSQL), p.ID, p.MerchantID, p.Version).Scan(&body)
	if err == sql.ErrNoRows || (err == nil && isArchived(body)) {
		return r, false, nil
	}
	if err != nil {
		return r, false, l.explain(err)
	}
	r.Payment = json.RawMessage(body)
	for _, collect := range []func(context.Context, gateway.Payment, *archiveRecord) (bool, error){l.gatherKeys, l.gatherEvents, l.gatherDeliveries} {
		if ended, err := collect(ctx, p, &r); err != nil || !ended {
			return r, false, l.explain(err)
		}
	}
	return r, true, nil
}

func (l *Ledger) gatherKeys(ctx context.Context, p gateway.Payment, r *archiveRecord) (bool, error) {
	for _, o := range p.Operations {
		if o.Key == "" {
			continue
		}
		var k archiveKey
		var reply string
		err := l.reads.db.QueryRowContext(ctx, l.reads.dialect.query(keyReplySQL), p.MerchantID, o.Key, p.ID).Scan(&k.OperationID, &reply)
		if err == sql.ErrNoRows {
			continue
		}
		if err != nil {
			return false, err
		}
		if _, twice := r.reply(o.Key); !twice {
			k.Key, k.Reply = o.Key, json.RawMessage(reply)
			r.Keys = append(r.Keys, k)
		}
	}
	return true, nil
}

func (l *Ledger) gatherEvents(ctx context.Context, p gateway.Payment, r *archiveRecord) (bool, error) {
	var waits string
	err := l.reads.db.QueryRowContext(ctx, l.reads.dialect.query(unspreadPastSQL), p.ID).Scan(&waits)
	if err != sql.ErrNoRows {
		return false, err
	}
	rows, err := l.reads.db.QueryContext(ctx, l.reads.dialect.query(pastSQL), p.ID)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var e archiveEvent
		var at int64
		var body string
		if err := rows.Scan(&e.ID, &e.OperationID, &e.Type, &e.Version, &at, &body); err != nil {
			return false, err
		}
		e.At, e.Body = timeOf(at), json.RawMessage(body)
		r.Events = append(r.Events, e)
	}
	return true, rows.Err()
}

func (l *Ledger) gatherDeliveries(ctx context.Context, p gateway.Payment, r *archiveRecord) (bool, error) {
	rows, err := l.reads.db.QueryContext(ctx, l.reads.dialect.query(toldSQL), p.MerchantID, p.LiveMode, p.ID)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var d archiveDelivery
		var createdAt, updatedAt int64
		var log string
		if err := rows.Scan(&d.ID, &d.EventID, &d.Subscriber, &d.Status, &d.Attempts, &d.Version, &createdAt, &updatedAt, &log); err != nil {
			return false, err
		}
		if !d.Status.Ended() {
			return false, nil
		}
		d.CreatedAt, d.UpdatedAt, d.Log = timeOf(createdAt), timeOf(updatedAt), json.RawMessage(log)
		r.Deliveries = append(r.Deliveries, d)
	}
	return true, rows.Err()
}

// decodeArchiveRecord trusts the sum for that it is this payment's.
func decodeArchiveRecord(line []byte) (archiveRecord, error) {
	var r archiveRecord
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("%w: a record cannot be read, was it written by a newer program? %w", gateway.ErrArchive, err)
	}
	return r, nil
}
