package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

// inFrontSQL are the deliveries of the same queue, called front, that go before
// one of deliveries and may hold it up. They are all in one index.
const inFrontSQL = `SELECT 1 FROM deliveries AS front
	WHERE front.merchant_id = deliveries.merchant_id AND front.live_mode = deliveries.live_mode
		AND front.subscriber = deliveries.subscriber AND front.queue = deliveries.queue
		AND front.status IN ('pending', 'dead')
		AND (front.position, front.event_id) < (deliveries.position, deliveries.event_id)`

// behindSQL are those behind it that are pending, in words that lead to the same
// index.
const behindSQL = ` WHERE merchant_id = ? AND live_mode = ? AND subscriber = ? AND queue = ?
		AND status IN ('pending', 'dead') AND status <> 'dead' AND (position, event_id) > (?, ?)`

// eachSQL ends a look at other rows for one row, where PostgreSQL would make a
// join of it. It knows little of tables whose rows change by the second, and a
// wrong guess would read all that waits for each that waits.
const eachSQL = ` LIMIT 1 OFFSET 0`

// The writes of one delivery. A transaction takes the lane before the delivery,
// always: two gateways that work on one lane would else wait for each other.
const (
	// A lane that is held is waited for only while its holder is being written.
	takeLaneSQL = `INSERT INTO delivery_lanes (merchant_id, live_mode, subscriber, lane, holder, until)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode, subscriber, lane) DO UPDATE
		SET holder = excluded.holder, until = excluded.until
		WHERE delivery_lanes.until <= ? OR delivery_lanes.holder = excluded.holder`
	releaseLaneSQL = `DELETE FROM delivery_lanes
		WHERE merchant_id = ? AND live_mode = ? AND subscriber = ? AND lane = ? AND holder = ?`

	takeDeliverySQL = `UPDATE deliveries SET due = ?, attempts = attempts + 1, version = version + 1, updated_at = ?, lane = ?, unlaned = FALSE
		WHERE id = ?` + ofMerchantSQL + ` AND version = ? AND status || '' = 'pending' AND due <= ?
			AND NOT EXISTS (` + inFrontSQL + eachSQL + `)`
	saveDeliverySQL = `UPDATE deliveries SET status = ?, due = ?, attempts = ?, failures = ?, log = ?, updated_at = ?, version = ?
		WHERE id = ?` + ofMerchantSQL + ` AND version = ?`
	replayDeliverySQL = saveDeliverySQL + `
			AND NOT EXISTS (SELECT 1 FROM deliveries AS behind
				WHERE behind.queue = deliveries.queue
					AND behind.merchant_id = deliveries.merchant_id AND behind.live_mode = deliveries.live_mode
					AND behind.subscriber = deliveries.subscriber AND behind.status <> 'skipped'
					AND (behind.position, behind.event_id) > (deliveries.position, deliveries.event_id)` + eachSQL + `)`

	// What waits behind one that has not ended has no time of its own, so that
	// nobody looks at it. Whoever ends what is in front gives it back the time at
	// which it was made, in the same transaction. The sums keep a database from
	// looking for those of one queue among all that have a time, or none.
	parkSQL  = `UPDATE deliveries SET due = 0` + behindSQL + ` AND due + 0 > 0`
	bringSQL = `UPDATE deliveries SET due = created_at` + behindSQL + ` AND due + 0 = 0`

	bringOneSQL = `UPDATE deliveries SET due = created_at WHERE id = ? AND status || '' = 'pending' AND due = 0`

	// These change nothing. The first two keep the payment, or the customer of the
	// vault, from getting new events, the last those that it has from being spread.
	holdPaymentSQL  = `UPDATE payments SET version = version WHERE id = ?`
	holdCustomerSQL = `UPDATE vault_customers SET version = version WHERE merchant_id = ? AND live_mode = ? AND id = ?`
	holdUnspreadSQL = `UPDATE events SET spread = spread WHERE COALESCE(payment_id, subject, id) = ? AND NOT spread`
)

// errUnowned is what a delivery is refused with that nobody could find again.
var errUnowned = errors.New("it needs an id, a merchant, a subscriber, and a version above zero")

// deliveryRow is a delivery with its log as JSON.
type deliveryRow struct {
	gateway.Delivery
	log string
}

func encodeDelivery(d gateway.Delivery) (deliveryRow, error) {
	if d.ID == "" || d.MerchantID == "" || d.Subscriber == "" || d.Version < 1 {
		return deliveryRow{}, errUnowned
	}
	log, err := json.Marshal(d.Log)
	if err != nil {
		return deliveryRow{}, fmt.Errorf("the log of delivery %s cannot be written as JSON: %w", d.ID, err)
	}
	return deliveryRow{Delivery: d, log: string(log)}, nil
}

// place is the lane, which is taken first. One without a lane is known by its
// queue.
func (d deliveryRow) place() string {
	return fmt.Sprintf("lane %s %t %s %s", d.MerchantID, d.LiveMode, d.Subscriber, cmp.Or(d.Lane, d.Event.Queue()))
}

// isTaken says of a delivery that is made that it is under way at once.
func (d deliveryRow) isTaken() bool { return d.Status == gateway.DeliveryPending && d.Attempts > 0 }

func (d deliveryRow) insert(s *session) error {
	if d.isTaken() {
		return s.one(gateway.ErrStale, insertTakenSQL,
			d.ID, d.MerchantID, d.LiveMode, d.Subscriber, d.Event.ID, d.Event.Queue(), orNull(d.Event.PaymentID), d.Lane, d.Unlaned, d.Event.Position(),
			string(d.Status), d.due(), d.Attempts, d.Failures, d.log, d.Version, d.CreatedAt.UnixMicro(), d.UpdatedAt.UnixMicro())
	}
	return s.put(insertDeliverySQL,
		d.ID, d.MerchantID, d.LiveMode, d.Subscriber, d.Event.ID, d.Event.Queue(), orNull(d.Event.PaymentID), d.Lane, d.Unlaned, d.Event.Position(),
		string(d.Status),
		d.MerchantID, d.LiveMode, d.Subscriber, d.Event.Queue(), d.due()+waitsLong.Microseconds(), d.Event.Position(), d.Event.ID, d.due(),
		d.Attempts, d.Failures, d.log, d.Version, d.CreatedAt.UnixMicro(), d.UpdatedAt.UnixMicro())
}

// due is zero for what has ended. What is pending is never without a time but
// for what is in front of it, which sees to that itself.
func (d deliveryRow) due() int64 {
	if d.Status == gateway.DeliveryPending && d.Due.IsZero() {
		return d.UpdatedAt.UnixMicro()
	}
	return orZero(d.Due)
}

// take leaves the race to the database: of two gateways the second waits for the
// row of the lane, and then finds it held.
func (d deliveryRow) take(s *session, now, until time.Time) error {
	if err := d.takeLane(s, now, until); err != nil {
		return err
	}
	return s.one(gateway.ErrStale, takeDeliverySQL,
		until.UnixMicro(), now.UnixMicro(), d.Lane, d.ID, d.MerchantID, d.Version, now.UnixMicro())
}

// takeLane has nothing to do for one without a lane. What it touches is its queue
// alone, of which no other can be taken before it has ended.
func (d deliveryRow) takeLane(s *session, now, until time.Time) error {
	if d.Lane == "" {
		return nil
	}
	return s.one(gateway.ErrStale, takeLaneSQL,
		d.MerchantID, d.LiveMode, d.Subscriber, d.Lane, d.ID, until.UnixMicro(), now.UnixMicro())
}

func (d deliveryRow) releaseLane(s *session) error {
	if d.Lane == "" {
		return nil
	}
	return s.put(releaseLaneSQL, d.MerchantID, d.LiveMode, d.Subscriber, d.Lane, d.ID)
}

func (d deliveryRow) save(s *session) error { return d.update(s, saveDeliverySQL) }

// replay is alone with what the event tells of. Without that, a newer event
// could be spread and told after its deliveries were looked for and before this
// one stands in front of them.
func (d deliveryRow) replay(s *session) error {
	if err := d.hold(s); err != nil {
		return err
	}
	if err := s.put(holdUnspreadSQL, d.Event.Queue()); err != nil {
		return err
	}
	return d.update(s, replayDeliverySQL)
}

func (d deliveryRow) hold(s *session) error {
	var err error
	switch news := d.Event.Vault; {
	case d.Event.PaymentID != "":
		err = s.put(holdPaymentSQL, d.Event.PaymentID)
	case news != nil:
		err = s.put(holdCustomerSQL, d.Event.MerchantID, news.LiveMode, news.CustomerID)
	}
	return err
}

// holdPlace is the row that hold holds, as the writers of that row call it.
func (d deliveryRow) holdPlace() string {
	if news := d.Event.Vault; news != nil {
		return customerPlace(d.Event.MerchantID, news.LiveMode, news.CustomerID)
	}
	return "payment " + d.Event.Queue()
}

// update lets the lane go first; when the delivery has changed, both are undone.
func (d deliveryRow) update(s *session, query string) error {
	if err := d.releaseLane(s); err != nil {
		return err
	}
	err := s.one(gateway.ErrStale, query,
		string(d.Status), d.due(), d.Attempts, d.Failures, d.log, d.UpdatedAt.UnixMicro(), d.Version,
		d.ID, d.MerchantID, d.Version-1)
	if err != nil {
		return err
	}
	return d.minds(s)
}

// minds has all that wait behind wait without a time, or no longer. It holds the
// row of the delivery, and so does whoever else lets one wait for it: none is
// forgotten between two gateways.
func (d deliveryRow) minds(s *session) error {
	query := parkSQL
	if d.Status.Ended() {
		query = bringSQL
	}
	return s.put(query, d.MerchantID, d.LiveMode, d.Subscriber, d.Event.Queue(), d.Event.Position(), d.Event.ID)
}

// TakeDeliveries implements gateway.Outbox. They share commits, and each has an
// answer of its own.
func (l *Ledger) TakeDeliveries(ctx context.Context, deliveries []gateway.Delivery, now, until time.Time) ([]gateway.Delivery, error) {
	if !until.After(now) {
		return nil, errors.New("a delivery is taken for a time, and this one has passed before it began")
	}
	var writes []write
	for _, d := range deliveries {
		row, err := encodeDelivery(d)
		if err != nil {
			return nil, fmt.Errorf("a delivery that cannot be taken: %w", err)
		}
		writes = append(writes, write{place: row.place(), run: func(s *session) error { return row.take(s, now, until) }})
	}
	var taken []gateway.Delivery
	var failed error
	for i, err := range l.writes.each(ctx, l.writes.patient, writes) {
		switch err = l.explain(err); {
		case err == nil:
			taken = append(taken, asTaken(deliveries[i], now, until))
		case !errors.Is(err, gateway.ErrStale):
			failed = cmp.Or(failed, err)
		}
	}
	return taken, failed
}

func asTaken(d gateway.Delivery, now, until time.Time) gateway.Delivery {
	d.Due, d.UpdatedAt = timeOf(until.UnixMicro()), timeOf(now.UnixMicro())
	d.Attempts++
	d.Version++
	d.Unlaned = false
	return d
}

// SaveDelivery implements gateway.Outbox.
func (l *Ledger) SaveDelivery(ctx context.Context, d gateway.Delivery) error {
	row, err := encodeDelivery(d)
	if err != nil {
		return fmt.Errorf("a delivery that the ledger cannot take: %w", err)
	}
	return l.writePatiently(ctx, row.place(), row.save)
}

// SaveDeliveries implements gateway.Outbox. They share commits, and each has an
// answer of its own.
func (l *Ledger) SaveDeliveries(ctx context.Context, deliveries []gateway.Delivery) []error {
	answers := make([]error, len(deliveries))
	var writes []write
	var of []int
	for i, d := range deliveries {
		row, err := encodeDelivery(d)
		if err != nil {
			answers[i] = fmt.Errorf("a delivery that the ledger cannot take: %w", err)
			continue
		}
		writes, of = append(writes, write{place: row.place(), run: row.save}), append(of, i)
	}
	for i, err := range l.writes.each(ctx, l.writes.patient, writes) {
		answers[of[i]] = l.explain(err)
	}
	return answers
}

// DecideDelivery implements gateway.Outbox.
func (l *Ledger) DecideDelivery(ctx context.Context, d gateway.Delivery, r gateway.AuditRecord) error {
	row, err := encodeDelivery(d)
	if err != nil {
		return fmt.Errorf("a delivery that the ledger cannot take: %w", err)
	}
	return l.write(ctx, row.place(), audited(r, row.save))
}

// ReplayDelivery implements gateway.Outbox.
func (l *Ledger) ReplayDelivery(ctx context.Context, d gateway.Delivery, r gateway.AuditRecord) error {
	row, err := encodeDelivery(d)
	if err != nil {
		return fmt.Errorf("a delivery that the ledger cannot take: %w", err)
	}
	return l.write(ctx, row.holdPlace(), audited(r, row.replay))
}
