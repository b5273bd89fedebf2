package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// groupPatience bounds a group of changes, reconnecting and repeating
	// included: a network that swallows everything would hold the writer for
	// as long as the system keeps a silent connection.
	groupPatience = 15 * time.Second
	// connectPatience bounds one attempt to connect, unless the URL does.
	connectPatience = 5 * time.Second
	// openPatience bounds the whole start, with a large migration of another
	// gateway in front of it.
	openPatience = 10 * time.Minute
	// idlePatience is how long a connection for reading is kept unused.
	idlePatience = 5 * time.Minute
	oldestServer = 13
)

// The settings of every session. The server's own bounds free the locks of a
// gateway that was cut off. No statement of ours is better off with a table read
// whole, which a plan that was made while it was empty would go on doing.
const (
	writerSettings = `SET statement_timeout = '5s'; SET lock_timeout = '3s'; SET idle_in_transaction_session_timeout = '10s';
		SET enable_seqscan = off; SET jit = off`
	readerSettings = writerSettings + `; SET default_transaction_read_only = on`
)

// errURL is said in place of what the parser says, which may quote the password.
var errURL = errors.New("the URL of the PostgreSQL ledger cannot be read: " +
	"it has the form postgres://user:password@host:5432/database?sslmode=verify-full, with special characters of the password as %XX")

// exclusiveSQL is for two gateways that start at once. The number is only ours:
// the letters of "ledger". The last is for a migration that needs a whole table
// while a long reader has it, such as pg_dump: every payment's statement would
// stand in line behind the migration for as long as that waits.
var exclusiveSQL = []string{
	`SET LOCAL statement_timeout = '9min'`,
	`SET LOCAL lock_timeout = '9min'`,
	`SELECT pg_advisory_xact_lock(119182731994482)`,
	`SET LOCAL lock_timeout = '2s'`,
}

// OpenPostgres opens the ledger in the PostgreSQL database at url, and makes
// its tables when they are not there. Any number of gateways may share it.
// Errors name the server and the database, never the user's password.
func OpenPostgres(ctx context.Context, url string, opts Options) (*Ledger, error) {
	config, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	place := placeOf(config)
	l, err := openPostgres(ctx, config, opts, postgresDialect(place))
	if err != nil {
		return nil, fmt.Errorf("cannot open the ledger %s: %w", place, err)
	}
	return l, nil
}

func parseURL(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errURL
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectPatience
	}
	return config, nil
}

// placeOf names the server and the database.
func placeOf(config *pgx.ConnConfig) string {
	return fmt.Sprintf("%s on %s", config.Database, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
}

func openPostgres(ctx context.Context, config *pgx.ConnConfig, opts Options, d dialect) (l *Ledger, err error) {
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	lookout := newLookout(opts, placeOf(config))
	db := connectedBy(config, writerSettings, lookout)
	db.SetMaxOpenConns(1)
	reads := readingFrom(config)
	closers := closers{io.Closer(db), reads}
	defer func() {
		if err != nil {
			closers.Close()
		}
	}()
	made, err := migrate(ctx, db, d)
	if err != nil {
		return nil, d.explain(err)
	}
	lookout.begin(ctx, db)
	if l, err = start(ctx, db, reads, closers, opts, d); err == nil {
		l.made = made
	}
	return l, err
}

// readingFrom are the connections for reading.
func readingFrom(config *pgx.ConnConfig) *sql.DB {
	reads := connectedBy(config, readerSettings, nil)
	reads.SetMaxOpenConns(readConnections)
	reads.SetMaxIdleConns(readConnections)
	reads.SetConnMaxIdleTime(idlePatience)
	return reads
}

// connectedBy looks at the server whenever it connects: after a restart or a
// failover it may be another one, or set otherwise.
func connectedBy(config *pgx.ConnConfig, settings string, o *lookout) *sql.DB {
	return stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		if err := greet(ctx, conn, settings); err != nil {
			conn.Close(ctx)
			return err
		}
		o.meet(ctx, conn)
		return nil
	}))
}

// greet refuses a server that would not keep the ledger's promises, and bounds
// the session.
func greet(ctx context.Context, conn *pgx.Conn, settings string) error {
	var s server
	err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('fsync'),
		current_setting('synchronous_commit'), current_setting('server_encoding'), pg_is_in_recovery()`).
		Scan(&s.version, &s.fsync, &s.synchronousCommit, &s.encoding, &s.standby)
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, settings)
	return err
}

// server is what a session says of its server. Settings may be made for the
// server, the database, the role or the connection: a session has what counts.
type server struct {
	version                            int
	fsync, synchronousCommit, encoding string
	standby                            bool
}

func (s server) check() error {
	switch {
	case s.version/10000 < oldestServer:
		return fmt.Errorf("PostgreSQL %d is too old: use %d or newer", s.version/10000, oldestServer)
	case s.fsync == "off":
		return errors.New("fsync is off, so a power cut would lose payments that were acknowledged: " +
			"set fsync = on in postgresql.conf and reload the server")
	case s.synchronousCommit == "off":
		return errors.New("synchronous_commit is off, so a crash would lose payments that were acknowledged: " +
			"set it to on, and look for it in postgresql.conf, ALTER DATABASE, ALTER ROLE and the URL")
	case s.synchronousCommit == "local":
		return errors.New("synchronous_commit is local, which waits for no standby whatever synchronous_standby_names says, so a failover would lose payments that were acknowledged: " +
			"set it to on, and look for it in postgresql.conf, ALTER DATABASE, ALTER ROLE and the URL")
	case s.encoding != "UTF8":
		return fmt.Errorf("the database keeps text as %s: make one with ENCODING 'UTF8'", s.encoding)
	case s.standby:
		return errors.New("the server is a standby, which cannot be written to: " +
			"name the primary, or name all servers in the URL and add target_session_attrs=read-write")
	}
	return nil
}
