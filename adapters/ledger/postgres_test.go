package ledger

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
	"paytrace-gateway/internal/services"
)

func TestMain(m *testing.M) { services.Main(m) }

// withTables is for a test that does not look at how the tables are made, which is
// most of what an opening does. One that does asks for an empty database.
var withTables = services.NewPattern(func(url string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = migrate(context.Background(), db, postgresDialect("pattern"))
	return err
})

func onPostgres(t testing.TB, url string) *Ledger {
	t.Helper()
	return onPostgresIn(t, url, t.TempDir())
}

// onPostgresIn shares a folder for the archive with other gateways.
func onPostgresIn(t testing.TB, url, folder string) *Ledger {
	t.Helper()
	l, err := OpenPostgres(t.Context(), url, Options{Archive: folder, AuditKey: storetest.AuditKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

// admin carries out statements as another program would.
func admin(t *testing.T, url string, statements ...string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func wantPostgresRefused(t *testing.T, url string, words ...string) {
	t.Helper()
	l, err := OpenPostgres(context.Background(), url, Options{})
	if err == nil {
		l.Close()
		t.Fatal("the ledger was opened")
	}
	wantWords(t, err, words...)
}

func TestPostgresIsALedger(t *testing.T) {
	services.Postgres(t)
	storetest.Run(t, func(t *testing.T) gateway.Ledger { return onPostgres(t, withTables.Postgres(t)) })
}

func TestPostgresKeepsOperators(t *testing.T) {
	services.Postgres(t)
	storetest.RunOperators(t, func(t *testing.T) gateway.OperatorStore { return onPostgres(t, withTables.Postgres(t)) })
}

func TestPostgresKeepsClients(t *testing.T) {
	services.Postgres(t)
	storetest.RunClients(t, func(t *testing.T) gateway.ClientStore { return onPostgres(t, withTables.Postgres(t)) })
}

func TestPostgresKeepsAnAuditTrail(t *testing.T) {
	services.Postgres(t)
	storetest.RunAudit(t, func(t *testing.T) storetest.AuditStore { return onPostgres(t, withTables.Postgres(t)) })
}

func TestPostgresKnowsTheGatewaysSecret(t *testing.T) {
	services.Postgres(t)
	storetest.RunSecretCheck(t, func(t *testing.T) storetest.SecretCheckStore { return onPostgres(t, withTables.Postgres(t)) })
}

func TestGatewaysWithDifferentSecretsAreToldOneOfThem(t *testing.T) {
	url := withTables.Postgres(t)
	ledgers := []*Ledger{onPostgres(t, url), onPostgres(t, url)}
	told := make([]string, 32)
	var keeps sync.WaitGroup
	for i := range told {
		keeps.Go(func() {
			var err error
			if told[i], err = ledgers[i%2].KeepSecretCheck(t.Context(), strconv.Itoa(i%2)); err != nil {
				t.Error(err)
			}
		})
	}
	keeps.Wait()
	if all := slices.Compact(slices.Sorted(slices.Values(told))); len(all) != 1 {
		t.Errorf("gateways on one ledger are told of the secrets %q", all)
	}
}

func TestPostgresKeepsSealedSecrets(t *testing.T) {
	services.Postgres(t)
	storetest.RunSecrets(t, func(t *testing.T) gateway.SecretStore { return onPostgres(t, withTables.Postgres(t)) })
}

func TestPostgresKeepsWhatItAcknowledged(t *testing.T) {
	services.Postgres(t)
	storetest.RunReopened(t, func(t *testing.T) (gateway.Ledger, func() gateway.Ledger) {
		url, folder := withTables.Postgres(t), t.TempDir()
		l := onPostgresIn(t, url, folder)
		return l, func() gateway.Ledger {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = onPostgresIn(t, url, folder)
			return l
		}
	})
}

// TestTwoPostgresGatewaysAreOneLedger runs the suite with every second call
// going to another gateway, on the same database.
func TestTwoPostgresGatewaysAreOneLedger(t *testing.T) {
	services.Postgres(t)
	storetest.Run(t, func(t *testing.T) gateway.Ledger {
		url := withTables.Postgres(t)
		folder := t.TempDir()
		return &pair{ledgers: [2]*Ledger{onPostgresIn(t, url, folder), onPostgresIn(t, url, folder)}}
	})
}

func TestGatewaysThatStartAtOnceMakeTheSchemaOnce(t *testing.T) {
	url := services.Postgres(t)
	ledgers := make([]*Ledger, 4)
	var starts sync.WaitGroup
	for i := range ledgers {
		starts.Go(func() {
			var err error
			if ledgers[i], err = OpenPostgres(t.Context(), url, Options{}); err != nil {
				t.Errorf("gateway %d: %v", i, err)
			}
		})
	}
	starts.Wait()
	for _, l := range ledgers {
		if l != nil {
			l.Close()
		}
	}
}

func TestOfTwoGatewaysThatSeeATransactionFirstOneTellsOfIt(t *testing.T) {
	url := withTables.Postgres(t)
	ledgers := []*Ledger{onPostgres(t, url), onPostgres(t, url)}
	var keeps sync.WaitGroup
	for i := range 64 {
		record := gateway.Record{TransactionID: strconv.Itoa(i / 8), State: gateway.RecordPending}
		u := gateway.UnmatchedTransaction{MerchantID: "m1", Record: record, FirstSeen: noon, LastSeen: noon}
		e := gateway.Event{ID: gateway.NewEventID(noon), MerchantID: "m1", Type: "transaction.unmatched", At: noon, Transaction: &record}
		keeps.Go(func() {
			if err := ledgers[i%2].KeepUnmatched(t.Context(), u, &e); err != nil {
				t.Error(err)
			}
		})
	}
	keeps.Wait()
	if events := eventsOf(t, database(t, "pgx", url)); len(events) != 8 {
		t.Errorf("of 8 transactions %d events tell", len(events))
	}
}

// TestADeadlockedGroupIsTriedAgain lets two gateways take two rows crosswise.
func TestADeadlockedGroupIsTriedAgain(t *testing.T) {
	url := withTables.Postgres(t)
	ledgers := []*Ledger{onPostgres(t, url), onPostgres(t, url)}
	var both, writers sync.WaitGroup
	both.Add(2)
	for i, l := range ledgers {
		var first sync.Once
		writers.Go(func() {
			err := l.write(t.Context(), "", func(s *session) error {
				keys := []string{"a", "b"}
				if _, err := s.exec(insertCustomerSQL, "m1", true, keys[i], 1, 0, 0, "{}"); err != nil {
					return err
				}
				first.Do(func() { both.Done(); both.Wait() })
				_, err := s.exec(insertCustomerSQL, "m1", true, keys[1-i], 1, 0, 0, "{}")
				return err
			})
			if err != nil {
				t.Errorf("gateway %d: %v", i, err)
			}
		})
	}
	writers.Wait()
}

func TestPostgresSaysThatAnotherSessionHoldsTheRow(t *testing.T) {
	url := withTables.Postgres(t)
	l, other := onPostgres(t, url), onPostgres(t, url)
	c := storetest.Sale("m1", noon)
	if err := l.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	held, err := other.writes.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.ExecContext(t.Context(), `SELECT 1 FROM payments FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	decided := storetest.Approval(c.Payment, noon)
	err = l.write(t.Context(), "", func(s *session) error {
		_, err := s.conn.ExecContext(s.ctx, "SET lock_timeout = '1ms'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantWords(t, l.Apply(t.Context(), decided), "another session", "pg_stat_activity")
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := l.Apply(t.Context(), decided); err != nil {
		t.Errorf("once the row is free: %v", err)
	}
}

func TestOpenPostgresRefusesAServerThatForgets(t *testing.T) {
	t.Run("fsync is off", func(t *testing.T) {
		wantPostgresRefused(t, services.PostgresServer(t, "fsync=off").URL, "fsync is off", "postgresql.conf")
	})
	for name, scope := range map[string]string{"the database": "DATABASE ", "the role": "ROLE CURRENT_USER IN DATABASE "} {
		t.Run("synchronous_commit is off for "+name, func(t *testing.T) {
			url := services.Postgres(t)
			database := url[strings.LastIndex(url, "/")+1:]
			database, _, _ = strings.Cut(database, "?")
			admin(t, url, "ALTER "+scope+database+" SET synchronous_commit = off")
			wantPostgresRefused(t, url, "synchronous_commit is off", "ALTER ROLE")
		})
	}
}

func TestAServerIsRefusedFor(t *testing.T) {
	good := server{version: 150004, fsync: "on", synchronousCommit: "remote_apply", encoding: "UTF8"}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for words, spoil := range map[string]func(*server){
		"12 is too old: use 13":       func(s *server) { s.version = 120017 },
		"fsync is off":                func(s *server) { s.fsync = "off" },
		"synchronous_commit is off":   func(s *server) { s.synchronousCommit = "off" },
		"synchronous_commit is local": func(s *server) { s.synchronousCommit = "local" },
		"keeps text as SQL_ASCII":     func(s *server) { s.encoding = "SQL_ASCII" },
		"standby, which cannot be w":  func(s *server) { s.standby = true },
	} {
		s := good
		spoil(&s)
		wantWords(t, s.check(), words)
	}
}

func TestOpenPostgresRefusesANewerSchema(t *testing.T) {
	url := services.Postgres(t)
	onPostgres(t, url)
	admin(t, url, "INSERT INTO schema_version (version) VALUES (999)")
	wantPostgresRefused(t, url, "newer gateway (schema 999, this program knows")
}

func TestNoErrorShowsThePassword(t *testing.T) {
	for _, url := range []string{
		"postgres://user:hunter2@127.0.0.1:1/db?sslmode=disable", // nobody listens
		"postgres://user:hunter2@127.0.0.1:port/db",
		"postgres://user:hunter2%zz@127.0.0.1/db",
		"host=127.0.0.1 password=hunter2 sslmode=perhaps",
	} {
		_, err := OpenPostgres(t.Context(), url, Options{})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error = %v", err)
		}
	}
}

func TestPostgresReadersCannotWrite(t *testing.T) {
	l := onPostgres(t, withTables.Postgres(t))
	if _, err := l.reads.db.ExecContext(t.Context(), "DELETE FROM payments"); err == nil {
		t.Fatal("a reader deleted payments")
	}
}

func TestAClosedPostgresLedgerTakesNothing(t *testing.T) {
	l := onPostgres(t, withTables.Postgres(t))
	if err := l.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Apply(t.Context(), storetest.Sale("m1", noon)); !errors.Is(err, ErrClosed) {
		t.Errorf("Apply: %v, want ErrClosed", err)
	}
}
