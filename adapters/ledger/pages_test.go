package ledger

import (
	"encoding/binary"
	"os"
	"testing"
)

// TestANewLedgerHasLargePages looks into the file itself: once SQLite has written
// to it, another size is taken in silence and changes nothing.
func TestANewLedgerHasLargePages(t *testing.T) {
	path := fresh(t)
	if err := opened(t, path, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	head, err := os.ReadFile(path)
	if err != nil || len(head) < 100 {
		t.Fatalf("the ledger has %d bytes, %v", len(head), err)
	}
	if size := binary.BigEndian.Uint16(head[16:]); size != 8192 {
		t.Errorf("the ledger has pages of %d bytes", size)
	}
}

// TestALedgerKeepsItsPages opens one of before: its pages stay as they are.
func TestALedgerKeepsItsPages(t *testing.T) {
	path := fresh(t)
	db := database(t, "sqlite", dsn(path, "rwc", []string{"page_size(4096)"}))
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE schema_version (version BIGINT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	l := opened(t, path, Options{})
	var size int
	if err := l.reads.db.QueryRowContext(t.Context(), "PRAGMA page_size").Scan(&size); err != nil || size != 4096 {
		t.Errorf("the ledger has pages of %d bytes, %v", size, err)
	}
}
