package paytrace

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// errTooLate says that the send window closed before a byte had left.
var errTooLate = errors.New("the time to send had passed before a byte had left")

// errShut says that the request was given up while net/http still held it.
var errShut = errors.New("the request was given up before a byte had left")

// gate stands before a request's first byte. It opens at most once, and once
// shut it stays shut, so "no byte left" stays true after it was said.
type gate struct {
	ctx        context.Context
	now        func() time.Time
	sendBefore time.Time
	// secret says that the request holds a card in the clear.
	secret bool
	state  atomic.Int32
	// connected and reused tell which connection the request got, tooLate that
	// the send window shut the gate.
	connected, reused, tooLate atomic.Bool
}

const (
	gateWaiting = iota
	gateLeft
	gateShut
)

func newGate(ctx context.Context, now func() time.Time, sendBefore time.Time) *gate {
	return &gate{ctx: ctx, now: now, sendBefore: sendBefore}
}

// pass is asked before every write. The first one that may go marks the
// request as having left before the bytes go.
func (g *gate) pass() error {
	if g.state.Load() == gateLeft {
		return nil
	}
	if err := g.ctx.Err(); err != nil {
		g.shut()
		return err
	}
	if g.late() {
		g.tooLate.Store(true)
		g.shut()
		return errTooLate
	}
	if !g.state.CompareAndSwap(gateWaiting, gateLeft) {
		return errShut
	}
	return nil
}

func (g *gate) late() bool { return !g.sendBefore.IsZero() && !g.now().Before(g.sendBefore) }

// shut closes the gate and reports whether no byte has passed it.
func (g *gate) shut() bool {
	g.state.CompareAndSwap(gateWaiting, gateShut)
	return g.state.Load() == gateShut
}

// closeAt ends the waiting for a connection when the send window closes; what
// has left by then is not disturbed. The returned func stops the clock.
func (g *gate) closeAt(sendBefore time.Time, cancel context.CancelCauseFunc) (stop func()) {
	if sendBefore.IsZero() {
		return func() {}
	}
	timer := time.AfterFunc(sendBefore.Sub(g.now()), func() {
		if g.shut() {
			g.tooLate.Store(true)
			cancel(errTooLate)
		}
	})
	return func() { timer.Stop() }
}

// stale says that a warm connection was dead before a byte was written on it.
func (g *gate) stale() bool {
	return g.reused.Load() && g.ctx.Err() == nil && !g.late()
}

// conn is a connection whose writes pass the gate of the request it serves.
type conn struct {
	net.Conn
	gate   atomic.Pointer[gate]
	closed atomic.Bool
}

func (c *conn) Write(b []byte) (int, error) {
	// net/http closes a connection as soon as it sees that the other side has.
	// A write that finds it closed puts nothing on the wire.
	if c.closed.Load() {
		return 0, net.ErrClosed
	}
	g := c.gate.Load()
	if g == nil {
		return 0, errShut
	}
	if err := g.pass(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	if g.secret {
		// The bytes are net/http's own buffer, which would keep them until the
		// next request on this connection. It never reads them again.
		clear(b)
	}
	return n, err
}

func (c *conn) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}
