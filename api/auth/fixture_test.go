package auth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	issuerURL  = "https://pay.example.com"
	shopSecret = "demo-secret-change-me"
)

var today = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// rsaKeys are made once: making one takes a good part of a second.
var rsaKeys = sync.OnceValue(func() [4]*rsa.PrivateKey {
	var keys [4]*rsa.PrivateKey
	for i := range keys {
		key, err := GenerateKey()
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

// The keys of the gateway, of two orgs, and one that nobody knows.
func gatewayKey() *rsa.PrivateKey  { return rsaKeys()[0] }
func orgKey() *rsa.PrivateKey      { return rsaKeys()[1] }
func otherOrgKey() *rsa.PrivateKey { return rsaKeys()[2] }
func strangeKey() *rsa.PrivateKey  { return rsaKeys()[3] }

func certificate(t testing.TB, key *rsa.PrivateKey, from, to time.Time) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "PayTrace_Gateway"},
		NotBefore:    from,
		NotAfter:     to,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// testClients are a shop with a secret and three orgs with certificates, of
// which one has run out.
func testClients(t testing.TB) []Client {
	year := 365 * 24 * time.Hour
	current := func(key *rsa.PrivateKey) []*x509.Certificate {
		return []*x509.Certificate{certificate(t, key, today.Add(-year), today.Add(year))}
	}
	return []Client{
		{ID: "shop", MerchantID: "m1", Channel: "magento", Scopes: Scopes{PaymentsWrite, PaymentsRead, ReportsRead},
			SecretHash: HashSecret(shopSecret)},
		{ID: "org", MerchantID: "m2", LiveMode: true, Channel: "salesforce", Scopes: Scopes{PaymentsRead, VaultRead},
			Certificates: current(orgKey())},
		{ID: "other-org", MerchantID: "m3", Scopes: Scopes{PaymentsRead}, Certificates: current(otherOrgKey())},
		{ID: "late-org", MerchantID: "m3", Scopes: Scopes{PaymentsRead},
			Certificates: []*x509.Certificate{certificate(t, orgKey(), today.Add(-year), today.Add(-time.Second))}},
		{ID: "closed", MerchantID: "m1", Scopes: Scopes{PaymentsRead}, Disabled: true,
			SecretHash: HashSecret(shopSecret), Certificates: current(orgKey())},
	}
}

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func testConfig(t testing.TB, clients ...Client) (Config, *clock) {
	t.Helper()
	if clients == nil {
		clients = testClients(t)
	}
	keys, err := NewKeys(gatewayKey())
	if err != nil {
		t.Fatal(err)
	}
	known, err := NewClients(clients)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{at: today}
	return Config{Issuer: issuerURL, Keys: keys, Clients: known, Now: c.now}, c
}

// shopToken is a good token of ours.
func shopToken(t testing.TB, c Config) string {
	t.Helper()
	got, refusal := NewIssuer(c).Token(context.Background(), TokenRequest{
		GrantType: grantClientCredentials, BasicID: "shop", BasicSecret: shopSecret,
	})
	if refusal != nil {
		t.Fatal(refusal)
	}
	return got.AccessToken
}

// forged is a token to spoil: a good one of ours, or of an org, before the
// spoiling.
type forged struct {
	method jwt.SigningMethod
	header map[string]any
	claims jwt.MapClaims
	key    any
}

func ours(c Config) forged {
	return forged{
		method: jwt.SigningMethodRS256,
		header: map[string]any{"typ": "at+jwt", "kid": c.Keys.signer(today).ID},
		claims: jwt.MapClaims{
			"iss": issuerURL, "aud": issuerURL, "sub": "shop", "client_id": "shop", "scope": "payments:read",
			"iat": today.Unix(), "exp": today.Add(5 * time.Minute).Unix(), "jti": "1",
		},
		key: gatewayKey(),
	}
}

func direct() forged {
	return forged{
		method: jwt.SigningMethodRS256,
		header: map[string]any{"typ": "JWT", "kid": "PayTrace_Gateway"},
		claims: jwt.MapClaims{
			"iss": "org", "aud": issuerURL, "sub": "integration@example.com",
			"iat": today.Unix(), "nbf": today.Unix(), "exp": today.Add(2 * time.Minute).Unix(),
		},
		key: orgKey(),
	}
}

func (f forged) token(t testing.TB) string {
	t.Helper()
	token := jwt.NewWithClaims(f.method, f.claims)
	delete(token.Header, "typ")
	for name, value := range f.header {
		token.Header[name] = value
	}
	signed, err := token.SignedString(f.key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// with spoils, or merely changes, a forged token.
func (f forged) with(change func(*forged)) forged {
	change(&f)
	return f
}

func claim(name string, value any) func(*forged) {
	return func(f *forged) {
		if value == nil {
			delete(f.claims, name)
			return
		}
		f.claims[name] = value
	}
}

func header(name string, value any) func(*forged) {
	return func(f *forged) {
		if value == nil {
			delete(f.header, name)
			return
		}
		f.header[name] = value
	}
}

func signed(method jwt.SigningMethod, key any) func(*forged) {
	return func(f *forged) { f.method, f.key = method, key }
}
