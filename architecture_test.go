package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "paytrace-gateway/"

// arrows is the layer table: what a folder's production code may import of
// ours. A folder that is not here may not exist; CONTRIBUTING.md says why each
// arrow is allowed. The standard library is allowed to all.
var arrows = map[string][]string{
	"gateway":                            {},
	"gateway/storetest":                  {"gateway"},
	"gateway/processortest":              {"gateway"},
	"gateway/claimstest":                 {"gateway"},
	"gateway/quotatest":                  {"gateway"},
	"gateway/sinktest":                   {"gateway"},
	"gateway/guard":                      {"gateway"},
	"tokenization":                       {"gateway"},
	"sealing":                            {"gateway"},
	"egress":                             {},
	"spelling":                           {},
	"adapters/ledger":                    {"gateway"},
	"adapters/redis":                     {"gateway"},
	"adapters/telemetry":                 {"gateway", "gateway/guard"},
	"adapters/mapping":                   {"gateway", "spelling"},
	"adapters/oidc":                      {"gateway"},
	"adapters/webhook":                   {"gateway", "egress"},
	"adapters/erp":                       {"gateway"},
	"adapters/magento":                   {"gateway", "egress"},
	"adapters/magento/magentotest":       {},
	"adapters/paytrace":                  {"gateway", "tokenization"},
	"adapters/paytrace/simulator":        {},
	"adapters/salesforce":                {"gateway", "egress", "adapters/mapping"},
	"adapters/salesforce/salesforcetest": {},
	"openapi":                            {},
	"openapi/openapitest":                {"openapi"},
	"api/auth":                           {"gateway"},
	"api":                                {"gateway", "tokenization", "sealing", "spelling", "openapi", "api/auth"},
	"cmd/paytrace-sim":                   {"adapters/paytrace/simulator"},
	"cmd/gateway/config":                 {"gateway", "spelling"},
	"cmd/gateway": {
		"gateway", "tokenization", "sealing", "api", "api/auth", "openapi", "cmd/gateway/config",
		"adapters/ledger", "adapters/paytrace", "adapters/redis", "adapters/telemetry", "adapters/webhook", "gateway/guard",
		"adapters/mapping", "adapters/salesforce", "adapters/salesforce/salesforcetest",
		"adapters/magento", "adapters/magento/magentotest", "adapters/oidc", "adapters/erp",
	},
	"cmd/loadtest":      {"internal/load"},
	"internal/load":     {},
	"bench":             {},
	"bench/beside":      {},
	"bench/fill":        {"gateway", "gateway/processortest", "adapters/ledger"},
	"bench/growth":      {"gateway", "gateway/processortest", "adapters/ledger"},
	"bench/retention":   {"gateway", "gateway/processortest", "adapters/ledger"},
	"internal/services": {},
	"internal/leakhunt": {},
	"internal/simulation": {
		"gateway", "api", "api/auth", "adapters/ledger", "adapters/paytrace", "adapters/paytrace/simulator", "adapters/redis", "gateway/guard",
		"internal/simulation/history",
	},
	"internal/simulation/history": {},
	"":                            {},
}

// foreign are the modules of others that a folder may import. A folder that is
// not here may import any.
var foreign = map[string][]string{
	"gateway":                            {},
	"gateway/processortest":              {},
	"gateway/storetest":                  {},
	"gateway/claimstest":                 {},
	"gateway/quotatest":                  {},
	"gateway/sinktest":                   {},
	"gateway/guard":                      {"github.com/sony/gobreaker/v2", "go.uber.org/ratelimit"},
	"tokenization":                       {},
	"sealing":                            {"github.com/tink-crypto/tink-go/v2/aead", "github.com/tink-crypto/tink-go/v2/aead/subtle"},
	"egress":                             {},
	"spelling":                           {"github.com/agext/levenshtein"},
	"adapters/webhook":                   {},
	"adapters/erp":                       {},
	"adapters/paytrace":                  {"golang.org/x/text/language", "github.com/go-json-experiment/json/jsontext"},
	"adapters/paytrace/simulator":        {},
	"adapters/oidc":                      {"github.com/coreos/go-oidc/v3/oidc", "golang.org/x/oauth2"},
	"adapters/mapping":                   {"github.com/expr-lang/expr", "github.com/expr-lang/expr/ast", "github.com/expr-lang/expr/vm"},
	"adapters/salesforce/salesforcetest": {},
	"adapters/magento":                   {},
	"adapters/magento/magentotest":       {},
	"cmd/paytrace-sim":                   {},
	"cmd/loadtest":                       {},
	"internal/load":                      {"github.com/valyala/fasthttp", "github.com/HdrHistogram/hdrhistogram-go"},
	"internal/leakhunt":                  {},
}

func TestArrowsPointOneWay(t *testing.T) {
	for folder, imports := range importsOf(t, ".") {
		allowed, ok := arrows[folder]
		if !ok {
			t.Errorf("%s is a new folder: give it a line in the table of architecture_test.go and in CONTRIBUTING.md", folder)
			continue
		}
		for _, path := range imports {
			if ours, is := strings.CutPrefix(path, module); is {
				if !slices.Contains(allowed, ours) {
					t.Errorf("%s imports %s, an arrow the table does not have", folder, ours)
				}
				continue
			}
			if outside, limited := foreign[folder]; limited && isForeign(path) && !slices.Contains(outside, path) {
				t.Errorf("%s imports %s; it may use the standard library only", folder, path)
			}
		}
	}
}

func TestTheTableSeesAForbiddenArrow(t *testing.T) {
	seen := importsOf(t, "testdata/architecture")
	if !slices.Contains(seen["gateway"], module+"api") {
		t.Errorf("the reader of imports missed the planted one: %v", seen)
	}
}

func isForeign(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// importsOf reads the sources themselves: a test that asks `go list` is
// answered from the test cache and does not see a new import.
func importsOf(t *testing.T, root string) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (d.Name() == "testdata" || d.Name() == "var" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, _ := filepath.Rel(root, filepath.Dir(path))
		folder = strings.TrimPrefix(filepath.ToSlash(folder), ".")
		imports[folder] = append(imports[folder], []string{}...)
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[folder] = append(imports[folder], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}
