package ledger

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

func wantKnown(t *testing.T, known gateway.SecretCheck, err error, want string) {
	t.Helper()
	if err != nil || known.Value != want {
		t.Errorf("the ledger knows %+v, %v; want %q", known, err, want)
	}
}

func keepCheck(t *testing.T, l *Ledger, value string) {
	t.Helper()
	if kept, err := l.KeepSecretCheck(t.Context(), value); err != nil || kept != value {
		t.Fatalf("%q is kept, %v", kept, err)
	}
}

func TestAPeekIntoASQLiteLedgerMakesNothing(t *testing.T) {
	path := fresh(t)
	folder := filepath.Dir(path)
	if _, err := PeekSQLite(t.Context(), path); err == nil {
		t.Error("nothing is wrong with a ledger that is not there")
	}
	if got := names(t, folder); got != "" {
		t.Fatalf("it made %s", got)
	}
	l := opened(t, path, Options{})
	keepCheck(t, l, "a check")
	known, err := PeekSQLite(t.Context(), path)
	wantKnown(t, known, err, "a check")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before := names(t, folder)
	known, err = PeekSQLite(t.Context(), path)
	wantKnown(t, known, err, "a check")
	if got := names(t, folder); got != before {
		t.Errorf("it made of %s %s", before, got)
	}
	if err := os.WriteFile(path+"-wal", []byte("left by a gateway that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err = PeekSQLite(t.Context(), path)
	wantKnown(t, known, err, "")
	if _, err := os.Stat(path + "-shm"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("beside a log it made an index: %v", err)
	}
}

func TestAPeekIntoAPostgresLedgerMakesNothing(t *testing.T) {
	url := services.Postgres(t)
	for range 2 {
		known, err := PeekPostgres(t.Context(), url)
		wantKnown(t, known, err, "")
	}
	keepCheck(t, onPostgres(t, url), "a check")
	known, err := PeekPostgres(t.Context(), url)
	wantKnown(t, known, err, "a check")
}

func TestALedgerFromBeforeLearnsItsSecret(t *testing.T) {
	eachLedgerFromBefore(t, "0019", func(t *testing.T, l *Ledger) {
		keepCheck(t, l, "a check")
		if known, err := l.SecretCheck(t.Context()); err != nil || known != (gateway.SecretCheck{Value: "a check"}) {
			t.Errorf("the ledger knows %+v, %v", known, err)
		}
	})
}
