package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// subscriber is told of a gateway's payments, and takes every event at once.
// It is in this process, which waits for the load to end meanwhile.
type subscriber struct {
	url    string
	told   atomic.Int64
	server *http.Server
}

func startSubscriber() (*subscriber, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &subscriber{url: "http://" + listener.Addr().String() + "/events"}
	s.server = &http.Server{Handler: s, ReadTimeout: time.Minute}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

func (s *subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err == nil {
		s.told.Add(1)
	}
	w.WriteHeader(http.StatusNoContent)
}

// hears waits until it was told of so many events, or patience ends.
func (s *subscriber) hears(ctx context.Context, events int64, patience time.Duration) bool {
	over := time.After(patience)
	again := time.NewTicker(askEvery)
	defer again.Stop()
	for s.told.Load() < events {
		select {
		case <-again.C:
		case <-over:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (s *subscriber) stop() error { return s.server.Close() }
