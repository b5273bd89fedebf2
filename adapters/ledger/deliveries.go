package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

const (
	deliveryColumns = `deliveries.id, deliveries.merchant_id, deliveries.live_mode, deliveries.subscriber, deliveries.lane, deliveries.unlaned,
		deliveries.status, deliveries.due, deliveries.attempts, deliveries.failures, deliveries.log, deliveries.version,
		deliveries.created_at, deliveries.updated_at, ` + eventColumns
	ofEvents = ` JOIN events ON events.id = deliveries.event_id`

	// readDeliverySQL tells also whether a delivery is parked.
	readDeliverySQL = `SELECT ` + deliveryColumns + `,
		deliveries.status = 'pending' AND EXISTS (` + inFrontSQL + ` AND front.status = 'dead') FROM deliveries`

	deliverySQL = readDeliverySQL + ofEvents + ` WHERE deliveries.id = ? AND deliveries.merchant_id || '' = ?`

	// dueDeliveriesSQL looks for the events of those alone that it has chosen.
	dueDeliveriesSQL = `SELECT ` + deliveryColumns + `, FALSE
		FROM (SELECT * FROM deliveries
			WHERE merchant_id = ? AND live_mode = ? AND subscriber = ? AND status = 'pending' AND due <= ? AND (due, id) > (?, ?)
				AND NOT EXISTS (` + inFrontSQL + eachSQL + `)
				AND (lane = '' OR NOT EXISTS (SELECT 1 FROM delivery_lanes AS held
					WHERE held.merchant_id = deliveries.merchant_id AND held.live_mode = deliveries.live_mode
						AND held.subscriber = deliveries.subscriber AND held.lane = deliveries.lane
						AND held.until > ? AND held.holder <> deliveries.id` + eachSQL + `))
			ORDER BY due, id LIMIT ?) AS deliveries
		JOIN events ON events.id = deliveries.event_id
		ORDER BY deliveries.due, deliveries.id`

	// dueSubscribersSQL leaps from one subscriber that is owed something to the
	// next, however much each is owed. Between two columns of text SQLite would
	// compare them otherwise than its index does, and not use it; hence the sum.
	dueSubscribersSQL = `WITH RECURSIVE owed (id) AS (
			SELECT id FROM (SELECT id FROM deliveries WHERE status = 'pending'
				ORDER BY merchant_id, live_mode, subscriber, due, id LIMIT 1) AS first
			UNION ALL
			SELECT (SELECT next.id FROM deliveries AS next WHERE next.status = 'pending'
					AND (next.merchant_id, next.live_mode, next.subscriber) > (here.merchant_id, here.live_mode, here.subscriber || '')
				ORDER BY next.merchant_id, next.live_mode, next.subscriber, next.due, next.id LIMIT 1)
			FROM owed JOIN deliveries AS here ON here.id = owed.id)
		SELECT merchant_id, live_mode, subscriber FROM owed JOIN deliveries ON deliveries.id = owed.id
		WHERE EXISTS (SELECT 1 FROM deliveries AS ripe
			WHERE ripe.merchant_id = deliveries.merchant_id AND ripe.live_mode = deliveries.live_mode
				AND ripe.subscriber = deliveries.subscriber AND ripe.status = 'pending' AND ripe.due > 0 AND ripe.due <= ?` + eachSQL + `)`

	// forgottenSQL are those without a time that wait behind nothing.
	forgottenSQL = `SELECT id FROM deliveries
		WHERE merchant_id = ? AND live_mode = ? AND subscriber = ? AND status = 'pending' AND due = 0
			AND NOT EXISTS (` + inFrontSQL + eachSQL + `)
		ORDER BY id LIMIT ?`

	// deliveryBacklogSQL has two rows for a subscriber at most.
	deliveryBacklogSQL = `SELECT status, merchant_id, live_mode, subscriber, COUNT(*), MIN(created_at)
		FROM deliveries WHERE status IN ('pending', 'dead')
		GROUP BY merchant_id, live_mode, subscriber, status
		ORDER BY merchant_id, live_mode, subscriber`
)

// firstDue is in front of all that have a time.
var firstDue = place{at: 1}

// DueDeliveries implements gateway.Outbox. It goes on from page to page for as
// long as what it finds cannot be read.
func (l *Ledger) DueDeliveries(ctx context.Context, s gateway.Subscriber, now time.Time, limit int) ([]gateway.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	var due []gateway.Delivery
	var bad []gateway.Unreadable
	for after, more := firstDue, limit > 0; more; {
		page, err := l.stored(l.reads.dueDeliveries.QueryContext(ctx,
			s.MerchantID, s.LiveMode, s.Name, now.UnixMicro(), after.at, after.id, now.UnixMicro(), limit-len(due)))
		if err != nil {
			return nil, err
		}
		more = len(page) == limit-len(due)
		for _, row := range page {
			d, err := row.decode()
			after = place{row.due, d.ID}
			if err != nil {
				bad = append(bad, unreadableDelivery(d, err))
				continue
			}
			due = append(due, d)
		}
		more = more && len(due) < limit
	}
	return due, unreadable(bad)
}

// DueSubscribers implements gateway.Outbox.
func (l *Ledger) DueSubscribers(ctx context.Context, now time.Time) ([]gateway.Subscriber, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.dueSubscribers.QueryContext(ctx, now.UnixMicro())
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var due []gateway.Subscriber
	for rows.Next() {
		var s gateway.Subscriber
		if err := rows.Scan(&s.MerchantID, &s.LiveMode, &s.Name); err != nil {
			return nil, l.explain(err)
		}
		due = append(due, s)
	}
	return due, l.explain(rows.Err())
}

// forgottenAtOnce bounds what is brought forward by one call.
const forgottenAtOnce = 1000

// BringForward implements gateway.Outbox. It looks without keeping others from
// writing; to give a time to what waits after all does no harm.
func (l *Ledger) BringForward(ctx context.Context, s gateway.Subscriber) error {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.forgotten.QueryContext(ctx, s.MerchantID, s.LiveMode, s.Name, forgottenAtOnce)
	if err != nil {
		return l.explain(err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return l.explain(err)
		}
		ids = append(ids, id)
	}
	if rows.Err() != nil || len(ids) == 0 {
		return l.explain(rows.Err())
	}
	return l.writePatiently(ctx, "", func(session *session) error {
		for _, id := range ids {
			if err := session.put(bringOneSQL, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Delivery implements gateway.Outbox.
func (l *Ledger) Delivery(ctx context.Context, merchantID, id string) (gateway.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	found, err := l.deliveries(l.reads.delivery.QueryContext(ctx, id, merchantID))
	if len(found) == 0 {
		return gateway.Delivery{}, cmp.Or(err, gateway.ErrNotFound)
	}
	return found[0], err
}

// Deliveries implements gateway.Outbox. Ids sort by the time of their making, so
// a page begins below the id it is given.
func (l *Ledger) Deliveries(ctx context.Context, f gateway.DeliveryFilter) ([]gateway.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	query, args := deliveriesSQL(f)
	return l.deliveries(l.reads.db.QueryContext(ctx, l.reads.dialect.query(query), args...))
}

// numberedWithin is more than there is between the time of a delivery and that of
// its id, which it gets when all of its event are made.
const numberedWithin = time.Minute

// deliveriesSQL walks one index from the newest. What was told, which is nearly all
// there is, is in no index by its status.
func deliveriesSQL(f gateway.DeliveryFilter) (string, []any) {
	from := readDeliverySQL
	where := []string{"deliveries.merchant_id = ?", "deliveries.live_mode = ?"}
	args := []any{f.MerchantID, f.LiveMode}
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if f.Subscriber != "" {
		add("deliveries.subscriber = ?", f.Subscriber)
	}
	if f.PaymentID != "" {
		// The queue is for the index, which a customer of the vault is in too.
		add("deliveries.queue = ? AND deliveries.payment_id = ?", f.PaymentID, f.PaymentID)
	}
	if len(f.Statuses) > 0 {
		var values []any
		for _, status := range f.Statuses {
			values = append(values, string(status))
		}
		add("deliveries.status IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
		if !slices.Contains(f.Statuses, gateway.DeliveryDone) {
			if f.PaymentID == "" {
				from += notTold
			}
			add("deliveries.status <> '" + string(gateway.DeliveryDone) + "'")
		}
	}
	// The id is in the index that is walked, and tells a time that is the delivery's
	// but for a moment.
	if !f.CreatedFrom.IsZero() {
		add("deliveries.created_at >= ? AND deliveries.id >= ?", f.CreatedFrom.UnixMicro(), gateway.FirstDeliveryID(f.CreatedFrom.Add(-numberedWithin)))
	}
	if !f.CreatedTo.IsZero() {
		add("deliveries.created_at < ? AND deliveries.id < ?", f.CreatedTo.UnixMicro(), gateway.FirstDeliveryID(f.CreatedTo.Add(numberedWithin)))
	}
	if f.Before != "" {
		add("deliveries.id < ?", f.Before)
	}
	return from + ofEvents + " WHERE " + strings.Join(where, " AND ") + " ORDER BY deliveries.id DESC LIMIT ?",
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

// deliveries are what was found, those that cannot be read whole among them.
func (l *Ledger) deliveries(rows *sql.Rows, err error) ([]gateway.Delivery, error) {
	found, err := l.stored(rows, err)
	if err != nil {
		return nil, err
	}
	var deliveries []gateway.Delivery
	var bad []gateway.Unreadable
	for _, row := range found {
		d, err := row.decode()
		if err != nil {
			bad = append(bad, unreadableDelivery(d, err))
		}
		deliveries = append(deliveries, d)
	}
	return deliveries, unreadable(bad)
}

func unreadableDelivery(d gateway.Delivery, err error) gateway.Unreadable {
	return gateway.Unreadable{ID: d.ID, MerchantID: d.MerchantID, PaymentID: d.Event.PaymentID, Subscriber: d.Subscriber, Err: err}
}

func (l *Ledger) stored(rows *sql.Rows, err error) ([]storedDelivery, error) {
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var found []storedDelivery
	for rows.Next() {
		var d storedDelivery
		if err := rows.Scan(d.columns()...); err != nil {
			return nil, l.explain(err)
		}
		found = append(found, d)
	}
	return found, l.explain(rows.Err())
}

// storedDelivery takes the columns that the queries of deliveries share.
type storedDelivery struct {
	delivery                  gateway.Delivery
	event                     storedEvent
	due, createdAt, updatedAt int64
	log                       string
}

func (s *storedDelivery) columns() []any {
	d := &s.delivery
	columns := []any{&d.ID, &d.MerchantID, &d.LiveMode, &d.Subscriber, &d.Lane, &d.Unlaned,
		&d.Status, &s.due, &d.Attempts, &d.Failures, &s.log, &d.Version, &s.createdAt, &s.updatedAt}
	return append(append(columns, s.event.columns()...), &d.Parked)
}

// decode returns what the columns say in any case.
func (s *storedDelivery) decode() (gateway.Delivery, error) {
	d := s.delivery
	d.Due, d.CreatedAt, d.UpdatedAt = timeOf(s.due), timeOf(s.createdAt), timeOf(s.updatedAt)
	var err, logErr error
	d.Event, err = s.event.decode()
	if logErr = json.Unmarshal([]byte(s.log), &d.Log); logErr != nil {
		d.Log, logErr = nil, fmt.Errorf("the stored log of a delivery cannot be read, was it written by a newer program? %w", logErr)
	}
	return d, cmp.Or(err, logErr)
}
