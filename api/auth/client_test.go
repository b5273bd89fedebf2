package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNewClientsNamesEveryFault(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak := certificate(t, short, today, today.Add(time.Hour))
	hash := HashSecret("secret")
	_, err = NewClients([]Client{
		{ID: "a:b", MerchantID: "m1", Scopes: Scopes{Admin}, SecretHash: hash},
		{ID: "no-merchant", Scopes: Scopes{Admin}, SecretHash: hash},
		{ID: "no-scopes", MerchantID: "m1", SecretHash: hash},
		{ID: "bad-scope", MerchantID: "m1", Scopes: Scopes{"payments:delete"}, SecretHash: hash},
		{ID: "no-proof", MerchantID: "m1", Scopes: Scopes{Admin}},
		{ID: "plain", MerchantID: "m1", Scopes: Scopes{Admin}, SecretHash: "swordfish"},
		{ID: "weak", MerchantID: "m1", Scopes: Scopes{Admin}, Certificates: []*x509.Certificate{weak}},
		{ID: "many", MerchantID: "m1", Scopes: Scopes{Admin}, Certificates: slices.Repeat([]*x509.Certificate{weak}, 5)},
		{ID: "elliptic", MerchantID: "m1", Scopes: Scopes{Admin}, Certificates: []*x509.Certificate{ellipticCertificate(t)}},
		{ID: "plain", MerchantID: "m1", Scopes: Scopes{Admin}, SecretHash: hash},
	})
	if err == nil {
		t.Fatal("all were taken")
	}
	for _, want := range []string{
		`client "a:b": the id must be`, `client "no-merchant": the merchant`, `client "no-scopes": it has no scopes`,
		`there is no scope "payments:delete"`, `client "no-proof": it has neither`, `client "plain": the secret's hash`,
		`client "weak": certificate 1`, `client "many": it has 5 certificates`, `client "elliptic": certificate 1`,
		`client "plain": the id is used twice`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s", want)
		}
	}
	if strings.Contains(err.Error(), "swordfish") {
		t.Error("the error quotes a secret")
	}
}

func ellipticCertificate(t *testing.T) *x509.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: today}
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

func TestParseCertificates(t *testing.T) {
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	one := encode("CERTIFICATE", certificate(t, orgKey(), today, today.Add(time.Hour)).Raw)
	for name, tc := range map[string]struct {
		text  string
		count int
		fault string
	}{
		"one":         {one, 1, ""},
		"two":         {one + "\n" + one, 2, ""},
		"none":        {"hello", 0, "no certificate"},
		"private key": {one + encode("PRIVATE KEY", []byte("secret")), 0, "PRIVATE KEY"},
		"garbage":     {encode("CERTIFICATE", []byte("x")), 0, "certificate 1"},
	} {
		got, err := ParseCertificates([]byte(tc.text))
		if len(got) != tc.count || (err == nil) != (tc.fault == "") {
			t.Errorf("%s: %d certificates, %v", name, len(got), err)
		}
		if err != nil && !strings.Contains(err.Error(), tc.fault) {
			t.Errorf("%s: %v; want %q", name, err, tc.fault)
		}
	}
}

func TestCheckSecret(t *testing.T) {
	for name, tc := range map[string]struct {
		secret string
		live   bool
		good   bool
	}{
		"the demo's":        {shopSecret, false, true},
		"short, test":       {"short", false, true},
		"short, live":       {"nineteen-characters", true, false},
		"long enough, live": {"twenty-characters-ok", true, true},
		"empty":             {"", false, false},
		"plus sign":         {"a+b", false, false},
		"percent sign":      {"a%20b", false, false},
		"beyond ASCII":      {"schlüssel", false, false},
	} {
		if err := CheckSecret(tc.secret, tc.live); (err == nil) != tc.good {
			t.Errorf("%s: %v", name, err)
		} else if err != nil && tc.secret != "" && strings.Contains(err.Error(), tc.secret) {
			t.Errorf("%s: the error quotes the secret", name)
		}
	}
}

func TestHashSecretIsSHA256(t *testing.T) {
	const want = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := HashSecret("abc"); got != want {
		t.Errorf("hash %s; want %s", got, want)
	}
}

func TestScopes(t *testing.T) {
	all := "payments:write payments:read vault:write vault:read reports:read callbacks:read callbacks:write disputes:write admin"
	if got := AllScopes().String(); got != all {
		t.Errorf("scopes %s", got)
	}
	who := Principal{Scopes: parseScopes(" payments:read\tadmin ")}
	if !who.Has(PaymentsRead) || !who.Has(Admin) || who.Has(PaymentsWrite) {
		t.Errorf("scopes %v", who.Scopes)
	}
}
