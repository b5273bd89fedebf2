package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/cmd/gateway/config"
)

// renewed is the TLS of a listener for callers with certificates, whose time is the test's.
type renewed struct {
	t         *testing.T
	folder    string
	settings  *tls.Config
	authority *authority // who signs the gateway
	now       time.Time
	log       bytes.Buffer
}

func serveRenewed(t *testing.T) (*renewed, tls.Certificate) {
	t.Helper()
	r := &renewed{t: t, folder: t.TempDir(), authority: newAuthority(t), now: time.Now()}
	callers := newAuthority(t)
	r.renew("first")
	r.trust(callers)
	files := config.TLSListener{CertFile: r.file("gateway.crt"), KeyFile: r.file("gateway.key"), CAFile: r.file("ca.crt")}
	var err error
	if r.settings, err = mutualTLS(files, func() time.Time { return r.now }, slog.New(slog.NewTextHandler(&r.log, nil))).open(); err != nil {
		t.Fatal(err)
	}
	return r, callers.sign("caller", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth})
}

func wantShown(t *testing.T, when, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %s, want %s", when, got, want)
	}
}

func (r *renewed) file(name string) string { return filepath.Join(r.folder, name) }

// renew puts a new certificate and its key there.
func (r *renewed) renew(name string) {
	r.t.Helper()
	own := r.authority.sign(name, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth})
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		r.t.Fatal(err)
	}
	put(r.t, r.file("gateway.crt"), certificatePEM(own.Leaf))
	put(r.t, r.file("gateway.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}

func (r *renewed) trust(callers *authority) {
	r.t.Helper()
	put(r.t, r.file("ca.crt"), certificatePEM(callers.certificate))
}

// shown calls, and tells whose certificate the gateway has shown; "refused" where it
// would not have this caller.
func (r *renewed) shown(caller tls.Certificate) string {
	r.t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(r.authority.certificate)
	near, far := net.Pipe()
	defer near.Close()
	var served sync.WaitGroup
	defer served.Wait()
	served.Go(func() {
		defer far.Close()
		_, _ = tls.Server(far, r.settings).Write([]byte("."))
	})
	conn := tls.Client(near, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", Certificates: []tls.Certificate{caller}})
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return "refused"
	}
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestARenewedCertificateIsShownWithoutARestart(t *testing.T) {
	r, caller := serveRenewed(t)
	wantShown(t, "at the start", r.shown(caller), "first")
	r.renew("second")
	r.now = r.now.Add(renewalLook - time.Second)
	wantShown(t, "before it is looked for", r.shown(caller), "first")
	r.now = r.now.Add(time.Second)
	wantShown(t, "after a minute", r.shown(caller), "second")
	if !strings.Contains(r.log.String(), "level=INFO msg=tls.renewed listener=tlsListener until=") {
		t.Errorf("the log says %q", r.log.String())
	}
}

func TestFilesThatDoNotBelongTogetherLeaveTheCertificateThatThereWas(t *testing.T) {
	r, caller := serveRenewed(t)
	whole, err := os.ReadFile(r.file("gateway.key"))
	if err != nil {
		t.Fatal(err)
	}
	r.renew("second")
	second, err := os.ReadFile(r.file("gateway.key"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, r.file("gateway.key"), whole)
	for look, told := range []int{0, 1, 1} { // the key may be on its way at the first
		r.now = r.now.Add(renewalLook)
		wantShown(t, "with another's key", r.shown(caller), "first")
		if n := strings.Count(r.log.String(), "level=ERROR msg=tls.not_renewed listener=tlsListener"); n != told {
			t.Errorf("after look %d the log has it %d times, want %d: %s", look+1, n, told, r.log.String())
		}
	}
	put(t, r.file("gateway.key"), second)
	r.now = r.now.Add(renewalLook)
	wantShown(t, "with its own key", r.shown(caller), "second")

	if err := os.Remove(r.file("gateway.crt")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r.now = r.now.Add(renewalLook)
		wantShown(t, "without a file", r.shown(caller), "second")
	}
	if n := strings.Count(r.log.String(), "tls.not_renewed"); n != 2 {
		t.Errorf("the log has it %d times, want 2: %s", n, r.log.String())
	}
}

func TestOtherAuthoritiesAreAskedWithoutARestart(t *testing.T) {
	r, caller := serveRenewed(t)
	others := newAuthority(t)
	other := others.sign("other", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth})
	wantShown(t, "another's caller", r.shown(other), "refused")
	r.trust(others)
	r.now = r.now.Add(renewalLook)
	wantShown(t, "another's caller, who is trusted now", r.shown(other), "first")
	wantShown(t, "a caller who is trusted no more", r.shown(caller), "refused")
}
