package ledger

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"paytrace-gateway/gateway"
)

var (
	errNotALedger = errors.New("the file is not a ledger: name another path, or restore the ledger from its backup")
	errDamaged    = errors.New("the file is damaged: keep a copy of it with its -wal file, then restore the newest backup, " +
		"or save what can be read with the sqlite3 tool's .recover")
	errEmpty = errors.New("the file is there and empty, which no ledger is: is its disk mounted, was it cut off? If it was, restore it from its backup; " +
		"if no payment has ever been taken with it, remove it, and the next start makes a new one")
	errLogAlone = errors.New("the file is not there, and its -wal file is, which holds the newest payments: put the ledger back beside it, or restore the newest backup; " +
		"move the -wal file away only if no payment is to be known any more")
)

// takenInSQLite knows the three indexes that keep what is the processor's from
// belonging to two of ours. SQLite names an index by its columns, and no other
// unique index has these.
func takenInSQLite(err error) error {
	var failed *sqlite.Error
	if !errors.As(err, &failed) || failed.Code() != sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		return nil
	}
	switch words := failed.Error(); {
	case strings.Contains(words, "payments.transaction_id"), strings.Contains(words, "operations.transaction_id"):
		return gateway.ErrTransactionTaken
	case strings.Contains(words, "vault_methods.profile_id"):
		return gateway.ErrProfileTaken
	}
	return nil
}

// explainSQLite is the border at which SQLite's errors become an operator's.
func explainSQLite(path string) func(error) error {
	return func(err error) error {
		var failed *sqlite.Error
		if !errors.As(err, &failed) {
			return err
		}
		switch failed.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return fmt.Errorf("the disk of the ledger %s is full: free some space there, no restart is needed: %w", path, err)
		case sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("%w: %w", errNotALedger, err)
		case sqlite3.SQLITE_CORRUPT:
			return fmt.Errorf("%w: %w", errDamaged, err)
		case sqlite3.SQLITE_READONLY:
			return fmt.Errorf("the ledger %s may only be read: make the file and its folder writable for the gateway's user, and its disk not read-only: %w", path, err)
		case sqlite3.SQLITE_CANTOPEN:
			return fmt.Errorf("the ledger %s or its -wal or -shm file cannot be opened: look at the rights of file and folder, and at the limit of open files: %w", path, err)
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return fmt.Errorf("another program, a backup or a sqlite3 shell perhaps, has held the ledger %s locked for too long: end it: %w", path, err)
		case sqlite3.SQLITE_IOERR:
			return fmt.Errorf("the disk of the ledger %s fails to read or write: look at the system's log: %w", path, err)
		default:
			return fmt.Errorf("ledger: %w", err)
		}
	}
}
