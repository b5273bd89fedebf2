package claimstest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var concurrencySpecs = []spec{
	{"Concurrency/of 100 owners one wins", raceToClaim},
	{"Concurrency/an owner that claims twice at once wins twice", raceOfOne},
	{"Concurrency/keys do not disturb each other", raceOfKeys},
}

const racers = 100

// race starts all at once and returns the claims in order.
func race(t *testing.T, run func(i int) (gateway.Claim, error)) []gateway.Claim {
	t.Helper()
	claims, errs := make([]gateway.Claim, racers), make([]error, racers)
	begin := make(chan struct{})
	var running sync.WaitGroup
	for i := range racers {
		running.Go(func() {
			<-begin
			claims[i], errs[i] = run(i)
		})
	}
	close(begin)
	running.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("racer %d: %v", i, err)
		}
	}
	return claims
}

func raceToClaim(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	owner := func(i int) string { return fmt.Sprintf("owner-%d", i) }
	winner := -1
	for i, got := range race(t, func(i int) (gateway.Claim, error) {
		return c.Claim(t.Context(), key, owner(i), ttl)
	}) {
		if got.Answer != nil {
			t.Fatalf("racer %d has an answer that nobody gave", i)
		}
		if got.Won && winner >= 0 {
			t.Fatalf("both %d and %d have won", winner, i)
		}
		if got.Won {
			winner = i
		}
	}
	if winner < 0 {
		t.Fatal("nobody has won")
	}
	wantWon(t, c, key, owner(winner))
}

func raceOfOne(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	for i, got := range race(t, func(int) (gateway.Claim, error) {
		return c.Claim(t.Context(), key, "one", ttl)
	}) {
		if !got.Won {
			t.Fatalf("claim %d of the same owner = %+v, want it won", i, got)
		}
	}
}

func raceOfKeys(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	own := func(i int) gateway.ClaimKey {
		return gateway.ClaimKey{MerchantID: "m1", Key: fmt.Sprintf("order-%d", i)}
	}
	for i, got := range race(t, func(i int) (gateway.Claim, error) {
		got, err := c.Claim(t.Context(), own(i), "one", ttl)
		if err == nil {
			err = c.Finish(t.Context(), own(i), "one", fmt.Append(nil, i), keep)
		}
		return got, err
	}) {
		if !got.Won {
			t.Fatalf("claim of key %d = %+v, want it won", i, got)
		}
		wantAnswer(t, c, own(i), "two", fmt.Append(nil, i))
	}
}
