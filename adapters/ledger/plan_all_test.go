package ledger

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unplanned are the constants that are no statement of their own, or one of
// opening and asking whether the ledger can write.
var unplanned = map[string]string{
	"readDeliverySQL":   "the beginning of several",
	"inFrontSQL":        "a part of several",
	"toldInSQL":         "each half of queueToldSQL",
	"standbysSQL":       "of a view of the server",
	"versionSQL":        "of a table with one row for each migration",
	"versionThereSQL":   "of a view of the server",
	"clockSQL":          "of no table",
	"timelineSQL":       "of no table",
	"secretCheckSQL":    "ends at the first row of each table",
	"clearReadinessSQL": "of a table that is empty but for a moment",
}

func TestEveryStatementHasItsPlan(t *testing.T) {
	planned := namesIn(t, "plan_test.go")
	for name := range statements(t) {
		if _, known := unplanned[name]; !known && !planned[name] {
			t.Errorf("%s is not in TestEveryQueryWalksItsIndex", name)
		}
	}
}

// statements are the constants that look for rows.
func statements(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, file := range parsed(t, func(name string) bool { return !strings.HasSuffix(name, "_test.go") }) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasSuffix(spec.Names[0].Name, "SQL") {
				return true
			}
			first := token.Pos(0)
			ast.Inspect(spec.Values[0], func(n ast.Node) bool {
				literal, ok := n.(*ast.BasicLit)
				if ok && first == 0 {
					first = literal.Pos()
					switch word, _, _ := strings.Cut(strings.Trim(literal.Value, "`\" \n"), " "); word {
					case "SELECT", "UPDATE", "DELETE", "WITH":
						found[spec.Names[0].Name] = true
					}
				}
				return true
			})
			return true
		})
	}
	if len(found) < 30 {
		t.Fatalf("only %d statements were found", len(found))
	}
	return found
}

func namesIn(t *testing.T, file string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, file := range parsed(t, func(name string) bool { return name == file }) {
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				names[id.Name] = true
			}
			return true
		})
	}
	return names
}

func parsed(t *testing.T, wanted func(name string) bool) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if !wanted(name) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// scanned is a step that reads a whole table which grows, or a whole index of
// it.
var scanned = regexp.MustCompile(`(?m)^SCAN (payments|operations|idempotency_keys|events|deliveries|delivery_lanes|unmatched_transactions|vault_customers|vault_lives|vault_methods|vault_operations)\b( USING .*)?$`)

// unfinished are the indexes that hold what is unfinished and nothing else, and
// that of the transactions that a person is to look at.
var unfinished = []string{
	"operations_undecided", "operations_waiting", "operations_due", "payments_needing_attention", "vault_operations_due",
	"deliveries_order", "deliveries_due", "events_unspread", "sqlite_autoindex_unmatched_transactions_1",
}

// readsWhole are the steps of a plan whose cost grows with the history.
func readsWhole(steps string) []string {
	var whole []string
	for _, step := range scanned.FindAllStringSubmatch(steps, -1) {
		// Some give their choice the name of the table.
		bounded := step[2] == "" && strings.Contains(steps, "CO-ROUTINE "+step[1])
		for _, index := range unfinished {
			bounded = bounded || strings.HasSuffix(step[2], " INDEX "+index)
		}
		if !bounded {
			whole = append(whole, step[0])
		}
	}
	return whole
}

func TestAWholeTableIsSeen(t *testing.T) {
	l := opened(t, fresh(t), Options{})
	for _, query := range []string{
		`SELECT body FROM payments WHERE amount = ?`, `SELECT COUNT(*) FROM operations`, `SELECT id FROM deliveries ORDER BY id LIMIT ?`,
	} {
		if steps := plan(t, l, query); len(readsWhole(steps)) == 0 {
			t.Errorf("%s\nis carried out as\n%s\nand was let through", query, steps)
		}
	}
}
