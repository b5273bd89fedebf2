package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"paytrace-gateway/gateway"
)

const (
	// oldEventsSQL walks the events in the order in which they were made.
	oldEventsSQL = `SELECT id, merchant_id, COALESCE(payment_id, subject, id), at, spread FROM events
		WHERE id > ? ORDER BY id LIMIT ?`
	// queueToldSQL looks in both modes, which an event does not name.
	queueToldSQL = toldInSQL + `FALSE AND queue = ? UNION ALL ` + toldInSQL + `TRUE AND queue = ?`
	toldInSQL    = `SELECT id, event_id, status, version, updated_at FROM deliveries WHERE merchant_id = ? AND live_mode = `

	retentionSQL       = `SELECT due, started_at, finished_at, archived, forgotten, kept, version FROM retention WHERE id = 1`
	insertRetentionSQL = `INSERT INTO retention (id, due, started_at, finished_at, archived, forgotten, kept, version)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO NOTHING`
	updateRetentionSQL = `UPDATE retention SET due = ?, started_at = ?, finished_at = ?, archived = ?, forgotten = ?, kept = ?, version = ?
		WHERE id = 1 AND version = ?`
)

// toldEvent is an event that may be old enough to go.
type toldEvent struct {
	id, merchant, queue string
	at                  int64
	spread              bool
}

// toldDelivery is what is looked at of a delivery before it goes.
type toldDelivery struct {
	id, event string
	status    gateway.DeliveryStatus
	version   int64
	updatedAt int64
}

// Forget implements gateway.Archive. A queue goes whole, so that nobody can be
// told an older state of it again while the newer one is forgotten.
func (l *Ledger) Forget(ctx context.Context, before time.Time, after string, limit int) (events int, next string, err error) {
	page, err := l.oldEvents(ctx, after, limit)
	if err != nil {
		return 0, "", err
	}
	for _, e := range page {
		if e.at >= before.UnixMicro() {
			return events, "", nil
		}
		next = e.id
		gone, err := l.forget(ctx, e, before)
		if err != nil {
			return events, "", err
		}
		if gone {
			events++
		}
	}
	if len(page) < limit {
		next = ""
	}
	return events, next, nil
}

func (l *Ledger) oldEvents(ctx context.Context, after string, limit int) ([]toldEvent, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.db.QueryContext(ctx, l.reads.dialect.query(oldEventsSQL), after, max(limit, 0))
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var page []toldEvent
	for rows.Next() {
		var e toldEvent
		if err := rows.Scan(&e.id, &e.merchant, &e.queue, &e.at, &e.spread); err != nil {
			return nil, l.explain(err)
		}
		page = append(page, e)
	}
	return page, l.explain(rows.Err())
}

// forget takes an event away, and all deliveries of its queue when each of them
// ended before the time. The queue's other events follow as they are walked to.
func (l *Ledger) forget(ctx context.Context, e toldEvent, before time.Time) (bool, error) {
	if !e.spread {
		return false, nil
	}
	told, err := l.queueTold(ctx, e)
	if err != nil {
		return false, err
	}
	for _, d := range told {
		if !d.status.Ended() || d.updatedAt >= before.UnixMicro() {
			return false, nil
		}
	}
	err = l.dropEvent(ctx, e, told)
	if errors.Is(err, gateway.ErrStale) {
		return false, nil
	}
	return err == nil, err
}

// dropEvent takes an event away, and those deliveries of its queue.
func (l *Ledger) dropEvent(ctx context.Context, e toldEvent, told []toldDelivery) error {
	return l.write(ctx, "payment "+e.queue, func(s *session) error {
		for _, d := range told {
			if err := s.one(gateway.ErrStale, dropDeliverySQL, d.id, d.version); err != nil {
				return err
			}
		}
		return s.one(gateway.ErrStale, dropEventSQL, e.id)
	})
}

func (l *Ledger) queueTold(ctx context.Context, e toldEvent) ([]toldDelivery, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.db.QueryContext(ctx, l.reads.dialect.query(queueToldSQL), e.merchant, e.queue, e.merchant, e.queue)
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var told []toldDelivery
	for rows.Next() {
		var d toldDelivery
		if err := rows.Scan(&d.id, &d.event, &d.status, &d.version, &d.updatedAt); err != nil {
			return nil, l.explain(err)
		}
		told = append(told, d)
	}
	return told, l.explain(rows.Err())
}

// Retention implements gateway.Archive.
func (l *Ledger) Retention(ctx context.Context) (gateway.Retention, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	var r gateway.Retention
	var due, startedAt, finishedAt int64
	err := l.reads.db.QueryRowContext(ctx, retentionSQL).Scan(&due, &startedAt, &finishedAt, &r.Archived, &r.Forgotten, &r.Kept, &r.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return gateway.Retention{}, nil
	}
	if err != nil {
		return gateway.Retention{}, l.explain(err)
	}
	r.Due, r.StartedAt, r.FinishedAt = timeOf(due), timeOf(startedAt), timeOf(finishedAt)
	return r, nil
}

// SaveRetention implements gateway.Archive. The race is the database's to decide,
// as with a watch.
func (l *Ledger) SaveRetention(ctx context.Context, r gateway.Retention) error {
	row := retentionRow(r)
	if err := row.check(); err != nil {
		return err
	}
	return l.write(ctx, "retention", row.write)
}

// EndRetention implements gateway.Archive.
func (l *Ledger) EndRetention(ctx context.Context, r gateway.Retention, record gateway.AuditRecord) error {
	row := retentionRow(r)
	if err := row.check(); err != nil {
		return err
	}
	return l.write(ctx, "retention", audited(record, row.write))
}

// retentionRow is a turn as its row.
type retentionRow gateway.Retention

func (r retentionRow) check() error {
	if r.Version < 1 {
		return errors.New("a turn that the ledger cannot take: it needs a version above zero")
	}
	return nil
}

func (r retentionRow) write(s *session) error {
	values := []any{orZero(r.Due), orZero(r.StartedAt), orZero(r.FinishedAt), r.Archived, r.Forgotten, r.Kept, r.Version}
	if r.Version == 1 {
		return s.one(gateway.ErrStale, insertRetentionSQL, values...)
	}
	return s.one(gateway.ErrStale, updateRetentionSQL, append(values, r.Version-1)...)
}
