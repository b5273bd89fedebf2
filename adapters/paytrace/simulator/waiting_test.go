package simulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// pipes is a listener in memory, so that a bubble's clock rules the network too.
type pipes struct {
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes { return &pipes{incoming: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.incoming <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, errors.New("nobody listens")
	}
}

// inBubble serves an account in memory under a clock that a test rules.
func inBubble(t *testing.T, test func(t *testing.T, s *served)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		a := openAccount(t, simulator.Options{FirstTransactionID: 500_000_000})
		ended := make(chan error, 1)
		go func() { ended <- a.sim.Serve(listener, nil) }()
		transport := &http.Transport{DialContext: listener.dial}
		test(t, &served{a, "http", "memory", &http.Client{Transport: transport}})
		transport.CloseIdleConnections()
		if err := errors.Join(a.sim.Close(), <-ended); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
}

// pass lets the bubble's clock go on, and everything that waited for it happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestDelayHoldsBackTheActionAndTheAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, s *served) {
		s.control("PUT", "/faults", `{"faults":[{"operation":"sale","kind":"delay","seconds":12}]}`)
		began := time.Now()
		answered := make(chan error, 1)
		go func() { _, _, err := s.sale(); answered <- err }()
		pass(11 * time.Second)
		if got := s.countCharges(); got != 0 {
			t.Errorf("after 11 s there are %d charges", got)
		}
		if got := s.lastRequest()["reply"]; got != "waiting" {
			t.Errorf("after 11 s the history says reply %v, want waiting", got)
		}
		if err := <-answered; err != nil || time.Since(began) != 12*time.Second {
			t.Errorf("answered after %v, error %v", time.Since(began), err)
		}
		if got := s.countCharges(); got != 1 {
			t.Errorf("%d charges, want 1", got)
		}
	})
}

func TestLateActionComesAfterTheConnectionIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, s *served) {
		s.control("PUT", "/faults", `{"faults":[{"operation":"sale","kind":"late_action","seconds":30,"count":1}]}`)
		began := time.Now()
		if _, _, err := s.sale(); err == nil || time.Since(began) != 0 {
			t.Errorf("after %v: error %v, want a connection closed at once", time.Since(began), err)
		}
		if got := s.countCharges(); got != 0 {
			t.Errorf("at once there are %d charges", got)
		}
		if got := s.lastRequest()["reply"]; got != "dropped" {
			t.Errorf("at once the history says reply %v, want dropped", got)
		}
		pass(30 * time.Second)
		if got := s.countCharges(); got != 1 || s.lastRequest()["acted"] != true {
			t.Errorf("after 30 s there are %d charges, history %v", got, s.lastRequest())
		}
	})
}

func TestSlowBytes(t *testing.T) {
	inBubble(t, func(t *testing.T, s *served) {
		s.control("PUT", "/faults", `{"faults":[{"operation":"sale","kind":"slow_bytes","seconds":0.5}]}`)
		began := time.Now()
		_, body, err := s.sale()
		if want := time.Duration(len(body)) * time.Second / 2; err != nil || time.Since(began) != want {
			t.Errorf("%d bytes took %v, want %v; error %v", len(body), time.Since(began), want, err)
		}
	})
}

func TestCloseDropsWhatIsStillToCome(t *testing.T) {
	inBubble(t, func(t *testing.T, s *served) {
		s.control("PUT", "/faults", `{"faults":[{"kind":"late_action","seconds":3600}]}`)
		_, _, _ = s.sale()
		began := time.Now()
		if err := s.sim.Close(); err != nil || time.Since(began) != 0 {
			t.Errorf("closing took %v, error %v", time.Since(began), err)
		}
		if got := s.countCharges(); got != 0 {
			t.Errorf("%d charges, want none", got)
		}
	})
}

func TestRefuseInMemoryClosesNewConnectionsForItsSeconds(t *testing.T) {
	inBubble(t, func(t *testing.T, s *served) {
		s.control("PUT", "/faults", `{"faults":[{"kind":"refuse","seconds":5}]}`)
		if _, _, err := s.sale(); err == nil {
			t.Error("a sale was answered while refusing")
		}
		pass(5 * time.Second)
		if status, _, err := s.sale(); status != 200 {
			t.Errorf("after five seconds: status %d, %v", status, err)
		}
	})
}

// A client may have opened it beside the one that it used.
func TestAConnectionThatWaitsForItsFirstRequestIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		a := openAccount(t, simulator.Options{})
		ended := make(chan error, 1)
		go func() { ended <- a.sim.Serve(listener, nil) }()
		c, err := listener.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		pass(4 * time.Minute)
		_, asked := io.WriteString(c, "GET / HTTP/1.1\r\nHost: memory\r\nConnection: close\r\n\r\n")
		if answer, err := io.ReadAll(c); asked != nil || err != nil || len(answer) == 0 {
			t.Errorf("%v, %v: %q", asked, err, answer)
		}
		if err := errors.Join(a.sim.Close(), <-ended); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
}

func TestTokenExpiresByTheClock(t *testing.T) {
	inBubble(t, func(t *testing.T, s *served) {
		pass(7200*time.Second - 1)
		if status, _ := s.post("transactions/void", `{}`); status != 400 {
			t.Errorf("within two hours: status %d, want PayTrace's error", status)
		}
		pass(1)
		if status, answer := s.post("transactions/void", `{}`); status != 401 || answer["error_description"] != "The access token expired" {
			t.Errorf("after two hours: status %d, %v", status, answer)
		}
	})
}
