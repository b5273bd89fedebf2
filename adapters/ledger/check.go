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

// checkPatience bounds the look through the whole file. A large one is not
// read to its end; what is damaged there shows when it is read.
const checkPatience = 5 * time.Second

// sqliteMagic begins every SQLite file that is not empty.
const sqliteMagic = "SQLite format 3\x00"

// claimFile makes sure of folder and file, for the owner's eyes only, and locks
// them. Whatever is wrong with them is better said here, in the words of files,
// than later in SQLite's. The file must be closed again before SQLite opens it:
// closing it afterwards would drop SQLite's own locks. made says that there was
// no file.
func claimFile(path string) (held io.Closer, made bool, err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, false, fmt.Errorf("its folder cannot be made: %w", err)
	}
	held, err = lock(path + ".lock")
	if errors.Is(err, fs.ErrPermission) {
		return nil, false, fmt.Errorf("the folder %s must be writable for this user (uid %d), for the ledger, its log and its lock lie there: %w",
			folder, os.Geteuid(), err)
	}
	if err != nil {
		return nil, false, err
	}
	if made, err = makeFile(path); err == nil && !made {
		err = checkFile(path)
	}
	if err != nil {
		held.Close()
		return nil, false, err
	}
	return held, made, nil
}

// makeFile makes the file where there is none. A log without its ledger holds
// the newest payments of one that was lost, and SQLite would throw it away.
func makeFile(path string) (made bool, err error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return false, errLogAlone
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	return true, errors.Join(f.Close(), syncFolder(filepath.Dir(path)))
}

func checkFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the file must be readable and writable for this user (uid %d): %w", os.Geteuid(), err)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, len(sqliteMagic))
	n, err := io.ReadFull(f, head)
	switch {
	case errors.Is(err, io.EOF):
		return errEmpty
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case string(head[:n]) != sqliteMagic:
		return errNotALedger
	}
	return nil
}

// checkSQLite looks for damage before anything is built on it.
func checkSQLite(ctx context.Context, db *sql.DB) error {
	patience, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	var found string
	err := db.QueryRowContext(patience, `PRAGMA quick_check(1)`).Scan(&found)
	switch {
	case err != nil && ctx.Err() == nil && patience.Err() != nil:
		return nil
	case err != nil:
		return err
	case found != "ok":
		return fmt.Errorf("%w: %s", errDamaged, found)
	}
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("its file system does not allow a write-ahead log (journal mode %q): put the ledger on a local disk", mode)
	}
	return checkDurable(ctx, db)
}

// synchronousFull is SQLite's number for a commit that waits for the disk.
const synchronousFull = 2

// checkDurable asks the connection that writes, since no other can see how it
// commits. A commit that does not wait would break the promise in silence.
func checkDurable(ctx context.Context, db *sql.DB) error {
	var synchronous int
	if err := db.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&synchronous); err != nil {
		return err
	}
	if synchronous < synchronousFull {
		return fmt.Errorf("its commits would not wait for the disk (synchronous is %d, not FULL)", synchronous)
	}
	return nil
}

// closers are closed last in, first out.
type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for i := range c {
		errs = append(errs, c[len(c)-1-i].Close())
	}
	return errors.Join(errs...)
}
