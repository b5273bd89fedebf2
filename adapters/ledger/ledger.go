package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

var _ gateway.Ledger = (*Ledger)(nil)

// ErrClosed is returned by writes that come after Close.
var ErrClosed = errors.New("the ledger is closed; nothing was written")

// Options are what a Ledger may be told beside its place.
type Options struct {
	// Now is the clock that spaces the writes of Ready, and that is compared with
	// the database's; time.Now when nil.
	Now func() time.Time
	// Log is told what somebody should look at though the ledger is open. Without
	// it nothing is looked for.
	Log *slog.Logger
	// Archive is the folder of the archive, which the gateways on one ledger share.
	// Without it nothing can be archived, nor read that was.
	Archive string
	// AuditKey chains the records of decisions. Without it none can be made.
	AuditKey gateway.AuditKey
}

// Ledger implements gateway.Ledger. Its methods may be called concurrently.
type Ledger struct {
	writes  *group
	reads   *reader
	ready   *readiness
	archive *archivist
	explain func(error) error
	close   func() error
	made    bool
}

// start brings a migrated database to life: db writes, reads only reads. store
// is what has to be closed in the end.
func start(ctx context.Context, db, reads *sql.DB, store io.Closer, opts Options, d dialect) (*Ledger, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	r, err := newReader(ctx, reads, d)
	if err != nil {
		return nil, d.explain(err)
	}
	l := &Ledger{writes: newGroup(db, d, opts.AuditKey), reads: r, archive: newArchivist(opts.Archive), explain: d.explain}
	l.ready = newReadiness(opts.Now, l.tryWrite)
	l.close = sync.OnceValue(func() error {
		l.writes.close()
		return errors.Join(l.archive.Close(), store.Close())
	})
	return l, nil
}

// Made says that there was no ledger before: this opening has made it, and it
// knows of no payment.
func (l *Ledger) Made() bool { return l.made }

// Close answers every change that is queued, then lets go of the database. It
// may be called again.
func (l *Ledger) Close() error {
	return l.close()
}

// Apply implements gateway.Ledger.
func (l *Ledger) Apply(ctx context.Context, c gateway.Change) error {
	rows, err := encode(c)
	if err != nil {
		return fmt.Errorf("a change that the ledger cannot take: %w", err)
	}
	if c.Audit != nil {
		return l.write(ctx, rows.place(), audited(*c.Audit, rows.write))
	}
	return l.write(ctx, rows.place(), rows.write)
}

// CloseKey implements gateway.Ledger.
func (l *Ledger) CloseKey(ctx context.Context, merchantID, key string, at time.Time) error {
	closed := keyRow{merchant: merchantID, key: key, boundAt: at.UnixMicro()}
	return l.write(ctx, closed.place(), closed.write)
}

// Ready implements gateway.Ledger. It writes at most once a second; in between
// it repeats what the last write showed.
func (l *Ledger) Ready(ctx context.Context) error { return l.ready.check(ctx) }

// write is answered with what became of the change. place names the row that
// others may want too, by which a group is ordered.
func (l *Ledger) write(ctx context.Context, place string, run func(*session) error) error {
	return l.explain(l.writes.do(ctx, l.writes.queue, place, run))
}

// tryWrite is for a change that nobody reads, by which the ledger shows that it can
// write.
func (l *Ledger) tryWrite(ctx context.Context, place string, run func(*session) error) error {
	return l.explain(bare(l.writes.do(ctx, l.writes.queue, place, run)))
}

// writePatiently is for the telling, which lets all go first whom a caller waits
// for.
func (l *Ledger) writePatiently(ctx context.Context, place string, run func(*session) error) error {
	return l.explain(bare(l.writes.do(ctx, l.writes.patient, place, run)))
}
