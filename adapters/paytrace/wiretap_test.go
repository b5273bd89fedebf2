package paytrace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/gateway"
)

// wiretap is a proxy between the client and the simulator that keeps the last
// exchange of each path.
type wiretap struct {
	*httptest.Server

	mu       sync.Mutex
	last     map[string]crossed
	from, to []byte
}

// crossed is what is kept of an exchange.
type crossed struct {
	authorization string
	answer        []byte
}

func newWiretap(t *testing.T, simulatorURL string) *wiretap {
	t.Helper()
	target, err := url.Parse(simulatorURL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	w := &wiretap{last: map[string]crossed{}}
	w.Server = httptest.NewServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			w.alter(r.Out)
		},
		ModifyResponse: w.keep,
	})
	t.Cleanup(func() { w.Close(); transport.CloseIdleConnections() })
	return w
}

// swap makes the tap put another text in place of one in every later request:
// a client cannot be configured to send all that was once sent.
func (w *wiretap) swap(from, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from, w.to = []byte(from), []byte(to)
}

func (w *wiretap) alter(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.from) == 0 {
		return
	}
	// A body cut short is no JSON, which the simulator refuses.
	body, _ := io.ReadAll(r.Body)
	body = bytes.ReplaceAll(body, w.from, w.to)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

func (w *wiretap) keep(r *http.Response) error {
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(answer))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last[r.Request.URL.Path] = crossed{r.Request.Header.Get("Authorization"), answer}
	return nil
}

// tapped is an account whose client reaches the simulator through a wiretap.
type tapped struct {
	*account
	wire *wiretap
}

func openTapped(t *testing.T) *tapped {
	t.Helper()
	a := &tapped{}
	a.account = openAccount(t, func(config *paytrace.Config) {
		a.wire = newWiretap(t, config.BaseURL)
		config.BaseURL = a.wire.URL
	})
	return a
}

// crossed is the last exchange of a path.
func (a *tapped) crossed(path string) crossed {
	a.t.Helper()
	a.wire.mu.Lock()
	defer a.wire.mu.Unlock()
	last, ok := a.wire.last[path]
	if !ok {
		a.t.Fatalf("nothing went to %s", path)
	}
	return last
}

// call is a bare HTTP call, for what the client does not do.
func (a *tapped) call(path, body string) {
	a.t.Helper()
	form := url.Values{"grant_type": {"password"}, "username": {simulator.DefaultUsername}, "password": {simulator.DefaultPassword}}
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	answer := a.post("/oauth/token", "application/x-www-form-urlencoded", "", form.Encode())
	if err := json.Unmarshal(answer, &grant); err != nil {
		a.t.Fatal(err)
	}
	a.post(path, "application/json", "Bearer "+grant.AccessToken, body)
}

func (a *tapped) post(path, contentType, authorization, body string) []byte {
	a.t.Helper()
	request, err := http.NewRequest(http.MethodPost, a.wire.URL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := a.wire.Client().Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		a.t.Fatalf("%s: HTTP %d %s, %v", path, response.StatusCode, answer, err)
	}
	return answer
}

// charge makes a sale of what the details say.
func (a *tapped) charge(amount gateway.Money, details ...func(*gateway.Charge)) gateway.Result {
	charge := visa(amount)
	charge.CustomerID, charge.Method = "", gateway.PaymentMethod{}
	for _, detail := range details {
		detail(&charge)
	}
	return a.Charge(context.Background(), charge)
}

func authorized(charge *gateway.Charge) { charge.Intent = gateway.IntentAuthorize }

func billedTo(address gateway.Address) func(*gateway.Charge) {
	return func(charge *gateway.Charge) { charge.Billing = &address }
}

// The addresses of the recordings; the sandbox matches the one in Spokane alone.
var (
	losAngeles = gateway.Address{Name: "Nathan Williams", Street: "1234 Main St.", City: "Los Angeles", State: "CA", PostalCode: "90210"}
	spokane    = gateway.Address{Name: "Protect-Sale", Street: "8320 E. West St.", City: "Spokane", State: "WA", PostalCode: "85284"}
	ottawa     = gateway.Address{Street: "456 My Street", City: "Ottawa", State: "ON", PostalCode: "K1C2N6"}
)

func byTransaction(id string) func(*gateway.Charge) {
	return func(charge *gateway.Charge) { charge.SourceTransactionID = id }
}

func (a *tapped) keyed(csc string) func(*gateway.Charge) {
	a.t.Helper()
	card := a.rawCard(csc)
	return func(charge *gateway.Charge) { charge.Method.Card = card }
}

// encryptedWithoutCSC is keyed as well. A card in the clear always has a CSC
// here; the recorded sale had none.
func (a *tapped) encryptedWithoutCSC() func(*gateway.Charge) {
	a.t.Helper()
	card := &gateway.EncryptedCard{Number: a.encrypt("4012000098765439"), ExpirationMonth: "12", ExpirationYear: "2030"}
	return func(charge *gateway.Charge) { charge.Method.EncryptedCard = card }
}

func (a *tapped) hosted() func(*gateway.Charge) {
	a.t.Helper()
	fields := a.fields()
	return func(charge *gateway.Charge) { charge.Method = fields }
}

// customer99 is stored with the address in Los Angeles.
func (a *tapped) customer99() func(*gateway.Charge) {
	a.t.Helper()
	a.call("/v1/customer/create", `{"integrator_id":"`+simulator.DefaultIntegratorID+`","customer_id":"99",
		"credit_card":{"number":"4012000098765439","expiration_month":"12","expiration_year":"2030"},
		"billing_address":{"name":"Nathan Williams","street_address":"1234 Main St.","city":"Los Angeles","state":"CA","zip":"90210"}}`)
	return func(charge *gateway.Charge) { charge.CustomerID = "99" }
}

// authorization is the id of a new one of 12.00.
func (a *tapped) authorization() string {
	a.t.Helper()
	got := a.charge(1200, a.hosted(), billedTo(spokane), authorized)
	a.must(got, gateway.Approved)
	return got.TransactionID
}

func (a *tapped) capture(id string, amount gateway.Money) gateway.Result {
	return a.Capture(context.Background(), gateway.Capture{TransactionID: id, Amount: amount, SendBefore: soon()})
}

func (a *tapped) void(id string) gateway.Result {
	return a.Void(context.Background(), gateway.Void{TransactionID: id, SendBefore: soon()})
}

func (a *tapped) refund(id string, amount gateway.Money) gateway.Result {
	return a.Refund(context.Background(), gateway.Refund{TransactionID: id, Amount: amount, SendBefore: soon()})
}

// ownValues are the members whose values belong to one run. Their JSON must
// fit, which tells a number from a string. The simulator's clock goes on
// during a test, so the seconds of its dates are left open.
var ownValues = map[string]*regexp.Regexp{
	".check_transaction_id":            regexp.MustCompile(`^[1-9]\d{5,}$`),
	".transaction_id":                  regexp.MustCompile(`^[1-9]\d{7,}$`),
	".approval_code":                   regexp.MustCompile(`^"TAS\d{3}"$`),
	".access_token":                    regexp.MustCompile(`^"[!-~]{20,}"$`),
	".created_at":                      regexp.MustCompile(`^\d{10}$`),
	".transactions[0].transaction_id":  regexp.MustCompile(`^[1-9]\d{7,}$`),
	".transactions[0].approval_code":   regexp.MustCompile(`^"TAS\d{3}"$`),
	".transactions[0].status_code":     regexp.MustCompile(`^"GB[1-9]\d*"$`),
	".transactions[0].status_message":  regexp.MustCompile(`^"GB[1-9]\d*"$`),
	".transactions[0].created.at":      regexp.MustCompile(`^"4/10/2015 4:06:\d\d PM"$`),
	".transactions[0].created.by":      regexp.MustCompile(`^"` + regexp.QuoteMeta(simulator.DefaultUsername) + `"$`),
	".transactions[0].created.from_ip": regexp.MustCompile(`^"127\.0\.0\.1"$`),
	".transactions[0].settled":         regexp.MustCompile(`^"4/10/2015 8:13:\d\d PM"$`),
}

// checkBody wants the recorded members, no others, each with the recorded
// value or one that fits its pattern.
func checkBody(t *testing.T, body, recorded []byte) {
	t.Helper()
	got, want := leaves(t, body), leaves(t, recorded)
	for path, value := range got {
		if _, there := want[path]; !there {
			t.Errorf("%s is %s, and should not be there", path, value)
		}
	}
	code := strings.Trim(want[".approval_code"], `"`)
	for path, value := range want {
		pattern, own := ownValues[path]
		if code != "" && !own {
			// A message that names the approval code names this run's.
			value = strings.ReplaceAll(value, code, strings.Trim(got[".approval_code"], `"`))
		}
		switch answered, there := got[path]; {
		case !there:
			t.Errorf("%s is missing, want %s", path, value)
		case own && value != `""`:
			if !pattern.MatchString(answered) {
				t.Errorf("%s is %s, want one like %s", path, answered, value)
			}
		case answered != value:
			t.Errorf("%s is %s, want %s", path, answered, value)
		}
	}
}

// leaves are the scalars of a JSON document, as they were written, by path.
// Empty objects and lists count as scalars.
func leaves(t *testing.T, document []byte) map[string]string {
	t.Helper()
	found := map[string]string{}
	if err := gather(found, "", document); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return found
}

func gather(found map[string]string, path string, value json.RawMessage) error {
	var members map[string]json.RawMessage
	var entries []json.RawMessage
	switch value = bytes.TrimSpace(value); {
	case json.Unmarshal(value, &members) == nil && len(members) > 0:
		for name, member := range members {
			if err := gather(found, path+"."+name, member); err != nil {
				return err
			}
		}
	case json.Unmarshal(value, &entries) == nil && len(entries) > 0:
		for i, entry := range entries {
			if err := gather(found, fmt.Sprintf("%s[%d]", path, i), entry); err != nil {
				return err
			}
		}
	case !json.Valid(value):
		return fmt.Errorf("no JSON at %q", path)
	default:
		found[path] = string(value)
	}
	return nil
}
