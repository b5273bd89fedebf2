package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// unspreadSQL looks at no more than the oldest events after a place to find what
// waits longest: after a long outage a count of all would cost more than the
// work. Of each queue that it finds there it has all events.
const unspreadSQL = `SELECT ` + eventColumns + `
	FROM (SELECT COALESCE(payment_id, subject, id) AS queue, MIN(at) AS since
		FROM (SELECT id, payment_id, subject, at FROM events WHERE NOT spread AND (at, id) > (?, ?) ORDER BY at, id LIMIT ?) AS oldest
		GROUP BY COALESCE(payment_id, subject, id)) AS waiting
	JOIN events ON COALESCE(events.payment_id, events.subject, events.id) = waiting.queue
	WHERE NOT events.spread
	ORDER BY waiting.since, waiting.queue, events.version, events.id`

// spreadEventSQL decides between two that spread one event: the second waits
// for the first, and then finds it spread.
const spreadEventSQL = `UPDATE events SET spread = TRUE WHERE id = ? AND CAST(spread AS INTEGER) = 0`

// insertDeliverySQL leaves a delivery without a time, as parkSQL does, behind one
// that waits long. That one is held until the write is kept: who ends it
// meanwhile waits, and then finds this one.
const insertDeliverySQL = `INSERT INTO deliveries
	(id, merchant_id, live_mode, subscriber, event_id, queue, payment_id, lane, unlaned, position, status, due, attempts, failures, log, version, created_at, updated_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
		CASE WHEN EXISTS (SELECT 1 FROM (SELECT front.id FROM deliveries AS front
			WHERE front.merchant_id = ? AND front.live_mode = ? AND front.subscriber = ? AND front.queue = ?
				AND front.status IN ('pending', 'dead') AND (front.status = 'dead' OR front.due > ?)
				AND (front.position, front.event_id) < (?, ?)
			LIMIT 1 FOR UPDATE) AS held) THEN 0 ELSE CAST(? AS BIGINT) END,
		?, ?, ?, ?, ?, ?)`

// insertTakenSQL makes a delivery that is under way from the first moment on,
// which spares whoever tells it a look for it and a second write. It makes none
// behind another that has not ended.
const insertTakenSQL = `INSERT INTO deliveries
	(id, merchant_id, live_mode, subscriber, event_id, queue, payment_id, lane, unlaned, position, status, due, attempts, failures, log, version, created_at, updated_at)
	SELECT id, merchant_id, live_mode, subscriber, event_id, queue, payment_id, lane, unlaned, position, status, due, attempts, failures, log, version, created_at, updated_at
	FROM (SELECT CAST(? AS TEXT) AS id, CAST(? AS TEXT) AS merchant_id, CAST(? AS BOOLEAN) AS live_mode, CAST(? AS TEXT) AS subscriber,
		CAST(? AS TEXT) AS event_id, CAST(? AS TEXT) AS queue, CAST(? AS TEXT) AS payment_id, CAST(? AS TEXT) AS lane,
		CAST(? AS BOOLEAN) AS unlaned, CAST(? AS BIGINT) AS position, CAST(? AS TEXT) AS status, CAST(? AS BIGINT) AS due,
		CAST(? AS BIGINT) AS attempts, CAST(? AS BIGINT) AS failures, CAST(? AS TEXT) AS log, CAST(? AS BIGINT) AS version,
		CAST(? AS BIGINT) AS created_at, CAST(? AS BIGINT) AS updated_at) AS deliveries
	WHERE NOT EXISTS (` + inFrontSQL + eachSQL + `)`

// waitsLong is more than any delivery is under way, so that none is held up that
// is about to be written.
const waitsLong = 2 * time.Minute

// spreadRows are events with the deliveries that were made of them.
type spreadRows struct {
	events     []string
	deliveries []deliveryRow
	// taken are those of the deliveries that are under way at once.
	taken []deliveryRow
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
		if row.isTaken() {
			rows.taken = append(rows.taken, row)
		}
	}
	slices.SortFunc(rows.taken, func(a, b deliveryRow) int { return strings.Compare(a.place(), b.place()) })
	return rows, nil
}

func (r spreadRows) write(s *session) error {
	for _, id := range r.events {
		if err := s.one(gateway.ErrStale, spreadEventSQL, id); err != nil {
			return err
		}
	}
	for _, d := range r.taken {
		if err := d.takeLane(s, d.UpdatedAt, d.Due); err != nil {
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

// Unspread implements gateway.Outbox. It goes on from page to page for as long
// as what it finds is nobody's here.
func (l *Ledger) Unspread(ctx context.Context, merchants []string, limit int) ([]gateway.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	found := unspread{merchants: merchants, limit: limit, seen: map[string]bool{}}
	for more := limit > 0; more && len(found.seen) < limit; {
		page, err := l.unspreadPage(ctx, found.after, max(limit, unspreadPage))
		if err != nil {
			return nil, err
		}
		found.add(page)
		found.after, more = found.after.behind(page, max(limit, unspreadPage))
	}
	return found.events, unreadable(found.bad)
}

// unspreadPage is how many of the oldest events are looked at, at least.
const unspreadPage = 64

func (l *Ledger) unspreadPage(ctx context.Context, after place, size int) ([]storedEvent, error) {
	rows, err := l.reads.unspread.QueryContext(ctx, after.at, after.id, size)
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var page []storedEvent
	for rows.Next() {
		var e storedEvent
		if err := rows.Scan(e.columns()...); err != nil {
			return nil, l.explain(err)
		}
		page = append(page, e)
	}
	return page, l.explain(rows.Err())
}

// place is where an event stands among all that wait.
type place struct {
	at int64
	id string
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.at, other.at), strings.Compare(p.id, other.id))
}

// behind is the place of the last of the size events after p, and whether there
// may be more. A page has these, and others of the same payments.
func (p place) behind(page []storedEvent, size int) (last place, more bool) {
	var places []place
	for _, e := range page {
		if at := (place{e.at, e.event.ID}); at.compare(p) > 0 {
			places = append(places, at)
		}
	}
	if len(places) < size {
		return p, false
	}
	slices.SortFunc(places, place.compare)
	return places[size-1], true
}

// unspread is what was found of it so far.
type unspread struct {
	merchants []string
	limit     int
	after     place
	// seen are the payments that are among the events.
	seen   map[string]bool
	events []gateway.Event
	bad    []gateway.Unreadable
}

// add takes the payments of a page, as far as there is room. One of whose
// events several pages have come is there whole already.
func (u *unspread) add(page []storedEvent) {
	for len(page) > 0 {
		queue := page[0].queue()
		n := slices.IndexFunc(page, func(e storedEvent) bool { return e.queue() != queue })
		if n < 0 {
			n = len(page)
		}
		if !u.seen[queue] && len(u.seen) < u.limit && slices.Contains(u.merchants, page[0].event.MerchantID) {
			u.take(queue, page[:n])
		}
		page = page[n:]
	}
}

// take takes a payment's events, or none of them when one cannot be read.
func (u *unspread) take(queue string, stored []storedEvent) {
	var events []gateway.Event
	for _, e := range stored {
		event, err := e.decode()
		if err != nil {
			u.bad = append(u.bad, gateway.Unreadable{ID: event.ID, MerchantID: event.MerchantID, PaymentID: event.PaymentID, Err: err})
			return
		}
		events = append(events, event)
	}
	slices.SortFunc(events, inQueue)
	u.seen[queue] = true
	u.events = append(u.events, events...)
}

func inQueue(a, b gateway.Event) int {
	return cmp.Or(cmp.Compare(a.Position(), b.Position()), strings.Compare(a.ID, b.ID))
}

// unreadable is no error where nothing was.
func unreadable(rows []gateway.Unreadable) error {
	if len(rows) == 0 {
		return nil
	}
	return gateway.UnreadableError(rows)
}

// Spread implements gateway.Outbox.
func (l *Ledger) Spread(ctx context.Context, events []gateway.Event, deliveries []gateway.Delivery) error {
	rows, err := encodeSpread(events, deliveries)
	if err != nil {
		return fmt.Errorf("deliveries that the ledger cannot take: %w", err)
	}
	return l.writePatiently(ctx, "spread "+strings.Join(rows.events, " "), rows.write)
}
