package egress

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	maxHeader = 64 << 10
	// maxIdle is how many connections are kept open for the next request.
	maxIdle = 8
)

// Door sends requests to addresses that others have chosen. Each subscriber
// has one of its own, so that none waits for another's connections.
type Door struct {
	config Config
	allow  allowList
	http   *http.Transport
	// secrets knows what is never shown. It is a function, so that printing a
	// Door prints none of them.
	secrets func() []string
}

// New names every fault of the allow-list.
func New(config Config) (*Door, error) {
	allow, err := newAllowList(config.AllowNetworks, config.AllowHosts)
	if err != nil {
		return nil, err
	}
	secrets := config.Secrets
	config.Secrets = nil
	d := &Door{config: config.withDefaults(), allow: allow, secrets: func() []string { return secrets }}
	d.http = &http.Transport{
		// A proxy of the environment would dial in our place, unguarded.
		Proxy:               nil,
		DialContext:         d.dial,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: config.RootCAs, NextProtos: []string{"http/1.1"}},
		TLSHandshakeTimeout: d.config.ConnectTimeout,
		// HTTP/2 would put all requests onto one connection; when it dies
		// silently, all of them wait for their deadlines.
		ForceAttemptHTTP2:      false,
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
		DisableCompression:     true,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		IdleConnTimeout:        d.config.IdleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}
	return d, nil
}

// Close closes the connections that no request uses.
func (d *Door) Close() { d.http.CloseIdleConnections() }

// dial connects, and looks at each address that is about to be dialled.
func (d *Door) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: d.config.ConnectTimeout, Resolver: d.config.Resolver}
	if !d.allow.hasHost(host, port) {
		dialer.Control = func(_, actual string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(actual)
			if err != nil {
				return &Refused{Host: host, Port: port, Kind: "no address of the internet"}
			}
			return d.permit(host, port, a.Addr())
		}
	}
	return dialer.DialContext(ctx, network, address)
}

// permit says whether an address may be dialled.
func (d *Door) permit(host, port string, a netip.Addr) error {
	if d.allow.hasAddress(a) {
		return nil
	}
	if kind := kindOf(a); kind != "" {
		return &Refused{Host: host, Port: port, Address: a, Kind: kind}
	}
	return nil
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	// Body is the answer's up to the limit.
	Body []byte
	// Whole says that the body was read to its end.
	Whole bool

	door *Door
}

// Send sends the request once and reads at most limit bytes of the answer's
// body. It neither follows a redirect nor keeps a cookie: net/http's Transport
// does neither by itself. An error means that no answer came; its words are fit
// for a person. A body that breaks off or takes too long is no error, but not
// whole.
func (d *Door) Send(request *http.Request, limit int64) (Answer, error) {
	if err := d.checkURL(request.URL); err != nil {
		return Answer{}, fmt.Errorf("the address cannot be used: %w", err)
	}
	ctx, cancel := context.WithCancel(request.Context())
	defer cancel()
	response, err := d.http.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return Answer{}, d.explain(request, err)
	}
	defer response.Body.Close()
	if d.config.BodyTimeout > 0 {
		// Ending the request ends the reading of its answer.
		defer time.AfterFunc(d.config.BodyTimeout, cancel).Stop()
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	whole := err == nil && int64(len(body)) <= limit
	return Answer{
		Status: response.StatusCode, Header: response.Header,
		Body: body[:min(int64(len(body)), limit)], Whole: whole, door: d,
	}, nil
}
