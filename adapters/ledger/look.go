package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

var (
	// ErrNone is said of a place where no gateway has made a ledger yet.
	ErrNone = errors.New("there is none; has a gateway run with this configuration?")
	// ErrOlder is said of a ledger that this program would have to change first.
	ErrOlder = errors.New("its tables are an older program's")
)

// lookPatience bounds the opening of a ledger for reading, to a network that
// swallows everything.
const lookPatience = 30 * time.Second

// LookSQLite opens the ledger in the file at path for reading alone, beside a
// gateway that may have it open. It makes no ledger and changes none: what
// writes fails with ErrClosed.
func LookSQLite(ctx context.Context, path string, opts Options) (*Ledger, error) {
	l, err := lookSQLite(ctx, path, opts)
	if err != nil {
		return nil, fmt.Errorf("cannot look into the ledger %s: %w", path, err)
	}
	return l, nil
}

func lookSQLite(ctx context.Context, path string, opts Options) (*Ledger, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	reads, err := sql.Open("sqlite", dsn(path, "ro", readerPragmas))
	if err != nil {
		return nil, err
	}
	return look(ctx, reads, opts, sqliteDialect(path))
}

// LookPostgres opens the ledger in the PostgreSQL database at url for reading
// alone, beside any number of gateways. It makes no table and migrates none: those
// of the release before may be at work on them. What writes fails with ErrClosed.
func LookPostgres(ctx context.Context, url string, opts Options) (*Ledger, error) {
	config, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	place := placeOf(config)
	l, err := look(ctx, readingFrom(config), opts, postgresDialect(place))
	if err != nil {
		return nil, fmt.Errorf("cannot look into the ledger %s: %w", place, err)
	}
	return l, nil
}

// look wants the schema of this program: it may not be changed here.
func look(ctx context.Context, reads *sql.DB, opts Options, d dialect) (l *Ledger, err error) {
	defer func() {
		if err != nil {
			reads.Close()
		}
	}()
	version, err := schemaOf(ctx, reads, d)
	if err != nil {
		return nil, d.explain(err)
	}
	if err := refuseSchema(version); err != nil {
		return nil, err
	}
	l, err = start(ctx, reads, reads, io.Closer(reads), opts, d)
	if err == nil {
		l.writes.close()
	}
	return l, err
}

// schemaOf is zero where there is no table yet. A database of PostgreSQL is there
// before its ledger is; a file of SQLite's without the table is no ledger.
func schemaOf(ctx context.Context, reads *sql.DB, d dialect) (version int, err error) {
	if d.shared {
		var there bool
		if err := reads.QueryRowContext(ctx, versionThereSQL).Scan(&there); err != nil || !there {
			return 0, err
		}
	}
	return version, reads.QueryRowContext(ctx, versionSQL).Scan(&version)
}

// refuseSchema says what to do about a schema that this program does not read.
func refuseSchema(version int) error {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	switch known := len(files); {
	case err != nil:
		return err
	case version == 0:
		return ErrNone
	case version < known:
		return fmt.Errorf("%w (schema %d, this program knows %d), and only a start changes them: "+
			"use the program that the gateways run with, or stop them and start this one (docs/operating.md, Upgrading)", ErrOlder, version, known)
	case version > known:
		return fmt.Errorf("it was written by a newer gateway (schema %d, this program knows %d): use the program that the gateways run with", version, known)
	}
	return nil
}
