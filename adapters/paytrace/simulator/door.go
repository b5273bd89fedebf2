package simulator

import (
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

// door is the API's listener. While it is shut its port is really closed, so
// that connecting is refused by the operating system; an in-memory listener,
// which cannot be opened again, has its connections closed at once instead.
type door struct {
	address net.Addr
	// keepWarm is told whether connections may be kept between requests.
	keepWarm func(bool)
	log      *slog.Logger

	mu     sync.Mutex
	base   net.Listener  // nil while the port is closed
	opened chan struct{} // closed when base is there again, or never will be
	isShut bool
	closed bool
	timer  *time.Timer
}

func newDoor(base net.Listener, keepWarm func(bool), log *slog.Logger) *door {
	opened := make(chan struct{})
	close(opened)
	return &door{address: base.Addr(), keepWarm: keepWarm, log: log, base: base, opened: opened}
}

// Accept waits for the next connection, across any time that the door is shut.
func (d *door) Accept() (net.Conn, error) {
	for {
		d.mu.Lock()
		base, opened := d.base, d.opened
		if d.closed {
			d.mu.Unlock()
			return nil, net.ErrClosed
		}
		d.mu.Unlock()
		if base == nil {
			<-opened
			continue
		}
		connection, err := base.Accept()
		d.mu.Lock()
		replaced, isShut := d.base != base, d.isShut
		d.mu.Unlock()
		switch {
		case err != nil && replaced:
			continue // The door was shut under us.
		case err != nil:
			return nil, err
		case isShut || replaced:
			_ = connection.Close()
		default:
			return connection, nil
		}
	}
}

// shut closes the door for the duration; zero means until open is called.
func (d *door) shut(duration time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return net.ErrClosed
	}
	d.stopTimer()
	if !d.isShut {
		d.isShut = true
		d.keepWarm(false)
		if _, isTCP := d.base.(*net.TCPListener); isTCP {
			_ = d.base.Close()
			d.base, d.opened = nil, make(chan struct{})
		}
	}
	if duration > 0 {
		d.timer = time.AfterFunc(duration, func() {
			if err := d.open(); err != nil {
				d.log.Error("simulator.reopen", "error", err.Error())
			}
		})
	}
	return nil
}

// open takes connections again, on the same port.
func (d *door) open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopTimer()
	if !d.isShut || d.closed {
		return nil
	}
	if d.base == nil {
		base, err := net.Listen("tcp", d.address.String())
		if err != nil {
			return fmt.Errorf("cannot listen on %s again: %w; free the port, then put the faults once more", d.address, err)
		}
		d.base = base
		close(d.opened)
	}
	d.isShut = false
	d.keepWarm(true)
	return nil
}

func (d *door) stopTimer() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// Close ends the door for good.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	d.stopTimer()
	if d.base == nil {
		close(d.opened)
		return nil
	}
	return d.base.Close()
}

// Addr is the address also while the door is shut.
func (d *door) Addr() net.Addr { return d.address }
