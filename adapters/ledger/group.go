package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"paytrace-gateway/gateway"
)

const (
	// queueLimit bounds the changes that wait for the writer.
	queueLimit = 1024
	// groupLimit bounds the changes of one commit, and so the time for which
	// the first of them waits for the last.
	groupLimit = 256
	// groupTries bounds how often a group is carried out that the database
	// gives up each time.
	groupTries = 4
	// patientLimit bounds the changes of one commit for which nobody waits, where
	// no more of it are waited for: what twenty subscribers are told of a payment
	// would else stand before the next one, all of it. Beside more there may be as
	// many, so that a crowd is told of its payments while it pays.
	patientLimit = 16
)

// write is one caller's change, and the place where its answer goes.
type write struct {
	place string
	run   func(*session) error
	done  chan error
}

// group gathers the writes of many callers into few commits: what takes time
// is the disk's promise, and one promise can cover them all.
type group struct {
	db       *sql.DB
	dialect  dialect
	auditKey gateway.AuditKey
	queue    chan write
	// patient are the writes for which no caller waits.
	patient chan write
	// closing is held for reading by those who put something into the queue,
	// so that the queue is closed only when nobody is about to.
	closing sync.RWMutex
	closed  bool
	ended   chan struct{}
}

func newGroup(db *sql.DB, d dialect, auditKey gateway.AuditKey) *group {
	g := &group{db: db, dialect: d, auditKey: auditKey, queue: make(chan write, queueLimit), patient: make(chan write, queueLimit), ended: make(chan struct{})}
	go g.run()
	return g
}

// do queues the write and returns its answer. ctx bounds the waiting for a
// place; a write that has one is always carried out and answered, since a
// caller that left could not know which.
func (g *group) do(ctx context.Context, queue chan<- write, place string, run func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := write{place: place, run: run, done: make(chan error, 1)}
	if err := g.enqueue(ctx, queue, w); err != nil {
		return err
	}
	return <-w.done
}

// each queues several writes at once, so that they need not wait for each
// other's commit, and returns an answer for each.
func (g *group) each(ctx context.Context, queue chan<- write, writes []write) []error {
	answers := make([]error, len(writes))
	for i := range writes {
		writes[i].done = make(chan error, 1)
		err := ctx.Err()
		if err == nil {
			err = g.enqueue(ctx, queue, writes[i])
		}
		if err != nil {
			writes[i].done <- err
		}
	}
	for i, w := range writes {
		answers[i] = <-w.done
	}
	return answers
}

func (g *group) enqueue(ctx context.Context, queue chan<- write, w write) error {
	g.closing.RLock()
	defer g.closing.RUnlock()
	if g.closed {
		return ErrClosed
	}
	select {
	case queue <- w:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the ledger was too busy to take the change, nothing was written: %w", ctx.Err())
	}
}

// close returns when all that was queued is answered.
func (g *group) close() {
	g.closing.Lock()
	if !g.closed {
		g.closed = true
		close(g.queue)
		close(g.patient)
	}
	g.closing.Unlock()
	<-g.ended
}

func (g *group) run() {
	defer close(g.ended)
	var s *session
	for writes := g.gather(); len(writes) > 0; writes = g.gather() {
		s = g.commit(s, inOrder(writes))
	}
	if s != nil {
		s.release()
	}
}

// gather waits for a write, and takes what waits already with it. It does not
// wait for more: while one group is being committed the next one gathers by
// itself. It returns nothing when the group is closed.
func (g *group) gather() []write {
	waiting := make([]write, 0, groupLimit)
	select {
	case w, open := <-g.queue:
		if open {
			waiting = append(waiting, w)
		}
	case w, open := <-g.patient:
		if open {
			waiting = append(waiting, w)
		}
	}
	waiting = takeWaiting(waiting, g.queue, groupLimit-patientLimit)
	return takeWaiting(waiting, g.patient, min(groupLimit, len(waiting)+max(patientLimit, len(waiting))))
}

func takeWaiting(waiting []write, queue <-chan write, limit int) []write {
	for len(waiting) < limit {
		select {
		case w, open := <-queue:
			if !open {
				return waiting
			}
			waiting = append(waiting, w)
		default:
			return waiting
		}
	}
	return waiting
}

// inOrder sorts a group by the rows that other gateways may want too. Where all
// take them in one order, none waits for another in a circle. Changes of one
// row keep the order in which they came.
func inOrder(writes []write) []write {
	slices.SortStableFunc(writes, func(a, b write) int { return strings.Compare(a.place, b.place) })
	return writes
}

// commit writes the group and answers everyone in it. It returns the session
// for the next group, or nil when this one's state is in doubt.
func (g *group) commit(s *session, writes []write) *session {
	ctx, cancel := g.dialect.bounded()
	defer cancel()
	var answers []error
	var lost error
	for range groupTries {
		if s, answers, lost = g.attempt(ctx, s, writes); !g.dialect.again(lost) {
			break
		}
	}
	for i, w := range writes {
		if lost != nil {
			w.done <- lost
			continue
		}
		w.done <- answers[i]
	}
	return s
}

// attempt carries the group out once. After a loss the session is given up, and
// whatever was open in it is rolled back: nobody knows what a connection still
// holds whose commit has failed.
func (g *group) attempt(ctx context.Context, s *session, writes []write) (next *session, answers []error, lost error) {
	s, err := g.begin(ctx, s)
	if err != nil {
		return nil, nil, fmt.Errorf("nothing was written: %w", err)
	}
	if s.together(writes) {
		answers = make([]error, len(writes))
	} else if s, answers, err = g.oneByOne(ctx, s, writes); err != nil {
		return nil, nil, fmt.Errorf("nothing was written: %w", err)
	}
	if err := s.commit(); err != nil {
		s.discard()
		return nil, nil, unsureError{err}
	}
	return s, answers, nil
}

// unsureError is a commit that has failed, of which nobody knows what it has kept.
type unsureError struct{ err error }

func (e unsureError) Error() string {
	return "it is not known whether the change was kept, since the commit failed: " + e.err.Error()
}

func (e unsureError) Unwrap() error { return e.err }

// bare leaves out of an error whether the change was kept. That matters to none
// of those who only ask whether the ledger can write, or write the same again.
func bare(err error) error {
	var unsure unsureError
	if errors.As(err, &unsure) {
		return fmt.Errorf("the commit failed: %w", unsure.err)
	}
	return err
}

// oneByOne starts the group again and keeps its changes apart, so that the one
// which failed is told why and the others are kept. Groups in which nothing
// fails, as nearly all are, go without: savepoints cost a tenth of the writer's
// time in SQLite, and two trips to the server for each change in PostgreSQL.
func (g *group) oneByOne(ctx context.Context, s *session, writes []write) (next *session, answers []error, lost error) {
	if err := s.rollback(); err != nil {
		s.discard()
		s = nil
	}
	s, err := g.begin(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	answers = make([]error, len(writes))
	for i, w := range writes {
		if answers[i], lost = s.apart(w.run); lost != nil {
			s.discard()
			return nil, nil, lost
		}
	}
	return s, answers, nil
}

// begin opens the group's transaction, in a new session where there is none or
// where the server has ended it since the last group.
func (g *group) begin(ctx context.Context, s *session) (*session, error) {
	if s != nil {
		err := s.begin(ctx)
		if err == nil {
			return s, nil
		}
		alive := s.conn.PingContext(ctx) == nil
		s.discard()
		if alive {
			return nil, err
		}
	}
	s, err := openSession(ctx, g.db, g.dialect, g.auditKey)
	if err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		s.discard()
		return nil, err
	}
	return s, nil
}
