package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go
)

// writerPragmas make a commit mean what Apply promises. fullfsync asks macOS
// for the same; elsewhere it does nothing.
//
// The sizes were measured: a page of 8 KiB takes what a group of changes adds at
// the end of an index in one piece, where SQLite's usual 4 KiB need two: at 64
// callers 3.4 pages go into the log for each payment, and 5.7 of 4 KiB. A ledger
// that was made with those keeps them. SQLite looks through the whole table of
// its cache whenever a page has to be split, so that a larger cache would cost
// more than it spares. A checkpoint keeps the writer waiting, and moves each
// page once, however often it has changed: it comes after 64 MiB of log. Together
// they took a tenth off the writer's time.
var writerPragmas = []string{
	"page_size(8192)",
	"busy_timeout(5000)",
	"synchronous(FULL)",
	"fullfsync(1)",
	"checkpoint_fullfsync(1)",
	"foreign_keys(1)",
	"temp_store(MEMORY)",
	"cache_size(-16384)",
	"wal_autocheckpoint(8000)",
	"journal_size_limit(67108864)",
}

var readerPragmas = []string{"busy_timeout(5000)", "query_only(1)", "cache_size(-16384)"}

// readConnections bounds the reads at work at once.
const readConnections = 8

// OpenSQLite opens the ledger in the file at path, and makes folder and file
// when they are not there, which Made tells. One process at a time may have it open.
func OpenSQLite(ctx context.Context, path string, opts Options) (*Ledger, error) {
	l, err := openSQLite(ctx, path, opts, writerPragmas)
	if err != nil {
		return nil, fmt.Errorf("cannot open the ledger %s: %w", path, err)
	}
	return l, nil
}

func openSQLite(ctx context.Context, path string, opts Options, pragmas []string) (l *Ledger, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	held, newFile, err := claimFile(path)
	if err != nil {
		return nil, err
	}
	closers := closers{held}
	defer func() {
		if err == nil {
			return
		}
		closers[1:].Close()
		if newFile {
			// Nothing was ever kept in it, and an empty file is refused at the next start.
			_ = os.Remove(path)
		}
		held.Close()
	}()
	d := sqliteDialect(path)
	db, err := sql.Open("sqlite", writerDSN(path, "rw", pragmas))
	if err != nil {
		return nil, err
	}
	closers = append(closers, db)
	db.SetMaxOpenConns(1)
	if err := checkSQLite(ctx, db); err != nil {
		return nil, d.explain(err)
	}
	made, err := migrate(ctx, db, d)
	if err != nil {
		return nil, d.explain(err)
	}
	reads, err := sql.Open("sqlite", dsn(path, "ro", readerPragmas))
	if err != nil {
		return nil, err
	}
	closers = append(closers, reads)
	reads.SetMaxOpenConns(readConnections)
	reads.SetMaxIdleConns(readConnections)
	if l, err = start(ctx, db, reads, closers, opts, d); err == nil {
		l.made = made
	}
	return l, err
}

// writerDSN has the log's mode apart from the pragmas. The driver carries those
// out in the order of the alphabet and the mode after them, and once there is a
// log a new file's pages have the size that they have.
func writerDSN(path, mode string, pragmas []string) string {
	return dsn(path, mode, pragmas) + "&_txlock=immediate&_journal_mode=WAL"
}

// dsn is a URI, so that no character of the path is taken for a parameter.
func dsn(path, mode string, pragmas []string) string {
	path = filepath.ToSlash(path)
	if runtime.GOOS == "windows" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"mode": {mode}, "_pragma": pragmas}.Encode()}
	return u.String()
}
