package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

const (
	deliveryColumns = `deliveries.id, deliveries.merchant_id, deliveries.live_mode, deliveries.subscriber, deliveries.lane, deliveries.unlaned,
		deliveries.status, deliveries.due, deliveries.attempts, deliveries.failures, deliveries.log, deliveries.version,
		deliveries.created_at, deliveries.updated_at, ` + eventColumns
	deliveryTables = ` FROM deliveries JOIN events ON events.id = deliveries.event_id`

	// readDeliverySQL tells also whether a delivery is parked.
	readDeliverySQL = `SELECT ` + deliveryColumns + `,
		deliveries.status = 'pending' AND EXISTS (` + inFrontSQL + ` AND front.status = 'dead')` + deliveryTables

	deliverySQL = readDeliverySQL + ` WHERE deliveries.id = ? AND deliveries.merchant_id = ?`

	// dueDeliveriesSQL looks for the events of those alone that it has chosen.
	dueDeliveriesSQL = `SELECT ` + deliveryColumns + `, FALSE
		FROM (SELECT * FROM deliveries
			WHERE merchant_id = ? AND live_mode = ? AND subscriber = ? AND status = 'pending' AND due <= ?
				AND NOT EXISTS (` + inFrontSQL + eachSQL + `)
				AND NOT EXISTS (SELECT 1 FROM delivery_lanes AS held
					WHERE held.merchant_id = deliveries.merchant_id AND held.live_mode = deliveries.live_mode
						AND held.subscriber = deliveries.subscriber
						AND held.lane = CASE WHEN deliveries.lane = '' THEN deliveries.queue ELSE deliveries.lane END
						AND held.until > ? AND held.holder <> deliveries.id` + eachSQL + `)
			ORDER BY due, id LIMIT ?) AS deliveries
		JOIN events ON events.id = deliveries.event_id
		ORDER BY deliveries.due, deliveries.id`

	// deliveryBacklogSQL has two rows for a subscriber at most.
	deliveryBacklogSQL = `SELECT status, merchant_id, live_mode, subscriber, COUNT(*), MIN(created_at)
		FROM deliveries WHERE status IN ('pending', 'dead')
		GROUP BY merchant_id, live_mode, subscriber, status
		ORDER BY merchant_id, live_mode, subscriber`
)

// DueDeliveries implements gateway.Outbox.
func (l *Ledger) DueDeliveries(ctx context.Context, s gateway.Subscriber, now time.Time, limit int) ([]gateway.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	return l.deliveries(l.reads.dueDeliveries.QueryContext(ctx,
		s.MerchantID, s.LiveMode, s.Name, now.UnixMicro(), now.UnixMicro(), max(limit, 0)))
}

// Delivery implements gateway.Outbox.
func (l *Ledger) Delivery(ctx context.Context, merchantID, id string) (gateway.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	d, err := decodeDelivery(l.reads.delivery.QueryRowContext(ctx, id, merchantID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.Delivery{}, gateway.ErrNotFound
	}
	return d, l.explain(err)
}

// Deliveries implements gateway.Outbox. Ids sort by the time of their making, so
// a page begins below the id it is given.
func (l *Ledger) Deliveries(ctx context.Context, f gateway.DeliveryFilter) ([]gateway.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	query, args := deliveriesSQL(f)
	return l.deliveries(l.reads.db.QueryContext(ctx, l.reads.dialect.query(query), args...))
}

func deliveriesSQL(f gateway.DeliveryFilter) (string, []any) {
	where := []string{"deliveries.merchant_id = ?", "deliveries.live_mode = ?"}
	args := []any{f.MerchantID, f.LiveMode}
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if f.Subscriber != "" {
		add("deliveries.subscriber = ?", f.Subscriber)
	}
	if f.PaymentID != "" {
		add("deliveries.payment_id = ?", f.PaymentID)
	}
	if len(f.Statuses) > 0 {
		var values []any
		for _, status := range f.Statuses {
			values = append(values, string(status))
		}
		add("deliveries.status IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
	}
	if !f.CreatedFrom.IsZero() {
		add("deliveries.created_at >= ?", f.CreatedFrom.UnixMicro())
	}
	if !f.CreatedTo.IsZero() {
		add("deliveries.created_at < ?", f.CreatedTo.UnixMicro())
	}
	if f.Before != "" {
		add("deliveries.id < ?", f.Before)
	}
	return readDeliverySQL + " WHERE " + strings.Join(where, " AND ") + " ORDER BY deliveries.id DESC LIMIT ?",
		append(args, max(f.Limit, 0))
}

// DeliveryBacklog implements gateway.Outbox.
func (l *Ledger) DeliveryBacklog(ctx context.Context) ([]gateway.DeliveryBacklog, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.deliveryBacklog.QueryContext(ctx)
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var backlogs []gateway.DeliveryBacklog
	for rows.Next() {
		var next gateway.DeliveryBacklog
		var status string
		var n int
		var oldest int64
		if err := rows.Scan(&status, &next.MerchantID, &next.LiveMode, &next.Subscriber, &n, &oldest); err != nil {
			return nil, l.explain(err)
		}
		if i := len(backlogs) - 1; i < 0 || backlogs[i].MerchantID != next.MerchantID ||
			backlogs[i].LiveMode != next.LiveMode || backlogs[i].Subscriber != next.Subscriber {
			backlogs = append(backlogs, next)
		}
		b := &backlogs[len(backlogs)-1]
		if status == string(gateway.DeliveryDead) {
			b.Dead = n
			continue
		}
		b.Pending, b.OldestPending = n, timeOf(oldest)
	}
	return backlogs, l.explain(rows.Err())
}

func (l *Ledger) deliveries(rows *sql.Rows, err error) ([]gateway.Delivery, error) {
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var deliveries []gateway.Delivery
	for rows.Next() {
		d, err := decodeDelivery(rows.Scan)
		if err != nil {
			return nil, l.explain(err)
		}
		deliveries = append(deliveries, d)
	}
	return deliveries, l.explain(rows.Err())
}

// decodeDelivery reads the columns that the queries of deliveries share.
func decodeDelivery(scan func(...any) error) (gateway.Delivery, error) {
	var d gateway.Delivery
	var e storedEvent
	var log string
	var due, createdAt, updatedAt int64
	columns := []any{&d.ID, &d.MerchantID, &d.LiveMode, &d.Subscriber, &d.Lane, &d.Unlaned,
		&d.Status, &due, &d.Attempts, &d.Failures, &log, &d.Version, &createdAt, &updatedAt}
	if err := scan(append(append(columns, e.columns()...), &d.Parked)...); err != nil {
		return gateway.Delivery{}, err
	}
	d.Due, d.CreatedAt, d.UpdatedAt = timeOf(due), timeOf(createdAt), timeOf(updatedAt)
	if err := json.Unmarshal([]byte(log), &d.Log); err != nil {
		return gateway.Delivery{}, fmt.Errorf("the stored log of delivery %s cannot be read, was it written by a newer program? %w", d.ID, err)
	}
	var err error
	d.Event, err = e.decode()
	return d, err
}
