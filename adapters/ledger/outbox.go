package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"paytrace-gateway/gateway"
)

// unspreadSQL looks at no more than the oldest events to find what waits
// longest: after a long outage a count of all would cost more than the work.
const unspreadSQL = `SELECT ` + eventColumns + `
	FROM (SELECT COALESCE(payment_id, subject, id) AS queue, MIN(at) AS since
		FROM (SELECT id, payment_id, subject, at FROM events WHERE NOT spread ORDER BY at, id LIMIT ?) AS oldest
		GROUP BY COALESCE(payment_id, subject, id)) AS waiting
	JOIN events ON COALESCE(events.payment_id, events.subject, events.id) = waiting.queue
	WHERE NOT events.spread
	ORDER BY waiting.since, waiting.queue, events.version, events.id`

// spreadEventSQL decides between two that spread one event: the second waits
// for the first, and then finds it spread.
const spreadEventSQL = `UPDATE events SET spread = TRUE WHERE id = ? AND NOT spread`

const insertDeliverySQL = `INSERT INTO deliveries
	(id, merchant_id, live_mode, subscriber, event_id, queue, payment_id, lane, position, status, due, attempts, failures, log, version, created_at, updated_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// spreadRows are events with the deliveries that were made of them.
type spreadRows struct {
	events     []string
	deliveries []deliveryRow
}

func encodeSpread(events []gateway.Event, deliveries []gateway.Delivery) (spreadRows, error) {
	var rows spreadRows
	owners := map[string]string{}
	for _, e := range events {
		owners[e.ID] = e.MerchantID
		rows.events = append(rows.events, e.ID)
	}
	// One order for all who spread, so that none waits for another in a circle.
	slices.Sort(rows.events)
	for _, d := range deliveries {
		owner, given := owners[d.Event.ID]
		if !given || owner != d.MerchantID {
			return spreadRows{}, fmt.Errorf("delivery %s is not made of an event that is spread with it", d.ID)
		}
		row, err := encodeDelivery(d)
		if err != nil {
			return spreadRows{}, err
		}
		rows.deliveries = append(rows.deliveries, row)
	}
	return rows, nil
}

func (r spreadRows) write(s *session) error {
	for _, id := range r.events {
		if err := s.one(gateway.ErrStale, spreadEventSQL, id); err != nil {
			return err
		}
	}
	for _, d := range r.deliveries {
		if err := d.insert(s); err != nil {
			return err
		}
	}
	return nil
}

// Unspread implements gateway.Outbox.
func (l *Ledger) Unspread(ctx context.Context, limit int) ([]gateway.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.unspread.QueryContext(ctx, max(limit, 0))
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var events []gateway.Event
	for rows.Next() {
		var e storedEvent
		if err := rows.Scan(e.columns()...); err != nil {
			return nil, l.explain(err)
		}
		event, err := e.decode()
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, l.explain(rows.Err())
}

// Spread implements gateway.Outbox.
func (l *Ledger) Spread(ctx context.Context, events []gateway.Event, deliveries []gateway.Delivery) error {
	rows, err := encodeSpread(events, deliveries)
	if err != nil {
		return fmt.Errorf("deliveries that the ledger cannot take: %w", err)
	}
	return l.write(ctx, "spread "+strings.Join(rows.events, " "), rows.write)
}
