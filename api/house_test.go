package api_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/api"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
	"paytrace-gateway/gateway/storetest"
	"paytrace-gateway/openapi/openapitest"
	"paytrace-gateway/sealing"
)

// marker stands in requests wherever a caller's text can stand. No answer and
// no log line may hold it.
const marker = "zqmarker7"

// The cards of the tests: a number in one run, and as it is printed.
const (
	cardRun    = "4111111111111111"
	cardSpaced = "4111 1111 1111 1111"
)

// The clients of a house, by what they may do.
const (
	shop    = "shop"    // main: reads and writes payments and the vault
	keeper  = "keeper"  // main: reads the vault
	reader  = "reader"  // main: reads payments
	writer  = "writer"  // main: writes payments
	clerk   = "clerk"   // main: nothing about payments
	chief   = "chief"   // main: reads payments and decides what only a person can
	postman = "postman" // main: sees deliveries and decides about them
	auditor = "auditor" // main: sees deliveries
	rival   = "rival"   // other: reads and writes payments, the vault and deliveries
	lord    = "lord"    // main: every scope there is
	thief   = "thief"   // other: every scope there is

	secret    = "secret-of-the-tests"
	publicURL = "http://gateway.test"
)

// One key and one reading of the contract serve the whole test binary: both
// are slow to make.
var (
	signingKey = sync.OnceValues(auth.GenerateKey)
	contract   = sync.OnceValues(openapitest.New)
)

// house is a gateway on a real ledger with a processor in memory, behind a
// real listener.
type house struct {
	t         *testing.T
	processor *processortest.Processor
	gateway   *gateway.Gateway
	ledger    *ledger.Ledger
	server    *api.Server
	contract  *openapitest.Validator
	auth      auth.Config
	people    *auth.People
	log       *record
	client    *http.Client
	public    string // host:port
	operator  string
	cards     string // takes the cards of those whom Config.RawCards names

	mu     *sync.Mutex
	tokens map[string]string
}

// newHouse builds a house. The changes are for what only some tests need.
func newHouse(t *testing.T, changes ...func(*api.Config)) *house {
	t.Helper()
	now := clock()
	h := &house{t: t, processor: processortest.New(now), log: &record{}, mu: &sync.Mutex{}, tokens: map[string]string{}}
	log := slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.client = &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: time.Minute}
	h.contract = must(contract())(t)
	h.ledger = must(ledger.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{AuditKey: storetest.AuditKey}))(t)
	t.Cleanup(func() { h.ledger.Close() })
	h.gateway = gateway.New(gateway.Config{
		Ledger: h.ledger, Merchants: []gateway.Merchant{merchant("main"), merchant("other")},
		Processors: map[string]gateway.Processor{"main": h.processor, "other": h.processor},
		Secret:     []byte("0123456789abcdef0123456789abcdef"),
		Instance:   "one", Now: now, MaxInFlight: 256, Log: log,
		Subscribers: []gateway.Subscriber{{MerchantID: "main", Name: "erp", Sink: silent{}}},
	})
	h.auth = authConfig(t)
	roster := auth.NewRoster(auth.RosterConfig{
		Store: h.ledger, Clients: h.auth.Clients, SecretKey: clientKey, Now: now, Log: log,
		Serves: func(merchant string, live bool) bool { return !live && (merchant == "main" || merchant == "other") },
	})
	h.people = auth.NewPeople(auth.PeopleConfig{
		Store: h.ledger, Merchants: map[string]bool{"main": false, "other": false}, Key: clientKey, Now: now, Log: log,
	})
	config := api.Config{
		People: h.people, PublicURL: publicURL,
		Roster: roster, Secrets: sealing.NewKeeper(sealing.Config{Store: h.ledger, Keys: sealingKeys(t), Uses: sealedUses, Now: now, Log: log}), Gateway: h.gateway, Issuer: auth.NewIssuer(h.auth), Verifier: auth.NewVerifier(h.auth), Log: log, Now: time.Now,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "up 1\n") }),
	}
	for _, change := range changes {
		change(&config)
	}
	h.server = api.New(config)
	h.public, h.operator = h.listen(h.server.Serve), h.listen(h.server.ServeOperator)
	h.cards = h.listen(h.server.ServeCards)
	t.Cleanup(h.close)
	return h
}

// clock never gives the same millisecond twice, so that payments stand in
// lists in the order of their making, however fast they are made.
func clock() func() time.Time {
	var mu sync.Mutex
	var last time.Time
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		last = last.Add(time.Millisecond)
		if now := time.Now(); now.After(last) {
			last = now
		}
		return last
	}
}

func merchant(id string) gateway.Merchant {
	return gateway.Merchant{
		ID: id, Currency: "USD",
		SendWindow: gateway.DefaultSendWindow, CallDeadline: gateway.DefaultCallDeadline,
	}
}

func authConfig(t *testing.T) auth.Config {
	t.Helper()
	key := must(signingKey())(t)
	client := func(id, merchant string, scopes ...auth.Scope) auth.Client {
		return auth.Client{ID: id, MerchantID: merchant, Scopes: scopes, Channel: "tests", SecretHash: auth.HashSecret(secret)}
	}
	clients := must(auth.NewClients([]auth.Client{
		client(shop, "main", auth.PaymentsWrite, auth.PaymentsRead, auth.VaultWrite, auth.VaultRead),
		client(keeper, "main", auth.VaultRead),
		client(reader, "main", auth.PaymentsRead),
		client(writer, "main", auth.PaymentsWrite),
		client(clerk, "main", auth.ReportsRead),
		client(chief, "main", auth.PaymentsRead, auth.Admin),
		client(postman, "main", auth.CallbacksRead, auth.CallbacksWrite),
		client(auditor, "main", auth.CallbacksRead),
		client(rival, "other", auth.PaymentsWrite, auth.PaymentsRead, auth.VaultWrite, auth.VaultRead, auth.CallbacksRead, auth.CallbacksWrite),
		client(lord, "main", auth.AllScopes()...),
		client(thief, "other", auth.AllScopes()...),
	}))(t)
	return auth.Config{Issuer: publicURL, Keys: must(auth.NewKeys(key))(t), Clients: clients, Now: time.Now}
}

func (h *house) listen(serve func(net.Listener) error) string {
	h.t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))(h.t)
	ended := make(chan error, 1)
	go func() { ended <- serve(l) }()
	h.t.Cleanup(func() {
		l.Close() // a shutdown before the first accept leaves it open
		if err := <-ended; err != nil {
			h.t.Errorf("serving ended: %v", err)
		}
	})
	return l.Addr().String()
}

// close ends the house and looks once more at what every test has to fulfil.
func (h *house) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := h.gateway.Stop(ctx); err != nil {
		h.t.Error(err)
	}
	h.client.CloseIdleConnections()
	if err := h.server.Shutdown(ctx); err != nil {
		h.t.Errorf("shutting down: %v", err)
	}
	h.expectCleanLog()
}

// expectCleanLog fails when the log holds what nobody may read there.
func (h *house) expectCleanLog() {
	h.t.Helper()
	log := h.log.String()
	h.mu.Lock()
	defer h.mu.Unlock()
	forbidden := []string{marker, cardRun, cardSpaced, secret, "Bearer ", "eyJ", `"http.panic"`}
	for _, word := range forbidden {
		if at := strings.Index(log, word); at >= 0 {
			h.t.Errorf("the log holds %q: …%s", word, log[max(0, at-300):min(len(log), at+300)])
		}
	}
}

// token is a good token of that client.
func (h *house) token(client string) string {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tokens[client] == "" {
		h.tokens[client] = issue(h.t, h.auth, client, "")
	}
	return h.tokens[client]
}

func issue(t *testing.T, c auth.Config, client, scope string) string {
	t.Helper()
	granted, refusal := auth.NewIssuer(c).Token(context.Background(), auth.TokenRequest{
		GrantType: "client_credentials", BasicID: client, BasicSecret: secret, Scope: scope,
	})
	if refusal != nil {
		t.Fatal(refusal)
	}
	return granted.AccessToken
}

// strangeKey signs tokens that are not ours.
var strangeKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return auth.GenerateKey() })

// record is a log that can be written and read at once.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

var _ io.Writer = (*record)(nil)

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// must takes a value and its error, and ends the test on an error.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
