package simulation

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"paytrace-gateway/api"
)

// Prepare serves one request outside of every bubble. fasthttp starts
// goroutines of the whole process with its first answer, and a bubble in which
// they began would never end.
func Prepare() error {
	n := newNetwork()
	server := api.New(api.Config{Log: slog.New(slog.DiscardHandler), Now: time.Now})
	served := make(chan error, 1)
	go func() { served <- server.Serve(n) }()
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return n.dial(ctx) },
	}
	response, err := (&http.Client{Transport: transport}).Get("http://gateway.test/healthz")
	if err != nil {
		return err
	}
	response.Body.Close()
	if err := server.Shutdown(context.Background()); err != nil {
		return err
	}
	n.Close()
	return <-served
}
