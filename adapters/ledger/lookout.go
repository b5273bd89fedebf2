package ledger

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// lookout looks at the server of each session that writes, and has the log say
// what no start is refused for.
type lookout struct {
	log   *slog.Logger
	now   func() time.Time
	place string
	// migrated says that there is a table to note the timeline in.
	migrated atomic.Bool
}

// newLookout is nil where nobody reads the log.
func newLookout(opts Options, place string) *lookout {
	if opts.Log == nil {
		return nil
	}
	o := &lookout{log: opts.Log, now: opts.Now, place: place}
	if o.now == nil {
		o.now = time.Now
	}
	return o
}

// meet looks at the server of a new session. What cannot be found out is left
// out: a session that is no good shows by itself.
func (o *lookout) meet(ctx context.Context, conn *pgx.Conn) {
	if o == nil {
		return
	}
	o.lookAtClock(ctx, conn)
	if o.migrated.Load() {
		o.lookAtTimeline(ctx, conn)
	}
}

func (o *lookout) lookAtClock(ctx context.Context, conn *pgx.Conn) {
	ahead, err := compareClocks(ctx, conn, o.now)
	if err != nil {
		return
	}
	if words := clockWords(ahead); words != "" {
		o.log.Warn("ledger.clock_differs", "ledger", o.place, "found", words, "advice", clockAdvice,
			"consequence", "one gateway may take up what another still sends, or leave it lying")
	}
}
