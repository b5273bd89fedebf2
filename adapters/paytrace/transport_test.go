package paytrace

import (
	"context"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// hijack takes the connection out of the server's hands.
func hijack(t *testing.T, w http.ResponseWriter) net.Conn {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
	}
	return connection
}

// reset closes a connection the hard way, so that the client sees a reset.
func reset(connection net.Conn) {
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

func TestWarmConnectionClosedAfterTheChargeIsUnknownAndNeverSentAgain(t *testing.T) {
	f := newFake(t, nil)
	f.answer = func(w http.ResponseWriter, r *http.Request, n int) {
		if n%2 == 1 {
			say(200, goodSale)(w, r)
			return
		}
		_ = hijack(t, w).Close()
	}
	c := f.client(t)
	var warm atomic.Int64
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) {
			if got.Reused {
				warm.Add(1)
			}
		},
	})
	// net/http keeps no connection whose writer has had no turn for 50 ms, so that on
	// a busy machine some of them are new.
	tries := 0
	for ; warm.Load() < 100 && tries < 200; tries++ {
		mustBe(t, c.Charge(context.Background(), sale()), gateway.Approved) // warms the connection
		mustBe(t, c.Charge(ctx, sale()), gateway.Unknown)
	}
	if warm.Load() != 100 {
		t.Errorf("%d of %d lost charges went over a warm connection, want 100", warm.Load(), tries)
	}
	if got := len(f.seen()); got != 2*tries {
		t.Errorf("PayTrace saw %d requests, want %d warm ones and as many lost ones", got, tries)
	}
}

func TestUntrustedCertificateIsNotSent(t *testing.T) {
	f := newFake(t, always(200, goodSale))
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.StartTLS()
	c := f.client(t)
	// The token request fails for the same reason, so the charge is given a
	// token by hand.
	giveToken(c)
	got := c.Charge(context.Background(), sale())
	mustBe(t, got, gateway.NotSent)
	if !strings.Contains(got.Detail, "not trusted") || len(f.seen()) != 0 {
		t.Errorf("%d requests; %s", len(f.seen()), got.Detail)
	}
}

func TestTrustedServerIsSpokenToInHTTP1(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.ProtoMajor != 1 || r.TLS == nil {
			t.Errorf("%s, TLS %t", r.Proto, r.TLS != nil)
		}
		say(200, goodSale)(w, r)
	})
	f.EnableHTTP2 = true
	f.StartTLS()
	roots := x509.NewCertPool()
	roots.AddCert(f.Certificate())
	c := f.client(t, func(config *Config) { config.RootCAs = roots; config.LiveMode = true })
	mustBe(t, c.Charge(context.Background(), sale()), gateway.Approved)
}

// giveToken puts a token at hand without asking for one.
func giveToken(c *Client) {
	c.tokens.keep(context.Background(), grant{"token-of-the-test", time.Hour}, nil, 0)
}

func TestRedirectIsUnknownAndNotFollowed(t *testing.T) {
	elsewhere := newFake(t, always(200, goodSale))
	elsewhere.Start()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Location", elsewhere.URL+"/v1/transactions/sale/by_customer")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	mustBe(t, f.client(t).Charge(context.Background(), sale()), gateway.Unknown)
	if len(f.seen()) != 1 || len(elsewhere.seen()) != 0 {
		t.Errorf("%d requests here, %d elsewhere", len(f.seen()), len(elsewhere.seen()))
	}
}

func TestRefusedConnectionIsNotSent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	c := newClient(t, "http://"+listener.Addr().String())
	giveToken(c)
	got := c.Charge(context.Background(), sale())
	mustBe(t, got, gateway.NotSent)
	if !strings.Contains(got.Detail, "refuses connections") {
		t.Error(got.Detail)
	}
}

// newClient makes a client whose keeper does not run.
func newClient(t *testing.T, url string, change ...func(*Config)) *Client {
	t.Helper()
	config := testConfig(url)
	for _, c := range change {
		c(&config)
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// silent accepts connections, counts the bytes that come, and answers nothing.
func silent(t *testing.T) (url string, bytes *atomic.Int64) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	bytes = new(atomic.Int64)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				buffer := make([]byte, 4096)
				for {
					n, err := connection.Read(buffer)
					bytes.Add(int64(n))
					if err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String(), bytes
}

func TestSendWindowThatClosesWhileWaitingForAConnectionSendsNothing(t *testing.T) {
	entered, release := make(chan struct{}, 1), make(chan struct{})
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		entered <- struct{}{}
		<-release
		say(200, goodSale)(w, r)
	})
	f.Start()
	c := newClient(t, f.URL, func(config *Config) { config.MaxConnections = 1 })
	giveToken(c)
	first := make(chan gateway.Result, 1)
	go func() { first <- c.Charge(context.Background(), sale()) }()
	<-entered // The only connection is busy now.

	late := sale()
	late.SendBefore = time.Now().Add(20 * time.Millisecond)
	got := c.Charge(context.Background(), late)
	mustBe(t, got, gateway.NotSent)
	if !strings.Contains(got.Detail, "waiting for a connection") {
		t.Error(got.Detail)
	}
	close(release)
	mustBe(t, <-first, gateway.Approved)
	if len(f.seen()) != 1 {
		t.Errorf("%d requests, want the first alone", len(f.seen()))
	}
}

func TestSendWindowIsCheckedByTheHandedInClockRightBeforeTheFirstByte(t *testing.T) {
	url, bytes := silent(t)
	// The clock jumps past the send window once a connection is there.
	var jumped atomic.Bool
	c := newClient(t, url, func(config *Config) {
		config.Now = func() time.Time {
			if jumped.Load() {
				return time.Now().Add(time.Hour)
			}
			return time.Now()
		}
	})
	giveToken(c)
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { jumped.Store(true) },
	})
	got := c.Charge(ctx, sale())
	mustBe(t, got, gateway.NotSent)
	if !strings.Contains(got.Detail, "time to send had passed") || bytes.Load() != 0 {
		t.Errorf("%d bytes; %s", bytes.Load(), got.Detail)
	}
}

func TestContextThatEndsBeforeTheFirstByteIsNotSent(t *testing.T) {
	url, bytes := silent(t)
	c := newClient(t, url)
	giveToken(c)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { cancel() }})
	mustBe(t, c.Charge(ctx, sale()), gateway.NotSent)
	if bytes.Load() != 0 {
		t.Errorf("%d bytes left", bytes.Load())
	}
}

func TestNoAnswerByTheDeadlineIsUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f := newFake(t, func(_ http.ResponseWriter, r *http.Request, _ int) {
		cancel()
		<-r.Context().Done()
	})
	got := f.client(t).Charge(ctx, sale())
	mustBe(t, got, gateway.Unknown)
	if !strings.Contains(got.Detail, "no answer came in time") {
		t.Error(got.Detail)
	}
}

func TestAnswerThatBreaksOffIsUnknown(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, wire := range map[string]string{
		"in the middle of the body":   head + "Content-Length: 400\r\n\r\n" + goodSale[:100],
		"in the middle of a chunk":    head + "Transfer-Encoding: chunked\r\n\r\n190\r\n" + goodSale[:100],
		"without a length":            head + "Connection: close\r\n\r\n" + goodSale[:100],
		"in the middle of the header": head[:30],
		"that is not HTTP":            "4012000098765439 is what you sent\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				connection := hijack(t, w)
				_, _ = io.WriteString(connection, wire)
				_ = connection.Close()
			})
			got := f.client(t).Charge(context.Background(), sale())
			mustBe(t, got, gateway.Unknown)
			if strings.Contains(got.Detail, "4012") {
				t.Errorf("the detail quotes a card number: %s", got.Detail)
			}
		})
	}
	t.Run("by a reset", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) { reset(hijack(t, w)) })
		mustBe(t, f.client(t).Charge(context.Background(), sale()), gateway.Unknown)
	})
}

func TestAnswerOverTheLimitIsUnknown(t *testing.T) {
	f := newFake(t, always(200, goodSale[:len(goodSale)-1]+`,"x":"`+strings.Repeat("x", maxAnswer)+`"}`))
	got := f.client(t).Charge(context.Background(), sale())
	mustBe(t, got, gateway.Unknown)
	if !strings.Contains(got.Detail, "longer than") {
		t.Error(got.Detail)
	}
}

// killWarm closes the connection a request is given if it is a used one, as
// net/http does when it sees that the other side has closed it.
func killWarm(times int, killed *atomic.Int64) context.Context {
	return httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) {
			if got.Reused && killed.Load() < int64(times) {
				killed.Add(1)
				_ = got.Conn.Close()
			}
		},
	})
}

func TestStaleConnectionWithNothingWrittenIsTriedOnceMoreOnANewOne(t *testing.T) {
	f := newFake(t, always(200, goodSale))
	f.Start()
	c := newClient(t, f.URL)
	giveToken(c)
	mustBe(t, c.Charge(context.Background(), sale()), gateway.Approved)

	var killed atomic.Int64
	mustBe(t, c.Charge(killWarm(1, &killed), sale()), gateway.Approved)
	if killed.Load() != 1 || len(f.seen()) != 2 {
		t.Errorf("%d connections killed, %d requests seen, want 1 and 2", killed.Load(), len(f.seen()))
	}
}

func TestStaleConnectionIsNotTriedAgainAfterTheSendWindow(t *testing.T) {
	f := newFake(t, always(200, goodSale))
	f.Start()
	var killed atomic.Int64
	c := newClient(t, f.URL, func(config *Config) {
		config.Now = func() time.Time { return time.Now().Add(time.Duration(killed.Load()) * time.Hour) }
	})
	giveToken(c)
	mustBe(t, c.Charge(context.Background(), sale()), gateway.Approved)
	mustBe(t, c.Charge(killWarm(1, &killed), sale()), gateway.NotSent)
	if len(f.seen()) != 1 {
		t.Errorf("%d requests seen, want the first alone", len(f.seen()))
	}
}

func TestNothingPassesAGateOnceItIsShut(t *testing.T) {
	g := newGate(context.Background(), time.Now, soon())
	if !g.shut() {
		t.Fatal("a gate that nothing has passed says that something has")
	}
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	c := &conn{Conn: ours}
	c.gate.Store(g)
	if n, err := c.Write([]byte("card")); n != 0 || err == nil {
		t.Errorf("%d bytes passed, %v", n, err)
	}
	if n, err := c.Write([]byte("card")); n != 0 || err == nil {
		t.Errorf("%d bytes passed at the second try, %v", n, err)
	}
	if n, err := (&conn{Conn: ours}).Write([]byte("card")); n != 0 || err == nil {
		t.Errorf("%d bytes passed a connection that no request owns, %v", n, err)
	}
}

func TestWriteOnAClosedConnectionHasNotLeft(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	g := newGate(context.Background(), time.Now, soon())
	c := &conn{Conn: ours}
	c.gate.Store(g)
	_ = c.Close()
	if n, err := c.Write([]byte("card")); n != 0 || err == nil {
		t.Errorf("%d bytes passed, %v", n, err)
	}
	if !g.shut() {
		t.Error("the gate says that a byte has left")
	}
}

func TestRequestsCarryNothingThatNetHTTPWouldSendAgainFor(t *testing.T) {
	headers := make(chan http.Header, 2)
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		headers <- r.Header
		say(200, goodSale)(w, r)
	})
	mustBe(t, f.client(t).Charge(context.Background(), sale()), gateway.Approved)
	h := <-headers
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key", "Expect"} {
		if h.Get(name) != "" {
			t.Errorf("%s was sent", name)
		}
	}
	request, err := post{url: f.URL, body: plainBody([]byte("{}"))}.request(context.Background())
	if err != nil || request.GetBody != nil {
		t.Errorf("the body can be rewound (%v)", err)
	}
}
