package ledger

import (
	"errors"
	"reflect"
	"testing"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

// tablesOf is every column and every index that there is in a PostgreSQL database.
func tablesOf(t *testing.T, s store) (all []string) {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' UNION ALL SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// A program that looks is often another one than those at work on the ledger: it is
// asked before an upgrade, or before there is a ledger.
func TestLookingMakesAndMigratesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*testing.T, store)
		refused error // nil for one of which words alone tell
		words   []string
	}{
		"no ledger": {func(*testing.T, store) {}, ErrNone, []string{"has a gateway run"}},
		"an older one": {
			func(t *testing.T, s store) { s.make(t, migrationsBefore(t, "0017")...) },
			ErrOlder, []string{"only a start changes them", "use the program that the gateways run with", "Upgrading"},
		},
		"a newer one": {
			func(t *testing.T, s store) {
				s.make(t, migrationsBefore(t, "9999")...)
				s.exec(t, setVersionSQL, 1000)
			},
			nil, []string{"newer gateway (schema 1000", "use the program that the gateways run with"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := services.Postgres(t)
			s := store{db: database(t, "pgx", url), dialect: postgresDialect("test")}
			c.prepare(t, s)
			before := tablesOf(t, s)
			l, err := LookPostgres(t.Context(), url, Options{})
			if err == nil {
				l.Close()
			}
			wantWords(t, err, append(c.words, "cannot look into the ledger "+placeIn(t, url))...)
			if c.refused != nil && !errors.Is(err, c.refused) {
				t.Errorf("the refusal is %v, want %v", err, c.refused)
			}
			if after := tablesOf(t, s); !reflect.DeepEqual(after, before) {
				t.Errorf("before the look there were %q, after it %q", before, after)
			}
		})
	}
}

func TestWhoLooksReadsAndWritesNothing(t *testing.T) {
	url := withTables.Postgres(t)
	works := onPostgres(t, url)
	l, err := LookPostgres(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if all, err := l.Operators(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := l.KeepSecretCheck(t.Context(), "looked"); !errors.Is(err, ErrClosed) {
		t.Errorf("a write of one who looks: %v", err)
	}
	if _, err := l.reads.db.ExecContext(t.Context(), `CREATE TABLE more (id BIGINT)`); err == nil {
		t.Error("the session of one who looks has made a table")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if known, err := works.SecretCheck(t.Context()); err != nil || known != (gateway.SecretCheck{}) {
		t.Errorf("the gateway at work reads %+v, %v", known, err)
	}
}

func placeIn(t *testing.T, url string) string {
	t.Helper()
	config, err := parseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	return placeOf(config)
}
