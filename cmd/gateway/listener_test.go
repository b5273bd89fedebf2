package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// worn is a listener whose system gives no connection a number of times.
type worn struct {
	net.Listener
	errors []error
}

func (l *worn) Addr() net.Addr { return &net.TCPAddr{} }

func (l *worn) Accept() (net.Conn, error) {
	if len(l.errors) == 0 {
		c, _ := net.Pipe()
		return c, nil
	}
	err := l.errors[0]
	l.errors = l.errors[1:]
	return nil, &net.OpError{Op: "accept", Err: err}
}

func TestAListenerOutlivesASystemWithoutFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		began := time.Now()
		inner := &worn{}
		for range 75 {
			inner.errors = append(inner.errors, syscall.EMFILE, syscall.ENOBUFS)
		}
		l := patiently(inner, "listen", mostFiles, 0, slog.New(slog.NewTextHandler(&out, nil)))
		if _, err := l.Accept(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 2*time.Minute || took > 150*time.Second {
			t.Errorf("150 attempts took %s", took)
		}
		if n := strings.Count(out.String(), "listener.accept_failed"); n != 3 {
			t.Errorf("told %d times in two and a half minutes:\n%s", n, out.String())
		}
	})
}

func TestAListenerThatIsClosedEnds(t *testing.T) {
	l := patiently(&worn{errors: []error{net.ErrClosed}}, "listen", mostFiles, 100, slog.New(slog.DiscardHandler))
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestSilentCallersDoNotTakeAllFiles(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := patiently(inner, "listen", aFewOfThem, 16, slog.New(slog.DiscardHandler))
	defer l.Close()
	taken := make(chan net.Conn)
	go func() {
		defer close(taken)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			taken <- c
		}
	}()
	for range 3 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	first := <-taken
	defer (<-taken).Close()
	select {
	case <-taken:
		t.Error("a third connection was taken, of two")
	default:
	}
	first.Close()
	defer (<-taken).Close()
}
