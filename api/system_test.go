package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"paytrace-gateway/openapi"
)

// form is a token request in the form's media type.
func form(more map[string]string, pairs ...string) call {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	header := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for name, value := range more {
		header[name] = value
	}
	return call{path: "/oauth/token", anyone: true, method: "POST", body: values.Encode(), header: header}
}

func basic(id, secret string) map[string]string {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(id, secret)
	return map[string]string{"Authorization": req.Header.Get("Authorization")}
}

func TestATokenIsHadByFormAndByBasic(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]call{
		"form":            form(nil, "grant_type", "client_credentials", "client_id", shop, "client_secret", secret),
		"basic":           form(basic(shop, secret), "grant_type", "client_credentials"),
		"narrower scopes": form(basic(shop, secret), "grant_type", "client_credentials", "scope", "payments:read"),
	} {
		t.Run(name, func(t *testing.T) {
			a := h.do(c).expect(http.StatusOK, "token_type", "Bearer", "expires_in", "900")
			if cache := a.header.Get("Cache-Control"); cache != "no-store" {
				t.Errorf("Cache-Control is %q", cache)
			}
			bearer := map[string]string{"Authorization": "bearer " + a.at("access_token")}
			h.do(call{path: payments, anyone: true, header: bearer}).expect(http.StatusOK)
			if name == "narrower scopes" {
				h.do(call{path: payments, key: "k", body: sale("1.00"), anyone: true, header: bearer}).
					refused(http.StatusForbidden, "insufficient_scope", "")
			}
		})
	}
}

func TestABadTokenRequestIsRefusedInOAuthsWords(t *testing.T) {
	h := newHouse(t)
	credentials := []string{"grant_type", "client_credentials", "client_id", shop, "client_secret", secret}
	asJSON := form(map[string]string{"Content-Type": "application/json"})
	asJSON.body = `{"grant_type":"client_credentials","client_id":"` + marker + `"}`
	inQuery := form(nil)
	inQuery.path += "?grant_type=client_credentials&client_id=" + shop + "&client_secret=" + secret
	withQuery := form(nil, credentials...)
	withQuery.path += "?x=" + marker
	for name, c := range map[string]struct {
		call
		status int
		word   string
	}{
		"JSON":               {asJSON, http.StatusBadRequest, "invalid_request"},
		"in the query":       {inQuery, http.StatusBadRequest, "invalid_request"},
		"a query besides":    {withQuery, http.StatusBadRequest, "invalid_request"},
		"nothing":            {form(nil), http.StatusBadRequest, "invalid_request"},
		"no grant":           {form(nil, credentials[2:]...), http.StatusBadRequest, "invalid_request"},
		"another grant":      {form(nil, "grant_type", marker), http.StatusBadRequest, "unsupported_grant_type"},
		"a wrong secret":     {form(nil, "grant_type", "client_credentials", "client_id", shop, "client_secret", marker), http.StatusUnauthorized, "invalid_client"},
		"an unknown client":  {form(basic(marker, secret), "grant_type", "client_credentials"), http.StatusUnauthorized, "invalid_client"},
		"Basic that is none": {form(map[string]string{"Authorization": "Basic " + marker}, "grant_type", "client_credentials"), http.StatusUnauthorized, "invalid_client"},
		"a bearer":           {form(map[string]string{"Authorization": "Bearer " + marker}, "grant_type", "client_credentials"), http.StatusUnauthorized, "invalid_client"},
		"two proofs":         {form(basic(shop, secret), credentials...), http.StatusBadRequest, "invalid_request"},
		"another scope":      {form(nil, append(credentials, "scope", "admin")...), http.StatusBadRequest, "invalid_scope"},
		"a parameter twice":  {form(nil, append(credentials, "client_id", marker)...), http.StatusBadRequest, "invalid_request"},
		"a bad assertion":    {form(nil, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", marker), http.StatusBadRequest, "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.do(c.call).expect(c.status, "error", c.word)
			if strings.Contains(string(a.raw), marker) {
				t.Errorf("the answer quotes the request: %s", a.raw)
			}
			if c.header["Authorization"] != "" && c.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "" {
				t.Error("a client that tried HTTP Basic is not challenged")
			}
		})
	}
}

func TestNewcomersFindTheirWay(t *testing.T) {
	h := newHouse(t)
	nobody := func(path string) answer { return h.do(call{path: path, anyone: true}).expect(http.StatusOK) }
	nobody("/healthz").expect(http.StatusOK, "status", "ok")
	h.do(call{path: "/readyz", anyone: true, operator: true}).expect(http.StatusOK, "status", "ready")
	if a := nobody("/openapi.yaml"); string(a.raw) != string(openapi.YAML()) || !strings.HasPrefix(a.header.Get("Content-Type"), "application/yaml") {
		t.Errorf("/openapi.yaml is not the contract, or is %q", a.header.Get("Content-Type"))
	}
	if a := nobody("/openapi.json"); string(a.raw) != string(openapi.JSON()) {
		t.Error("/openapi.json is not the contract")
	}
	var keys struct{ Keys []map[string]string }
	if a := nobody("/.well-known/jwks.json"); json.Unmarshal(a.raw, &keys) != nil || len(keys.Keys) != 1 || keys.Keys[0]["d"] != "" {
		t.Errorf("the keys are %s", a.raw)
	}
}

var asset = regexp.MustCompile(`(?:src|href)="([^"]+)"`)

func TestThePageWorksUnderItsPolicy(t *testing.T) {
	h := newHouse(t)
	page := h.do(call{path: "/docs", anyone: true}).expect(http.StatusOK)
	if policy := page.header.Get("Content-Security-Policy"); policy != openapi.DocsPolicy {
		t.Errorf("the policy is %q", policy)
	}
	if media := page.header.Get("Content-Type"); !strings.HasPrefix(media, "text/html") {
		t.Errorf("the page is %q", media)
	}
	assets := asset.FindAllStringSubmatch(string(page.raw), -1)
	if len(assets) < 3 {
		t.Fatalf("the page asks for %v", assets)
	}
	for _, found := range assets {
		target := must(url.Parse("http://gateway.test/docs"))(t).ResolveReference(must(url.Parse(found[1]))(t))
		if target.Host != "gateway.test" {
			t.Errorf("the page loads %s from elsewhere", found[1])
			continue
		}
		a := h.do(call{path: target.Path, anyone: true}).expect(http.StatusOK)
		if strings.HasPrefix(target.Path, "/docs/") && a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be taken for something else", target.Path)
		}
	}
}

func TestAStoppingGatewayIsNotReadyAndTakesNothing(t *testing.T) {
	h := newHouse(t)
	if err := h.gateway.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.do(call{path: "/readyz", anyone: true, operator: true}).refused(http.StatusServiceUnavailable, "stopping", "")
	a := h.do(call{path: payments, key: "k", body: sale("1.00")}).refused(http.StatusServiceUnavailable, "stopping", "")
	a.expect(http.StatusServiceUnavailable, "outcome", "not_sent", "retryable", "true")
	h.do(call{path: "/healthz", anyone: true}).expect(http.StatusOK)
}

// line is the log's one line of a request.
type line struct {
	Msg, RequestID, Method, Route, Code, Client, Merchant string
	Status                                                int
}

func (h *house) requestLines() []line {
	h.t.Helper()
	var lines []line
	d := json.NewDecoder(strings.NewReader(h.log.String()))
	for {
		var raw json.RawMessage
		if err := d.Decode(&raw); err == io.EOF {
			return lines
		} else if err != nil {
			h.t.Fatal(err)
		}
		if !strings.Contains(string(raw), `"msg":"http.request"`) {
			continue
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			h.t.Fatal(err)
		}
		lines = append(lines, l)
	}
}

func TestEveryRequestHasOneLineWithoutQueryBodyOrToken(t *testing.T) {
	h := newHouse(t)
	answers := []answer{
		h.do(call{path: payments, key: marker, body: sale("1.00", "customerId", `"`+marker+`"`)}),
		h.do(call{path: payments + "?orderId=" + marker}),
		h.do(call{path: payments + "/" + marker}),
		h.do(call{path: "/" + marker}),
		h.do(call{path: payments, header: map[string]string{"Authorization": "Bearer " + marker}}),
		h.do(call{path: payments, as: clerk}),
		h.do(call{path: payments, key: "k", body: `{"` + marker + `":1}`}),
		h.do(call{method: strings.ToUpper(marker), path: "/healthz"}),
	}
	want := []line{
		{Method: "POST", Route: payments, Status: 201, Client: shop, Merchant: "main"},
		{Method: "GET", Route: payments, Status: 200, Client: shop, Merchant: "main"},
		{Method: "GET", Route: payments + "/:paymentId", Status: 404, Code: "not_found", Client: shop, Merchant: "main"},
		{Method: "GET", Route: "/", Status: 404, Code: "not_found"},
		{Method: "GET", Route: payments, Status: 401, Code: "unauthorized"},
		{Method: "GET", Route: payments, Status: 403, Code: "insufficient_scope", Client: clerk, Merchant: "main"},
		{Method: "POST", Route: payments, Status: 400, Code: "invalid_request", Client: shop, Merchant: "main"},
		{Status: 405, Code: "method_not_allowed"},
	}
	lines := h.requestLines()
	if len(lines) != len(want) {
		t.Fatalf("%d lines for %d requests:\n%s", len(lines), len(want), h.log)
	}
	for i, l := range lines {
		want[i].Msg, want[i].RequestID = "http.request", answers[i].header.Get("X-Request-Id")
		if l != want[i] {
			t.Errorf("line %d is %+v, want %+v", i, l, want[i])
		}
	}
}
