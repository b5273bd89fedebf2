package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// What is due and cannot be read is never taken up, so it stays due and comes
// before all else. It must not keep the places of what can be read: behind it more
// is looked at.

const (
	// passedOverAtMost bounds the rows that one look passes over. What is due behind
	// so many waits until they can be read.
	passedOverAtMost = 4096
	// duePage is how many rows are looked at at once behind those, at least.
	duePage = 256
)

// Each merchant's work has places of its own: one with thousands of payments that
// are due delays nobody else's. The rest of one merchant's is asked for by its
// name, and the first places of all by none.
const dueSQL = `SELECT payments.id, payments.merchant_id, work.since, 1, payments.body FROM payments
	JOIN (SELECT payment_id, MIN(due) AS since,
			ROW_NUMBER() OVER (PARTITION BY merchant_id ORDER BY MIN(due), payment_id) AS place
		FROM operations
		WHERE due > 0 AND due <= ? AND (? = '' OR merchant_id = ?)
		GROUP BY merchant_id, payment_id) AS work
	ON payments.id = work.payment_id
	WHERE work.place > ? AND work.place <= ?
	ORDER BY work.since, payments.id`

// Due implements gateway.Ledger.
func (l *Ledger) Due(ctx context.Context, now time.Time, limit int) ([]gateway.Payment, error) {
	if limit <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	all := due[gateway.Payment]{limit: limit, decode: func(body string) (gateway.Payment, error) { return l.payment(ctx, body) }}
	if err := all.readOfEach(func(merchantID string, from, size int) ([]dueRow, error) {
		return l.dueRows(l.reads.due.QueryContext(ctx, now.UnixMicro(), merchantID, merchantID, from, from+size))
	}); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, l.explain(err) // what lies in the archive was not waited for
	}
	return all.answer()
}

func byMerchant(rows []dueRow) map[string][]dueRow {
	of := map[string][]dueRow{}
	for _, row := range rows {
		of[row.merchantID] = append(of[row.merchantID], row)
	}
	return of
}

// dueRow is one row of what is due: what tells a person which it is stands beside
// the body, which perhaps cannot be read.
type dueRow struct {
	id, merchantID string
	// since is when it was due, places how many of a page it takes.
	since  int64
	places int
	body   string
}

func (l *Ledger) dueRows(rows *sql.Rows, err error) ([]dueRow, error) {
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var page []dueRow
	for rows.Next() {
		var row dueRow
		if err := rows.Scan(&row.id, &row.merchantID, &row.since, &row.places, &row.body); err != nil {
			return nil, l.explain(err)
		}
		page = append(page, row)
	}
	return page, l.explain(rows.Err())
}

// due is what was found of it so far, and what could not be read.
type due[T any] struct {
	limit  int
	decode func(body string) (T, error)
	seen   map[string]bool
	found  []dueOne[T]
	bad    []gateway.Unreadable
}

type dueOne[T any] struct {
	dueRow
	read T
}

// read looks at as many as are wanted, and further where some cannot be read.
func (d *due[T]) read(page func(from, size int) ([]dueRow, error)) error {
	if d.limit <= 0 {
		return nil
	}
	rows, err := page(0, d.limit)
	if err != nil || !d.take(rows, d.limit) {
		return err
	}
	return d.goOn(d.limit, page)
}

// readOfEach looks at as many of each merchant as are wanted, and further at those
// of whom some cannot be read.
func (d *due[T]) readOfEach(page func(merchantID string, from, size int) ([]dueRow, error)) error {
	first, err := page("", 0, d.limit)
	if err != nil {
		return err
	}
	for merchantID, rows := range byMerchant(first) {
		mine := due[T]{limit: d.limit, decode: d.decode}
		if mine.take(rows, d.limit) {
			err := mine.goOn(d.limit, func(from, size int) ([]dueRow, error) { return page(merchantID, from, size) })
			if err != nil {
				return err
			}
		}
		d.found, d.bad = append(d.found, mine.found...), append(d.bad, mine.bad...)
	}
	return nil
}

// goOn looks at page after page behind so many.
func (d *due[T]) goOn(from int, page func(from, size int) ([]dueRow, error)) error {
	size := max(d.limit, duePage)
	for more := true; more; from += size {
		rows, err := page(from, size)
		if err != nil {
			return err
		}
		more = d.take(rows, size)
	}
	return nil
}

// take takes what there is room for of a page that had so many places, and says
// whether to look at the next one. What has moved between two pages comes twice.
func (d *due[T]) take(rows []dueRow, places int) (more bool) {
	if d.seen == nil {
		d.seen = map[string]bool{}
	}
	for _, row := range rows {
		places -= row.places
		if d.seen[row.id] || len(d.found) == d.limit {
			continue
		}
		d.seen[row.id] = true
		one, err := d.decode(row.body)
		if err != nil {
			d.bad = append(d.bad, gateway.Unreadable{ID: row.id, MerchantID: row.merchantID, At: timeOf(row.since), Err: err})
			continue
		}
		d.found = append(d.found, dueOne[T]{row, one})
	}
	return places <= 0 && len(d.found) < d.limit && len(d.bad) < passedOverAtMost
}

// answer is what could be read, what has been due longest first.
func (d *due[T]) answer() ([]T, error) {
	slices.SortFunc(d.found, func(a, b dueOne[T]) int { return place{a.since, a.id}.compare(place{b.since, b.id}) })
	slices.SortFunc(d.bad, func(a, b gateway.Unreadable) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	var read []T
	for _, one := range d.found {
		read = append(read, one.read)
	}
	return read, unreadable(d.bad)
}
