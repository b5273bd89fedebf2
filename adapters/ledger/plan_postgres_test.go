package ledger

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestEveryQueryWalksItsIndexOnPostgres looks at the plans of a ledger in which
// nothing has been counted yet. PostgreSQL keeps the plan of a statement until it
// counts the table's rows, which it does once a minute at most: an index that is
// as good as the right one by its guess, and has to be read whole, made each
// payment dearer than the one before in that minute.
func TestEveryQueryWalksItsIndexOnPostgres(t *testing.T) {
	url := withTables.Postgres(t)
	l := onPostgres(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), writerSettings+`; SET plan_cache_mode = force_generic_plan`); err != nil {
		t.Fatal(err)
	}
	t.Run("uncounted", func(t *testing.T) { wantIndexesWalked(t, conn) })
	for range 50 { // after so many changes a table is counted at all
		toldOnce(t, l)
	}
	if _, err := conn.Exec(t.Context(), `ANALYZE payments, operations, idempotency_keys, events, deliveries`); err != nil {
		t.Fatal(err)
	}
	t.Run("counted when there was little", func(t *testing.T) { wantIndexesWalked(t, conn) })
}

func wantIndexesWalked(t *testing.T, conn *pgx.Conn) {
	columns := indexedColumns(t, conn)
	for name, test := range plannedQueries() {
		if test.query == answerInPlaceSQL {
			continue // in PostgreSQL an answer is not kept in place
		}
		t.Run(name, func(t *testing.T) {
			for _, step := range postgresPlan(t, conn, test.query) {
				if fault := step.fault(columns[step.Index]); fault != "" {
					t.Errorf("%s\n%s: %+v", test.query, fault, step)
				}
			}
		})
	}
}

// planStep is a step of a plan that reads a table.
type planStep struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"`
	Index string `json:"Index Name"`
	Cond  string `json:"Index Cond"`
	Plans []planStep
}

// grows are the tables with a row for each payment, customer or delivery.
var grows = regexp.MustCompile(`^(payments|operations|idempotency_keys|events|deliveries|delivery_lanes|unmatched_transactions|vault_customers|vault_lives|vault_methods|vault_operations)$`)

// fault says why the step would cost more with each row. Of what PayTrace has and
// the gateway does not know, two indexes have the same columns, and no words lead
// to one of them alone; it holds what a person has to look at.
func (s planStep) fault(columns []string) string {
	if s.Table == "unmatched_transactions" {
		return ""
	}
	if s.Type == "Seq Scan" && grows.MatchString(s.Table) {
		return "reads a whole table"
	}
	skipped, cond := "", s.Cond
	for _, column := range columns {
		used := regexp.MustCompile(`(^|\W)` + regexp.QuoteMeta(column) + `($|\W)`).MatchString(cond)
		if strings.Contains(column, "(") {
			cond = strings.ReplaceAll(cond, column, "") // an expression names columns of its own
		}
		switch {
		case !used && skipped == "":
			skipped = column
		case used && skipped != "":
			return "has to read an index past " + skipped
		}
	}
	return ""
}

// postgresPlan is how PostgreSQL carries out a statement that it knows for long.
func postgresPlan(t *testing.T, conn *pgx.Conn, query string) []planStep {
	t.Helper()
	if _, err := conn.Exec(t.Context(), `PREPARE planned AS `+postgresDialect("").query(query)); err != nil {
		t.Fatal(err)
	}
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", strings.Count(query, "?")), ", ")
	if nulls != "" {
		nulls = "(" + nulls + ")"
	}
	var text []byte
	err := conn.QueryRow(t.Context(), `EXPLAIN (FORMAT JSON) EXECUTE planned`+nulls).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `DEALLOCATE planned`); err != nil {
		t.Fatal(err)
	}
	var plans []struct{ Plan planStep }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan.all()
}

func (s planStep) all() []planStep {
	all := []planStep{s}
	for _, below := range s.Plans {
		all = append(all, below.all()...)
	}
	return all
}

// indexedColumns are the columns of each index, in their order.
func indexedColumns(t *testing.T, conn *pgx.Conn) map[string][]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT c.relname, pg_get_indexdef(i.indexrelid, k, true)
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid, generate_series(1, i.indnkeyatts) k
		WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, k`)
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]string{}
	var index, column string
	if _, err := pgx.ForEachRow(rows, []any{&index, &column}, func() error {
		columns[index] = append(columns[index], column)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(columns["payments_by_status"], []string{"merchant_id", "status", "id"}) {
		t.Fatalf("the indexes are %v", columns)
	}
	return columns
}
