package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func TestRotationKeepsOlderTokensGood(t *testing.T) {
	c, _ := testConfig(t)
	old := shopToken(t, c)
	var err error
	if c.Keys, err = NewKeys(strangeKey(), gatewayKey()); err != nil {
		t.Fatal(err)
	}
	verifier, renewed := NewVerifier(c), shopToken(t, c)
	for name, token := range map[string]string{"older": old, "newest": renewed} {
		if _, err := verifier.Verify(token); err != nil {
			t.Errorf("a token of the %s key: %v", name, err)
		}
	}
	if c.Keys, err = NewKeys(strangeKey()); err != nil {
		t.Fatal(err)
	}
	assertRefused(t, c, old, "unknown key")
	if _, err := NewVerifier(c).Verify(renewed); err != nil {
		t.Errorf("the newest key did not sign: %v", err)
	}
}

// Anybody may verify our tokens with the published keys and any JWT library.
func TestPublishedKeysVerifyOurTokens(t *testing.T) {
	c, _ := testConfig(t)
	var err error
	if c.Keys, err = NewKeys(gatewayKey(), strangeKey()); err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(NewIssuer(c).JWKS(), &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("%d keys, %v", len(set.Keys), err)
	}
	published := map[string]*rsa.PublicKey{}
	for _, key := range set.Keys {
		if len(key) != 6 || key["kty"] != "RSA" || key["use"] != "sig" || key["alg"] != "RS256" {
			t.Errorf("unexpected key %v", key)
		}
		published[key["kid"]] = &rsa.PublicKey{N: number(t, key["n"]), E: int(number(t, key["e"]).Int64())}
	}
	_, err = jwt.Parse(shopToken(t, c), func(token *jwt.Token) (any, error) {
		return published[token.Header["kid"].(string)], nil
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(c.Now))
	if err != nil {
		t.Error(err)
	}
}

func number(t *testing.T, text string) *big.Int {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return new(big.Int).SetBytes(raw)
}

// The example of RFC 7638 §3.1.
func TestThumbprintIsThatOfTheRFC(t *testing.T) {
	const n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj" +
		"hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQv" +
		"RL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	if got, want := thumbprint(n, "AQAB"), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; got != want {
		t.Errorf("thumbprint %s; want %s", got, want)
	}
}

func TestNewKeysRefusesUnfitKeys(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewKeys(gatewayKey(), short); err == nil {
		t.Error("a key of 1024 bits was taken")
	}
	if _, err := NewKeys(gatewayKey(), gatewayKey()); err == nil {
		t.Error("the same key was taken twice")
	}
}

func TestLoadKeysReadsTheSignerFirst(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, key *rsa.PrivateKey) string {
		path := filepath.Join(folder, name)
		if err := writeKey(SigningKey{File: path, private: key}); err != nil {
			t.Fatal(err)
		}
		return path
	}
	both, err := LoadKeys(write("1.pem", strangeKey()), write("2.pem", gatewayKey()))
	if err != nil || both.signer(today).ID != jwkOf(&strangeKey().PublicKey).KeyID || both.known(jwkOf(&gatewayKey().PublicKey).KeyID) == nil {
		t.Errorf("the signer is %s, %v", both.signer(today).ID, err)
	}
}

func TestLoadKeysSaysWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tc := range map[string]struct {
		paths []string
		want  string
	}{
		"none":        {nil, "no signing key"},
		"missing":     {[]string{filepath.Join(folder, "missing.pem")}, "missing.pem"},
		"no PEM":      {[]string{write("text.pem", "hello")}, "BEGIN PRIVATE KEY"},
		"certificate": {[]string{write("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}, "BEGIN PRIVATE KEY"},
		"garbage":     {[]string{write("bad.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}, "PKCS#8"},
	} {
		if _, err := LoadKeys(tc.paths...); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want %q", name, err, tc.want)
		}
	}
	open := write("open.pem", "hello")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeys(open); err == nil || !strings.Contains(err.Error(), "open to everyone") {
		t.Errorf("a key that everybody may read: %v", err)
	}
}
