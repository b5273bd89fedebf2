package ledger

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/internal/services"
)

// A migration that waits for a table has all payments wait behind it. It gives
// up, with words, and the next start is as if there had been none.
func TestAMigrationDoesNotQueuePaymentsBehindALongReader(t *testing.T) {
	url := services.Postgres(t)
	s := store{db: database(t, "pgx", url), dialect: postgresDialect("test")}
	s.make(t, migrationsBefore(t, "0012")...)
	dump, err := s.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dump.Rollback()
	if _, err := dump.ExecContext(t.Context(), `LOCK TABLE payments IN ACCESS SHARE MODE`); err != nil {
		t.Fatal(err)
	}
	// Far below what a migration itself may take.
	within, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err = OpenPostgres(within, url, Options{}); err == nil {
		t.Fatal("the ledger was opened")
	}
	wantWords(t, err, "0012_unread_index", "pg_dump", "try again")
	if err := dump.Rollback(); err != nil {
		t.Fatal(err)
	}
	l := onPostgres(t, url)
	if version, err := l.SealedSecretsVersion(t.Context()); err != nil || version != 0 {
		t.Errorf("after the reader: %d, %v", version, err)
	}
}
