package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// opened is a ledger with other pragmas than the usual ones, if any are given.
func opened(t testing.TB, path string, opts Options, pragmas ...string) *Ledger {
	t.Helper()
	opts.AuditKey = storetest.AuditKey
	l, err := openSQLite(t.Context(), path, opts, append(append([]string{}, writerPragmas...), pragmas...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func fresh(t testing.TB) string { return filepath.Join(t.TempDir(), "ledger.db") }

// wantRefused wants OpenSQLite to fail with a message that has all the words.
func wantRefused(t *testing.T, path string, words ...string) {
	t.Helper()
	l, err := OpenSQLite(context.Background(), path, Options{})
	if err == nil {
		l.Close()
		t.Fatal("the ledger was opened")
	}
	wantWords(t, err, append(words, path)...)
}

func wantWords(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func TestOpenMakesFolderAndFileForTheOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	path := filepath.Join(t.TempDir(), "a", "b", "ledger.db")
	l := opened(t, path, Options{})
	if err := l.Apply(t.Context(), storetest.Sale("m1", noon)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		filepath.Dir(filepath.Dir(path)): 0o700, filepath.Dir(path): 0o700,
		path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), want)
		}
	}
}

func TestOpenTakesAnyPath(t *testing.T) {
	for _, name := range []string{"with blank.db", "100%.db", "what?mode=memory", "a#b", "ü"} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, "?") {
			continue
		}
		path := filepath.Join(t.TempDir(), name)
		opened(t, path, Options{})
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%q: the ledger is not in its file: %v", name, err)
		}
	}
}

func TestOnlyTheOpeningThatMakesALedgerSaysSo(t *testing.T) {
	path := fresh(t)
	for _, want := range []bool{true, false} {
		l, err := OpenSQLite(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if l.Made() != want {
			t.Errorf("Made() = %t, want %t", l.Made(), want)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsLeftOfALedgerIsNotBegunAnew(t *testing.T) {
	empty, log := fresh(t), fresh(t)
	for _, file := range []struct{ path, content string }{{empty, ""}, {log + "-wal", "the newest payments"}} {
		if err := os.WriteFile(file.path, []byte(file.content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantRefused(t, empty, "empty, which no ledger is", "restore it from its backup", "remove it")
	wantRefused(t, log, "its -wal file is", "put the ledger back")
	if got := names(t, filepath.Dir(empty)); got != "ledger.db ledger.db.lock" {
		t.Errorf("beside the empty file: %s", got)
	}
	if got := names(t, filepath.Dir(log)); got != "ledger.db-wal ledger.db.lock" {
		t.Errorf("beside the log: %s", got)
	}
}

func TestAFirstOpeningThatFailsLeavesNoFile(t *testing.T) {
	path := fresh(t)
	if _, err := openSQLite(t.Context(), path, Options{}, append(slices.Clone(writerPragmas), "synchronous(OFF)")); err == nil {
		t.Fatal("the ledger was opened")
	}
	if got := names(t, filepath.Dir(path)); got != "ledger.db.lock" {
		t.Errorf("it left %s", got)
	}
}

func TestALedgerWhoseCommitsWouldNotWaitIsRefused(t *testing.T) {
	for _, lazy := range []string{"synchronous(NORMAL)", "synchronous(OFF)"} {
		l, err := openSQLite(t.Context(), fresh(t), Options{}, append(slices.Clone(writerPragmas), lazy))
		if err == nil {
			l.Close()
		}
		wantWords(t, err, "would not wait for the disk", "FULL")
	}
}

func TestOpenMakesCommitsDurable(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "fullfsync": "1"} {
		err := l.write(t.Context(), "", func(s *session) error {
			var got string
			if err := s.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s = %s, want %s", pragma, got, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	if _, err := l.reads.db.ExecContext(t.Context(), "DELETE FROM payments"); err == nil {
		t.Fatal("a reader deleted payments")
	}
}

func TestOpenRefusesASecondGateway(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{})
	wantRefused(t, path, "another gateway (pid "+strconv.Itoa(os.Getpid())+") uses this ledger")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	opened(t, path, Options{})
}

func TestCloseLeavesOneWholeFile(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{})
	if err := l.Apply(t.Context(), storetest.Sale("m1", noon)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path + "-wal", path + "-shm"} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{})
	err := l.write(t.Context(), "", func(s *session) error {
		_, err := s.exec(setVersionSQL, 999)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, path, "newer gateway (schema 999, this program knows")
}

func TestOpenRefusesAFileThatIsNoLedger(t *testing.T) {
	for name, content := range map[string]string{
		"text": "a diary, and a long one at that: " + strings.Repeat("x", 8192), "one byte": "x", "cut": sqliteMagic[:9],
	} {
		t.Run(name, func(t *testing.T) {
			path := fresh(t)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			wantRefused(t, path, "not a ledger")
			if kept, _ := os.ReadFile(path); string(kept) != content {
				t.Error("the file was changed")
			}
		})
	}
}

func TestOpenRefusesADamagedFile(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{})
	for range 50 {
		if err := l.Apply(t.Context(), storetest.Sale("m1", noon)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(4096); at < info.Size(); at += 4096 {
		if _, err := f.WriteAt([]byte(strings.Repeat("\xa5", 512)), at); err != nil {
			t.Fatal(err)
		}
	}
	wantRefused(t, path, "damaged", "backup")
}

func TestOpenRefusesAFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, filepath.Join(file, "ledger.db"), "folder cannot be made")
}

func TestOpenSaysWhatMayNotBeWritten(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("permission bits do not bind this user")
	}
	t.Run("the folder", func(t *testing.T) {
		path := fresh(t)
		if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, path, "folder", "must be writable")
	})
	t.Run("the file", func(t *testing.T) {
		path := fresh(t)
		if err := opened(t, path, Options{}).Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o400); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, path, "the file must be readable and writable")
	})
}

func TestApplySaysThatTheDiskIsFull(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{})
	var empty int
	if err := l.reads.db.QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&empty); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	kept := fill(t, opened(t, path, Options{}, fmt.Sprintf("max_page_count(%d)", empty+4)))
	l = opened(t, path, Options{})
	for _, p := range kept {
		if _, err := l.Payment(t.Context(), "m1", p.ID); err != nil {
			t.Errorf("an acknowledged payment is lost: %v", err)
		}
	}
	if err := l.Apply(t.Context(), storetest.Sale("m1", noon)); err != nil {
		t.Errorf("with space again: %v", err)
	}
}

// fill applies payments until the disk is full, closes the ledger and returns
// the payments that were acknowledged.
func fill(t *testing.T, l *Ledger) []gateway.Payment {
	t.Helper()
	var kept []gateway.Payment
	for range 1000 {
		c := storetest.Sale("m1", noon)
		if err := l.Apply(t.Context(), c); err != nil {
			wantWords(t, err, "disk", "is full", "free some space")
			wantWords(t, l.Ready(t.Context()), "disk", "is full")
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return kept
		}
		kept = append(kept, c.Payment)
	}
	t.Fatal("the disk was never full")
	return nil
}

func TestApplySaysThatAnotherProgramHoldsTheLock(t *testing.T) {
	path := fresh(t)
	l := opened(t, path, Options{})
	err := l.write(t.Context(), "", func(s *session) error {
		_, err := s.conn.ExecContext(t.Context(), "PRAGMA busy_timeout = 1")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := storetest.Sale("m1", noon)
	wantWords(t, l.Apply(t.Context(), c), "another program", "locked", "nothing was written")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := l.Apply(t.Context(), c); err != nil {
		t.Fatalf("once the lock is free: %v", err)
	}
}
