package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway/guard"
)

// furthest is a configuration whose members go as far as `config check` lets
// them.
const furthest = `dataDir: data
publicURL: https://pay.shop.test
signingKeys: [{file: one.pem}, {file: two.pem}]
merchants:
  - id: main
    timeZone: Pacific/Auckland
    paytrace:
      baseURL: http://127.0.0.1:1
      username: simulator@paytrace.test
      password: ${PASSWORD}
      integratorID: simulator001
      callDeadline: 20s
      exportRowCap: 5000
      hostedFieldsScript: http://127.0.0.1:2/protect.js
      maxConnections: 3
      maxLookConnections: 2
      rateLimit: 7
    clients:
      - id: SHOP
        secret: ${PASSWORD}
        scopes: [payments:write, payments:read]
        certificates: [{file: one.crt}, {file: two.crt}, {file: three.crt}, {file: four.crt}]
`

// longestID has every kind of character, and one to begin with that is no
// letter.
var longestID = "." + strings.Repeat("aZ0._@-", 9)

const wirePassword = "client-secret-0123456789"

// load reads furthest as `config check` does.
func load(t *testing.T) *config.Config {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "gateway.yaml")
	put(t, path, []byte(strings.Replace(furthest, "SHOP", longestID, 1)))
	for _, name := range []string{"one", "two", "three", "four"} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
		certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(folder, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
		put(t, filepath.Join(folder, name+".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	}
	secrets := map[string]string{"PASSWORD": wirePassword}
	env := func(name string) (string, bool) { value, ok := secrets[name]; return value, ok }
	cfg, err := config.Load(path, env)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestSettlementDaysAreThoseOfTheConfiguredZone(t *testing.T) {
	if m := merchantsOf(load(t))[0]; m.Zone == nil || m.Zone.String() != "Pacific/Auckland" {
		t.Errorf("the zone is %v", m.Zone)
	}
}

func TestWhatConfigCheckPassesStarts(t *testing.T) {
	cfg := load(t)
	keys, err := (&app{cfg: cfg, log: slog.New(slog.DiscardHandler)}).openKeys()
	if err != nil {
		t.Fatal(err)
	}
	clients, err := configuredClients(cfg)
	if err != nil {
		t.Fatal(err)
	}
	issuer := auth.NewIssuer(auth.Config{Issuer: cfg.PublicURL, Keys: keys, Clients: clients, Now: time.Now})
	if len(longestID) != 64 || cfg.Merchants[0].Clients[0].ID != longestID {
		t.Errorf("the client's id %q is not the longest that is allowed", cfg.Merchants[0].Clients[0].ID)
	}
	granted, refusal := issuer.Token(context.Background(), auth.TokenRequest{
		GrantType: "client_credentials", ClientID: longestID, ClientSecret: wirePassword,
	})
	if refusal != nil || granted.AccessToken == "" {
		t.Errorf("no token for the client: %v", refusal)
	}
	if _, err := paytrace.New(clientConfig(cfg.Merchants[0], slog.New(slog.DiscardHandler))); err != nil {
		t.Error(err)
	}
}

func TestSettingsOfAnAccountReachTheirParts(t *testing.T) {
	cfg, log := load(t), slog.New(slog.DiscardHandler)
	m := cfg.Merchants[0]
	if got := merchantsOf(cfg)[0].ExportRowCap; got != 5000 {
		t.Errorf("the gateway takes exports to be cut at %d rows, want 5000", got)
	}
	if client := clientConfig(m, log); client.MaxConnections != 3 || client.MaxLookConnections != 2 || client.HostedFieldsScript != "http://127.0.0.1:2/protect.js" {
		t.Errorf("%d and %d connections, want 3 and 2; the script %s", client.MaxConnections, client.MaxLookConnections, client.HostedFieldsScript)
	}
	if g := guardConfig(m, log); g.RatePerSecond != 7 || g.CallDeadline != 20*time.Second {
		t.Errorf("the guard lets %d a second through for %s, want 7 and 20s", g.RatePerSecond, g.CallDeadline)
	}
}

func TestEveryMerchantHasAGuardBeforePayTrace(t *testing.T) {
	a := &app{cfg: load(t), log: slog.New(slog.DiscardHandler), clients: map[string]*paytrace.Client{}}
	defer a.close()
	if err := a.connect(); err != nil {
		t.Fatal(err)
	}
	processors := a.processors()
	if _, guarded := processors["main"].(*guard.Guard); len(processors) != 1 || !guarded {
		t.Errorf("the gateway is given %T", processors["main"])
	}
	if now := a.guards["main"].State().LogIn; now != "closed" {
		t.Errorf("the breaker before the log-in is %q", now)
	}
}

func TestDemoHasNoRateLimit(t *testing.T) {
	cfg, err := demoOptions{listen: "127.0.0.1:1", simulator: "127.0.0.1:2", control: "127.0.0.1:4", shop: "127.0.0.1:3", data: "data", logLevel: "warn"}.config()
	if err != nil {
		t.Fatal(err)
	}
	if got := guardConfig(cfg.Merchants[0], slog.New(slog.DiscardHandler)).RatePerSecond; got != 0 {
		t.Errorf("the demo is limited to %d requests a second", got)
	}
}

func TestOwnSecretIsMadeOnceAndKept(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "secret.key")
	const processes = 16
	made := make([]string, processes)
	var all sync.WaitGroup
	for i := range processes {
		all.Go(func() {
			secret, err := ownSecret(path)
			if err != nil {
				t.Error(err)
			}
			made[i] = secret
		})
	}
	all.Wait()
	for _, secret := range made {
		if secret != made[0] || len(secret) != 64 {
			t.Fatalf("processes that start at once have secrets of %d and %d characters, or different ones", len(made[0]), len(secret))
		}
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left, want the secret alone (%v)", len(left), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the secret: %v, %v", info.Mode(), err)
	}
}

func TestOwnSecretThatIsCutOffIsRefused(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "a line break": "\n", "a byte too short": strings.Repeat("k", 31) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret.key")
			put(t, path, []byte(content))
			secret, err := ownSecret(path)
			if err == nil {
				t.Fatalf("a secret of %d characters is taken", len(secret))
			}
			for _, word := range []string{path, "at least 32", "restore", "A secret that is lost"} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q lacks %q", err, word)
				}
			}
			if strings.Contains(err.Error(), "kkk") {
				t.Error("the secret is quoted")
			}
		})
	}
	path := filepath.Join(t.TempDir(), "secret.key")
	put(t, path, []byte(strings.Repeat("k", 32)+"\n"))
	if secret, err := ownSecret(path); err != nil || secret != strings.Repeat("k", 32) {
		t.Errorf("a secret of 32 characters: %d, %v", len(secret), err)
	}
}

func TestTheLogInOfEachMerchantHasABreaker(t *testing.T) {
	cfg := load(t)
	cfg.Listen, cfg.OperatorListen = "127.0.0.1:0", "127.0.0.1:0"
	app, err := open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer app.close()
	if now := app.guards["main"].State().LogIn; now != "closed" {
		t.Errorf("the breaker before the log-in is %q", now)
	}
}
