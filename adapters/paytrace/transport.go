package paytrace

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"syscall"
	"time"
)

// The limits of what is read. A longer body is refused, never cut: half an
// export must not pass for the whole.
const (
	maxAnswer = 1 << 20
	maxExport = 64 << 20
	maxHeader = 64 << 10
	// wireBuffer is what a connection reads and writes at once.
	wireBuffer = 1 << 10
)

// post is one request.
type post struct {
	url         string
	contentType string
	bearer      string
	body        parcel
	sendBefore  time.Time // zero: no limit but the context's
	limit       int64     // of the answer's body
	secrets     []string  // what no word of the answer may show
}

// reply is what came of one request. With err set there is no answer, and
// left tells whether a byte may have gone out.
type reply struct {
	status int
	body   []byte
	err    error
	left   bool
	// secrets are what the answer's words are never shown with.
	secrets []string
}

// transport sends each request at most once. net/http's Transport is used
// without http.Client, so that no redirect is followed, and with a request
// that it cannot rewind, so that it never sends one again by itself.
type transport struct {
	http *http.Transport
	now  func() time.Time
}

func newTransport(config Config, connections int) *transport {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, config.ConnectTimeout)
		defer cancel()
		plain, err := config.Dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: plain}, nil
	}
	dialTLS := func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, config.ConnectTimeout)
		defer cancel()
		plain, err := config.Dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		host, _, _ := net.SplitHostPort(address)
		secure := tls.Client(plain, &tls.Config{
			ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: config.RootCAs, NextProtos: []string{"http/1.1"},
		})
		if err := secure.HandshakeContext(ctx); err != nil {
			plain.Close()
			return nil, err
		}
		// The wrapper sits above TLS: a handshake moves bytes too, and none of
		// them is a byte of the request.
		return &conn{Conn: secure}, nil
	}
	return &transport{now: config.Now, http: &http.Transport{
		Proxy:                  nil,
		DialContext:            dial,
		DialTLSContext:         dialTLS,
		ForceAttemptHTTP2:      false,
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
		DisableCompression:     true,
		MaxIdleConns:           connections,
		MaxIdleConnsPerHost:    connections,
		MaxConnsPerHost:        connections,
		IdleConnTimeout:        config.IdleTimeout,
		MaxResponseHeaderBytes: maxHeader,
		// A charge and its answer have some 600 bytes each; at a slow PayTrace there
		// is a connection for each payment under way.
		ReadBufferSize:  wireBuffer,
		WriteBufferSize: wireBuffer,
	}}
}

func (t *transport) close() { t.http.CloseIdleConnections() }

// post sends the request once. A warm connection that turns out to be dead
// before a byte was written on it is no attempt at all: there is one more try,
// on a new connection, so that a stale keep-alive does not fail a checkout.
func (t *transport) post(ctx context.Context, p post) reply {
	answer, stale := t.attempt(ctx, p)
	if !stale {
		return answer
	}
	t.http.CloseIdleConnections()
	answer, _ = t.attempt(ctx, p)
	return answer
}

// attempt tells, beside the answer, whether it failed on a stale connection.
func (t *transport) attempt(ctx context.Context, p post) (answer reply, stale bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g := newGate(ctx, t.now, p.sendBefore)
	g.secret = p.body.secret()
	defer g.closeAt(p.sendBefore, cancel)()

	request, err := p.request(g.trace())
	if err != nil {
		return reply{err: err}, false
	}
	response, err := t.http.RoundTrip(request)
	if err != nil {
		// The gate is shut before its state is read: net/http may still hold the
		// request in its hand, and no byte may leave once we have said so.
		left := !g.shut()
		return reply{err: g.explain(hiding{err, p.secrets}, request.URL.Host, left), left: left}, !left && g.stale()
	}
	defer response.Body.Close()
	body, err := readBody(response.Body, p.limit)
	if err != nil {
		return reply{left: true, status: response.StatusCode, err: fmt.Errorf("the answer broke off: %w", quiet(hiding{err, p.secrets}))}, false
	}
	return reply{left: true, status: response.StatusCode, body: body, secrets: p.secrets}, false
}

func (p post) request(ctx context.Context) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, http.NoBody)
	if err != nil {
		return nil, errors.New("the address of PayTrace cannot be used")
	}
	// Without GetBody net/http has nothing to send a second time.
	request.GetBody = nil
	request.Body, request.ContentLength = p.body.open(), int64(len(p.body.bytes()))
	request.Header.Set("Content-Type", p.contentType)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "paytrace-gateway")
	if p.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+p.bearer)
	}
	return request, nil
}

func readBody(body io.Reader, limit int64) ([]byte, error) {
	read, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err == nil && int64(len(read)) > limit {
		err = fmt.Errorf("it is longer than %d bytes", limit)
	}
	return read, err
}

// trace binds the gate to the connection that net/http chooses for the
// request. Bytes are counted from that moment on.
func (g *gate) trace() context.Context {
	return httptrace.WithClientTrace(g.ctx, &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) {
			g.connected.Store(true)
			g.reused.Store(got.Reused)
			if c, ok := got.Conn.(*conn); ok {
				c.gate.Store(g)
			}
		},
	})
}

// explain turns a failure into words for an operator.
func (g *gate) explain(err error, host string, left bool) error {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	cause := context.Cause(g.ctx)
	switch {
	case left && cause != nil:
		return fmt.Errorf("no answer came in time after the request had left: %w", cause)
	case left:
		return fmt.Errorf("the connection broke after the request had left: %w", quiet(err))
	case g.tooLate.Load():
		return fmt.Errorf("%w (%s)", errTooLate, g.whereabouts())
	case cause != nil:
		return fmt.Errorf("given up before a byte had left (%s): %w", g.whereabouts(), cause)
	case errors.As(err, &name):
		return fmt.Errorf("the name %s could not be looked up; check the base URL and DNS: %w", host, quiet(err))
	case errors.As(err, &certificate):
		return fmt.Errorf("the certificate of %s is not trusted; nothing was sent: %w", host, quiet(err))
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s refuses connections; is PayTrace up, and the base URL right? %w", host, quiet(err))
	case g.connected.Load():
		return fmt.Errorf("the connection to %s was closed before a byte had left: %w", host, quiet(err))
	}
	return fmt.Errorf("no connection to %s: %w", host, quiet(err))
}

func (g *gate) whereabouts() string {
	if g.connected.Load() {
		return "connected"
	}
	return "waiting for a connection"
}

// quieted keeps an error's identity and makes its words safe: net/http quotes
// what it could not read, and that came from outside.
type quieted struct{ error }

func (q quieted) Error() string { return scrub(q.error.Error()) }
func (q quieted) Unwrap() error { return q.error }

func quiet(err error) error { return quieted{err} }

// hiding keeps secrets out of an error's words, before they are cut: half of a
// secret would be recognised by nobody.
type hiding struct {
	error
	secrets []string
}

func (h hiding) Error() string { return hide(h.error.Error(), h.secrets) }
func (h hiding) Unwrap() error { return h.error }
