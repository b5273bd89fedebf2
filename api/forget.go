package api

import (
	"net"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/gateway"
)

// What a request has left in memory is overwritten as soon as it is answered,
// on every path, so that a card number does not wait for its buffer to be used
// again. docs/pci.md says what cannot be reached.

// forget overwrites the body of every request once it is answered. Where the
// whole request has to go, what was read from its connection is overwritten too,
// and the connection ends: what lies behind such a request is not read.
func forget(whole func(*fiber.Ctx) bool) fiber.Handler {
	return func(c *fiber.Ctx) error {
		defer func() {
			wipeBody(c)
			from, ok := c.Context().Conn().(*forgetful)
			if !ok {
				return
			}
			if whole(c) {
				c.Context().SetConnectionClose()
				from.wipe()
			}
			from.read = from.read[:0]
		}()
		return c.Next()
	}
}

// forgetAll overwrites all of a request that no handler has met. Its connection
// ends.
func forgetAll(c *fiber.Ctx) {
	wipeBody(c)
	if from, ok := c.Context().Conn().(*forgetful); ok {
		from.wipe()
	}
}

// wipeBody overwrites more than the body's length: the buffer may have been
// longer for a request before it.
func wipeBody(c *fiber.Ctx) {
	body := c.Request().Body()
	clear(body[:cap(body)])
}

func always(*fiber.Ctx) bool { return true }

// heldCard says that there was card data in the request, or what looks like it.
func heldCard(c *fiber.Ctx) bool {
	if held, _ := c.Locals(localHeldCard).(bool); held {
		return true
	}
	code, _ := c.Locals(localCode).(gateway.Code)
	return code == codeCardNumber || code == codeOrderNumber || code == codeRawCard
}

// forgetting makes the connections of a listener forgetful.
type forgetting struct{ net.Listener }

func (l forgetting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &forgetful{Conn: c}, nil
}

// forgetful is a connection that remembers where the bytes of a request were
// put: into fasthttp's reader, which keeps them until others take their place.
// Only the goroutine that serves the connection reads from it.
type forgetful struct {
	net.Conn
	read [][]byte
}

func (f *forgetful) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	if n > 0 {
		f.remember(p[:n])
	}
	return n, err
}

// remember makes one piece of two that lie one behind the other, so that a body
// that trickles in byte by byte is remembered in little room.
func (f *forgetful) remember(p []byte) {
	if len(f.read) > 0 {
		last := &f.read[len(f.read)-1]
		if n := len(*last); cap(*last) >= n+len(p) && &(*last)[:n+1][n] == &p[0] {
			*last = (*last)[:n+len(p)]
			return
		}
	}
	f.read = append(f.read, p)
}

func (f *forgetful) wipe() {
	for _, p := range f.read {
		clear(p)
	}
}
