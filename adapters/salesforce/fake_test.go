package salesforce

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/adapters/salesforce/salesforcetest"
	"paytrace-gateway/gateway"
)

const (
	clientID     = "3MVG9consumerkey"
	clientSecret = "consumer-secret-that-nobody-may-see"
	username     = "integration@example.com"

	opportunity = "006000000000001AAA"
	order       = "801000000000001AAA"
	account     = "001000000000001AAA"
)

// clock is handed in, and moves when a test says so.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func keyPEM(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// orgSettings are an org's in which both flows are set up.
func orgSettings(c *clock) salesforcetest.Settings {
	return salesforcetest.Settings{
		Now: c.Now, ClientID: clientID, ClientSecret: clientSecret, RunAs: username,
		Username: username, Certificate: &testKey().PublicKey, Events: []salesforcetest.Object{salesforcetest.UpdateEvent()},
	}
}

// house is a sink and its org.
type house struct {
	t     *testing.T
	clock *clock
	org   *salesforcetest.Org
	url   string
	sink  *Sink
}

// settle makes a house; the functions change the org's settings and the sink's
// configuration.
func settle(t *testing.T, adjust func(*salesforcetest.Settings), configure func(*Config)) *house {
	t.Helper()
	c := newClock()
	settings := orgSettings(c)
	if adjust != nil {
		adjust(&settings)
	}
	org := salesforcetest.New(settings)
	for _, id := range []string{opportunity, order, account} {
		org.AddParent(id)
	}
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	return &house{t: t, clock: c, org: org, url: server.URL, sink: newSink(t, server.URL, c, configure)}
}

func newSink(t *testing.T, url string, c *clock, configure func(*Config)) *Sink {
	t.Helper()
	config := Config{LoginURL: url, ClientID: clientID, ClientSecret: clientSecret, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Now: c.Now}
	if configure != nil {
		configure(&config)
	}
	sink, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Close)
	return sink
}

// byJWT changes a configuration to the other flow.
func byJWT(c *Config) {
	c.ClientSecret, c.Username, c.PrivateKey = "", username, keyPEM(testKey())
	c.Audience = salesforcetest.DefaultAudience
}

// delivery tells of the nth payment of an opportunity.
func delivery(n int) gateway.Delivery {
	at := time.Date(2026, 11, 2, 11, 0, 0, 0, time.UTC)
	p := gateway.Payment{
		ID: fmt.Sprintf("pay_%d", n), MerchantID: "m", Status: gateway.StatusApproved, Amount: 1999, Currency: "USD",
		OrderID: "100000001", Source: gateway.SourceRecords{OpportunityID: opportunity, SalesforceOrderID: order, AccountID: account},
		Method: gateway.ByHostedFields, Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111"},
		TransactionID: fmt.Sprint(7000 + n), Version: 2, CreatedAt: at, UpdatedAt: at,
		Operations: []gateway.Operation{{
			ID: fmt.Sprintf("op_%d", n), Kind: gateway.KindSale, Status: gateway.OpApproved, Amount: 1999,
			TransactionID: fmt.Sprint(7000 + n), CreatedAt: at,
		}},
	}
	return gateway.Delivery{ID: fmt.Sprintf("dlv_%d", n), MerchantID: "m", Event: gateway.Event{
		ID: fmt.Sprintf("evt_%d", n), MerchantID: "m", PaymentID: p.ID, OperationID: p.Operations[0].ID,
		Type: "payment.approved", Version: p.Version, At: at, Payment: p,
	}}
}

// tell delivers and holds the outcome against what is wanted.
func (h *house) tell(d gateway.Delivery, want gateway.DeliveryOutcome) gateway.Verdict {
	h.t.Helper()
	v := h.sink.Deliver(h.t.Context(), d)
	if v.Outcome != want {
		h.t.Fatalf("%s (%d %s), want %s", v.Outcome, v.StatusCode, v.Detail, want)
	}
	return v
}

// only is the org's single record.
func (h *house) only() salesforcetest.Record {
	h.t.Helper()
	records := h.org.Records("Payment__c")
	if len(records) != 1 {
		h.t.Fatalf("the org has %d records, want one", len(records))
	}
	return records[0]
}

// answering is an org that gives tokens and otherwise one answer.
func answering(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == tokenPath {
			fmt.Fprintf(w, `{"access_token":"00Dtoken","instance_url":"http://%s"}`, r.Host)
			return
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
}
