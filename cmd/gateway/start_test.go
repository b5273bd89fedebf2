package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A start that cannot work ends with exit code 1 and says what to do.
var badStarts = []struct {
	name string
	// spoil makes the start impossible.
	spoil func(*testing.T, *serving)
	words []string
}{
	{"port in use", occupyPort, []string{"listen", "is in use by another program", "name another address"}},
	{"data folder below a file", func(t *testing.T, s *serving) {
		put(t, filepath.Join(s.folder, "data"), []byte("no folder"))
	}, []string{"dataDir", "name a folder that the gateway may write to"}},
	{"data folder that nobody may make", func(_ *testing.T, s *serving) {
		s.rewrite("dataDir: data", "dataDir: /dev/null/data")
	}, []string{"dataDir", "name a folder that the gateway may write to"}},
	{"ledger that is no database", func(t *testing.T, s *serving) {
		put(t, s.ledger(), []byte("these are notes, and no database at all\n"))
	}, []string{"ledger.db", "not a ledger", "name another path, or restore"}},
	{"ledger that is empty", func(t *testing.T, s *serving) {
		put(t, s.ledger(), nil)
	}, []string{"ledger.db", "is there and empty", "is its disk mounted", "restore it from its backup", "remove it"}},
	{"ledger that is gone", func(t *testing.T, s *serving) {
		s.makeLedger()
		move(t, s.ledger())
	}, []string{"there is no ledger", "ledger.db", "secret.key is the secret of one", "mount its disk", "restore the ledger", "move", "away too"}},
	{"ledger whose secret is gone", func(t *testing.T, s *serving) {
		s.makeLedger()
		move(t, filepath.Join(s.folder, "data", "secret.key"))
	}, []string{"ledger.db has been used with a secret, and there is none", "restore", "secret.key from its backup", "A secret that is lost"}},
	{"ledger of another secret", func(t *testing.T, s *serving) {
		s.makeLedger()
		put(t, filepath.Join(s.folder, "data", "secret.key"), bytes.Repeat([]byte("k"), 64))
	}, []string{"ledger.db has been used with another secret", "bring the secret of before back", "A secret that is lost"}},
	{"ledger of which the log is left", func(t *testing.T, s *serving) {
		put(t, s.ledger()+"-wal", []byte("the newest payments"))
	}, []string{"ledger.db", "its -wal file is", "the newest payments", "put the ledger back"}},
	{"ledger cut off", func(t *testing.T, s *serving) {
		full := s.makeLedger()
		put(t, s.ledger(), full[:len(full)/2])
	}, []string{"ledger.db", "damaged", "restore the newest backup"}},
	{"ledger overwritten", func(t *testing.T, s *serving) {
		full := s.makeLedger()
		copy(full[4096:], bytes.Repeat([]byte{0x5a}, len(full)/2))
		put(t, s.ledger(), full)
	}, []string{"ledger.db", "damaged", "restore the newest backup"}},
	{"ledger of another gateway", func(t *testing.T, s *serving) {
		s.start()
		s.rewrite(s.address, freeAddress(t))
	}, []string{"another gateway (pid", "uses this ledger", "stop it, or give this one a ledger of its own"}},
	{"many faults in the configuration", func(_ *testing.T, s *serving) {
		s.rewrite("log: {level: warn}", "log: {level: loud}\nmaxInFlight: many\ncolour: blue")
		s.rewrite("${PAYTRACE_ACCOUNT_PASSWORD}", "in-the-open")
		s.rewrite("[payments:write, payments:read]", "[payments:steal]")
	}, []string{"log.level", "maxInFlight", "colour", "password", "scopes", "gateway.yaml:"}},
	{"secret that is not in the environment", func(_ *testing.T, s *serving) {
		s.rewrite("${SHOP_SECRET}", "${NOBODY_HAS_SET_THIS}")
	}, []string{"NOBODY_HAS_SET_THIS"}},
	{"no configuration file", func(t *testing.T, s *serving) {
		if err := os.Remove(s.config); err != nil {
			t.Fatal(err)
		}
	}, []string{"gateway.yaml", "gateway config example"}},
	{"no signing key file", func(_ *testing.T, s *serving) {
		s.rewrite("dataDir: data", "dataDir: data\nsigningKeys: [{file: lost.pem}]")
	}, []string{"signingKeys[0]", "lost.pem"}},
	{"damaged signing key of its own", func(t *testing.T, s *serving) {
		put(t, filepath.Join(s.folder, "data", "signing-key.pem"), []byte("-----BEGIN"))
	}, []string{"signing-key.pem", "PEM"}},
}

func TestStartThatCannotWorkSaysWhatToDo(t *testing.T) {
	for _, c := range badStarts {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gateway := configure(t, freeAddress(t))
			c.spoil(t, gateway)
			failed := gateway.launch()
			if code := failed.exit(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			said := failed.stderr.String()
			for _, word := range append(c.words, "gateway: ") {
				if !strings.Contains(said, word) {
					t.Errorf("the message lacks %q:\n%s", word, said)
				}
			}
			for _, secret := range []string{shopSecret, "in-the-open", "simulator-password", "goroutine"} {
				if strings.Contains(said, secret) {
					t.Errorf("the message holds %q:\n%s", secret, said)
				}
			}
		})
	}
}

func occupyPort(t *testing.T, s *serving) {
	other, err := net.Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
}

func move(t *testing.T, path string) {
	t.Helper()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// rewrite replaces a part of the configuration.
func (s *serving) rewrite(before, after string) {
	s.t.Helper()
	config, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	if !bytes.Contains(config, []byte(before)) {
		s.t.Fatalf("the configuration has no %q to replace", before)
	}
	s.write(strings.ReplaceAll(string(config), before, after))
}

// makeLedger runs a gateway once and gives the bytes of the ledger it leaves.
func (s *serving) makeLedger() []byte {
	s.t.Helper()
	s.start()
	s.stop()
	content, err := os.ReadFile(s.ledger())
	if err != nil {
		s.t.Fatal(err)
	}
	if info, err := os.Stat(s.ledger() + "-wal"); err == nil && info.Size() > 0 {
		s.t.Errorf("a clean stop leaves %d bytes in the ledger's log: a copy of the ledger alone would lack them", info.Size())
	}
	return content
}

func TestPayTraceWithAnUntrustedCertificateIsNotSentAnything(t *testing.T) {
	t.Parallel()
	certificate, key := selfSigned(t)
	paytrace := startProcessor(t, "--tls-cert", certificate, "--tls-key", key)
	gateway := configure(t, paytrace.api)
	gateway.rewrite("baseURL: http://", "baseURL: https://")
	gateway.start()
	shop := openShop(t, gateway.address, shopID, shopSecret)
	notSent(t, shop.pay("sale", "untrusted", paytrace.hostedFields(), 0))
	if n := len(paytrace.arrivals()); n != 0 {
		t.Errorf("%d requests have reached a PayTrace that is not trusted", n)
	}
	if said := gateway.stderr.String(); !strings.Contains(said, "certificate") || !strings.Contains(said, "not trusted") {
		t.Errorf("the log does not say that the certificate is not trusted:\n%s", said)
	}
}

// selfSigned makes a certificate for 127.0.0.1 that nobody has signed.
func selfSigned(t *testing.T) (certificateFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certificateFile, keyFile = filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	put(t, certificateFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	put(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	return certificateFile, keyFile
}

func TestPayTraceThatIsDownDoesNotKeepTheGatewayFromStarting(t *testing.T) {
	t.Parallel()
	paytrace := startProcessor(t)
	paytrace.misbehave(`{"kind":"refuse"}`)
	gateway := configure(t, paytrace.api)
	gateway.start()
	shop := openShop(t, gateway.address, shopID, shopSecret)

	method := paytrace.hostedFields()
	notSent(t, shop.pay("sale", "patient", method, 0))
	paytrace.misbehave()
	var a answer
	eventually(t, "the same key goes through", func() bool {
		a = shop.pay("sale", "patient", method, 0)
		return a.httpStatus != 503
	})
	want(t, "once PayTrace is back", a, "201 approved")

	// The second time the gateway holds a token, and finds the port closed.
	paytrace.misbehave(`{"kind":"refuse"}`)
	// A connection of before, which PayTrace has closed that very moment, may still
	// be used: what went there is unknown, and was not charged.
	order := ""
	for i := range 5 {
		order, method = fmt.Sprintf("patient-again-%d", i), paytrace.hostedFields()
		if a = shop.pay("sale", order, method, 0); a.httpStatus != 202 {
			break
		}
	}
	notSent(t, a)
	paytrace.misbehave()
	want(t, "once PayTrace is back again", shop.pay("sale", order, method, 0), "201 approved")
	if n := paytrace.charged("sale"); n != 2 {
		t.Errorf("%d charges, want 2", n)
	}
}

func notSent(t *testing.T, a answer) {
	t.Helper()
	want(t, "while PayTrace is down", a, "503 processor_unavailable")
	if a.Outcome != "not_sent" || !a.Retryable || a.RetryAfterSeconds == 0 || !strings.Contains(a.Detail, "repeat with the same key") {
		t.Errorf("outcome %q, retryable %t after %d s, %q; want not_sent and what to do", a.Outcome, a.Retryable, a.RetryAfterSeconds, a.Detail)
	}
	t.Logf("the caller was told after %s", a.took)
}
