package api_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/openapi"
)

// operators are the paths of the contract that stand on the operator's
// listener.
var operators = []string{"GET /readyz", "GET /metrics"}

// unlisted are the routes that the contract leaves out: the files of the page.
var unlisted = []string{"GET /docs/*"}

func TestEveryRouteIsInTheContractAndEveryPathHasARoute(t *testing.T) {
	h := newHouse(t)
	var shops []string
	for _, call := range contractCalls(t) {
		if !slices.Contains(operators, call) {
			shops = append(shops, call)
		}
	}
	sameCalls(t, "the public listener", routeCalls(h.server.PublicRoutes()), append(shops, unlisted...))
	sameCalls(t, "the operator's listener", routeCalls(h.server.OperatorRoutes()), operators)
}

func sameCalls(t *testing.T, where string, have, want []string) {
	t.Helper()
	for _, call := range have {
		if !slices.Contains(want, call) {
			t.Errorf("%s answers %s, which the contract does not have", where, call)
		}
	}
	for _, call := range want {
		if !slices.Contains(have, call) {
			t.Errorf("%s does not answer %s, which the contract has", where, call)
		}
	}
}

var parameter = regexp.MustCompile(`:([A-Za-z]+)`)

// routeCalls writes routes as the contract writes them. Every GET has a HEAD
// beside it, which needs no words of its own.
func routeCalls(routes []fiber.Route) []string {
	var calls []string
	for _, r := range routes {
		if r.Method != http.MethodHead {
			calls = append(calls, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
		}
	}
	return calls
}

func contractCalls(t *testing.T) []string {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(openapi.JSON(), &document); err != nil {
		t.Fatal(err)
	}
	var calls []string
	for path, operations := range document.Paths {
		for method := range operations {
			if method != "parameters" {
				calls = append(calls, strings.ToUpper(method)+" "+path)
			}
		}
	}
	return calls
}

// filled is a path of the contract with something in each of its parameters.
func filled(path string) string {
	return regexp.MustCompile(`\{[A-Za-z]+\}`).ReplaceAllString(path, "pay_"+marker)
}

func TestWrongMethodsAreRefusedOnEveryPath(t *testing.T) {
	h := newHouse(t)
	allowed := map[string][]string{}
	for _, call := range contractCalls(t) {
		method, path, _ := strings.Cut(call, " ")
		allowed[path] = append(allowed[path], method)
		if method == http.MethodGet {
			allowed[path] = append(allowed[path], http.MethodHead)
		}
	}
	// These could be a delivery's id, too.
	for _, verb := range []string{"/replay", "/skip"} {
		allowed[callbacks+verb] = append(allowed[callbacks+verb], allowed[callbacks+"/{deliveryId}"]...)
	}
	for path, methods := range allowed {
		operator := slices.Contains(operators, "GET "+path)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			if slices.Contains(methods, method) {
				continue
			}
			a := h.do(call{method: method, path: filled(path), operator: operator})
			a.refused(http.StatusMethodNotAllowed, "method_not_allowed", "")
			allow := strings.Split(a.header.Get("Allow"), ", ")
			slices.Sort(allow)
			slices.Sort(methods)
			if !slices.Equal(allow, methods) {
				t.Errorf("%s %s: Allow is %q, want %q", method, path, allow, methods)
			}
		}
	}
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{
		"/" + marker, "/api", "/api/v1", "/api/v2/payments", "/api/v1/" + marker, "/api/v1/payments/", "/API/v1/payments",
		"/api/v1/Payments", "/api/v1//payments", "//api/v1/payments", "/api/v1/payments/a/b/c", "/api/v1/payments/by-key/",
		"/api/v1/payments/by-key/k/", "/api/v1/transactions", "/api/v1/transactions/", "/api/v1/transactions/1/" + marker,
		"/api/v1/payments%00", "/api/v1/payments;a=b", "/healthz/", "/HEALTHZ", "/openapi.yml", "/metrics", "/readyz",
		"/docs/" + marker, "/docs/..%2f..%2fetc%2fpasswd", "/docs/%2e", "/docs/.", "/docs/..", "/docs/../../openapi.yaml",
		"/docs/%00", "/.well-known/", "/oauth/", "/favicon.ico", "/%ff%fe", "/" + strings.Repeat("a/", 4000),
	} {
		h.do(call{path: path}).refused(http.StatusNotFound, "not_found", "")
	}
	h.do(call{path: payments, operator: true}).refused(http.StatusNotFound, "not_found", "")
}
