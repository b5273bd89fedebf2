package load

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/api"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
)

const (
	merchant = "main"
	customer = "demo-visa"
	secret   = "secret-of-the-tests"
)

var signingKey = sync.OnceValues(auth.GenerateKey)

// payTrace is the address of a simulator.
func payTrace(t *testing.T) string {
	sim := simulator.New(simulator.Options{DemoCustomers: true})
	return "http://" + listen(t, func(l net.Listener) error { return sim.Serve(l, nil) }, sim.Close)
}

// house is the address of a gateway with a ledger of its own, in front of the
// simulator at that address.
func house(t *testing.T, simulator string) string {
	g := gateway.New(gateway.Config{
		Ledger: books(t),
		Merchants: []gateway.Merchant{{
			ID: merchant, Currency: "USD",
			// All requests come at once, and a busy machine takes a while for them.
			SendWindow: 30 * time.Second, CallDeadline: gateway.DefaultCallDeadline,
		}},
		Processors: map[string]gateway.Processor{merchant: processor(t, simulator)},
		Secret:     []byte("0123456789abcdef0123456789abcdef"),
		Instance:   "load", Now: time.Now, MaxInFlight: 1024, Log: throwaway(),
	})
	t.Cleanup(func() {
		if err := g.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return "http://" + serve(t, g)
}

func books(t *testing.T) *ledger.Ledger {
	l, err := ledger.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	shopper := gateway.VaultCustomer{MerchantID: merchant, ID: customer, Version: 1, Methods: []gateway.VaultMethod{{
		ID: "pm_1", ProfileID: customer, Default: true,
		Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"},
	}}}
	if err := l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &shopper}); err != nil {
		t.Fatal(err)
	}
	return l
}

func processor(t *testing.T, base string) gateway.Processor {
	client, err := paytrace.New(paytrace.Config{
		BaseURL:  base,
		Username: simulator.DefaultUsername, Password: simulator.DefaultPassword, IntegratorID: simulator.DefaultIntegratorID,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); client.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-stopped })
	return client
}

func serve(t *testing.T, g *gateway.Gateway) string {
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := auth.NewKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	clients, err := auth.NewClients([]auth.Client{{
		ID: "shop", MerchantID: merchant, Scopes: auth.AllScopes(), SecretHash: auth.HashSecret(secret),
	}})
	if err != nil {
		t.Fatal(err)
	}
	common := auth.Config{Issuer: "http://gateway.test", Keys: keys, Clients: clients, Now: time.Now}
	server := api.New(api.Config{
		Gateway: g, Issuer: auth.NewIssuer(common), Verifier: auth.NewVerifier(common), Log: throwaway(), Now: time.Now,
	})
	return listen(t, server.Serve, func() error { return server.Shutdown(context.Background()) })
}

func throwaway() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

// listen runs a server on a free port until the test ends.
func listen(t *testing.T, serve func(net.Listener) error, stop func() error) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(l) }()
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// fake is a server that gives tokens, and leaves all else to payments.
func fake(t *testing.T, payments http.HandlerFunc) string {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"access_token":"one","token_type":"Bearer","expires_in":900}`)
	})
	mux.HandleFunc("/", payments)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// short is a run of a few requests against these targets.
func short(targets ...string) Config {
	return Config{
		Targets: targets, As: AsGateway, ClientID: "shop", Secret: secret, Customers: []string{customer},
		Stages: []Stage{{PerSecond: 1000, For: 60 * time.Millisecond}},
		Mix:    Mix{{Sale, 1}}, Timeout: 30 * time.Second, MaxInFlight: 1000,
	}
}

// nobody is an address at which nobody listens.
func nobody(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}
