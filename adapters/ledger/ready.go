package ledger

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// readyEvery spaces the writes that ask whether the ledger can write.
	readyEvery = time.Second
	// readyPatience bounds how long such a write waits for its place.
	readyPatience = 5 * time.Second
)

// filler takes a few pages of its own: a smaller write could succeed in the
// space of an old one while the disk is full.
var filler = strings.Repeat(".", 16<<10)

// writer is Ledger.write.
type writer func(ctx context.Context, place string, run func(*session) error) error

// readiness is what the last look at the ledger's ability to write has shown.
// However many ask, one write is under way.
type readiness struct {
	now   func() time.Time
	write writer

	mu      sync.Mutex
	looked  time.Time
	err     error
	looking chan struct{} // nil while nobody looks
}

func newReadiness(now func() time.Time, write writer) *readiness {
	return &readiness{now: now, write: write}
}

func (r *readiness) check(ctx context.Context) error {
	r.mu.Lock()
	if r.looking == nil && !r.looked.IsZero() && r.now().Sub(r.looked) < readyEvery {
		defer r.mu.Unlock()
		return r.err
	}
	if r.looking == nil {
		r.looking = make(chan struct{})
		go r.look(r.looking)
	}
	looking := r.looking
	r.mu.Unlock()
	select {
	case <-looking:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("the ledger has not answered a small write in time, its disk may be stuck: %w", ctx.Err())
	}
}

func (r *readiness) look(done chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), readyPatience)
	defer cancel()
	began := r.now()
	err := r.write(ctx, "", func(s *session) error {
		if err := s.put(insertReadinessSQL, began.UnixMicro(), filler); err != nil {
			return err
		}
		return s.put(clearReadinessSQL)
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looked, r.err, r.looking = began, err, nil
	close(done)
}
