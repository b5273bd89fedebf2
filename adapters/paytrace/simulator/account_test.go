package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// account is a test's PayTrace account: a simulator whose handlers are called
// without a network.
type account struct {
	t     testing.TB
	sim   *simulator.Simulator
	token string
}

func openAccount(t testing.TB, options simulator.Options) *account {
	t.Helper()
	a := &account{t: t, sim: simulator.New(options)}
	a.token = a.logIn()
	return a
}

func (a *account) logIn() string {
	a.t.Helper()
	form := url.Values{"grant_type": {"password"}, "username": {simulator.DefaultUsername}, "password": {simulator.DefaultPassword}}
	status, answer := a.send(a.sim.API(), "POST", "/oauth/token", "application/x-www-form-urlencoded", form.Encode())
	if status != http.StatusOK {
		a.t.Fatalf("token: status %d, %v", status, answer)
	}
	return answer["access_token"].(string)
}

// post calls a path under /v1 with a bearer token.
func (a *account) post(path, body string) (int, map[string]any) {
	a.t.Helper()
	return a.send(a.sim.API(), "POST", "/v1/"+path, "application/json", body)
}

// control calls the control port and wants it to agree.
func (a *account) control(method, path, body string) map[string]any {
	a.t.Helper()
	status, answer := a.send(a.sim.Control(), method, path, "application/json", body)
	if status != http.StatusOK {
		a.t.Fatalf("%s %s: status %d, %v", method, path, status, answer)
	}
	return answer
}

func (a *account) send(handler http.Handler, method, path, contentType, body string) (int, map[string]any) {
	a.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+a.token)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Code, decode(a.t, w.Body)
}

// decode keeps numbers as they are written, so that 110 and 110.0 differ.
func decode(t testing.TB, body io.Reader) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(body)
	decoder.UseNumber()
	var answer map[string]any
	if err := decoder.Decode(&answer); err != nil {
		t.Fatalf("the answer is no JSON object: %v", err)
	}
	return answer
}

// approve makes a transaction and wants it approved; it returns the id.
func (a *account) approve(path, members string) string {
	a.t.Helper()
	_, answer := a.post("transactions/"+path, `{"integrator_id":"simulator001",`+members+`}`)
	if code := codeOf(answer); code != 101 {
		a.t.Fatalf("%s: answer %v, want an approval", path, answer)
	}
	return answer["transaction_id"].(json.Number).String()
}

const keyedVisa = `"credit_card":{"number":"4012000098765439","expiration_month":"12","expiration_year":"2030"}`

func (a *account) sell(amount string) string {
	a.t.Helper()
	return a.approve("sale/keyed", `"amount":"`+amount+`",`+keyedVisa)
}

func (a *account) authorize(amount string) string {
	a.t.Helper()
	return a.approve("authorization/keyed", `"amount":"`+amount+`",`+keyedVisa)
}

// on calls a method that names a transaction, for all of it or an amount.
func (a *account) on(path, id, amount string) map[string]any {
	a.t.Helper()
	body := `{"integrator_id":"simulator001","transaction_id":"` + id + `"`
	if amount != "" {
		body += `,"amount":"` + amount + `"`
	}
	_, answer := a.post("transactions/"+path, body+"}")
	return answer
}

// result is an answer in short: its response code, or its numbered errors.
func result(answer map[string]any) string {
	found, _ := answer["errors"].(map[string]any)
	if len(found) == 0 {
		return strconv.Itoa(codeOf(answer))
	}
	var codes []string
	for code := range found {
		codes = append(codes, code)
	}
	return "error " + strings.Join(codes, "+")
}

func codeOf(answer map[string]any) int {
	number, _ := answer["response_code"].(json.Number)
	n, _ := strconv.Atoi(number.String())
	return n
}

// rows are the objects of an answer's list.
func rows(answer map[string]any, member string) []map[string]any {
	list, _ := answer[member].([]any)
	out := make([]map[string]any, len(list))
	for i := range list {
		out[i] = list[i].(map[string]any)
	}
	return out
}
