package simulator_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

func TestChargesListEverythingThatWasDone(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	auth := a.approve("authorization/keyed", `"amount":"10","invoice_id":"o1","customer_reference_id":"R1",`+keyedVisa)
	a.on("authorization/capture", auth, "4.00")
	a.control("POST", "/settle", "")
	a.on("refund/for_transaction", auth, "1.50")
	a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"0.21",`+keyedVisa+`}`)
	a.control("POST", "/clerk", `{"kind":"sale","amount":"7.00","invoiceId":"phone order"}`)
	a.on("authorization/capture", auth, "") // Refused, so not there.

	var got []string
	charges := rows(a.control("GET", "/charges", ""), "charges")
	for _, c := range charges {
		got = append(got, fmt.Sprint(c["kind"], " ", c["amount"], " ", c["state"], " ", c["createdBy"]))
	}
	want := []string{
		"authorization 10.00 settled simulator@paytrace.test",
		"capture 4.00 settled simulator@paytrace.test",
		"refund 1.50 pending_settlement simulator@paytrace.test",
		"sale 0.21 declined simulator@paytrace.test",
		"sale 7.00 pending_settlement clerk",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if charges[1]["transactionId"] != auth || charges[1]["invoiceId"] != "o1" || charges[1]["customerReferenceId"] != "R1" {
		t.Errorf("the capture is %v, want the authorization's id, invoice and reference", charges[1])
	}
	wantMembers(t, charges[0], "transactionId", "kind", "amount", "invoiceId", "customerReferenceId", "state", "createdBy", "at")
}

func TestHistoryTellsEveryRequestWithoutItsBody(t *testing.T) {
	var log bytes.Buffer
	a := openAccount(t, simulator.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	a.approve("sale/keyed", `"amount":"5","csc":"999","invoice_id":"o1","customer_reference_id":"R1",`+keyedVisa)
	a.on("void", "1", "")
	requests := rows(a.control("GET", "/history", ""), "requests")
	var got []string
	for _, r := range requests {
		got = append(got, fmt.Sprint(r["operation"], " ", r["answer"], " ", r["httpStatus"], " ", r["acted"], " ", r["amount"], r["invoiceId"], r["customerReferenceId"]))
	}
	want := []string{"token 0 200 true ", "sale 101 200 true 5.00o1R1", "void 1 400 false "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	wantMembers(t, requests[0], "at", "method", "path", "operation", "transactionId", "customerId", "amount", "invoiceId",
		"customerReferenceId", "acted", "answer", "httpStatus", "reply", "fault", "connection")
	for _, secret := range []string{"4012000098765439", "2030", simulator.DefaultPassword, a.token} {
		if strings.Contains(fmt.Sprint(requests)+log.String(), secret) {
			t.Errorf("history or log show %q", secret)
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 3 {
		t.Errorf("%d log lines for 3 requests", lines)
	}
}

func wantMembers(t *testing.T, object map[string]any, want ...string) {
	t.Helper()
	var got []string
	for member := range object {
		got = append(got, member)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("members %v, want %v", got, want)
	}
}

func TestHostedFieldsGiveATokenAndItsKey(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	r := httptest.NewRequest("POST", "/hosted_fields", strings.NewReader(
		`{"cardNumber":"4012000098765439","csc":"999","expirationMonth":"12","expirationYear":"2030"}`))
	w := httptest.NewRecorder()
	a.sim.Control().ServeHTTP(w, r)
	answer := decode(t, w.Body)
	wantMembers(t, answer, "hpfToken", "encKey")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(fmt.Sprint(answer["hpfToken"])) {
		t.Errorf("hpfToken %v is no UUID", answer["hpfToken"])
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}=$`).MatchString(fmt.Sprint(answer["encKey"])) {
		t.Errorf("encKey %v is not 44 characters of base64url", answer["encKey"])
	}
}

func TestHostedFieldsNeedTheirOwnKey(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	fields := a.control("POST", "/hosted_fields", `{"cardNumber":"4012000098765439","csc":"999","expirationMonth":"12","expirationYear":"2030"}`)
	_, answer := a.post("transactions/sale/pt_protect", fmt.Sprintf(
		`{"integrator_id":"simulator001","amount":"5","hpf_token":%q,"enc_key":"another"}`, fields["hpfToken"]))
	if result(answer) != "error 961" {
		t.Errorf("answer %v, want error 961", answer)
	}
}

func TestResetForgetsAllButTheIDsAndTheLogins(t *testing.T) {
	a := openAccount(t, simulator.Options{DemoCustomers: true})
	before := a.sell("5")
	a.control("PUT", "/faults", `{"faults":[{"kind":"status"}]}`)
	a.control("PUT", "/settings", `{"declineStatus":402}`)
	a.control("POST", "/clock", `{"advanceSeconds":60}`)
	a.control("POST", "/reset", "")
	for path, member := range map[string]string{"/charges": "charges", "/transactions": "transactions", "/history": "requests", "/faults": "faults"} {
		if left := rows(a.control("GET", path, ""), member); len(left) != 0 {
			t.Errorf("%s still has %v", path, left)
		}
	}
	if got := fmt.Sprint(a.control("GET", "/settings", "")["declineStatus"]); got != "200" {
		t.Errorf("declineStatus %s, want 200", got)
	}
	if after := a.approve("sale/by_customer", `"amount":"5","customer_id":"demo-visa"`); after <= before {
		t.Errorf("id %s after %s", after, before)
	}
}

func TestSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	for body, want := range map[string]string{
		`{"declineStatus":99}`:           "declineStatus",
		`{"tokenLifetimeSeconds":0}`:     "tokenLifetimeSeconds",
		`{"integratorRequired":"often"}`: "integratorRequired",
		`{"encryptionPadding":"none"}`:   "encryptionPadding",
		`{"colour":"red"}`:               "unknown field",
	} {
		status, answer := a.send(a.sim.Control(), "PUT", "/settings", "application/json", body)
		if status != 400 || !strings.Contains(fmt.Sprint(answer["error"]), want) {
			t.Errorf("%s: status %d, %v, want 400 with %q", body, status, answer, want)
		}
	}
	for body, want := range map[string]string{
		`{}`: "one of them", `{"advanceSeconds":-1}`: "advanceSeconds", `{"set":"tomorrow"}`: "cannot be read",
		`{"set":"2026-01-01T00:00:00Z","advanceSeconds":1}`: "one of them", `{"set":"9999-01-01T00:00:00Z"}`: "hundred years",
	} {
		status, answer := a.send(a.sim.Control(), "POST", "/clock", "application/json", body)
		if status != 400 || !strings.Contains(fmt.Sprint(answer["error"]), want) {
			t.Errorf("%s: status %d, %v, want 400 with %q", body, status, answer, want)
		}
	}
}

func TestSettingsLeftOutHaveTheirStartValues(t *testing.T) {
	settings := simulator.DefaultSettings()
	settings.AutoSettle = false
	a := openAccount(t, simulator.Options{Settings: &settings})
	a.control("PUT", "/settings", `{"errorStatus":422,"autoVoid":{"avs":["No Match"]}}`)
	got := a.control("PUT", "/settings", `{"declineStatus":402}`)
	if fmt.Sprintf("%v %v %v", got["errorStatus"], got["autoSettle"], got["autoVoid"]) != "400 false map[avs:[] csc:[]]" {
		t.Errorf("settings %v", got)
	}
}
