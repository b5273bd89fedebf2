package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/netutil"
)

const (
	// The waits after a connection that the system could not give grow between these
	// two, as those of net/http do.
	firstAcceptWait = 5 * time.Millisecond
	lastAcceptWait  = time.Second
	// acceptTold is how often that is told, at most.
	acceptTold = time.Minute
)

func listenOn(member, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %s is in use by another program; end it, or name another address", member, address)
	case err != nil:
		return nil, fmt.Errorf("%s: cannot listen on %s: %w", member, address, err)
	}
	return l, nil
}

// serveOn listens for callers, as many as their share of files allows.
func (a *app) serveOn(member, address string, s share) (net.Listener, error) {
	l, err := listenOn(member, address)
	if err != nil {
		return nil, err
	}
	return patiently(l, member, s, fileLimit(), a.log), nil
}

// passing are the errors of an accept that say nothing of the listener: the system
// lacks something at this moment, or the caller has gone already.
var passing = []error{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EPROTO, syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EINTR,
}

// persevering is a listener that outlives a passing error. fasthttp would end
// serving with it, and the gateway with that.
type persevering struct {
	net.Listener
	member string
	log    *slog.Logger
	mu     sync.Mutex
	told   time.Time
	failed int
}

func (l *persevering) Accept() (net.Conn, error) {
	for wait := firstAcceptWait; ; wait = min(2*wait, lastAcceptWait) {
		c, err := l.Listener.Accept()
		if err == nil || !passes(err) {
			return c, err
		}
		l.tell(err)
		time.Sleep(wait)
	}
}

func passes(err error) bool {
	for _, one := range passing {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

func (l *persevering) tell(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed++
	if !l.told.IsZero() && time.Since(l.told) < acceptTold {
		return
	}
	l.log.Error("listener.accept_failed", "listener", l.member, "listen", l.Addr().String(), "failed", l.failed, "error", err,
		"consequence", "new callers wait; those that are connected are served, and the gateway tries again by itself")
	l.told, l.failed = time.Now(), 0
}

// share is the part of the files this process may open that one listener's
// connections may take.
type share int

// All listeners together leave an eighth, for the ledger and the connections to
// PayTrace. Callers who connect and say nothing take no files from others.
const (
	mostFiles  share = 2
	aFewOfThem share = 8
)

// patiently bounds the connections of a listener: a caller beyond them waits to be
// taken until another goes. It has each outlive what passes.
func patiently(l net.Listener, member string, s share, files int, log *slog.Logger) net.Listener {
	if files > 0 {
		l = netutil.LimitListener(l, max(1, files/int(s)))
	}
	return &persevering{Listener: l, member: member, log: log}
}
