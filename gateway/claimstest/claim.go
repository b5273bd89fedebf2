package claimstest

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var claimSpecs = []spec{
	{"Claim/a free key is won", freeIsWon},
	{"Claim/a key that another owner has is busy", takenIsBusy},
	{"Claim/the same owner wins again", sameOwnerWins},
	{"Claim/an owner whose name begins like another's is another", similarOwners},
	{"Claim/a claim that nobody finishes is free after its time", freeAfterTTL},
	{"Claim/a claim is not free before its time", busyBeforeTTL},
	{"Claim/a claim after the time of another is the new owner's", newOwner},
	{"Claim/a claim without an owner or a time is refused", impossibleClaim},
	{"Claim/a context that has ended is an error and claims nothing", endedClaim},
}

func freeIsWon(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
}

func takenIsBusy(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
	wantBusy(t, c, key, "two")
	wantBusy(t, c, key, "two")
}

func sameOwnerWins(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
	wantWon(t, c, key, "one")
	wantBusy(t, c, key, "two")
}

func similarOwners(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	wantWon(t, c, key, "one")
	wantBusy(t, c, key, "on")
	wantBusy(t, c, key, "one ")
	wantBusy(t, c, key, "One")
}

func freeAfterTTL(t *testing.T, c gateway.Claims, advance func(time.Duration)) {
	wantWon(t, c, key, "one")
	advance(ttl)
	wantWon(t, c, key, "two")
}

func busyBeforeTTL(t *testing.T, c gateway.Claims, advance func(time.Duration)) {
	wantWon(t, c, key, "one")
	advance(ttl / 2)
	wantBusy(t, c, key, "two")
}

func newOwner(t *testing.T, c gateway.Claims, advance func(time.Duration)) {
	wantWon(t, c, key, "one")
	advance(ttl)
	wantWon(t, c, key, "two")
	wantBusy(t, c, key, "one")
}

func impossibleClaim(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	for name, attempt := range map[string]struct {
		owner string
		ttl   time.Duration
	}{
		"no owner":      {"", ttl},
		"no time":       {"one", 0},
		"negative time": {"one", -time.Second},
	} {
		if got, err := c.Claim(t.Context(), key, attempt.owner, attempt.ttl); err == nil {
			t.Errorf("%s: claim = %+v, want an error", name, got)
		}
	}
	wantWon(t, c, key, "two")
}

func endedClaim(t *testing.T, c gateway.Claims, _ func(time.Duration)) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := c.Claim(ctx, key, "one", ttl); err == nil || got.Won {
		t.Fatalf("claim = %+v, %v; want an error", got, err)
	}
	wantWon(t, c, key, "two")
}
