package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the pages say of the code, held against the sources.

var declaredIn = regexp.MustCompile("`(\\w+)` in\\s+`([\\w./-]+\\.go)`")

func TestEveryNameSaidToBeInAFileIsDeclaredThere(t *testing.T) {
	checked := 0
	for _, p := range pages(t) {
		for _, found := range declaredIn.FindAllStringSubmatch(p.prose, -1) {
			checked++
			if !slices.Contains(declarations(t, found[2]), found[1]) {
				t.Errorf("%s says that %s is in %s", p.name, found[1], found[2])
			}
		}
	}
	if checked < 40 {
		t.Errorf("only %d names were found; does the pattern still fit the pages?", checked)
	}
}

func source(t *testing.T, name string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func declarations(t *testing.T, name string) []string {
	t.Helper()
	var all []string
	for _, decl := range source(t, name).Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			all = append(all, d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					all = append(all, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						all = append(all, n.Name)
					}
				}
			}
		}
	}
	return all
}

// constants are a file's string constants of one type, "" for the untyped.
func constants(t *testing.T, name, of string) map[string]string {
	t.Helper()
	values := map[string]string{}
	ast.Inspect(source(t, name), func(n ast.Node) bool {
		s, ok := n.(*ast.ValueSpec)
		if !ok || (s.Type == nil) != (of == "") || (s.Type != nil && types.ExprString(s.Type) != of) {
			return true
		}
		for i, value := range s.Values {
			if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				values[s.Names[i].Name], _ = strconv.Unquote(literal.Value)
			}
		}
		return true
	})
	if len(values) == 0 {
		t.Fatalf("%s has no string constants of type %q any more", name, of)
	}
	return values
}

// table is a map literal, by the last name of each key.
func table(t *testing.T, name, variable string) map[string]ast.Expr {
	t.Helper()
	entries := map[string]ast.Expr{}
	ast.Inspect(source(t, name), func(n ast.Node) bool {
		s, ok := n.(*ast.ValueSpec)
		if !ok || s.Names[0].Name != variable {
			return true
		}
		for _, element := range s.Values[0].(*ast.CompositeLit).Elts {
			pair := element.(*ast.KeyValueExpr)
			entries[lastName(pair.Key)] = pair.Value
		}
		return false
	})
	if len(entries) == 0 {
		t.Fatalf("%s has no map %s any more", name, variable)
	}
	return entries
}

func lastName(e ast.Expr) string {
	text := types.ExprString(e)
	return text[strings.LastIndex(text, ".")+1:]
}

func TestErrorsPageHasEveryCodeWithItsStatus(t *testing.T) {
	codes := constants(t, "gateway/errors.go", "Code")
	maps.Copy(codes, constants(t, "api/problem.go", "gateway.Code"))
	statuses := table(t, "api/problem.go", "statusOf")
	want := map[string]string{}
	for name, code := range codes {
		want[code] = "422"
		if status, ok := statuses[name]; ok {
			want[code] = httpStatus(lastName(status))
		}
	}
	p := readPage(t, "docs/errors.md")
	compare(t, "docs/errors.md, Codes", want, firstTwo(p.section(t, "## Codes")))

	refusals := map[string]string{}
	told := firstTwo(p.section(t, "## The token endpoint"))
	for _, code := range constants(t, "api/auth/oautherror.go", "") {
		refusals[code] = told[code] // the status stands where each is made
	}
	compare(t, "docs/errors.md, The token endpoint", refusals, told)
}

// firstTwo are the rows of tables by the word in their first cell.
func firstTwo(text string) map[string]string {
	all := map[string]string{}
	for _, row := range rows(text) {
		for _, word := range words(row[0]) {
			all[word] = row[1]
		}
	}
	return all
}

// httpStatus is the number behind the name of a constant of net/http.
func httpStatus(name string) string {
	for status := 100; status < 600; status++ {
		if "Status"+strings.ReplaceAll(http.StatusText(status), " ", "") == name {
			return strconv.Itoa(status)
		}
	}
	return name
}

// compare names what the page lacks, and what it has in excess.
func compare(t *testing.T, where string, code, told map[string]string) {
	t.Helper()
	for name, want := range code {
		if got, ok := told[name]; !ok {
			t.Errorf("%s lacks %s", where, name)
		} else if got != want {
			t.Errorf("%s says %q of %s, the code says %q", where, got, name, want)
		}
	}
	for name := range told {
		if _, ok := code[name]; !ok {
			t.Errorf("%s has %s, which the code lacks", where, name)
		}
	}
}

func TestLifeOfAPaymentHasEveryMoveAndState(t *testing.T) {
	p := readPage(t, "docs/life-of-a-payment.md")
	states := constants(t, "gateway/payment.go", "Status")
	want, told := map[string]string{}, map[string]string{}
	for _, state := range states {
		want[state] = "nothing"
	}
	for name, to := range table(t, "gateway/payment.go", "moves") {
		var targets []string
		for _, target := range to.(*ast.CompositeLit).Elts {
			targets = append(targets, states[lastName(target)])
		}
		want[states[name]] = strings.Join(targets, " ")
	}
	for _, row := range rows(p.section(t, "## The states of a payment")) {
		for _, from := range words(row[0]) {
			told[from] = strings.ReplaceAll(row[1], "`", "")
		}
	}
	compare(t, "docs/life-of-a-payment.md, moves", want, told)

	operations := map[string]string{}
	told = map[string]string{}
	for _, state := range constants(t, "gateway/operation.go", "OperationStatus") {
		operations[state] = ""
	}
	for _, row := range rows(p.section(t, "## The states of an operation")) {
		told[words(row[0])[0]] = ""
	}
	compare(t, "docs/life-of-a-payment.md, operations", operations, told)
}

func TestContributingHasTheTableOfArrows(t *testing.T) {
	want, told := map[string]string{}, map[string]string{}
	for folder, imports := range arrows {
		want[folder] = strings.Join(slices.Sorted(slices.Values(imports)), " ")
	}
	for _, row := range rows(readPage(t, "CONTRIBUTING.md").section(t, "## The layers")) {
		folder := strings.TrimPrefix(words(row[0])[0], ".")
		told[folder] = strings.Join(slices.Sorted(slices.Values(words(row[1]))), " ")
	}
	compare(t, "CONTRIBUTING.md, The layers", want, told)
}

var logged = regexp.MustCompile(`(?:[lL]og\.(?:Debug|Info|Warn|Error)|LogAttrs|level)\((?:[^"()]|\(\))*"([a-z]+\.[a-z_]+)"`)

func TestOperatingHasASectionForEveryLogEvent(t *testing.T) {
	want, told := map[string]string{}, map[string]string{}
	for _, folder := range slices.Sorted(maps.Keys(arrows)) {
		if folder == "" || strings.HasPrefix(folder, "bench") || strings.Contains(folder, "sim") {
			continue
		}
		sources, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range sources {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, event := range logged.FindAllStringSubmatch(string(text), -1) {
				if !strings.HasSuffix(name, "_test.go") {
					want[event[1]] = ""
				}
			}
		}
	}
	for line := range strings.Lines(readPage(t, "docs/operating.md").section(t, "## The log")) {
		if event, ok := strings.CutPrefix(line, "### "); ok {
			told[strings.TrimSpace(event)] = ""
		}
	}
	compare(t, "docs/operating.md, The log", want, told)
}

var member = regexp.MustCompile(`json:"(\w+)`)

// The page of guesses names no setting that is not there, and none of the
// simulator's settings is missing from it.
func TestUnconfirmedNamesTheSettings(t *testing.T) {
	example, err := os.ReadFile("cmd/gateway/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	settings := readMembers(t, "adapters/paytrace/simulator/settings.go")
	faults := readMembers(t, "adapters/paytrace/simulator/fault.go")
	named := map[string]bool{"avs": true, "csc": true, "errors": true} // members of those that are named
	for _, row := range rows(readPage(t, "docs/unconfirmed.md").text) {
		if len(row) != 5 {
			t.Fatalf("a row of docs/unconfirmed.md has %d cells: %s", len(row), row[0])
		}
		for _, setting := range words(row[2]) {
			if !regexp.MustCompile(`(?m)^[\s#]*` + setting + `:`).Match(example) {
				t.Errorf("docs/unconfirmed.md: the configuration has no %s", setting)
			}
		}
		for _, setting := range words(row[3]) {
			last := setting[strings.LastIndex(setting, ".")+1:]
			named[last] = true
			if !settings[last] && !faults[last] {
				t.Errorf("docs/unconfirmed.md: the simulator has no %s", setting)
			}
		}
	}
	for setting := range settings {
		if !named[setting] {
			t.Errorf("docs/unconfirmed.md lacks the simulator's setting %s", setting)
		}
	}
}

func readMembers(t *testing.T, name string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]bool{}
	for _, found := range member.FindAllStringSubmatch(string(text), -1) {
		members[found[1]] = true
	}
	return members
}
