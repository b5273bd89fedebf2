package bench

import (
	"context"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/api"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
)

const (
	merchant = "main"
	// customer is in the gateway's vault and, as one of its demo customers, in
	// the simulator's.
	customer = "demo-visa"
	issuer   = "http://gateway.test"
	// budget is what a caller waits by default.
	budget = 9 * time.Second
)

// books opens a ledger in a file of its own, with one customer in its vault.
// TMPDIR decides on which disk the file lies.
func books(b testing.TB) *ledger.Ledger {
	b.Helper()
	l, err := ledger.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "ledger.db"), ledger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	shopper := gateway.VaultCustomer{MerchantID: merchant, ID: customer, Version: 1, Methods: []gateway.VaultMethod{{
		ID: "pm_1", ProfileID: customer, Default: true,
		Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"},
	}}}
	err = l.ApplyVault(b.Context(), gateway.VaultChange{Customer: &shopper})
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// newGateway is the gateway as the program starts it. Its log is written as
// JSON, and the lines are thrown away.
func newGateway(b testing.TB, processor gateway.Processor) *gateway.Gateway {
	b.Helper()
	g := gateway.New(gateway.Config{
		Ledger: books(b),
		Merchants: []gateway.Merchant{{
			ID: merchant, Currency: "USD",
			SendWindow: gateway.DefaultSendWindow, CallDeadline: gateway.DefaultCallDeadline,
		}},
		Processors: map[string]gateway.Processor{merchant: processor},
		Secret:     []byte("0123456789abcdef0123456789abcdef"),
		Instance:   "bench", Now: time.Now, MaxInFlight: 1024,
		Log: throwaway(),
	})
	b.Cleanup(func() {
		if err := g.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return g
}

func throwaway() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

// signingKey is made once: it takes longer than most benchmarks' preparations.
var signingKey = sync.OnceValues(auth.GenerateKey)

// serve puts the gateway behind its HTTP server on a loopback address. It
// returns the address and a bearer token.
func serve(b testing.TB, g *gateway.Gateway) (address, token string) {
	b.Helper()
	key, err := signingKey()
	if err != nil {
		b.Fatal(err)
	}
	keys, err := auth.NewKeys(key)
	if err != nil {
		b.Fatal(err)
	}
	const secret = "bench-secret"
	clients, err := auth.NewClients([]auth.Client{{
		ID: "shop", MerchantID: merchant, Scopes: auth.AllScopes(), SecretHash: auth.HashSecret(secret),
	}})
	if err != nil {
		b.Fatal(err)
	}
	common := auth.Config{Issuer: issuer, Keys: keys, Clients: clients, Now: time.Now}
	tokens := auth.NewIssuer(common)
	granted, refused := tokens.Token(b.Context(), auth.TokenRequest{
		GrantType: "client_credentials", BasicID: "shop", BasicSecret: secret,
	})
	if refused != nil {
		b.Fatal(refused)
	}
	server := api.New(api.Config{
		Gateway: g, Issuer: tokens, Verifier: auth.NewVerifier(common), Log: throwaway(), Now: time.Now,
	})
	return listen(b, server.Serve, func() error { return server.Shutdown(context.Background()) }), granted.AccessToken
}

// listen runs a server on a free port until the benchmark ends.
func listen(b testing.TB, serve func(net.Listener) error, stop func() error) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(l) }()
	b.Cleanup(func() {
		if err := stop(); err != nil {
			b.Error(err)
		}
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	return l.Addr().String()
}

// keyOf is the idempotency key of the n-th request, as a shop would make it.
func keyOf(n int) string { return "default-" + orderOf(n) + "-sale-1" }

func orderOf(n int) string { return strconv.Itoa(100_000_000 + n) }
