package openapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"paytrace-gateway/openapi"
	"paytrace-gateway/openapi/openapitest"
)

func TestContractIsValidOpenAPI(t *testing.T) {
	for name, source := range map[string][]byte{"YAML": openapi.YAML(), "JSON": openapi.JSON()} {
		contract, err := openapi3.NewLoader().LoadFromData(source)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := contract.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestYAMLAndJSONAreTheSameContract(t *testing.T) {
	var fromJSON map[string]any
	if err := json.Unmarshal(openapi.JSON(), &fromJSON); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(parse(t, openapi.YAML()).root)
	if err != nil {
		t.Fatal(err)
	}
	var fromYAML map[string]any
	if err := json.Unmarshal(again, &fromYAML); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fromJSON, fromYAML) {
		t.Error("openapi.json is not openapi.yaml")
	}
}

// Every example is held against its schema with objects closed, so that an
// example cannot show a member that the contract does not have.
func TestExamplesFitTheirSchemas(t *testing.T) {
	if _, err := openapitest.New(); err != nil {
		t.Error(err)
	}
}

func TestAnExampleThatDoesNotFitIsSeen(t *testing.T) {
	for _, c := range []struct{ name, old, new string }{
		{"in an answer", "hasMore: false", "hasMore: perhaps"},
		{"in a request", "amount: '120.00'", "amount: 120.00"},
		{"in a problem", "code: too_many_requests", "code: 7"},
		{"in a parameter", "example: main-000000042-sale-1", "example: not a key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := bytes.Replace(openapi.YAML(), []byte(c.old), []byte(c.new), 1)
			if bytes.Equal(bad, openapi.YAML()) {
				t.Fatalf("the contract has no %q to be spoiled", c.old)
			}
			contract, err := openapi3.NewLoader().LoadFromData(bad)
			if err != nil {
				t.Fatal(err)
			}
			if contract.Validate(context.Background(), openapi3.EnableExamplesValidation()) == nil {
				t.Error("the bad example was not seen")
			}
		})
	}
}

func TestContractHasTheseCallsAndNoOthers(t *testing.T) {
	want := []string{
		"delete /api/v1/customer_vault/{customerId}",
		"delete /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}",
		"delete /api/v1/session",
		"get /.well-known/jwks.json",
		"get /api/v1/callbacks",
		"get /api/v1/callbacks/{deliveryId}",
		"get /api/v1/clients",
		"get /api/v1/customer_vault",
		"get /api/v1/customer_vault/{customerId}",
		"get /api/v1/customer_vault/{customerId}/payments",
		"get /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}",
		"get /api/v1/operators",
		"get /api/v1/payments",
		"get /api/v1/payments/by-key/{idempotencyKey}",
		"get /api/v1/payments/{paymentId}",
		"get /api/v1/reports/settlement",
		"get /api/v1/secrets",
		"get /api/v1/session",
		"get /api/v1/subscribers",
		"get /api/v1/transactions/{transactionId}",
		"get /api/v1/unmatched_transactions",
		"get /docs",
		"get /healthz",
		"get /metrics",
		"get /openapi.json",
		"get /openapi.yaml",
		"get /readyz",
		"get /sessions/oidc",
		"get /sessions/oidc/callback",
		"patch /api/v1/customer_vault/{customerId}",
		"patch /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}",
		"post /api/v1/callbacks/replay",
		"post /api/v1/callbacks/skip",
		"post /api/v1/callbacks/{deliveryId}/replay",
		"post /api/v1/callbacks/{deliveryId}/skip",
		"post /api/v1/client_tokens",
		"post /api/v1/clients",
		"post /api/v1/clients/{clientId}/revoke",
		"post /api/v1/clients/{clientId}/rotate",
		"post /api/v1/customer_vault",
		"post /api/v1/customer_vault/{customerId}/erase",
		"post /api/v1/customer_vault/{customerId}/payments",
		"post /api/v1/operators",
		"post /api/v1/operators/{operatorName}/disable",
		"post /api/v1/operators/{operatorName}/reset",
		"post /api/v1/operators/{operatorName}/role",
		"post /api/v1/payments",
		"post /api/v1/payments/by-key/{idempotencyKey}/void",
		"post /api/v1/payments/{paymentId}/resolve",
		"post /api/v1/secrets",
		"post /api/v1/subscribers/{subscriber}/enable",
		"post /api/v1/transactions/{transactionId}/capture",
		"post /api/v1/transactions/{transactionId}/refund",
		"post /api/v1/transactions/{transactionId}/return",
		"post /api/v1/transactions/{transactionId}/void",
		"post /oauth/token",
		"post /sessions",
	}
	var got []string
	parse(t, openapi.YAML()).operations(func(path, method string, _ node) { got = append(got, method+" "+path) })
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the contract has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Every POST that moves money or stores a card needs a key, but for giving a key
// up. Every call that changes something can be bounded in time, a person's
// decisions, clients, secrets, operators and the key of a card form too, which move none.
func TestMoneyCallsDeclareTheirHeaders(t *testing.T) {
	d := parse(t, openapi.YAML())
	d.operations(func(path, method string, op node) {
		if method == "get" || !strings.HasPrefix(path, "/api/") {
			return
		}
		required := map[string]any{}
		op.list("parameters", func(p node) {
			p = d.followed(p)
			required[p.text("name")], _ = p.value["required"].(bool)
		})
		movesNone := strings.HasSuffix(path, "/resolve") || strings.HasSuffix(path, "/return") || strings.HasSuffix(path, "/erase") || path == "/api/v1/client_tokens" || strings.HasPrefix(path, "/api/v1/callbacks/") || strings.HasPrefix(path, "/api/v1/subscribers/") || strings.HasPrefix(path, "/api/v1/clients") || strings.HasPrefix(path, "/api/v1/operators") || path == "/api/v1/secrets"
		if got, want := required["Idempotency-Key"] == true, method == "post" && !strings.Contains(path, "/by-key/") && !movesNone; got != want {
			t.Errorf("%s %s requires an Idempotency-Key: %t, want %t", method, path, got, want)
		}
		if _, declared := required["X-Request-Timeout-Ms"]; !declared {
			t.Errorf("%s %s does not declare X-Request-Timeout-Ms", method, path)
		}
	})
}
