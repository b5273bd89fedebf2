package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs the certificates of a test.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	own := a.sign("authority", nil)
	a.certificate, a.key = own.Leaf, own.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// sign makes a certificate for a name, which signs itself where there is no
// authority yet.
func (a *authority) sign(name string, uses []x509.ExtKeyUsage) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, ExtKeyUsage: uses,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signer, by := a.certificate, a.key
	if signer == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		signer, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// mutual is a gateway that asks for certificates on a second listener.
type mutual struct {
	*serving
	authority *authority
	tls       string
	terminal  tls.Certificate
}

func serveMutually(t *testing.T) *mutual {
	t.Helper()
	paytrace := startProcessor(t)
	m := &mutual{serving: configure(t, paytrace.api), authority: newAuthority(t), tls: freeAddress(t)}
	server := m.authority.sign("gateway", []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth})
	m.terminal = m.authority.sign("terminal", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth})
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(m.folder, "gateway.crt"), certificatePEM(server.Leaf))
	put(t, filepath.Join(m.folder, "gateway.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	put(t, filepath.Join(m.folder, "ca.crt"), certificatePEM(m.authority.certificate))
	put(t, filepath.Join(m.folder, "terminal.crt"), certificatePEM(m.terminal.Leaf))
	m.rewrite("dataDir: data", "dataDir: data\ntlsListener: {listen: \""+m.tls+"\", certFile: gateway.crt, keyFile: gateway.key, caFile: ca.crt}")
	m.rewrite("    clients:\n", "    clients:\n      - id: terminal\n        secret: ${SHOP_SECRET}\n        scopes: [payments:read]\n        tlsCertificates: [{file: terminal.crt}]\n")
	m.start()
	return m
}

// caller speaks TLS with these certificates, none where there are none.
func (m *mutual) caller(certificates ...tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(m.authority.certificate)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certificates}}
	m.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// fetch gets a token, and tells the status where there is none.
func (m *mutual) fetch(by *http.Client, base, client string) (token string, status int) {
	m.t.Helper()
	answer, err := by.PostForm(base+"/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {shopSecret}})
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	var granted struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&granted); err != nil {
		m.t.Fatal(err)
	}
	return granted.AccessToken, answer.StatusCode
}

func (m *mutual) look(by *http.Client, base, token string) answer {
	s := &shop{t: m.t, base: base, token: token, client: by}
	return s.byKey("none")
}

func TestAClientThatIsBoundToACertificateCallsWithNoOther(t *testing.T) {
	t.Parallel()
	m := serveMutually(t)
	plainBase, tlsBase := "http://"+m.address, "https://"+m.tls
	terminal := m.caller(m.terminal)
	other := m.caller(m.authority.sign("other", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}))
	plain := &http.Client{Timeout: patience}

	token, status := m.fetch(terminal, tlsBase, "terminal")
	if status != http.StatusOK {
		t.Fatalf("a token for the terminal: %d", status)
	}
	sum := sha256.Sum256(m.terminal.Leaf.Raw)
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if want := `"cnf":{"x5t#S256":"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `"}`; err != nil || !strings.Contains(string(claims), want) {
		t.Errorf("the token says %s, %v; want %s", claims, err, want)
	}
	want(t, "the terminal, with its certificate", m.look(terminal, tlsBase, token), "404 not_found")
	want(t, "its token with another's certificate", m.look(other, tlsBase, token), "401 unauthorized")
	want(t, "its token without one", m.look(plain, plainBase, token), "401 unauthorized")
	for name, by := range map[string]struct {
		client *http.Client
		base   string
	}{"with another's certificate": {other, tlsBase}, "without one": {plain, plainBase}} {
		if _, status := m.fetch(by.client, by.base, "terminal"); status != http.StatusUnauthorized {
			t.Errorf("a token for the terminal %s: %d", name, status)
		}
	}
	// A client that is bound to none may use either listener, and its tokens too.
	free, _ := m.fetch(other, tlsBase, shopID)
	want(t, "the shop's token without a certificate", m.look(plain, plainBase, free), "404 not_found")
	want(t, "the shop's token with anybody's", m.look(terminal, tlsBase, free), "404 not_found")
}

func TestWithoutACertificateOfItsAuthorityNoRequestIsRead(t *testing.T) {
	t.Parallel()
	m := serveMutually(t)
	strange := newAuthority(t).sign("terminal", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth})
	servers := m.authority.sign("server", []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth})
	old := m.caller(m.terminal)
	old.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS11
	for name, by := range map[string]*http.Client{
		"no certificate": m.caller(), "one of another authority": m.caller(strange), "one of a server": m.caller(servers), "TLS 1.1": old,
	} {
		answer, err := by.Get("https://" + m.tls + "/healthz")
		if err == nil {
			answer.Body.Close()
			t.Errorf("%s: the answer is %d", name, answer.StatusCode)
		}
	}
	answer, err := m.caller(m.terminal).Get("https://" + m.tls + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
}
