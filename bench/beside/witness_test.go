package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

func TestAWitnessWantsTheIntentBeforeTheSale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	ledger, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	for _, statement := range []string{
		`PRAGMA journal_mode = WAL`,
		`CREATE TABLE payments (id TEXT, reference TEXT)`,
		`CREATE TABLE operations (payment_id TEXT, status TEXT)`,
		`INSERT INTO payments VALUES ('p1', 'PROMISED'), ('p2', 'DONE')`,
		`INSERT INTO operations VALUES ('p1', 'sending'), ('p2', 'approved')`,
	} {
		if _, err := ledger.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	w, err := witnessSQLite("127.0.0.1:1", path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	for body, want := range map[string]string{
		`{"customer_reference_id":"PROMISED"}`:  "",
		`{"customer_reference_id":"DONE"}`:      "approved",
		`{"customer_reference_id":"FORGOTTEN"}`: "before its intent",
		`{}`:                                    "without the gateway's reference",
		`no`:                                    "without the gateway's reference",
	} {
		err := w.look(t.Context(), []byte(body))
		if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
		w.note(err)
	}
	if seen, fault := w.testimony(); seen != 5 || fault == nil {
		t.Errorf("%d were seen, with %v", seen, fault)
	}
}
