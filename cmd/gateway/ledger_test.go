package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// takes opens the configuration's ledger, closes it again and gives what the
// log has said.
func takes(t *testing.T, cfg *config.Config) string {
	t.Helper()
	var said bytes.Buffer
	l, err := takeLedger(t.Context(), cfg, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

func TestANewLedgerIsToldOnceAndLoudlyWhereMoneyIsReal(t *testing.T) {
	for level, live := range map[string]bool{"level=INFO": false, "level=WARN": true} {
		cfg := load(t)
		cfg.Merchants[0].LiveMode = live
		if said := takes(t, cfg); strings.Count(said, "ledger.new") != 1 || !strings.Contains(said, level) || !strings.Contains(said, cfg.Ledger.SQLite) {
			t.Errorf("live mode %t: the first start says %q", live, said)
		}
		if said := takes(t, cfg); said != "" {
			t.Errorf("live mode %t: the second start says %q", live, said)
		}
	}
}

func TestAFirstStartThatFailsLeavesNothingThatTheNextRefuses(t *testing.T) {
	cfg := load(t)
	folder := filepath.Join(t.TempDir(), "folder")
	put(t, folder, []byte("no folder"))
	sound := cfg.Ledger.SQLite
	cfg.Ledger.SQLite = filepath.Join(folder, "ledger.db")
	if _, err := takeLedger(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("a ledger below a file was opened")
	}
	cfg.Ledger.SQLite = sound
	takes(t, cfg)
}

// A disk that was not mounted leaves another folder in its place, or a file that
// nobody has written.
func TestALedgerThatIsGoneIsNotBegunAnew(t *testing.T) {
	cfg := load(t)
	takes(t, cfg)
	move(t, cfg.Ledger.SQLite)
	f := examineLedger(t.Context(), cfg)
	_, err := takeLedger(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err == nil {
		t.Fatal("a new ledger was made beside the secret of the one that is gone")
	}
	for _, words := range []string{cfg.Ledger.SQLite, cfg.SecretPath(), "move", "away too"} {
		if !strings.Contains(err.Error(), words) || !strings.Contains(f.Found+f.Mend, words) || f.Grade != gateway.Broken {
			t.Errorf("%q is not said by the start, %v, or by the doctor, %+v", words, err, f)
		}
	}
	if err := os.Rename(cfg.SecretPath(), cfg.SecretPath()+".away"); err != nil {
		t.Fatal(err)
	}
	if said := takes(t, cfg); !strings.Contains(said, "ledger.new") {
		t.Errorf("once the secret is away too, the start says %q", said)
	}
}
