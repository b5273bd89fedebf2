package api

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
)

// said is a connection that has been sent these words.
type said struct {
	net.Conn
	words io.Reader
}

func (s said) Read(p []byte) (int, error) { return s.words.Read(p) }
func (s said) Close() error               { return nil }

func connected(to *tenants, words string) *forgetful {
	return &forgetful{Conn: said{words: strings.NewReader(words)}, tenants: to}
}

func readInto(t *testing.T, f *forgetful, p []byte) {
	t.Helper()
	if _, err := f.Read(p); err != nil {
		t.Fatal(err)
	}
}

// fasthttp gives a buffer on while the request that was read into it is under way.
func TestABufferThatWasGivenOnIsOverwrittenByWhoComesNext(t *testing.T) {
	all, buffer := newTenants(), make([]byte, 64)
	first, second := connected(all, "4111111111111111 and more"), connected(all, "hello")
	readInto(t, first, buffer[1:])
	readInto(t, second, buffer[1:])
	if bytes.Contains(buffer, []byte("1111")) || bytes.Contains(buffer, []byte("more")) {
		t.Errorf("the first request is still there: %q", buffer)
	}
	first.leave(true)
	if !bytes.Contains(buffer, []byte("hello")) {
		t.Errorf("the first request has overwritten the second: %q", buffer)
	}
	second.leave(true)
	if !bytes.Equal(buffer, make([]byte, 64)) {
		t.Errorf("the second request is still there: %q", buffer)
	}
}

func TestARequestIsOverwrittenInAllOfItsBuffers(t *testing.T) {
	all, head, body := newTenants(), make([]byte, 16), make([]byte, 32)
	f := connected(all, "the head, 411111 and 111111 in its body")
	readInto(t, f, head[1:9])
	readInto(t, f, head[9:])
	readInto(t, f, body)
	f.leave(true)
	if len(bytes.Trim(head, "\x00"))+len(bytes.Trim(body, "\x00")) > 0 {
		t.Errorf("still there: %q %q", head, body)
	}
}

// What is answered, and what breaks off, holds no buffer.
func TestNobodyStaysTenant(t *testing.T) {
	all, buffer := newTenants(), make([]byte, 64)
	answered, silent := connected(all, "hello"), connected(all, "")
	readInto(t, answered, buffer)
	answered.leave(false)
	if !bytes.Contains(buffer, []byte("hello")) {
		t.Error("an ordinary request was overwritten")
	}
	if _, err := silent.Read(buffer); err == nil {
		t.Fatal("something was read of nothing")
	}
	silent.Close()
	if len(all.of) > 0 {
		t.Errorf("%d requests are still in their buffers", len(all.of))
	}
}

// The first byte of a request is read into no buffer of fasthttp's.
func TestTheFirstByteHasNoTenant(t *testing.T) {
	all := newTenants()
	f := connected(all, "POST")
	readInto(t, f, make([]byte, 1))
	if len(all.of) > 0 || len(f.read) > 0 {
		t.Error("it is remembered")
	}
}
