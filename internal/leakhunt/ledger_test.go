package leakhunt

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL
	_ "modernc.org/sqlite"             // the driver of the ledger's file
)

// openLedger opens the gateway's own ledger beside it.
func (w *town) openLedger() *sql.DB {
	w.t.Helper()
	driver, source := "sqlite", filepath.Join(w.folder, "data", "ledger.db")+"?_pragma=busy_timeout(10000)"
	if w.postgres != nil {
		driver, source = "pgx", w.postgres.URL
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

var dueTimes = regexp.MustCompile(`"(due|checkDue)":"[^"]*"`)

// timePasses makes all that is to be done later due at once: a gateway that was
// killed could have had a call under way for as long as a call may last, and a
// stored card is compared with PayTrace's a day later. What is finished is old.
func (w *town) timePasses() {
	w.t.Helper()
	db := w.openLedger()
	defer db.Close()
	exec := func(question string) {
		if _, err := db.Exec(question); err != nil {
			w.t.Fatalf("time does not pass: %v", err)
		}
	}
	for _, table := range []string{"payments", "vault_operations", "vault_customers"} {
		for id, body := range w.bodiesOf(db, table) {
			if later := dueTimes.ReplaceAllString(body, `"$1":"2026-01-01T00:00:00Z"`); later != body {
				exec("UPDATE " + table + " SET body = '" + strings.ReplaceAll(later, "'", "''") + "' WHERE id = '" + id + "'")
			}
		}
	}
	exec("UPDATE operations SET due = 1 WHERE due > 0")
	exec("UPDATE vault_operations SET due = 1 WHERE due > 0")
	exec("UPDATE payments SET updated_at = 1")
	exec("UPDATE retention SET due = 1")
	exec("UPDATE vault_methods SET check_due = 1 WHERE check_due > 0")
}

// bodiesOf are the bodies of a table's rows by their ids.
func (w *town) bodiesOf(db *sql.DB, table string) map[string]string {
	w.t.Helper()
	rows, err := db.Query("SELECT id, body FROM " + table)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var id, body string
		if err := rows.Scan(&id, &body); err != nil {
			w.t.Fatal(err)
		}
		all[id] = body
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}
