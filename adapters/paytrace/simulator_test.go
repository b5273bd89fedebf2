package paytrace_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

// account is a PayTrace account at a simulator that is reached over HTTP, and
// a client of it.
type account struct {
	*paytrace.Client
	t       *testing.T
	control string
}

func openAccount(t *testing.T, change ...func(*paytrace.Config)) *account {
	t.Helper()
	sim := simulator.New(simulator.Options{DemoCustomers: true})
	api, control := listen(t), listen(t)
	served := make(chan error, 1)
	go func() { served <- sim.Serve(api, control) }()
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	config := paytrace.Config{
		BaseURL:  "http://" + api.Addr().String(),
		Username: simulator.DefaultUsername, Password: simulator.DefaultPassword, IntegratorID: simulator.DefaultIntegratorID,
	}
	for _, c := range change {
		c(&config)
	}
	client, err := paytrace.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); client.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-stopped })
	return &account{client, t, "http://" + control.Addr().String()}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// order calls the control port.
func (a *account) order(method, path, body string) []byte {
	a.t.Helper()
	request, err := http.NewRequest(method, a.control+path, bytes.NewReader([]byte(body)))
	if err != nil {
		a.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		a.t.Fatalf("%s %s: HTTP %d %s, %v", method, path, response.StatusCode, answer, err)
	}
	return answer
}

// requests counts an operation's requests in the history, and those that were
// acted on.
func (a *account) requests(operation string) (count, acted int) {
	a.t.Helper()
	var history struct {
		Requests []struct {
			Operation string
			Acted     bool
		}
	}
	if err := json.Unmarshal(a.order("GET", "/history", ""), &history); err != nil {
		a.t.Fatal(err)
	}
	for _, r := range history.Requests {
		if r.Operation == operation {
			count++
			if r.Acted {
				acted++
			}
		}
	}
	return count, acted
}

func soon() time.Time { return time.Now().Add(time.Minute) }

func visa(amount gateway.Money) gateway.Charge {
	return gateway.Charge{
		Intent: gateway.IntentSale, Amount: amount, OrderID: "100000042", Reference: gateway.NewReference(time.Now()),
		Method: gateway.PaymentMethod{Vault: &gateway.VaultChoice{}}, CustomerID: "demo-visa", SendBefore: soon(),
	}
}

func (a *account) mustCharge(charge gateway.Charge, want gateway.Outcome) gateway.Result {
	a.t.Helper()
	got := a.Charge(context.Background(), charge)
	a.must(got, want)
	return got
}

func (a *account) must(got gateway.Result, want gateway.Outcome) {
	a.t.Helper()
	if got.Outcome != want {
		a.t.Fatalf("%s, want %s: %s", got.Outcome, want, got.Detail)
	}
}

func TestEveryWayToPayIsTaken(t *testing.T) {
	a := openAccount(t)
	sold := a.mustCharge(visa(2500), gateway.Approved)

	again := visa(1995)
	again.CustomerID, again.SourceTransactionID = "", sold.TransactionID
	a.mustCharge(again, gateway.Approved)

	hosted := visa(1200)
	hosted.CustomerID, hosted.Method = "", a.fields()
	if got := a.mustCharge(hosted, gateway.Approved); got.CSC != "Match" {
		t.Errorf("CSC %q", got.CSC)
	}
	if used := a.mustCharge(hosted, gateway.Rejected); used.Rejection.Code != "961" {
		t.Errorf("%+v", used.Rejection)
	}

	card, err := tokenization.NewCard("5499740000000057", "998", "12", "2030")
	if err != nil {
		t.Fatal(err)
	}
	keyed := visa(5188)
	keyed.CustomerID, keyed.Method = "", gateway.PaymentMethod{Card: card}
	keyed.Billing = &gateway.Address{Name: "N", Street: "8320 E. West St.", City: "Spokane", State: "WA", PostalCode: "85284"}
	if got := a.mustCharge(keyed, gateway.Approved); got.Card.LastFour != "0057" || got.AVS != "Full Exact Match" || got.ApprovalCode == "" {
		t.Errorf("%+v", got)
	}

	encrypted := visa(100)
	encrypted.CustomerID = ""
	encrypted.Method = gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{
		Number: a.encrypt("4012000098765439"), CSC: a.encrypt("999"), ExpirationMonth: "12", ExpirationYear: "2030",
	}}
	if got := a.mustCharge(encrypted, gateway.Approved); got.CSC != "Match" || got.Card.LastFour != "5439" {
		t.Errorf("%+v", got)
	}
}

// encrypt does what PayTrace's script does in a browser.
func (a *account) encrypt(plain string) string {
	a.t.Helper()
	block, _ := pem.Decode(a.order("GET", "/encryption_key", ""))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		a.t.Fatal(err)
	}
	ciphertext, err := rsa.EncryptPKCS1v15(rand.Reader, key.(*rsa.PublicKey), []byte(plain))
	if err != nil {
		a.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(ciphertext)
}

// fields are hosted fields with the sandbox's card and its right CSC.
func (a *account) fields() gateway.PaymentMethod {
	a.t.Helper()
	var fields gateway.HostedFields
	if err := json.Unmarshal(a.order("POST", "/hosted_fields",
		`{"cardNumber":"4012000098765439","csc":"999","expirationMonth":"12","expirationYear":"2030"}`), &fields); err != nil {
		a.t.Fatal(err)
	}
	return gateway.PaymentMethod{HostedFields: &fields}
}

func (a *account) rawCard(csc string) *tokenization.Card {
	a.t.Helper()
	card, err := tokenization.NewCard("4012000098765439", csc, "12", "2030")
	if err != nil {
		a.t.Fatal(err)
	}
	return card
}

func TestLifeOfAnAuthorization(t *testing.T) {
	a := openAccount(t)
	ctx := context.Background()
	charge := visa(10000)
	charge.Intent = gateway.IntentAuthorize
	id := a.mustCharge(charge, gateway.Approved).TransactionID
	a.mustShow(id, gateway.RecordAuthorized, 10000)

	capture := gateway.Capture{TransactionID: id, Amount: 6000, SendBefore: soon()}
	a.must(a.Capture(ctx, capture), gateway.Approved)
	twice := a.Capture(ctx, capture)
	a.must(twice, gateway.Unknown)
	if !twice.Contested {
		t.Error("a second capture is not contested")
	}
	a.mustShow(id, gateway.RecordPending, 6000)

	refund := gateway.Refund{TransactionID: id, Amount: 1000, SendBefore: soon()}
	if early := a.Refund(ctx, refund); early.Outcome != gateway.Unknown || !early.Contested {
		t.Errorf("a refund before settlement: %+v", early)
	}
	a.order("POST", "/settle", "")
	a.mustShow(id, gateway.RecordSettled, 6000)
	if done := a.Refund(ctx, refund); done.Outcome != gateway.Approved || done.TransactionID == id {
		t.Errorf("a refund after settlement: %+v", done)
	}
	if late := a.Void(ctx, gateway.Void{TransactionID: id, SendBefore: soon()}); late.Outcome != gateway.Unknown || !late.Contested {
		t.Errorf("a void after settlement: %+v", late)
	}

	other := a.mustCharge(visa(700), gateway.Approved).TransactionID
	a.must(a.Void(ctx, gateway.Void{TransactionID: other, SendBefore: soon()}), gateway.Approved)
	a.mustShow(other, gateway.RecordVoided, 700)
}

func (a *account) mustShow(id string, state gateway.RecordState, amount gateway.Money) {
	a.t.Helper()
	got, err := a.Transaction(context.Background(), id)
	if err != nil || got.State != state || got.Amount != amount {
		a.t.Errorf("%s shows as %s with %s, want %s with %s (%v)", id, got.State, got.Amount, state, amount, err)
	}
}

func TestTriggersOfTheSandboxAreDeclined(t *testing.T) {
	a := openAccount(t)
	for amount, category := range map[gateway.Money]string{112: "do_not_honor", 29: "expired_card", 21: "insufficient_funds"} {
		got := a.mustCharge(visa(amount), gateway.Declined)
		if got.Decline.Category != category || got.TransactionID == "" {
			t.Errorf("%s: %+v", amount, got)
		}
		a.mustShow(got.TransactionID, gateway.RecordDeclined, amount)
	}
}

func TestChargeIsFoundAgainByItsReference(t *testing.T) {
	for _, suffix := range []bool{false, true} {
		a := openAccount(t, func(config *paytrace.Config) { config.InvoiceSuffix = suffix })
		charge := visa(2500)
		a.order("PUT", "/faults", `{"faults":[{"operation":"sale","kind":"reset_after","count":1}]}`)
		a.mustCharge(charge, gateway.Unknown)
		a.mustCharge(visa(2500), gateway.Approved)

		from := time.Now().AddDate(0, 0, -1)
		found, err := a.Transactions(context.Background(), from, from.AddDate(0, 0, 2), charge.Reference)
		if err != nil || len(found) != 1 {
			t.Fatalf("%d found, %v", len(found), err)
		}
		got := found[0]
		if got.Reference != charge.Reference || got.OrderID != charge.OrderID || got.Amount != charge.Amount ||
			got.Kind != gateway.KindSale || got.CreatedBy != simulator.DefaultUsername || time.Since(got.CreatedAt).Abs() > time.Hour {
			t.Errorf("%+v", got)
		}
	}
}

func TestUnkindAnswersAreUnknownAndSentOnce(t *testing.T) {
	for name, fault := range map[string]string{
		"closed before acting": `"kind":"reset_before"`,
		"closed after acting":  `"kind":"reset_after"`,
		"server error":         `"kind":"status","status":503`,
		"error after acting":   `"kind":"status_after","status":502`,
		"page for an answer":   `"kind":"html","status":200,"acted":true`,
		"cut body":             `"kind":"truncated_body"`,
		"redirect":             `"kind":"redirect","location":"http://127.0.0.1:1/"`,
	} {
		t.Run(name, func(t *testing.T) {
			a := openAccount(t)
			a.mustCharge(visa(100), gateway.Approved) // warms the connection
			a.order("PUT", "/faults", `{"faults":[{"operation":"sale",`+fault+`}]}`)
			for range 5 {
				a.mustCharge(visa(2500), gateway.Unknown)
			}
			if count, _ := a.requests("sale"); count != 6 {
				t.Errorf("PayTrace saw %d sales, want 6", count)
			}
		})
	}
}

func TestDuplicateIsNeverADecline(t *testing.T) {
	for _, answer := range []string{"error", "decline"} {
		a := openAccount(t)
		a.order("PUT", "/faults", `{"duplicateFilter":{"minutes":10,"answer":"`+answer+`"}}`)
		a.mustCharge(visa(2500), gateway.Approved)
		a.mustCharge(visa(2500), gateway.Unknown)
	}
}

func TestTokenThatDiesMidLifeCostsOneRefresh(t *testing.T) {
	a := openAccount(t)
	a.mustCharge(visa(100), gateway.Approved)
	a.order("PUT", "/faults", `{"faults":[{"operation":"sale","kind":"unauthorized","count":1}]}`)
	a.mustCharge(visa(2500), gateway.Approved)
	if count, acted := a.requests("sale"); count != 3 || acted != 2 {
		t.Errorf("%d sales seen, %d acted on, want 3 and 2", count, acted)
	}
	if tokens, _ := a.requests("token"); tokens != 2 {
		t.Errorf("%d tokens asked for, want 2", tokens)
	}
}

func TestDeniedLoginsAreTheOperatorsMatter(t *testing.T) {
	a := openAccount(t)
	a.order("PUT", "/faults", `{"faults":[{"operation":"sale","kind":"denied","errors":["999","998"]}]}`)
	got := a.mustCharge(visa(2500), gateway.Rejected)
	if !got.Rejection.Credentials || !got.Rejection.Again {
		t.Errorf("%+v", got.Rejection)
	}

	wrong := openAccount(t, func(config *paytrace.Config) { config.Password = "wrong" })
	if got := wrong.mustCharge(visa(2500), gateway.Rejected); !got.Rejection.Credentials || !got.Rejection.Again {
		t.Errorf("%+v", got.Rejection)
	}
	if sales, _ := wrong.requests("sale"); sales != 0 {
		t.Errorf("%d sales were sent with a refused password", sales)
	}
	stranger := openAccount(t, func(config *paytrace.Config) { config.IntegratorID = "stranger" })
	if got := stranger.mustCharge(visa(2500), gateway.Rejected); got.Rejection.Code != "971" || !got.Rejection.Credentials || got.Rejection.Again {
		t.Errorf("%+v", got.Rejection)
	}
}

func TestRefusedConnectionsAreNotSent(t *testing.T) {
	a := openAccount(t)
	a.mustCharge(visa(100), gateway.Approved)
	a.order("PUT", "/faults", `{"faults":[{"kind":"refuse"}]}`)
	// The simulator closed the warm connection. Whether the client had seen that
	// when it sent this charge decides between two right answers.
	if got := a.Charge(context.Background(), visa(2500)); got.Outcome != gateway.NotSent && got.Outcome != gateway.Unknown {
		t.Errorf("%s: %s", got.Outcome, got.Detail)
	}
	a.mustCharge(visa(2500), gateway.NotSent)
	a.order("PUT", "/faults", `{}`)
	a.mustCharge(visa(2500), gateway.Approved)
}

func TestUnknownIDsAreNotFound(t *testing.T) {
	a := openAccount(t)
	ctx := context.Background()
	for _, notFound := range []string{"empty", "811"} {
		a.order("PUT", "/settings", `{"exportNotFound":"`+notFound+`"}`)
		if _, err := a.Transaction(ctx, "42"); err != gateway.ErrNotFound {
			t.Errorf("%s: %v", notFound, err)
		}
	}
	if _, err := a.Profile(ctx, "nobody"); err != gateway.ErrNotFound {
		t.Error(err)
	}
	got := a.Void(ctx, gateway.Void{TransactionID: "42", SendBefore: soon()})
	a.must(got, gateway.Rejected)
}
