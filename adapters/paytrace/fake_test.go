package paytrace

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

const (
	goodSale   = `{"success":true,"response_code":101,"status_message":"Your transaction was successfully approved.","transaction_id":125391271,"approval_code":"TAS445","approval_message":"  NO  MATCH - Approved and completed","avs_response":"No Match","csc_response":"","external_transaction_id":""}`
	goodToken  = `{"access_token":"token-of-the-test","token_type":"Bearer","expires_in":7200,"created_at":1733511471}`
	staleToken = `{"error":"invalid_token","error_description":"The access token expired"}`
)

// seen is what reached the fake server.
type seen struct{ path, bearer, body string }

// fake is a PayTrace of a few bytes. Answer is called for all but the token
// endpoint, with the number of the request, from 1.
type fake struct {
	*httptest.Server
	token  http.HandlerFunc
	answer func(w http.ResponseWriter, r *http.Request, n int)

	mu       sync.Mutex
	requests []seen
	tokens   int
	logIn    string // the body of the last request for a token
}

func newFake(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, n int)) *fake {
	f := &fake{answer: answer, token: say(200, goodToken)}
	f.Server = httptest.NewUnstartedServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	if r.URL.Path == tokenPath {
		f.tokens++
		f.logIn = string(body)
		f.mu.Unlock()
		f.token(w, r)
		return
	}
	f.requests = append(f.requests, seen{r.URL.Path, r.Header.Get("Authorization"), string(body)})
	n := len(f.requests)
	f.mu.Unlock()
	f.answer(w, r, n)
}

func (f *fake) seen() []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]seen(nil), f.requests...)
}

func (f *fake) tokenRequests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokens
}

func (f *fake) lastLogIn() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logIn
}

// say answers every request with the same bytes.
func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func always(status int, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, r *http.Request, _ int) { say(status, body)(w, r) }
}

func testConfig(url string) Config {
	return Config{BaseURL: url, Username: "user", Password: "p&ss=word", IntegratorID: "integr"}
}

// client starts the fake and a client of it that has a token.
func (f *fake) client(t testing.TB, change ...func(*Config)) *Client {
	if f.URL == "" {
		f.Start()
	}
	config := testConfig(f.URL)
	for _, c := range change {
		c(&config)
	}
	return runClient(t, config)
}

func runClient(t testing.TB, config Config) *Client {
	t.Helper()
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return c
}

func soon() time.Time { return time.Now().Add(time.Minute) }

// sale is a charge that only has to be charged.
func sale() gateway.Charge {
	return gateway.Charge{
		Intent: gateway.IntentSale, Amount: 2500, OrderID: "100000042", Reference: "ABCDEFGHIJKLMNOP",
		Method: gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: "c"}}, CustomerID: "99", SendBefore: soon(),
	}
}

func rawCard(t *testing.T, csc string) *tokenization.Card {
	t.Helper()
	card, err := tokenization.NewCard("4012000098765439", csc, "12", "2026")
	if err != nil {
		t.Fatal(err)
	}
	return card
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustBe(t *testing.T, got gateway.Result, want gateway.Outcome) {
	t.Helper()
	if got.Outcome != want {
		t.Fatalf("outcome %s, want %s (%s)", got.Outcome, want, got.Detail)
	}
	if got.Detail == "" {
		t.Error("the detail says nothing")
	}
}
