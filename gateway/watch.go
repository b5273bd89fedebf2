package gateway

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// The watcher: PayTrace's export is read every few minutes, for what was
// settled and for what was done at PayTrace's own screens.

// Watch is how far a merchant's export has been followed.
type Watch struct {
	MerchantID string
	LiveMode   bool
	// Through is the time up to which everything that the processor had on its
	// books has been seen, zero before the first complete reading.
	Through time.Time
	// Due is when the export is read next. Whoever moves it ahead reads it.
	Due time.Time
	// Version counts the changes of this row.
	Version int64
}

const (
	// watchAtMost is how far back the export is read after the gateway has been
	// away.
	watchAtMost = 31 * 24 * time.Hour
	// watchPatience bounds one reading.
	watchPatience = 10 * time.Minute
	// rowsTold bounds the log lines of one reading about rows that failed.
	rowsTold = 10
	// failingAtMost is how long rows that fail keep the others from being called
	// seen.
	failingAtMost = day
	day           = 24 * time.Hour
)

// watching is what this process knows of the exports it has read.
type watching struct {
	mu        sync.Mutex
	merchants map[string]*bookmark
}

func newWatching() watching { return watching{merchants: map[string]*bookmark{}} }

// bookmark is one merchant's export as it was last read: rows that have not
// changed since are not worked on again.
type bookmark struct {
	reading bool
	// failingSince is when rows began to fail that still do.
	failingSince time.Time
	done         map[string]mark
}

// glance is what may change of a record.
type glance struct {
	state  RecordState
	amount Money
}

func glanceAt(r Record) glance { return glance{r.State, r.Amount} }

// mark is a row that was followed, and when to follow it again though it has
// not changed, zero for never.
type mark struct {
	glance
	again time.Time
}

// listedAgain is how often the payment of a row is looked for that has none.
const listedAgain = time.Hour

// failing says that rows fail, and not for so long that they are given up.
func (b *bookmark) failing(now time.Time) bool {
	if b.failingSince.IsZero() {
		b.failingSince = now
	}
	return now.Sub(b.failingSince) < failingAtMost
}

// begin gives the merchant's bookmark, unless it is being read.
func (w *watching) begin(merchantID string) (*bookmark, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.merchants[merchantID]
	if b == nil {
		b = &bookmark{}
		w.merchants[merchantID] = b
	}
	if b.reading {
		return nil, false
	}
	b.reading = true
	return b, true
}

func (w *watching) end(b *bookmark) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b.reading = false
}

// RunWatch reads each merchant's export when it is due, until ctx is done. It
// asks at every interval whether one is.
func (g *Gateway) RunWatch(ctx context.Context, every time.Duration) {
	var work sync.WaitGroup
	defer work.Wait()
	for {
		for _, m := range g.merchants {
			if b, ok := g.watching.begin(m.ID); ok {
				work.Go(func() {
					defer g.watching.end(b)
					defer g.survive(func() {})
					g.watchDue(ctx, m, b)
				})
			}
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
	}
}

// watchDue reads the merchant's export if it is due and no other instance has
// taken it. For as long as a reading may take, it is due for nobody else.
func (g *Gateway) watchDue(ctx context.Context, m Merchant, b *bookmark) {
	w, err := g.ledger.Watch(ctx, m.ID, m.LiveMode)
	if err != nil || g.clock().Before(w.Due) {
		return // a ledger that cannot be read is told by the due work
	}
	started := g.clock()
	w.Due = started.Add(watchPatience + m.CallDeadline)
	w.Version++
	if err := g.ledger.SaveWatch(ctx, w); err != nil {
		return
	}
	through, err := station(ctx, g, StageWatch, m.ID, func(ctx context.Context) (time.Time, error) {
		return g.readExport(ctx, m, b, w.from(m, started), started)
	})
	if ctx.Err() != nil {
		return // another instance, or the next start, takes it when it is due
	}
	if err != nil {
		g.log.Warn("watch.failed", "merchant", m.ID, "through", w.seenThrough(), "error", err,
			"consequence", "settlements and what is done at PayTrace's screens are seen later")
	}
	if through.After(w.Through) {
		w.Through = through
	}
	w.Due = started.Add(m.watchEvery())
	w.Version++
	if err := g.ledger.SaveWatch(ctx, w); err != nil && !errors.Is(err, ErrStale) {
		g.log.Warn("watch.not_saved", "merchant", m.ID, "error", err, "consequence", "the next reading begins where this one did")
	}
}

// seenThrough is for a person.
func (w Watch) seenThrough() string {
	if w.Through.IsZero() {
		return "never"
	}
	return w.Through.Format(time.RFC3339)
}

// from is the day at which a reading begins: some days before everything was
// last seen, since PayTrace may show late what was made.
func (w Watch) from(m Merchant, now time.Time) time.Time {
	last := now
	if !w.Through.IsZero() && w.Through.Before(now) {
		last = w.Through
	}
	if earliest := now.Add(-watchAtMost); last.Before(earliest) {
		last = earliest
	}
	return last.Add(-m.watchBack())
}

func (m Merchant) watchEvery() time.Duration {
	if m.WatchEvery <= 0 {
		return DefaultWatchEvery
	}
	return m.WatchEvery
}

func (m Merchant) watchBack() time.Duration {
	if m.WatchDays <= 0 {
		return DefaultWatchDays * day
	}
	return time.Duration(m.WatchDays) * day
}

// readExport follows everything on PayTrace's books that was made between two
// times, some days at a time. It returns the time through which all has been
// seen: what has to be followed later holds it back.
func (g *Gateway) readExport(ctx context.Context, m Merchant, b *bookmark, from, to time.Time) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, watchPatience)
	defer cancel()
	r := reading{follower: follower{gateway: g, merchant: m}, before: b.done, seen: map[string]mark{}, unclear: map[string]bool{}}
	// Whatever keeps a reading from its end, the next goes on where it stopped.
	defer func() { b.done = r.remembered() }()
	var through time.Time
	for start := from; ; start = start.Add(m.watchBack()) {
		end := start.Add(m.watchBack())
		if end.After(to) {
			end = to
		}
		rows, _, err := g.readDays(ctx, m, start, end, "")
		if err != nil {
			return through, err
		}
		if err := r.follow(ctx, rows); err != nil {
			return through, err
		}
		through = r.heldBack(end)
		if r.failed > 0 && b.failing(to) {
			through = time.Time{}
		}
		if !end.Before(to) {
			r.whole = true
			if r.failed == 0 {
				b.failingSince = time.Time{}
			}
			return through, nil
		}
	}
}

// reading is one reading of an export.
type reading struct {
	follower
	before, seen map[string]mark
	// busy is when the oldest row was made that has to be followed later.
	busy   time.Time
	failed int
	// unclear are the orders with a charge that could not be followed: a refund
	// of such an order may be of that one.
	unclear map[string]bool
	// whole says that the reading has come to its end: what it has not seen
	// may be forgotten.
	whole bool
}

func (r *reading) follow(ctx context.Context, rows []Record) error {
	for _, row := range rows {
		now := r.gateway.clock()
		before, ok := r.before[row.TransactionID]
		if ok && before.glance == glanceAt(row) && (before.again.IsZero() || now.Before(before.again)) {
			r.seen[row.TransactionID] = before
			continue
		}
		how, err := rowBusy, error(nil)
		if row.Kind != KindRefund || !r.unclear[row.OrderID] {
			how, err = r.row(ctx, row)
		}
		if row.Kind != KindRefund && (err != nil || how == rowBusy) {
			r.unclear[row.OrderID] = true
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			if r.failed++; r.failed > rowsTold {
				continue
			}
			r.gateway.log.Error("watch.row_failed", "merchant", r.merchant.ID, "transaction", row.TransactionID, "error", err,
				"consequence", "what this transaction means for its payment is not known; the others are followed")
		case how == rowDone:
			r.seen[row.TransactionID] = mark{glance: glanceAt(row)}
		case how == rowListed:
			r.seen[row.TransactionID] = mark{glanceAt(row), now.Add(listedAgain)}
		case how == rowBusy && (r.busy.IsZero() || row.CreatedAt.Before(r.busy)):
			r.busy = row.CreatedAt
		}
	}
	return nil
}

func (r *reading) heldBack(end time.Time) time.Time {
	if !r.busy.IsZero() && r.busy.Before(end) {
		return r.busy
	}
	return end
}

func (r *reading) remembered() map[string]mark {
	if r.whole {
		return r.seen
	}
	all := maps.Clone(r.before)
	if all == nil {
		all = map[string]mark{}
	}
	maps.Copy(all, r.seen)
	return all
}

// readDays reads an export, in parts where it may have been cut at the cap on
// its rows. It says whether the rows are all there are: what one day has above
// the cap is not seen.
func (g *Gateway) readDays(ctx context.Context, m Merchant, from, to time.Time, text string) (rows []Record, whole bool, err error) {
	return g.readParts(ctx, m, from, to, func(ctx context.Context, from, to time.Time) ([]Record, error) {
		return g.processors[m.ID].Transactions(ctx, from, to, text)
	})
}

// readParts is readDays of whatever shows rows by the days on which they were made.
func (g *Gateway) readParts(ctx context.Context, m Merchant, from, to time.Time, read func(ctx context.Context, from, to time.Time) ([]Record, error)) (rows []Record, whole bool, err error) {
	rows, err = read(ctx, from, to)
	if err != nil || m.ExportRowCap == 0 || len(rows) < m.ExportRowCap {
		return inOrder(rows), true, err
	}
	if to.Sub(from) < time.Second {
		g.log.Warn("watch.capped", "merchant", m.ID, "day", from, "rows", len(rows),
			"consequence", "what was done at PayTrace's screens on this day may not all be seen")
		return inOrder(rows), false, nil
	}
	first, second := from, to
	if to.Sub(from) > shortestDay { // else they are two days, or one
		first = from.Add(to.Sub(from) / 2)
		second = first
	}
	early, wholeEarly, err := g.readParts(ctx, m, from, first, read)
	if err != nil {
		return nil, false, err
	}
	late, wholeLate, err := g.readParts(ctx, m, second, to, read)
	return append(early, late...), wholeEarly && wholeLate, err
}

// shortestDay is that on which clocks go forward: two times that are further apart
// may have a whole day between them.
const shortestDay = 23 * time.Hour

// inOrder puts a charge before what was done to it.
func inOrder(rows []Record) []Record {
	slices.SortStableFunc(rows, func(a, b Record) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return rows
}
