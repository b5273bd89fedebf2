package load

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// Limits of a connection and of an answer.
const (
	connectIn = 5 * time.Second
	// idleFor is less than servers keep an idle connection, so that no request
	// meets one that is just being closed.
	idleFor       = 5 * time.Second
	largestAnswer = 1 << 20
)

// What may come in place of an answer.
const (
	failTimeout = "timeout"
	failConnect = "connect"
	failBroken  = "broken"
	failOverrun = "overrun"
	// failAnswer is an answer with the right status and not what was expected.
	failAnswer = "unexpected"
	// failUnanswered is a payment of a drill whose repeats had no answer either.
	failUnanswered = "unanswered"
)

// target is one address that is asked, with its connections.
type target struct {
	base   string
	client *fasthttp.HostClient
}

func newTarget(base string, connections int) (*target, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	secure := u.Scheme == "https"
	port := u.Port()
	if port == "" {
		port = map[bool]string{false: "80", true: "443"}[secure]
	}
	return &target{base: strings.TrimSuffix(base, "/"), client: &fasthttp.HostClient{
		Addr: net.JoinHostPort(u.Hostname(), port), Name: "loadtest",
		IsTLS: secure, TLSConfig: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12},
		Dial:     func(address string) (net.Conn, error) { return net.DialTimeout("tcp", address, connectIn) },
		MaxConns: connections, MaxIdleConnDuration: idleFor, MaxResponseBodySize: largestAnswer,
		// What is repeated is repeated by whoever counts it.
		MaxIdemponentCallAttempts: 1,
		RetryIfErr:                func(*fasthttp.Request, int, error) (bool, bool) { return false, false },
	}}, nil
}

// send makes a request. The class of a failure is empty when there was an
// answer, whatever its status.
func (t *target) send(request *fasthttp.Request, response *fasthttp.Response, timeout time.Duration) (class string) {
	err := t.client.DoTimeout(request, response, timeout)
	var dialling *net.OpError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, fasthttp.ErrTimeout), errors.Is(err, os.ErrDeadlineExceeded):
		return failTimeout
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &dialling) && dialling.Op == "dial":
		return failConnect
	}
	return failBroken
}

// status is the class of an answer that was not expected.
func status(response *fasthttp.Response, expected int) string {
	if response.StatusCode() != expected {
		return strconv.Itoa(response.StatusCode())
	}
	return failAnswer
}
