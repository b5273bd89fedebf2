package ledger

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// A PostgreSQL server begins a new timeline when a standby becomes the primary,
// and when a backup is brought to a moment of the past. Either may lack the last
// payments, and nothing else tells. The timeline that gateways have written on is
// noted in the ledger itself, so that it comes back as old as the payments do.

const (
	// timelineSQL is the beginning of the name of the file that is written to now:
	// a user without rights may ask for it, and it has changed before a checkpoint
	// shows it.
	timelineSQL     = `SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)`
	timelineMarkSQL = `SELECT value FROM marks WHERE name = 'timeline'`
	saveTimelineSQL = `INSERT INTO marks (name, value) VALUES ('timeline', $1)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`
)

// begin looks at the timeline of a ledger whose tables are there by now, and has
// every later session do so.
func (o *lookout) begin(ctx context.Context, db *sql.DB) {
	if o == nil {
		return
	}
	o.migrated.Store(true)
	conn, err := db.Conn(ctx)
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.Raw(func(driver any) error {
		o.lookAtTimeline(ctx, driver.(*stdlib.Conn).Conn())
		return nil
	})
}

// lookAtTimeline tells of a timeline that no gateway has written on, then notes
// it: that two gateways tell of it is better than that none does. What it could
// not note is told again with the next session.
func (o *lookout) lookAtTimeline(ctx context.Context, conn *pgx.Conn) {
	timeline, err := timelineOf(ctx, conn)
	if err != nil {
		return // refused to this user, or a server of another make
	}
	var noted string
	err = conn.QueryRow(ctx, timelineMarkSQL).Scan(&noted)
	if noted == timeline || err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return
	}
	if noted != "" {
		o.log.Warn("ledger.failed_over", "ledger", o.place, "timeline", timeline, "before", noted,
			"consequence", "unless the standby was waited for, the last payments may be at PayTrace and not here, and whoever repeats one is charged again",
			"advice", "keep the shops out until both are compared, as docs/operating.md says under Replicas and failover")
	}
	_, _ = conn.Exec(ctx, saveTimelineSQL, timeline)
}

// timelineOf is the timeline as PostgreSQL's own log counts it.
func timelineOf(ctx context.Context, conn *pgx.Conn) (string, error) {
	var digits string
	if err := conn.QueryRow(ctx, timelineSQL).Scan(&digits); err != nil {
		return "", err
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	return strconv.FormatUint(n, 10), err
}
