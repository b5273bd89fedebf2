package gateway

import (
	"context"
	"errors"
	"fmt"
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
	// rowsMayFail bounds the rows of one reading that may fail and leave the
	// others to be read.
	rowsMayFail = 10
	day         = 24 * time.Hour
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
	done    map[string]glance
}

// glance is what may change of a record.
type glance struct {
	state  RecordState
	amount Money
}

func glanceAt(r Record) glance { return glance{r.State, r.Amount} }

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
// taken it.
func (g *Gateway) watchDue(ctx context.Context, m Merchant, b *bookmark) {
	w, err := g.ledger.Watch(ctx, m.ID, m.LiveMode)
	if err != nil || g.clock().Before(w.Due) {
		return // a ledger that cannot be read is told by the due work
	}
	started := g.clock()
	w.Due = started.Add(m.watchEvery())
	w.Version++
	if err := g.ledger.SaveWatch(ctx, w); err != nil {
		return
	}
	_, err = station(ctx, g, StageWatch, m.ID, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, g.readExport(ctx, m, b, w.from(m, started), started)
	})
	if err != nil {
		if ctx.Err() == nil {
			g.log.Warn("watch.failed", "merchant", m.ID, "through", w.seenThrough(), "error", err,
				"consequence", "settlements and what is done at PayTrace's screens are seen later")
		}
		return
	}
	w.Through = started
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
// times, some days at a time.
func (g *Gateway) readExport(ctx context.Context, m Merchant, b *bookmark, from, to time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, watchPatience)
	defer cancel()
	seen := map[string]glance{}
	var failed []error
	follow, err := g.follower(ctx, m)
	if err != nil {
		return err
	}
	for start := from; ; start = start.Add(m.watchBack()) {
		end := start.Add(m.watchBack())
		if end.After(to) {
			end = to
		}
		rows, err := g.readDays(ctx, m, start, end)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if b.done[r.TransactionID] == glanceAt(r) {
				seen[r.TransactionID] = glanceAt(r)
				continue
			}
			done, err := follow.row(ctx, r)
			if err != nil {
				if failed = append(failed, fmt.Errorf("transaction %s: %w", r.TransactionID, err)); len(failed) >= rowsMayFail {
					return errors.Join(failed...)
				}
			}
			if done {
				seen[r.TransactionID] = glanceAt(r)
			}
		}
		if !end.Before(to) {
			b.done = seen
			return errors.Join(failed...)
		}
	}
}

// readDays reads an export, in parts where it may have been cut at the cap on
// its rows. What one day has above the cap is not seen here; its payments are
// still looked at one by one.
func (g *Gateway) readDays(ctx context.Context, m Merchant, from, to time.Time) ([]Record, error) {
	rows, err := g.processors[m.ID].Transactions(ctx, from, to, "")
	if err != nil {
		return nil, err
	}
	if m.ExportRowCap == 0 || len(rows) < m.ExportRowCap {
		return inOrder(rows), nil
	}
	if to.Sub(from) < time.Second {
		g.log.Warn("watch.capped", "merchant", m.ID, "day", from, "rows", len(rows),
			"consequence", "what was done at PayTrace's screens on this day may not all be seen")
		return inOrder(rows), nil
	}
	middle := from
	if to.Sub(from) > day {
		middle = from.Add(to.Sub(from) / 2)
	}
	early, err := g.readDays(ctx, m, from, middle)
	if err != nil {
		return nil, err
	}
	if middle.Equal(from) {
		middle = to
	}
	late, err := g.readDays(ctx, m, middle, to)
	return append(early, late...), err
}

// inOrder puts a charge before what was done to it.
func inOrder(rows []Record) []Record {
	slices.SortStableFunc(rows, func(a, b Record) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return rows
}
