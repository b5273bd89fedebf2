package gateway

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Archive is the part of a ledger that lets go of what is finished. Payments go
// into files and are found there by the same calls as before; what was told goes
// for good.
type Archive interface {
	// Archivable returns at most limit payments of all merchants that have ended,
	// need nobody's attention, lie in the ledger whole and were last changed before
	// a time: the least recently changed first, and behind the place after. Those of
	// them that cannot be read come in an UnreadableError, in the same order.
	Archivable(ctx context.Context, before time.Time, after ArchivePlace, limit int) ([]Payment, error)
	// Archive moves payments into the archive, with the replies of their keys, their
	// events and deliveries, and returns how many it has moved. It leaves one that
	// has changed since it was read, that has an event which is not spread, or a
	// delivery that has not ended. What is moved is read as before, and a change of
	// it brings the payment back; its keys stay bound, and its transactions its own.
	//
	// Reading fails with ErrArchive when the archive does not have what it should.
	Archive(ctx context.Context, payments []Payment, at time.Time) (moved int, err error)
	// Forget takes events away with their deliveries, of queues of which nothing
	// was told at before or later and nothing waits. It looks at limit events that
	// are older, behind the place after, and returns the place of the last, empty
	// when there are no more.
	Forget(ctx context.Context, before time.Time, after string, limit int) (events int, next string, err error)

	// Retention returns the zero value before the first SaveRetention, which returns
	// ErrStale unless the stored version is the one before.
	Retention(context.Context) (Retention, error)
	SaveRetention(context.Context, Retention) error
	// EndRetention is SaveRetention for the end of a run, with its record.
	EndRetention(context.Context, Retention, AuditRecord) error
	// ArchiveFiles are all files, by name.
	ArchiveFiles(context.Context) ([]ArchiveFile, error)
	// MissingFiles are those of them that are not where the archive is, or shorter
	// than they were.
	MissingFiles(context.Context) ([]string, error)
}

// ArchivePlace is where a payment stands among those that may leave.
type ArchivePlace struct {
	UpdatedAt time.Time
	ID        string
}

// Behind is the place of the last of a page, of which some could not be read.
func (a ArchivePlace) Behind(page []Payment, bad UnreadableError) ArchivePlace {
	if n := len(page); n > 0 {
		a = ArchivePlace{UpdatedAt: page[n-1].UpdatedAt, ID: page[n-1].ID}
	}
	if n := len(bad); n > 0 && cmp.Or(bad[n-1].At.Compare(a.UpdatedAt), strings.Compare(bad[n-1].ID, a.ID)) > 0 {
		a = ArchivePlace{UpdatedAt: bad[n-1].At, ID: bad[n-1].ID}
	}
	return a
}

// ArchiveFile is one file of the archive.
type ArchiveFile struct {
	Name string
	// Records counts the payments that were written into it. One that has come back
	// since, or could not leave, is counted too.
	Records int
	// Size is how much of the file counts, and SHA256 the sum of that, in hex.
	Size      int64
	SHA256    string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Retention is whose turn it is to let go of what is finished, and what came of
// the last run.
type Retention struct {
	// Due is when the next run begins. Whoever moves it ahead has the turn.
	Due time.Time
	// StartedAt is when the last run began, FinishedAt when one came to its end;
	// zero before the first.
	StartedAt  time.Time
	FinishedAt time.Time
	// Archived counts the payments of the last run, Forgotten its events, and Kept
	// the payments that were old enough and not finished.
	Archived  int
	Forgotten int
	Kept      int
	// Version counts the changes of this row.
	Version int64
}

// RetentionStanding is the last run, and what the archive has.
type RetentionStanding struct {
	Retention
	Files   int
	Records int
	Bytes   int64
}

// RetentionRules say what may go, and when. Zero is never.
type RetentionRules struct {
	// ArchiveAfter is how long a finished payment has not changed when it leaves.
	ArchiveAfter time.Duration
	// ForgetAfter is how long ago everything of a queue was told when it goes.
	ForgetAfter time.Duration
}

// Forgets is after how long what was told may be gone from the ledger, zero for
// never.
func (r RetentionRules) Forgets() time.Duration {
	if r.ForgetAfter == 0 || (r.ArchiveAfter > 0 && r.ArchiveAfter < r.ForgetAfter) {
		return r.ArchiveAfter
	}
	return r.ForgetAfter
}

const (
	// MinArchiveAfter is above the time in which payments are refunded, disputed
	// and asked for as a matter of course. They come back when they are; it would
	// only be work for nothing.
	MinArchiveAfter = 180 * day
	// MinForgetAfter leaves the time to notice that a subscriber has lost something.
	MinForgetAfter = 7 * day

	// retainEvery is how often a run begins.
	retainEvery = day
	// retainTurn is how long the turn of a process that has died keeps the others
	// waiting.
	retainTurn = 10 * time.Minute
	// retainAtOnce bounds what leaves in one step. The changes of a step are
	// committed with those of payments, which wait for them.
	retainAtOnce = 100
	// retainPause is left to payments alone after each step.
	retainPause = time.Second
)

// Finished says that nothing of the payment is open: only a new request, or
// something new at the processor, can change it.
func (p Payment) Finished() bool {
	switch p.Status {
	case StatusDeclined, Failed, Voided, Expired, Verified, Settled, PartiallyRefunded, Refunded, Returned:
	case StatusApproved:
		if !p.ACH() {
			return false // it is settled once its batch is
		}
	default:
		return false
	}
	if p.NeedsAttention {
		return false
	}
	for _, o := range p.Operations {
		if o.Undecided() || o.Status == OpWaiting || !o.Due.IsZero() || o.Attention != "" || o.Cancel == CancelRequested {
			return false
		}
	}
	return true
}

// RunRetention lets go of what is finished, once a day, until ctx is done. It
// asks at every interval whether it is its turn; of several gateways on one
// ledger one has it.
func (g *Gateway) RunRetention(ctx context.Context, every time.Duration) {
	if g.retention == (RetentionRules{}) {
		return
	}
	repeat(ctx, every, nil, func(ctx context.Context) {
		defer g.survive(func() {})
		turn, err := g.ledger.Retention(ctx)
		if err != nil || g.clock().Before(turn.Due) {
			return // a ledger that cannot be read is told by the due work
		}
		if _, err := g.retain(ctx, turn, Actor{}); err != nil && !errors.Is(err, ErrStale) && ctx.Err() == nil {
			g.log.Error("retention.failed", "error", err, "consequence", "what is finished stays in the ledger until the next run; no payment is in danger")
		}
	})
}

// ErrRetaining says that another process has the turn.
var ErrRetaining = errors.New("another gateway lets go of what is finished at this moment; try again when it has ended, or ten minutes after it has died")

// Retain is one run at once, for the person at the machine.
func (g *Gateway) Retain(ctx context.Context, by Actor) (Retention, error) {
	turn, err := g.ledger.Retention(ctx)
	if err != nil {
		return Retention{}, err
	}
	if turn.FinishedAt.Before(turn.StartedAt) && g.clock().Before(turn.Due) {
		return Retention{}, ErrRetaining
	}
	done, err := g.retain(ctx, turn, by)
	if errors.Is(err, ErrStale) {
		err = ErrRetaining
	}
	return done, err
}

// retain takes the turn and carries out one run.
func (g *Gateway) retain(ctx context.Context, turn Retention, by Actor) (Retention, error) {
	now := g.clock()
	r := &retaining{gateway: g, turn: Retention{StartedAt: now, FinishedAt: turn.FinishedAt, Version: turn.Version}}
	if err := r.hold(ctx); err != nil {
		return Retention{}, err
	}
	g.lookForFiles(ctx)
	failed := r.archive(ctx)
	if errors.Is(failed, ErrStale) || ctx.Err() != nil {
		return r.turn, failed
	}
	// Where the archive's disk is full, that of the ledger may be next.
	if err := errors.Join(failed, r.forget(ctx), r.forgetUnmatched(ctx)); err != nil {
		return r.turn, err
	}
	r.turn.FinishedAt = g.clock()
	r.turn.Due = now.Add(retainEvery)
	r.turn.Version++
	if err := r.end(ctx, by); err != nil {
		return r.turn, err
	}
	g.log.Info("retention.finished", "archived", r.turn.Archived, "forgotten", r.turn.Forgotten, "unlisted", r.unlisted, "kept", r.turn.Kept,
		"took", r.turn.FinishedAt.Sub(r.turn.StartedAt))
	return r.turn, nil
}

// RetentionStanding tells how the archive stands.
func (g *Gateway) RetentionStanding(ctx context.Context) (RetentionStanding, error) {
	turn, err := g.ledger.Retention(ctx)
	if err != nil {
		return RetentionStanding{}, err
	}
	files, err := g.ledger.ArchiveFiles(ctx)
	standing := RetentionStanding{Retention: turn, Files: len(files)}
	for _, f := range files {
		standing.Records += f.Records
		standing.Bytes += f.Size
	}
	return standing, err
}

// retaining is one run.
type retaining struct {
	gateway *Gateway
	turn    Retention
	// unlisted counts the transactions of other systems that were forgotten.
	unlisted int
}

// hold keeps the turn for a while more, or ends with ErrStale when another
// process has taken it.
func (r *retaining) hold(ctx context.Context) error {
	now := r.gateway.clock()
	if r.turn.Due.Sub(now) > retainTurn/2 {
		return nil
	}
	r.turn.Due = now.Add(retainTurn)
	r.turn.Version++
	return r.gateway.ledger.SaveRetention(ctx, r.turn)
}

// end writes what came of the run, with a record where anything has left.
func (r *retaining) end(ctx context.Context, by Actor) error {
	if r.turn.Archived == 0 && r.turn.Forgotten == 0 && r.unlisted == 0 {
		return r.gateway.ledger.SaveRetention(ctx, r.turn)
	}
	return r.gateway.ledger.EndRetention(ctx, r.turn, AuditRecord{
		At: r.turn.FinishedAt, Actor: by, Action: AuditRetentionRun, Subject: AuditSubject{Kind: "retention"},
		Details: map[string]string{
			"archived": strconv.Itoa(r.turn.Archived), "forgotten": strconv.Itoa(r.turn.Forgotten), "unlisted": strconv.Itoa(r.unlisted),
		},
	})
}

// archive moves what is finished, step by step. What is not is passed over, and
// looked at again by the next run.
func (r *retaining) archive(ctx context.Context) error {
	g, rules := r.gateway, r.gateway.retention
	if rules.ArchiveAfter == 0 {
		return nil
	}
	before := r.turn.StartedAt.Add(-rules.ArchiveAfter)
	var after ArchivePlace
	for {
		page, err := g.ledger.Archivable(ctx, before, after, retainAtOnce)
		var bad UnreadableError
		if errors.As(err, &bad) {
			g.log.Warn("retention.unreadable", "payments", len(bad), "payment", bad[0].ID, "error", bad[0].Err,
				"consequence", "they stay in the ledger; all others are archived")
			r.turn.Kept += len(bad)
			err = nil
		}
		if err != nil || len(page)+len(bad) == 0 {
			return err
		}
		after = after.Behind(page, bad)
		finished := slices.DeleteFunc(slices.Clone(page), func(p Payment) bool { return !p.Finished() })
		moved, err := g.ledger.Archive(ctx, finished, g.clock())
		r.turn.Archived += moved
		r.turn.Kept += len(page) - moved
		if err != nil {
			return err
		}
		if err := r.pause(ctx); err != nil {
			return err
		}
	}
}

// forget takes away what was told long ago.
func (r *retaining) forget(ctx context.Context) error {
	g, rules := r.gateway, r.gateway.retention
	if rules.ForgetAfter == 0 {
		return nil
	}
	before := r.turn.StartedAt.Add(-rules.ForgetAfter)
	for next := ""; ; {
		var gone int
		var err error
		gone, next, err = g.ledger.Forget(ctx, before, next, retainAtOnce)
		r.turn.Forgotten += gone
		if err != nil || next == "" {
			return err
		}
		if err := r.pause(ctx); err != nil {
			return err
		}
	}
}

// pause leaves the ledger to payments, and keeps the turn.
func (r *retaining) pause(ctx context.Context) error {
	select {
	case <-time.After(retainPause):
		return r.hold(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lookForFiles tells of files that are away before somebody asks for a payment
// that lies in them.
func (g *Gateway) lookForFiles(ctx context.Context) {
	missing, err := g.ledger.MissingFiles(ctx)
	if err != nil {
		g.log.Warn("archive.not_examined", "error", err, "consequence", "files that are missing are not told of today")
		return
	}
	for _, name := range missing[:min(len(missing), missingTold)] {
		g.log.Error("archive.file_missing", "file", name, "missing", len(missing),
			"consequence", "the payments in it can be neither read nor changed, and repeats of their requests are refused; nothing is charged twice")
	}
}

// missingTold bounds the lines about files that are away.
const missingTold = 10
