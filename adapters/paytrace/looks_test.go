package paytrace

import (
	"context"
	"net/http"
	"testing"

	"paytrace-gateway/gateway"
)

func TestLooksNeverTakeTheConnectionsThatChargesNeed(t *testing.T) {
	entered, release := make(chan struct{}, 1), make(chan struct{})
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.URL.Path == exportIDPath {
			entered <- struct{}{}
			<-release
		}
		say(200, goodSale)(w, r)
	})
	f.Start()
	c := newClient(t, f.URL, func(config *Config) { config.MaxConnections = 1 })
	giveToken(c)
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		_, _ = c.Transaction(context.Background(), "7")
	}()
	<-entered // The look holds its connection until it is released.
	got := c.Charge(context.Background(), sale())
	close(release)
	<-looked
	mustBe(t, got, gateway.Approved)
}

func TestTokensAreAskedForOverTheConnectionsOfLooks(t *testing.T) {
	var token, charge string
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		charge = r.RemoteAddr
		say(200, goodSale)(w, r)
	})
	f.token = func(w http.ResponseWriter, r *http.Request) {
		token = r.RemoteAddr
		say(200, goodToken)(w, r)
	}
	mustBe(t, f.client(t).Charge(context.Background(), sale()), gateway.Approved)
	if token == "" || charge == "" || token == charge {
		t.Errorf("the token was asked for over %q, the charge went over %q", token, charge)
	}
}

func TestConnectionsOfLooksAreFew(t *testing.T) {
	few := newClient(t, "http://127.0.0.1:1")
	if got := few.looks.http.MaxConnsPerHost; got != 8 {
		t.Errorf("%d connections by default, want 8", got)
	}
	set := newClient(t, "http://127.0.0.1:1", func(config *Config) { config.MaxLookConnections = 3 })
	if got := set.looks.http.MaxConnsPerHost; got != 3 {
		t.Errorf("%d connections, want the 3 of the configuration", got)
	}
	if got := set.money.http.MaxConnsPerHost; got != DefaultMaxConnections {
		t.Errorf("%d connections for money, want %d", got, DefaultMaxConnections)
	}
}
