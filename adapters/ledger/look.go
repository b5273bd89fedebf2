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
)

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
		return nil, errors.New("there is none; has a gateway run with this configuration?")
	}
	reads, err := sql.Open("sqlite", dsn(path, "ro", readerPragmas))
	if err != nil {
		return nil, err
	}
	return look(ctx, reads, opts, sqliteDialect(path))
}

// look wants the schema of this program: it may not be changed here.
func look(ctx context.Context, reads *sql.DB, opts Options, d dialect) (l *Ledger, err error) {
	defer func() {
		if err != nil {
			reads.Close()
		}
	}()
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var version int
	if err := reads.QueryRowContext(ctx, versionSQL).Scan(&version); err != nil {
		return nil, d.explain(err)
	}
	if version != len(files) {
		return nil, fmt.Errorf("its schema is %d, and this program knows %d: use the program that the gateway runs with", version, len(files))
	}
	l, err = start(ctx, reads, reads, io.Closer(reads), opts, d)
	if err == nil {
		l.writes.close()
	}
	return l, err
}
