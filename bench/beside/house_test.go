package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withParts has the house run other parts than the usual ones.
func withParts(t *testing.T, others ...part) {
	t.Helper()
	usual := parts
	parts = others
	t.Cleanup(func() { parts = usual })
}

func failing(name string) part {
	return part{name, func(*house, context.Context) error { return errors.New("a wheel came off") }, nil}
}

func working(name string, ran *[]string) part {
	return part{name, func(*house, context.Context) error { *ran = append(*ran, name); return nil }, nil}
}

func TestAReportThatLacksAPartSaysSo(t *testing.T) {
	h := measured(t)
	var ran []string
	withParts(t, working(durability, &ran), failing("fixed"), working("replay", &ran))
	if err := h.run(t.Context()); err == nil || !strings.Contains(err.Error(), "fixed: a wheel came off") {
		t.Errorf("the run ends with %v", err)
	}
	page, err := os.ReadFile(filepath.Join(h.results, "abc1234.md"))
	if err != nil || !strings.Contains(string(page), "NOT COMPLETE: fixed: a wheel came off") {
		t.Errorf("%v: the report is\n%s", err, page)
	}
	if len(ran) != 2 {
		t.Errorf("of the others ran %v", ran)
	}
}

func TestNothingIsReportedOfAGatewayThatIsNotDurable(t *testing.T) {
	h := measured(t)
	var ran []string
	withParts(t, failing(durability), working("replay", &ran))
	if err := h.run(t.Context()); err == nil || len(ran) != 0 {
		t.Errorf("the run ends with %v after %v", err, ran)
	}
	if found, _ := filepath.Glob(filepath.Join(h.results, "*")); len(found) != 0 {
		t.Errorf("%v was written", found)
	}
}

func TestALedgerThatIsStillOpenIsNotCopied(t *testing.T) {
	folder := t.TempDir()
	h := &house{options: options{ledger: filepath.Join(folder, "grown.db")}}
	for name, text := range map[string]string{"grown.db": "SQLite format 3", "grown.db-wal": "pages"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	to := filepath.Join(folder, "copy.db")
	if err := h.layOut(to); err == nil {
		t.Error("a ledger with a log beside it was copied")
	}
	if err := os.Remove(h.ledger + "-wal"); err != nil {
		t.Fatal(err)
	}
	if err := h.layOut(to); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(to); err != nil || string(text) != "SQLite format 3" {
		t.Errorf("the copy is %q, %v", text, err)
	}
}
