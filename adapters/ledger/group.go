package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

const (
	// queueLimit bounds the changes that wait for the writer.
	queueLimit = 1024
	// groupLimit bounds the changes of one commit, and so the time for which
	// the first of them waits for the last.
	groupLimit = 256
)

// write is one caller's change, and the place where its answer goes.
type write struct {
	run  func(*session) error
	done chan error
}

// group gathers the writes of many callers into few commits: what takes time
// is the disk's promise, and one promise can cover them all.
type group struct {
	db    *sql.DB
	queue chan write
	// closing is held for reading by those who put something into the queue,
	// so that the queue is closed only when nobody is about to.
	closing sync.RWMutex
	closed  bool
	ended   chan struct{}
}

func newGroup(db *sql.DB) *group {
	g := &group{db: db, queue: make(chan write, queueLimit), ended: make(chan struct{})}
	go g.run()
	return g
}

// do queues the write and returns its answer. ctx bounds the waiting for a
// place; a write that has one is always carried out and answered, since a
// caller that left could not know which.
func (g *group) do(ctx context.Context, run func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := write{run: run, done: make(chan error, 1)}
	if err := g.enqueue(ctx, w); err != nil {
		return err
	}
	return <-w.done
}

func (g *group) enqueue(ctx context.Context, w write) error {
	g.closing.RLock()
	defer g.closing.RUnlock()
	if g.closed {
		return ErrClosed
	}
	select {
	case g.queue <- w:
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
	}
	g.closing.Unlock()
	<-g.ended
}

func (g *group) run() {
	defer close(g.ended)
	var s *session
	for first := range g.queue {
		s = g.commit(s, g.gather(first))
	}
	if s != nil {
		s.release()
	}
}

// gather takes what waits already. It does not wait for more: while one group
// is being committed the next one gathers by itself.
func (g *group) gather(first write) []write {
	waiting := append(make([]write, 0, groupLimit), first)
	for len(waiting) < groupLimit {
		select {
		case w, open := <-g.queue:
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

// commit writes the group and answers everyone in it. It returns the session
// for the next group, or nil when this one's state is in doubt: after a failed
// commit nobody knows what the connection still holds, so it is given up and
// whatever was open in it is rolled back.
func (g *group) commit(s *session, writes []write) *session {
	if s == nil {
		var err error
		if s, err = openSession(g.db); err != nil {
			return answerAll(writes, fmt.Errorf("nothing was written: %w", err))
		}
	}
	tx, err := s.begin()
	if err != nil {
		s.discard()
		return answerAll(writes, fmt.Errorf("nothing was written: %w", err))
	}
	answers := make([]error, len(writes))
	for i, w := range writes {
		var lost error
		if answers[i], lost = s.apart(w.run); lost != nil {
			_ = tx.Rollback()
			s.discard()
			return answerAll(writes, fmt.Errorf("nothing was written: %w", lost))
		}
	}
	if err := tx.Commit(); err != nil {
		s.discard()
		return answerAll(writes, fmt.Errorf("it is not known whether the change was kept, read before trying again: %w", err))
	}
	for i, w := range writes {
		w.done <- answers[i]
	}
	return s
}

func answerAll(writes []write, err error) *session {
	for _, w := range writes {
		w.done <- err
	}
	return nil
}
