package api

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// oneConnection is a listener that has one connection to give.
type oneConnection struct {
	net.Listener
	c net.Conn
}

func (l oneConnection) Accept() (net.Conn, error) { return l.c, nil }

// What a client tells over TLS is in the memory that its records were read to,
// all of it, until the connection has ended.
func TestRecordsAreForgottenWhenTheirConnectionHasEnded(t *testing.T) {
	keys := httptest.NewTLSServer(nil)
	defer keys.Close()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		near, far := net.Pipe()
		below, err := ForgetRecords(oneConnection{c: near}).Accept()
		if err != nil {
			t.Fatal(err)
		}
		served := &forgetful{Conn: tls.Server(below, &tls.Config{Certificates: keys.TLS.Certificates, MaxVersion: version}), tenants: newTenants()}
		// Records of several lengths, one of which is as long as they may be.
		words := strings.Repeat("4111111111111111 ", 3000)
		go func() {
			client := tls.Client(far, &tls.Config{InsecureSkipVerify: true}) // it talks to itself
			for _, piece := range []string{words[:17], words[17:340], words[340:]} {
				_, _ = io.WriteString(client, piece)
			}
			client.Close()
		}()
		told, err := io.ReadAll(served)
		if err != nil || string(told) != words {
			t.Fatalf("read %d bytes, %v", len(told), err)
		}
		count := func() int {
			n := 0
			for _, p := range below.(*recordConn).bytes {
				n += bytes.Count(p, []byte("1111 "))
			}
			return n
		}
		if n := count(); n == 0 {
			t.Error("crypto/tls does not decrypt a record where it was read to, so that this forgets nothing")
		}
		forgetRecords(served, fasthttp.StateIdle)
		if count() == 0 {
			t.Error("forgotten before the end")
		}
		forgetRecords(served, fasthttp.StateClosed)
		if n := count(); n != 0 {
			t.Errorf("%d numbers are left", n)
		}
	}
}

// crypto/tls never has to move a record that was begun: what was handed over
// ends where the record does.
func TestARecordIsHandedOverBehindItsHead(t *testing.T) {
	record := "\x17\x03\x03\x00\x04abcd"
	c := &recordConn{Conn: stream{of: strings.NewReader(record + record[:5] + "ef")}}
	var got []string
	for {
		p := make([]byte, 100)
		n, err := c.Read(p)
		if err != nil {
			break
		}
		got = append(got, string(p[:n]))
	}
	if want := "\x17\x03\x03\x00\x04|abcd|\x17\x03\x03\x00\x04|ef"; strings.Join(got, "|") != want {
		t.Errorf("handed over %q", got)
	}
}

// stream is a connection that is only read from.
type stream struct {
	net.Conn
	of io.Reader
}

func (s stream) Read(p []byte) (int, error) { return s.of.Read(p) }
