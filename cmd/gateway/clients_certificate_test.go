package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// certificateFile is a certificate that ends then, as `openssl x509 -text` writes
// it: with words before it.
func certificateFile(t *testing.T, key *rsa.PrivateKey, ends time.Time) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "org.crt")
	text := append([]byte("Serial Number: 4111111111111111\n"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAClientAddedWithACertificateSignsForItself(t *testing.T) {
	t.Parallel()
	s, _, shop := serve(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good, ended := certificateFile(t, key, time.Now().Add(time.Hour)), certificateFile(t, key, time.Now().Add(-time.Hour))
	if f := s.operate("clients", "add", "org", "--scope", "payments:read", "--certificate", ended); f.code != 1 || !strings.Contains(f.stderr, "ended") {
		t.Errorf("a certificate that has ended: %+v", f)
	}
	if printed := s.clients("add", "org", "--scope", "payments:read", "--certificate", good); printedSecret.MatchString(printed) {
		t.Errorf("a secret is printed beside a certificate:\n%s", printed)
	}
	signed := func(audience string) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": "org", "sub": "org", "aud": audience, "iat": time.Now().Unix(), "exp": time.Now().Add(2 * time.Minute).Unix(),
		}).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	own := *shop
	own.token = signed("http://" + s.address)
	want(t, "a token of its own", own.byKey("none"), "404 not_found")

	answer, err := http.PostForm("http://"+s.address+"/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "client_assertion": {signed("http://" + s.address + "/oauth/token")},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("a signed assertion is answered %d", answer.StatusCode)
	}
	if f := s.operate("clients", "rotate", "org"); f.code != 1 || !strings.Contains(f.stderr, "only certificates") {
		t.Errorf("a rotation without a secret: %+v", f)
	}
	s.clients("revoke", "org")
	want(t, "a token of its own, revoked", own.byKey("none"), "401 unauthorized")
}
