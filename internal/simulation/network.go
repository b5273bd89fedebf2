package simulation

import (
	"context"
	"errors"
	"net"
	"sync"
)

// network is a place in memory where one party listens and others connect. It
// has no sockets, so that a virtual clock goes on while all wait.
type network struct {
	arrivals chan net.Conn
	gone     chan struct{}

	mu     sync.Mutex
	closed bool
	open   map[net.Conn]bool
}

var errNobodyListens = errors.New("nobody listens there")

func newNetwork() *network {
	return &network{arrivals: make(chan net.Conn), gone: make(chan struct{}), open: map[net.Conn]bool{}}
}

// dial connects, unless nobody listens any more.
func (n *network) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case n.arrivals <- n.keep(far):
		return near, nil
	case <-n.gone:
		return nil, errNobodyListens
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *network) keep(c net.Conn) net.Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := &kept{Conn: c, of: n}
	n.open[k] = true
	return k
}

// cut breaks every connection, whatever is under way on it.
func (n *network) cut() int {
	n.mu.Lock()
	open := n.open
	n.open = map[net.Conn]bool{}
	n.mu.Unlock()
	for c := range open {
		c.Close()
	}
	return len(open)
}

// Accept, Close and Addr make it a net.Listener.
func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.arrivals:
		return c, nil
	case <-n.gone:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.closed = true
		close(n.gone)
	}
	return nil
}

func (n *network) Addr() net.Addr { return memoryAddress{} }

type memoryAddress struct{}

func (memoryAddress) Network() string { return "memory" }
func (memoryAddress) String() string  { return "memory" }

// kept is a connection that its network can cut.
type kept struct {
	net.Conn
	of *network
}

func (k *kept) Close() error {
	k.of.mu.Lock()
	delete(k.of.open, k)
	k.of.mu.Unlock()
	return k.Conn.Close()
}
