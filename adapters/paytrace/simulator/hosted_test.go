package simulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// typed is what a shopper types into the frame: number, expiry, security code.
func typed(number, expiration, code string) string {
	return fmt.Sprintf(`{"number":%q,"expiration":%q,"securityCode":%q}`, number, expiration, code)
}

// clientKey is what a shop's server asks for.
func (a *account) clientKey() string {
	a.t.Helper()
	_, answer := a.post("payment_fields/token/create", `{"integrator_id":"simulator001"}`)
	key, ok := answer["clientKey"].(string)
	if !ok {
		a.t.Fatalf("answer %v, want a clientKey", answer)
	}
	return key
}

// codes are the errors of an answer to the frame, in its order.
func codes(answer map[string]any) string {
	var found []string
	for _, e := range rows(answer, "errors") {
		found = append(found, fmt.Sprint(e["responseCode"]))
	}
	return strings.Join(found, " ")
}

func TestTheFrameTurnsACardIntoATokenForOnePayment(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	card := typed("4012 0000 9876-5439", "12 / 2030", "999")
	if got := codes(a.control("POST", "/hpf/validate", `{"card":`+card+`}`)); got != "" {
		t.Errorf("errors %s", got)
	}
	token := a.control("POST", "/hpf/tokenize", fmt.Sprintf(`{"clientKey":%q,"card":%s}`, a.clientKey(), card))
	wantMembers(t, token, "hpf_token", "enc_key")
	pay := fmt.Sprintf(`{"integrator_id":"simulator001","amount":"5","hpf_token":%q,"enc_key":%q}`, token["hpf_token"], token["enc_key"])
	for _, want := range []string{"101", "error 961"} {
		if _, answer := a.post("transactions/sale/pt_protect", pay); result(answer) != want {
			t.Errorf("answer %v, want %s", answer, want)
		}
	}
}

func TestTheFrameSaysWhichFieldIsWrong(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	a.control("POST", "/clock", `{"set":"2027-03-02T12:00:00Z"}`)
	a.token = a.logIn()
	key := a.clientKey()
	for what, c := range map[string]struct{ card, want string }{
		"nothing":            {typed("", "", ""), "35 43 44 148"},
		"a wrong digit":      {typed("4012000098765438", "12/30", "999"), "35"},
		"no such month":      {typed("4012000098765439", "13/30", "999"), "43"},
		"no year":            {typed("4012000098765439", "12", "999"), "44"},
		"expired last month": {typed("4012000098765439", "02/27", "999"), "44"},
		"expires this month": {typed("4012000098765439", "03/27", "999"), ""},
		"a short code":       {typed("4012000098765439", "12/30", "99"), "148"},
		"a code of letters":  {typed("4012000098765439", "12/30", "abc"), "148"},
	} {
		if got := codes(a.control("POST", "/hpf/validate", `{"card":`+c.card+`}`)); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
		told := a.control("POST", "/hpf/tokenize", fmt.Sprintf(`{"clientKey":%q,"card":%s}`, key, c.card))
		if (told["hpf_token"] != nil) != (c.want == "") || (c.want != "" && codes(told) != c.want) {
			t.Errorf("%s: told %v", what, told)
		}
	}
}

func TestAClientKeyIsTheSimulatorsOwnAndExpires(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	a.control("PUT", "/settings", `{"clientKeyLifetimeSeconds":600}`)
	tokenize := func(key string) map[string]any {
		return a.control("POST", "/hpf/tokenize", fmt.Sprintf(`{"clientKey":%q,"card":%s}`, key, typed("4012000098765439", "12/30", "999")))
	}
	key := a.clientKey()
	a.control("POST", "/clock", `{"advanceSeconds":599}`)
	if told := tokenize(key); told["hpf_token"] == nil {
		t.Errorf("a living key: %v", told)
	}
	a.control("POST", "/clock", `{"advanceSeconds":1}`)
	for what, key := range map[string]string{"expired": key, "made up": "c2ltdWxhdG9y", "none": ""} {
		if told := tokenize(key); told["hpf_token"] != nil || told["message"] == "" {
			t.Errorf("%s: %v", what, told)
		}
	}
}

func TestABrowserGetsTheScriptAndAFrameThatCallsNobodyElse(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	for path, kind := range map[string]string{
		"/protect.js": "text/javascript", "/hpf/all": "text/html", "/hpf/fields.js": "text/javascript", "/hpf/fields.css": "text/css",
	} {
		w := httptest.NewRecorder()
		a.sim.Control().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		h := w.Header()
		if w.Code != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), kind) || w.Body.Len() == 0 {
			t.Errorf("%s: HTTP %d, %v", path, w.Code, h)
		}
		if policy := h.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy %q", path, policy)
		}
	}
	w := httptest.NewRecorder()
	a.sim.Control().ServeHTTP(w, httptest.NewRequest("POST", "/hpf/tokenize", strings.NewReader(`{}`)))
	if allowed := w.Header().Get("Access-Control-Allow-Origin"); allowed != "" {
		t.Errorf("pages of other origins may read the answer: %q", allowed)
	}
}
