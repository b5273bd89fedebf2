package api

import (
	"crypto/tls"
	"net"

	"github.com/valyala/fasthttp"
)

// ForgetRecords is a listener to put below TLS: what was decrypted on one of its
// connections is overwritten when that has ended. crypto/tls decrypts a record
// where it was read to, and leaves it there.
func ForgetRecords(l net.Listener) net.Listener { return recordListener{l} }

type recordListener struct{ net.Listener }

func (l recordListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &recordConn{Conn: c}, nil
}

// recordHead is the length of what stands before each record: its type, two
// bytes of version and two of its own length.
const recordHead = 5

// recordConn hands over a head, then its record, and never more, so that
// crypto/tls knows how much room a record needs before any of it is read and
// has to move none. The head is moved; it is no secret.
type recordConn struct {
	net.Conn
	head   [recordHead]byte
	known  int // how much of the head has come
	unread int // how much of the record has not
	bytes  [][]byte
}

func (c *recordConn) Read(p []byte) (int, error) {
	if c.unread == 0 {
		n, err := c.Conn.Read(p[:min(len(p), recordHead-c.known)])
		copy(c.head[c.known:], p[:n])
		if c.known += n; c.known == recordHead {
			c.known, c.unread = 0, int(c.head[3])<<8|int(c.head[4])
		}
		return n, err
	}
	n, err := c.Conn.Read(p[:min(len(p), c.unread)])
	c.unread -= n
	if n > 0 {
		c.bytes = append(c.bytes, p[:n])
	}
	return n, err
}

// forgetRecords is told of connections by the goroutine that serves them, so
// that nobody reads what is overwritten.
func forgetRecords(c net.Conn, is fasthttp.ConnState) {
	served, ok := c.(*forgetful)
	if !ok || is != fasthttp.StateClosed {
		return
	}
	encrypted, ok := served.Conn.(*tls.Conn)
	if !ok {
		return
	}
	if records, ok := encrypted.NetConn().(*recordConn); ok {
		for _, p := range records.bytes {
			clear(p)
		}
	}
}
