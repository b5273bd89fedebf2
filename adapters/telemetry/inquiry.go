package telemetry

import (
	"context"
	"errors"
	"time"

	"paytrace-gateway/gateway"
)

// How the ledger is asked. Its answer is kept until askEvery has passed, so that
// many scrapes cost it no more than one.
const (
	askDeadline = 2 * time.Second
	askEvery    = 10 * time.Second
)

var (
	errSlow     = errors.New("the ledger did not answer in time")
	errPanicked = errors.New("asking the ledger panicked")
)

// inquiry is one question to the ledger. Its answer is written before done is
// closed, and read after.
type inquiry struct {
	at   time.Time
	ctx  context.Context // ends with the deadline
	done chan struct{}

	backlog   []gateway.Backlog
	standings []gateway.SubscriberStanding
	retention gateway.RetentionStanding
	unfiled   map[string]int
	err       error
}

// read waits for the last inquiry, or for a new one when that is old, but
// never past the deadline of either.
func (b *books) read(from Sources) (*inquiry, error) {
	q := b.latest(from)
	select {
	case <-q.done:
	case <-q.ctx.Done():
		if !q.answered() {
			return nil, errSlow
		}
	}
	return q, q.err
}

// latest begins a new inquiry only when the last one has ended: a ledger that
// hangs is not asked again and again.
func (b *books) latest(from Sources) *inquiry {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if b.last != nil && (!b.last.answered() || now.Sub(b.last.at) < askEvery) {
		return b.last
	}
	ctx, cancel := context.WithTimeout(context.Background(), askDeadline)
	b.last = &inquiry{at: now, ctx: ctx, done: make(chan struct{})}
	go func(q *inquiry) {
		defer cancel()
		defer close(q.done)
		q.ask(from)
		if q.err != nil {
			b.log.Warn("metrics.ledger_failed", "error", q.err)
		}
	}(b.last)
	return b.last
}

func (q *inquiry) answered() bool {
	select {
	case <-q.done:
		return true
	default:
		return false
	}
}

func (q *inquiry) ask(from Sources) {
	// Metrics must never end a process that takes payments.
	defer func() {
		if recover() != nil {
			q.err = errPanicked
		}
	}()
	if q.err = from.Ledger(q.ctx); q.err == nil {
		q.backlog, q.err = from.Backlog(q.ctx)
	}
	if q.err == nil && from.Standings != nil {
		q.standings, q.err = from.Standings(q.ctx)
	}
	if q.err == nil && from.Retention != nil {
		q.retention, q.err = from.Retention(q.ctx)
	}
	if q.err == nil && from.Unfiled != nil {
		q.unfiled, q.err = from.Unfiled(q.ctx)
	}
}
