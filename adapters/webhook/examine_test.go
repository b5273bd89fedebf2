package webhook

import (
	"crypto/x509"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// examined is the one finding on a receiver.
func examined(t *testing.T, config Config) gateway.Finding {
	t.Helper()
	found := newSink(t, config).Examine(t.Context())
	if len(found) != 1 {
		t.Fatalf("found %v", found)
	}
	return found[0]
}

func wantFound(t *testing.T, f gateway.Finding, grade gateway.Grade, words ...string) {
	t.Helper()
	if f.Grade != grade {
		t.Errorf("the grade is %s, want %s: %+v", f.Grade, grade, f)
	}
	if (f.Mend == "") != (grade == gateway.Well) {
		t.Errorf("what to do is %q", f.Mend)
	}
	for _, word := range words {
		if !strings.Contains(f.Found+" → "+f.Mend, word) {
			t.Errorf("it does not say %q: %+v", word, f)
		}
	}
}

func TestAReceiverIsExaminedWithoutBeingToldAnything(t *testing.T) {
	url, all := receiver(t, nil)
	wantFound(t, examined(t, Config{URL: url + "/secret-path-of-the-receiver"}), gateway.Well, "takes connections at 127.0.0.1:")
	if len(all()) != 0 {
		t.Errorf("the receiver was told %v", all())
	}
}

func TestExamineShowsTheEndOfACertificate(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	end := server.Certificate().NotAfter
	config := Config{URL: server.URL, RootCAs: roots, Now: func() time.Time { return end.Add(-15 * 24 * time.Hour) }}
	wantFound(t, examined(t, config), gateway.Well, "TLS 1.3", "certificate good until "+end.UTC().Format(time.DateOnly))
	config.Now = func() time.Time { return end.Add(-13 * 24 * time.Hour) }
	wantFound(t, examined(t, config), gateway.Doubtful, "renewed")
	config.RootCAs = nil
	wantFound(t, examined(t, config), gateway.Broken, "is not trusted")
}

func TestExamineSaysWhyAReceiverCannotBeReached(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	const secret = "a-secret-of-the-path-0123456789"
	for address, words := range map[string][]string{
		"http://" + closed.Addr().String(): {"refuses connections"},
		"http://nobody.invalid":            {"nobody.invalid"},
	} {
		f := examined(t, Config{URL: address + "/" + secret})
		wantFound(t, f, gateway.Broken, words...)
		if strings.Contains(f.Found+f.Mend, secret) {
			t.Errorf("a secret is shown: %+v", f)
		}
	}
}

func TestExamineSaysThatAPrivateAddressIsRefused(t *testing.T) {
	sink, err := New(Config{URL: "http://localhost:8080/hook", Secret: newest, Body: data})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	wantFound(t, sink.Examine(t.Context())[0], gateway.Broken, "localhost:8080 leads to", "a loopback address", "allowHosts")
}
