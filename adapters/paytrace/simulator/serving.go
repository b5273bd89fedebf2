package simulator

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// serving is what runs while the simulator is served.
type serving struct {
	closed   bool
	inflight sync.WaitGroup
	api      *http.Server
	control  *http.Server
	door     *door
	saving   chan struct{}
}

type connectionKey struct{}

// connectionNumber is the number of the API connection that a request came on,
// or zero when Serve does not own the connections.
func connectionNumber(r *http.Request) uint64 {
	n, _ := r.Context().Value(connectionKey{}).(uint64)
	return n
}

// Serve reads the state file, if there is one, and answers on both listeners
// until Close. The control listener may be nil. It returns nil after Close.
func (s *Simulator) Serve(api, control net.Listener) error {
	servers, err := s.open(api, control)
	if err != nil {
		_ = api.Close()
		if control != nil {
			_ = control.Close()
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil // Close came first.
		}
		return err
	}
	ended := make(chan error, len(servers))
	for listener, server := range servers {
		go func() { ended <- server.Serve(listener) }()
	}
	first := <-ended
	closeErr := s.Close()
	for range len(servers) - 1 {
		<-ended
	}
	if !errors.Is(first, http.ErrServerClosed) {
		return first
	}
	return closeErr
}

// open prepares everything that Close has to end.
func (s *Simulator) open(api, control net.Listener) (map[net.Listener]*http.Server, error) {
	if err := s.Load(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serving.closed {
		return nil, http.ErrServerClosed
	}
	if s.serving.api != nil {
		return nil, errors.New("the simulator is being served already")
	}
	s.serving.api = s.newServer(s.API())
	// A service that is down has no warm connections either.
	s.serving.door = newDoor(api, s.serving.api.SetKeepAlivesEnabled, s.log)
	if err := s.applyRefusal(); err != nil {
		return nil, err
	}
	var connections atomic.Uint64
	s.serving.api.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, connections.Add(1))
	}
	servers := map[net.Listener]*http.Server{s.secured(s.serving.door): s.serving.api}
	if control != nil {
		s.serving.control = s.newServer(s.Control())
		servers[control] = s.serving.control
	}
	if s.options.StateFile != "" {
		s.serving.saving = make(chan struct{})
		go s.keepSaving()
	}
	return servers, nil
}

// patience is how long a connection may say nothing, the first time as well: a
// client may open one more than it needs and keep it for later, and closed while a
// request is written to it that one would be broken off by nobody's order.
const patience = 5 * time.Minute

func (s *Simulator) newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: patience,
		ReadTimeout:       patience,
		IdleTimeout:       patience,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// secured speaks TLS with HTTP/1.1 alone: connection faults need to take the
// connection over, which HTTP/2 cannot.
func (s *Simulator) secured(listener net.Listener) net.Listener {
	if s.options.TLS == nil {
		return listener
	}
	config := s.options.TLS.Clone()
	config.NextProtos = []string{"http/1.1"}
	return tls.NewListener(listener, config)
}

// Close ends serving, drops the actions that are still to come, and writes the
// state file. Closing twice is harmless.
func (s *Simulator) Close() error {
	s.mu.Lock()
	if s.serving.closed {
		s.mu.Unlock()
		return nil
	}
	s.serving.closed = true
	close(s.closing)
	v := &s.serving
	s.mu.Unlock()

	for _, server := range []*http.Server{v.api, v.control} {
		if server != nil {
			_ = server.Close()
		}
	}
	v.inflight.Wait()
	if v.saving != nil {
		<-v.saving
	}
	if s.options.StateFile == "" || !s.loaded {
		return nil // A file that was not read is not overwritten.
	}
	return s.save()
}

// enter counts a request in; a closed simulator takes none.
func (s *Simulator) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serving.closed {
		return false
	}
	s.serving.inflight.Add(1)
	return true
}

func (s *Simulator) leave() { s.serving.inflight.Done() }
