package oidc_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"paytrace-gateway/adapters/oidc"
	"paytrace-gateway/gateway"
)

func isAway(err error) bool {
	var refused *gateway.Error
	return errors.As(err, &refused) && refused.Code == gateway.CodeProviderAway
}

func TestAnIdentityProviderThatIsAwayIsNotAskedByEverybody(t *testing.T) {
	asked, now := 0, noon
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer s.Close()
	p := oidc.New(oidc.Config{Issuer: s.URL, Now: func() time.Time { return now }})
	for _, step := range []struct {
		later time.Duration
		asked int
	}{{0, 1}, {0, 1}, {4 * time.Second, 1}, {time.Second, 2}, {time.Second, 2}} {
		now = now.Add(step.later)
		if _, err := p.Begin(t.Context(), begun); !isAway(err) || asked != step.asked {
			t.Fatalf("at %s: %v, asked %d times, want %d", now, err, asked, step.asked)
		}
	}
}

func TestNobodyWaitsLongerThanMayBeForWhoeverAsks(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-goOn
	}))
	defer s.Close()
	p := oidc.New(oidc.Config{Issuer: s.URL, Now: func() time.Time { return noon }})
	first := make(chan error)
	go func() {
		_, err := p.Begin(context.Background(), begun)
		first <- err
	}()
	<-asked
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := p.Begin(ended, begun)
	if reason := errors.Unwrap(err); !isAway(err) || reason == nil || reason.Error() != "the identity provider has not told its addresses in time" {
		t.Errorf("%v, since %v", err, reason)
	}
	close(goOn)
	if err := <-first; !isAway(err) {
		t.Errorf("the one who asked: %v", err)
	}
}
