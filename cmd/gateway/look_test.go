package main

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"paytrace-gateway/internal/services"
)

// onSharedLedger is a configuration with a sealed secret on an empty PostgreSQL
// database, which is given too.
func onSharedLedger(t *testing.T) (*serving, *sql.DB) {
	t.Helper()
	url := services.Postgres(t)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	paytrace := startProcessor(t)
	s := configure(t, paytrace.api)
	s.environment = []string{
		"GATEWAY_LEDGER_POSTGRES=" + url, "GATEWAY_SECRET=" + strings.Repeat("0123456789abcdef", 4), "SEALING_KEY=" + newMasterKey(),
	}
	s.write("signingKeys: [{file: " + signingKeyFile(t) + "}]\npublicURL: http://pair.test\nsealing: {key: \"${SEALING_KEY}\"}\n" +
		"retention: {archiveAfterDays: 400, archiveFolder: archive}\n" +
		strings.Replace(fmt.Sprintf(servingYAML, s.address, paytrace.api), "${PAYTRACE_ACCOUNT_PASSWORD}", "{sealed: paytrace-password}", 1))
	return s, db
}

// counted is the number that the database answers.
func counted(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// looking are the commands that look into the ledger themselves and fail without one.
var looking = []string{
	"archive status", "archive show pay_1", "archive verify", "archive run --dry-run", "audit list", "audit export", "audit verify", "doctor", "mapping test",
}

// Made by a command that looks, an empty ledger would be there already when a
// gateway starts, and nobody would be told that it knows of no payment.
func TestACommandThatLooksMakesNoLedger(t *testing.T) {
	t.Parallel()
	s, db := onSharedLedger(t)
	const tables = `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'`
	for _, line := range looking {
		s.operate(strings.Fields(line)...).says(t, 1, "there is none; has a gateway run with this configuration?")
		if n := counted(t, db, tables); n != 0 {
			t.Fatalf("gateway %s has made %d tables", line, n)
		}
	}
	s.operate("secrets", "list").says(t, 0, "paytrace-password", "not set")
	if n := counted(t, db, tables); n != 0 {
		t.Fatalf("gateway secrets list has made %d tables", n)
	}
	s.rewrite("level: warn", "level: info")
	s.trySecrets("simulator-password", "set", "paytrace-password").says(t, 0, "ledger.new", "is set")
}

// Gateways of the release before may be at work on the tables, which are moved by a
// start alone.
func TestACommandMigratesNoLedgerThatGatewaysShare(t *testing.T) {
	t.Parallel()
	s, db := onSharedLedger(t)
	s.secrets("simulator-password", "set", "paytrace-password")
	const version = `SELECT MAX(version) FROM schema_version`
	now := counted(t, db, version)
	set := func(statement string) {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(statement, now)); err != nil {
			t.Fatal(err)
		}
	}
	set(`DELETE FROM schema_version WHERE version = %d`)
	for _, line := range append([]string{"secrets list", "secrets remove another", "secrets reseal", "archive run"}, looking...) {
		s.operate(strings.Fields(line)...).says(t, 1, "its tables are an older program's", "only a start changes them")
		if n := counted(t, db, version); n != now-1 {
			t.Fatalf("gateway %s has moved the schema from %d to %d", line, now-1, n)
		}
	}
	set(`INSERT INTO schema_version (version) VALUES (%d)`)
	s.operate("archive", "status").says(t, 0, "last run")
}
