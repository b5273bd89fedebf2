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
	callers   *authority
	now       time.Time
	log       bytes.Buffer
}

func serveRenewed(t *testing.T) (*renewed, tls.Certificate) {
	t.Helper()
	r := &renewed{t: t, folder: t.TempDir(), authority: newAuthority(t), now: time.Now()}
	r.callers = newAuthority(t)
	r.renew("first")
	r.trust(r.callers)
	files := config.TLSListener{CertFile: r.file("gateway.crt"), KeyFile: r.file("gateway.key"), CAFile: r.file("ca.crt")}
	var err error
	if r.settings, err = mutualTLS(files, func() time.Time { return r.now }, slog.New(slog.NewTextHandler(&r.log, nil))).open(); err != nil {
		t.Fatal(err)
	}
	return r, r.callers.sign("caller", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth})
}

func wantShown(t *testing.T, when, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %s, want %s", when, got, want)
	}
}

func (r *renewed) file(name string) string { return filepath.Join(r.folder, name) }

func (r *renewed) text(name string) []byte {
	r.t.Helper()
	text, err := os.ReadFile(r.file(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return text
}

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

// looked calls once for each look that the gateway is to make, and then once more.
func (r *renewed) looked(looks int, caller tls.Certificate) string {
	r.t.Helper()
	for range looks {
		r.now = r.now.Add(renewalLook)
		r.shown(caller)
	}
	return r.shown(caller)
}

// told is how often the log has the line.
func (r *renewed) told(line string) int { return strings.Count(r.log.String(), line) }

const (
	notRenewedLine = "level=ERROR msg=tls.not_renewed listener=tlsListener"
	renewedLine    = "level=INFO msg=tls.renewed listener=tlsListener until="
)

func TestARenewedCertificateIsShownWithoutARestart(t *testing.T) {
	r, caller := serveRenewed(t)
	wantShown(t, "at the start", r.shown(caller), "first")
	r.renew("second")
	r.now = r.now.Add(renewalLook - time.Second)
	wantShown(t, "before it is looked for", r.shown(caller), "first")
	r.now = r.now.Add(time.Second)
	wantShown(t, "when it is seen for the first time", r.shown(caller), "first")
	wantShown(t, "when it is seen again", r.looked(1, caller), "second")
	if n := r.told(renewedLine); n != 1 {
		t.Errorf("the log has it %d times: %s", n, r.log.String())
	}
}

// Files are written one after the other: what is seen half way is not taken, and not
// worth a word.
func TestFilesOnTheirWayAreWaitedFor(t *testing.T) {
	r, caller := serveRenewed(t)
	old := r.text("gateway.key")
	r.renew("second")
	key := r.text("gateway.key")
	put(t, r.file("gateway.key"), old)
	wantShown(t, "with the old key", r.looked(1, caller), "first")
	put(t, r.file("gateway.key"), key)
	wantShown(t, "with both, seen once", r.looked(1, caller), "first")
	wantShown(t, "with both, seen twice", r.looked(1, caller), "second")
	if n := r.told(notRenewedLine); n != 0 {
		t.Errorf("the log has it %d times: %s", n, r.log.String())
	}
}

func TestFilesThatCannotBeUsedLeaveTheCertificateThatThereWas(t *testing.T) {
	r, caller := serveRenewed(t)
	first, firstKey := r.text("gateway.crt"), r.text("gateway.key")
	r.renew("second")
	second := r.text("gateway.crt")
	for i, spoil := range []func(){
		func() { put(t, r.file("gateway.key"), firstKey) },
		func() { put(t, r.file("gateway.key"), nil) },
		func() { put(t, r.file("ca.crt"), second[:20]) },
		func() { os.Remove(r.file("gateway.crt")) },
	} {
		spoil()
		wantShown(t, "what cannot be used", r.looked(4, caller), "first")
		if n := r.told(notRenewedLine); n != i+1 {
			t.Fatalf("the log has it %d times, want once for each of %d: %s", n, i+1, r.log.String())
		}
	}
	put(t, r.file("gateway.crt"), first)
	put(t, r.file("gateway.key"), firstKey)
	r.trust(r.callers)
	wantShown(t, "what there was", r.looked(2, caller), "first")
	r.renew("third")
	wantShown(t, "a certificate with its key", r.looked(2, caller), "third")
}

func TestACertificateThatHasEndedTakesNoPlace(t *testing.T) {
	r, caller := serveRenewed(t)
	r.renew("second")
	r.now = r.now.Add(2 * time.Hour) // those of the tests are good for one
	wantShown(t, "an ended one", r.looked(2, caller), "first")
	if !strings.Contains(r.log.String(), "the certificate is good from") {
		t.Errorf("the log says %q", r.log.String())
	}
}

func TestOtherAuthoritiesAreAskedWithoutARestart(t *testing.T) {
	r, caller := serveRenewed(t)
	others := newAuthority(t)
	other := others.sign("other", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth})
	wantShown(t, "another's caller", r.shown(other), "refused")
	r.trust(others)
	wantShown(t, "another's caller, who is trusted now", r.looked(2, other), "first")
	wantShown(t, "a caller who is trusted no more", r.shown(caller), "refused")
}
