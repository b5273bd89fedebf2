package api

import (
	"net"
	"sync"
)

// fasthttp reads a request into a buffer of 16 KiB, and gives that to another
// connection as soon as the request is complete, long before it is answered
// (ReduceMemoryUsage): with 3,000 payments that wait for PayTrace these buffers were
// 52 of 151 MB in use. So whoever has to overwrite a request must know that its
// buffer has not become another's meanwhile, and who comes into a buffer overwrites
// what the one before can reach no more.

// tenants are the requests under way by the buffers that they were read into, each
// known by its last byte. To come and to go takes a request 0.1 µs.
type tenants struct {
	mu sync.Mutex
	of map[*byte]*forgetful
}

func newTenants() *tenants { return &tenants{of: map[*byte]*forgetful{}} }

// forgetting makes the connections of a listener forgetful.
type forgetting struct {
	net.Listener
	tenants *tenants
}

func (l forgetting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &forgetful{Conn: c, tenants: l.tenants}, nil
}

// forgetful is a connection that remembers where the bytes of a request were
// put.
type forgetful struct {
	net.Conn
	tenants *tenants
	// read is guarded by the tenants' mutex.
	read [][]byte
}

func (f *forgetful) Read(p []byte) (int, error) {
	if cap(p) == 1 {
		// The first byte of a request, which is no secret: fasthttp waits for it
		// without a buffer.
		return f.Conn.Read(p)
	}
	f.enter(p)
	n, err := f.Conn.Read(p)
	f.remember(p[:n])
	return n, err
}

// Close lets go of the buffer of a request that broke off.
func (f *forgetful) Close() error {
	f.leave(false)
	return f.Conn.Close()
}

// enter takes the buffer over. Where the request before it is still under way,
// what it has left there is overwritten: it cannot do so any more.
func (f *forgetful) enter(p []byte) {
	f.tenants.mu.Lock()
	defer f.tenants.mu.Unlock()
	before := f.tenants.of[lastOf(p)]
	if before == f {
		return
	}
	if before != nil {
		clear(p)
	}
	f.tenants.of[lastOf(p)] = f
	f.read = append(f.read, p[:0])
}

// remember makes one piece of two that lie one behind the other, so that a body
// that trickles in byte by byte is remembered in little room.
func (f *forgetful) remember(p []byte) {
	f.tenants.mu.Lock()
	defer f.tenants.mu.Unlock()
	if len(p) == 0 {
		return
	}
	if len(f.read) > 0 {
		last := &f.read[len(f.read)-1]
		if n := len(*last); cap(*last) >= n+len(p) && &(*last)[:n+1][n] == &p[0] {
			*last = (*last)[:n+len(p)]
			return
		}
	}
	f.read = append(f.read, p)
}

// leave ends a request, and overwrites it in those buffers that are still its own.
func (f *forgetful) leave(wipe bool) {
	f.tenants.mu.Lock()
	defer f.tenants.mu.Unlock()
	for _, p := range f.read {
		if f.tenants.of[lastOf(p)] == f && wipe {
			clear(p)
		}
	}
	for _, p := range f.read {
		if f.tenants.of[lastOf(p)] == f {
			delete(f.tenants.of, lastOf(p))
		}
	}
	f.read = f.read[:0]
}

// lastOf is the last byte of the buffer that p is the rest of.
func lastOf(p []byte) *byte { return &p[:cap(p)][cap(p)-1] }
