package telemetry

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// hostile are values that must show up nowhere: they would make series without
// end, break the format, or tell what nobody may know.
var hostile = []string{
	"pay_01JQZ8Y3K5", "4111111111111111", "/api/v1/payments/pay_01JQZ8Y3K5", "order 100000042", "",
	"a\"b\n# TYPE x counter", "\xff\xfe", strings.Repeat("x", 10_000), "ACME", "acme\x00",
}

func TestUnknownValuesBecomeOther(t *testing.T) {
	tel := opened(t, newClock().Now)
	guards, backlog, standings := map[string]guard.State{}, []gateway.Backlog{}, []gateway.SubscriberStanding{}
	bad := guard.ClassState{Attempts: map[string]uint64{}, Refused: map[string]uint64{}}
	errs := map[string]uint64{}
	for _, value := range hostile {
		bad.Attempts[value], bad.Refused[value], errs[value] = 1, 1, 1
	}
	for _, value := range hostile {
		_, leave := tel.Observer().Stage(t.Context(), gateway.Stage(value), value)
		leave(nil)
		tel.Observer().Operation(gateway.Observation{
			MerchantID: value, Kind: gateway.OperationKind(value), Status: gateway.OperationStatus(value), By: gateway.DecidedBy(value),
		})
		tel.Observer().Vault(gateway.VaultObservation{
			MerchantID: value, Verb: gateway.VaultVerb(value), Status: gateway.OperationStatus(value), By: gateway.DecidedBy(value),
		})
		tel.Observer().Delivery(gateway.DeliveryObservation{MerchantID: value, Subscriber: value, Outcome: gateway.DeliveryOutcome(value), Dead: true})
		standings = append(standings, gateway.SubscriberStanding{MerchantID: value, Name: value})
		tel.Request(value, value, 1000+len(value), time.Second)
		bad.Breaker = value
		guards[value] = guard.State{Money: bad, Look: bad, Form: bad}
		backlog = append(backlog, gateway.Backlog{MerchantID: value, Unknown: 1})
	}
	(&fakeLedger{rows: backlog}).watch(tel)
	sources := tel.watched.Load().Sources
	sources.Standings = func(context.Context) ([]gateway.SubscriberStanding, error) { return standings, nil }
	sources.Guards = func() map[string]guard.State { return guards }
	sources.Redis = func() RedisState { return RedisState{Errors: errs} }
	tel.Watch(sources)

	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatalf("the scrape failed: %v", err)
	}
	allowed := map[string][]string{
		"merchant": {"acme", "globex"}, "class": {"money", "look", "form", "enhanced_data", "vault", "report"}, "state": {"closed", "half-open", "open"}, "version": {"1.2.3"},
		"subscriber": {"erp", "shop"},
	}
	for _, stage := range gateway.Stages {
		allowed["stage"] = append(allowed["stage"], string(stage))
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), prefix) {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetValue() != other && !slices.Contains(allowed[l.GetName()], l.GetValue()) {
					t.Errorf("%s has the label %s=%q", f.GetName(), l.GetName(), l.GetValue())
				}
			}
		}
	}
	n := strconv.Itoa(len(hostile))
	all := strconv.Itoa(len(hostile) * len(hostile))
	wantMetrics(t, tel, "counter", "operations_total", `operations_total{by="other",kind="other",merchant="other",status="other"} `+n)
	wantMetrics(t, tel, "counter", "http_requests_total", `http_requests_total{method="other",route="other",status="other"} `+n)
	wantMetrics(t, tel, "counter", "redis_errors_total", `redis_errors_total{kind="other"} `+n)
	wantMetrics(t, tel, "counter", "processor_attempts_total", `
		processor_attempts_total{class="form",merchant="other",outcome="other"} `+all+`
		processor_attempts_total{class="look",merchant="other",outcome="other"} `+all+`
		processor_attempts_total{class="money",merchant="other",outcome="other"} `+all)
	wantMetrics(t, tel, "gauge", "unknown_operations", `
		unknown_operations{merchant="acme"} 0
		unknown_operations{merchant="globex"} 0
		unknown_operations{merchant="other"} `+n)
}

func TestALabelIsACopyOfItsOwn(t *testing.T) {
	buffer := []byte("acme")
	label := namesOf("acme").label(string(buffer))
	copy(buffer, "evil")
	if label != "acme" {
		t.Errorf("the label became %q", label)
	}
}

// A new word in another package must be given its label here, or it would be
// counted as other.
func TestEveryWordOfTheOtherPackagesHasItsLabel(t *testing.T) {
	for _, c := range []struct {
		file, constants string
		known           names
	}{
		{"../../gateway/operation.go", "OperationKind", kinds},
		{"../../gateway/operation.go", "OperationStatus", statuses},
		{"../../gateway/vault.go", "VaultVerb", verbs},
		{"../../gateway/observer.go", "DecidedBy", deciders},
		{"../../gateway/observer.go", "Stage", stages},
		{"../../gateway/processor.go", "Outcome", outcomes},
		{"../../gateway/guard/state.go", "look", outcomes},
		{"../../gateway/guard/state.go", "form", outcomes},
		{"../../gateway/guard/state.go", "reason", reasons},
		{"../redis/errors.go", "kind", redisFaults},
	} {
		words := wordsIn(t, c.file, c.constants)
		if len(words) == 0 {
			t.Errorf("%s has no constants %s any more", c.file, c.constants)
		}
		for _, word := range words {
			if c.known.label(word) != word {
				t.Errorf("%q of %s in %s has no label", word, c.constants, c.file)
			}
		}
	}
}

// wordsIn are the values of a file's string constants whose type has that name
// or, where they have none, whose own names begin with it.
func wordsIn(t *testing.T, file, of string) []string {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	ast.Inspect(source, func(n ast.Node) bool {
		s, ok := n.(*ast.ValueSpec)
		if !ok || len(s.Values) != 1 {
			return true
		}
		literal, ok := s.Values[0].(*ast.BasicLit)
		typed := s.Type != nil && types.ExprString(s.Type) == of
		if ok && literal.Kind == token.STRING && (typed || s.Type == nil && strings.HasPrefix(s.Names[0].Name, of)) {
			word, _ := strconv.Unquote(literal.Value)
			words = append(words, word)
		}
		return true
	})
	return words
}
