package main

import (
	"os"
	"path/filepath"
	"testing"

	"paytrace-gateway/internal/services"
)

func TestMain(m *testing.M) { services.Main(m) }

// Both verify themselves: random payments are read by all their names through
// the ledger.
func TestWhatIsFilledIsALedger(t *testing.T) {
	templates, err := makeTemplates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := options{ledger: filepath.Join(t.TempDir(), "some.db"), payments: 700, merchants: 3, seed: 1, events: true}
	if err := fillSQLite(t.Context(), o, templates); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(o.ledger); err != nil || info.Size() < 1<<20 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if err := fillPostgres(t.Context(), options{postgres: services.Postgres(t), payments: 700, merchants: 3, seed: 1}, templates); err != nil {
		t.Error(err)
	}
}
