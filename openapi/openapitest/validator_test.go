package openapitest_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/openapi/openapitest"
)

// once keeps the contract from being read anew for every case.
var once = sync.OnceValues(openapitest.New)

func validator(t *testing.T) *openapitest.Validator {
	t.Helper()
	v, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const (
	operation = `{"operationId":"op_1","operationKind":"sale","operationStatus":"approved","origin":"api","amount":"1.00",` +
		`"createdAt":"2026-03-02T15:04:05Z","updatedAt":"2026-03-02T15:04:05Z"}`
	payment = `{"paymentId":"pay_1","merchantId":"main","liveMode":false,"status":"approved","outcome":"approved",` +
		`"amount":"1.00","currencyCode":"USD","orderId":"1","operations":[` + operation + `],` +
		`"createdAt":"2026-03-02T15:04:05Z","updatedAt":"2026-03-02T15:04:05Z","version":2}`
	problem = `{"title":"Not Found","status":404,"detail":"no","code":"not_found","retryable":false,"requestId":"req_1"}`
)

func TestAnswersAreHeldAgainstTheContract(t *testing.T) {
	with := func(body, old, new string) string {
		if !strings.Contains(body, old) {
			t.Fatalf("nothing to replace: %s", old)
		}
		return strings.Replace(body, old, new, 1)
	}
	const byID, byKey, closedKey = "/api/v1/payments/pay_1", "/api/v1/payments/by-key/k-1", "/api/v1/payments/by-key/k-1/void"
	for name, c := range map[string]struct {
		method, target string
		status         int
		media, body    string
		fault          string
	}{
		"a payment":                    {"GET", byID, 200, "application/json", payment, ""},
		"a payment with a charset":     {"GET", byID, 200, "application/json; charset=utf-8", payment, ""},
		"a word that is not known":     {"GET", byID, 200, "application/json", with(payment, `"status":"approved"`, `"status":"in_review"`), ""},
		"an unknown member":            {"GET", byID, 200, "application/json", with(payment, `{`, `{"colour":"red",`), `"colour" is unsupported`},
		"an unknown member within":     {"GET", byID, 200, "application/json", with(payment, `"operations":[{`, `"operations":[{"pan":"x",`), `"pan" is unsupported`},
		"free names in metadata":       {"GET", byID, 200, "application/json", with(payment, `{`, `{"metadata":{"any name":"x"},`), ""},
		"a number in metadata":         {"GET", byID, 200, "application/json", with(payment, `{`, `{"metadata":{"any":1},`), "metadata"},
		"an amount that is a number":   {"GET", byID, 200, "application/json", with(payment, `"amount":"1.00"`, `"amount":1.00`), "amount"},
		"an amount with one decimal":   {"GET", byID, 200, "application/json", with(payment, `"amount":"1.00"`, `"amount":"1.0"`), "amount"},
		"a time without a zone":        {"GET", byID, 200, "application/json", with(payment, `05Z"`, `05"`), "createdAt"},
		"a payment that lacks members": {"GET", byID, 200, "application/json", `{"outcome":"approved"}`, "lacks paymentId, merchantId"},
		"a page":                       {"GET", "/api/v1/payments?pageSize=1", 200, "application/json", `{"items":[` + payment + `],"hasMore":false}`, ""},
		"a page of half a payment":     {"GET", "/api/v1/payments", 200, "application/json", `{"items":[{"outcome":"approved"}],"hasMore":false}`, "items[0]"},
		"a key given up":               {"POST", closedKey, 201, "application/json", `{"idempotencyKey":"k-1","outcome":"cancelled","requestId":"req_1"}`, ""},
		"a key given up, with a state": {"POST", closedKey, 201, "application/json", with(payment, `{`, `{"idempotencyKey":"k-1",`), "belongs only beside"},
		"by key":                       {"GET", byKey, 200, "application/json", with(payment, `{`, `{"operation":`+operation+`,`), ""},
		"a status not in the contract": {"GET", byID, 201, "application/json", payment, "title"},
		"a redirect":                   {"GET", byID, 307, "application/json", "", "no redirects"},
		"a problem":                    {"GET", byID, 404, "application/json", problem, ""},
		"a problem of its own type":    {"GET", byID, 404, "application/problem+json", problem, "Content-Type"},
		"a problem with a surprise":    {"GET", byID, 404, "application/json", with(problem, `{`, `{"type":"about:blank",`), `"type" is unsupported`},
		"a status left to the default": {"GET", byID, 500, "application/json", problem, ""},
		"a page for people":            {"GET", "/docs", 200, "text/html", "<!doctype html>", ""},
		"a stray path":                 {"GET", "/nowhere", 404, "application/json", problem, ""},
		"a stray method":               {"DELETE", byID, 405, "application/json", problem, ""},
		"a stray path that is found":   {"GET", "/nowhere", 200, "application/json", `{}`, "no such call"},
		"a stray path in plain text":   {"GET", "/nowhere", 404, "text/plain", "Not Found", "Content-Type"},
		"a bad header":                 {"GET", byID, 503, "application/json", problem, "Retry-After"},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"Content-Type": {c.media}, "X-Request-Id": {"req_1"}}
			if name == "a bad header" {
				header.Set("Retry-After", "soon")
			}
			judged(t, validator(t).Answer(c.method, c.target, c.status, header, []byte(c.body)), c.fault)
		})
	}
}

func TestRequestsAreHeldAgainstTheContract(t *testing.T) {
	const good = `{"amount":"1.00","orderId":"1","paymentMethod":{"vault":{"customerId":"demo-visa"}}}`
	const pay, capture = "/api/v1/payments", "/api/v1/transactions/450583925/capture"
	for name, c := range map[string]struct{ target, key, body, fault string }{
		"a payment":             {pay, "k-1", good, ""},
		"a key in quotes":       {pay, `"k-1"`, good, ""},
		"a key in half a quote": {pay, `"k-1`, good, "Idempotency-Key"},
		"no key":                {pay, "", good, "Idempotency-Key"},
		"an unknown member":     {pay, "k-1", strings.Replace(good, `{`, `{"colour":"red",`, 1), `"colour" is unsupported`},
		"no order":              {pay, "k-1", strings.Replace(good, `"orderId":"1",`, ``, 1), "orderId"},
		"two payment methods":   {pay, "k-1", strings.Replace(good, `{"vault"`, `{"hostedFields":{"hpfToken":"a","encKey":"b"},"vault"`, 1), "paymentMethod"},
		"no payment method":     {pay, "k-1", strings.Replace(good, `{"vault":{"customerId":"demo-visa"}}`, `{}`, 1), "paymentMethod"},
		"three decimals":        {pay, "k-1", strings.Replace(good, `1.00`, `1.000`, 1), "amount"},
		"a capture of a part":   {capture, "k-1", `{"amount":"1.00"}`, ""},
		"a capture of all":      {capture, "k-1", "", ""},
		"a stray path":          {"/nowhere", "k-1", "", "no such call"},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest("POST", "http://127.0.0.1:8080"+c.target, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			if c.key != "" {
				req.Header.Set("Idempotency-Key", c.key)
			}
			judged(t, validator(t).Request(req), c.fault)
		})
	}
}

func TestAnExchangeCanBeReadAgain(t *testing.T) {
	req, err := http.NewRequest("GET", "http://127.0.0.1:8080/api/v1/payments/pay_1", nil)
	if err != nil {
		t.Fatal(err)
	}
	res := &http.Response{
		StatusCode: 200,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(payment)),
	}
	if err := validator(t).Exchange(req, res); err != nil {
		t.Fatal(err)
	}
	if again, err := io.ReadAll(res.Body); err != nil || string(again) != payment {
		t.Fatalf("the body read again is %q, %v", again, err)
	}
}

func judged(t *testing.T, got error, fault string) {
	t.Helper()
	switch {
	case fault == "" && got != nil:
		t.Errorf("got the fault %v, want none", got)
	case fault != "" && got == nil:
		t.Errorf("got no fault, want one that names %s", fault)
	case fault != "" && !strings.Contains(got.Error(), fault):
		t.Errorf("got the fault %v, want one that names %s", got, fault)
	}
}
