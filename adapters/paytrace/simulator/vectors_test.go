package simulator_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// vector is a recorded exchange. Members in braces stand for values of this run.
type vector struct {
	Source  string          `json:"source"`
	Before  []exchange      `json:"before"`
	Request exchange        `json:"request"`
	Status  int             `json:"status"`
	Answer  json.RawMessage `json:"answer"`
	// Shortened recordings show some members only.
	Shortened bool `json:"shortened"`
}

type exchange struct {
	Path    string          `json:"path"`
	Control string          `json:"control"`
	Method  string          `json:"method"`
	Form    string          `json:"form"`
	Body    json.RawMessage `json:"body"`
}

func TestRecordedExchangesAreReproduced(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			replay(t, file)
		})
	}
}

func replay(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	a := openAccount(t, simulator.Options{})
	known := map[string]string{
		"integratorId": simulator.DefaultIntegratorID, "username": simulator.DefaultUsername, "password": simulator.DefaultPassword,
	}
	for i, step := range v.Before {
		if status, answer := a.do(step, known); status != 200 {
			t.Fatalf("step %d: status %d, %v", i, status, answer)
		}
	}
	status, got := a.do(v.Request, known)
	if status != v.Status {
		t.Errorf("status %d, want %d", status, v.Status)
	}
	want := decode(t, strings.NewReader(fill(string(v.Answer), known)))
	if v.Shortened {
		for member := range got {
			if _, shown := want[member]; !shown {
				delete(got, member)
			}
		}
	}
	compare(t, "", got, want)
}

// do sends one exchange and remembers what later ones refer to.
func (a *account) do(e exchange, known map[string]string) (status int, answer map[string]any) {
	body := fill(string(e.Body), known)
	switch {
	case e.Control != "":
		answer, status = a.control(e.Method, e.Control, body), 200
	case e.Form != "":
		status, answer = a.send(a.sim.API(), "POST", e.Path, "application/x-www-form-urlencoded", fill(e.Form, known))
	default:
		status, answer = a.send(a.sim.API(), "POST", e.Path, "application/json", body)
	}
	for member, name := range map[string]string{
		"transaction_id": "transactionId", "check_transaction_id": "checkTransactionId", "hpfToken": "hpfToken", "encKey": "encKey",
	} {
		if value, there := answer[member]; there {
			known[name] = fmt.Sprint(value)
		}
	}
	return status, answer
}

func fill(s string, known map[string]string) string {
	for name, value := range known {
		s = strings.ReplaceAll(s, "{"+name+"}", value)
	}
	return s
}

// patterns are the members whose values differ from run to run.
var patterns = map[string]*regexp.Regexp{
	"access_token":         regexp.MustCompile(`^[A-Za-z0-9_=-]{20,}$`),
	"created_at":           regexp.MustCompile(`^\d{10}$`),
	"transaction_id":       regexp.MustCompile(`^\d{8,}$`),
	"check_transaction_id": regexp.MustCompile(`^\d{6,}$`),
	"approval_code":        regexp.MustCompile(`^[A-Z0-9]{6}$`),
	"status_code":          regexp.MustCompile(`^GB\d+$`),
	"by":                   regexp.MustCompile(`.`),
	"from_ip":              regexp.MustCompile(`^[0-9a-f.:]+$`),
}

var (
	approvalCode = regexp.MustCompile(`TAS\d{3}`)
	givenID      = regexp.MustCompile(`\b\d{8}/`)
)

// compare wants the same members, each with the same value or, where the value
// is this run's own, with the same type and pattern.
func compare(t *testing.T, path string, got, want any) {
	t.Helper()
	if reflect.TypeOf(got) != reflect.TypeOf(want) {
		t.Errorf("%s is %v (%T), want %v (%T)", path, got, got, want, want)
		return
	}
	switch want := want.(type) {
	case map[string]any:
		compareObjects(t, path, got.(map[string]any), want)
	case []any:
		list := got.([]any)
		if len(list) != len(want) {
			t.Fatalf("%s has %d entries, want %d", path, len(list), len(want))
		}
		for i := range want {
			compare(t, fmt.Sprintf("%s[%d]", path, i), list[i], want[i])
		}
	default:
		compareValues(t, path, fmt.Sprint(got), fmt.Sprint(want))
	}
}

func compareObjects(t *testing.T, path string, got, want map[string]any) {
	t.Helper()
	for member := range got {
		if _, there := want[member]; !there {
			t.Errorf("%s.%s is there, and should not be", path, member)
		}
	}
	for member, value := range want {
		if _, there := got[member]; !there {
			t.Errorf("%s.%s is missing", path, member)
			continue
		}
		compare(t, path+"."+member, got[member], value)
	}
}

func compareValues(t *testing.T, path, got, want string) {
	t.Helper()
	member := path[strings.LastIndex(path, ".")+1:]
	pattern := patterns[member]
	if pattern == nil && want == "GB571" {
		pattern = patterns["status_code"]
	}
	if member == "customer_id" && want == "39527418" {
		pattern = regexp.MustCompile(`^\d{8}$`)
	}
	if pattern != nil && want != "" {
		if !pattern.MatchString(got) {
			t.Errorf("%s is %q, want something like %q", path, got, want)
		}
		return
	}
	if plain(got) != plain(want) {
		t.Errorf("%s is %q, want %q", path, got, want)
	}
}

// plain hides this run's own codes within texts.
func plain(s string) string {
	return givenID.ReplaceAllString(approvalCode.ReplaceAllString(s, "TASnnn"), "nnnnnnnn/")
}
