// Package claimstest is the specification of gateway.Claims, as tests that
// every implementation runs. Each obligation of the port is a test named for it.
package claimstest

import (
	"bytes"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// Opener opens claims of which none is taken, and gives a function that lets
// time pass for them.
type Opener func(t *testing.T) (c gateway.Claims, advance func(time.Duration))

type spec struct {
	name string
	test func(*testing.T, gateway.Claims, func(time.Duration))
}

var specs = [][]spec{claimSpecs, finishSpecs, keySpecs, concurrencySpecs}

// Run tests claims. open sees to it that they are closed when its test ends.
func Run(t *testing.T, open Opener) {
	for _, group := range specs {
		for _, s := range group {
			t.Run(s.name, func(t *testing.T) {
				c, advance := open(t)
				s.test(t, c, advance)
			})
		}
	}
}

// The claims of the tests live for ttl, and answers are kept for keep. Both are
// far longer than a test takes where time passes by itself.
const (
	ttl  = 2 * time.Minute
	keep = 24 * time.Hour
)

var key = gateway.ClaimKey{MerchantID: "m1", Key: "order-1"}

func claim(t *testing.T, c gateway.Claims, key gateway.ClaimKey, owner string) gateway.Claim {
	t.Helper()
	got, err := c.Claim(t.Context(), key, owner, ttl)
	if err != nil {
		t.Fatalf("Claim by %s: %v", owner, err)
	}
	return got
}

func finish(t *testing.T, c gateway.Claims, key gateway.ClaimKey, owner string, answer []byte) {
	t.Helper()
	if err := c.Finish(t.Context(), key, owner, answer, keep); err != nil {
		t.Fatalf("Finish by %s: %v", owner, err)
	}
}

func wantWon(t *testing.T, c gateway.Claims, key gateway.ClaimKey, owner string) {
	t.Helper()
	if got := claim(t, c, key, owner); !got.Won || got.Answer != nil {
		t.Fatalf("claim by %s = %+v, want it won without an answer", owner, got)
	}
}

func wantBusy(t *testing.T, c gateway.Claims, key gateway.ClaimKey, owner string) {
	t.Helper()
	if got := claim(t, c, key, owner); got.Won || got.Answer != nil {
		t.Fatalf("claim by %s = %+v, want that another owner has the key", owner, got)
	}
}

func wantAnswer(t *testing.T, c gateway.Claims, key gateway.ClaimKey, owner string, answer []byte) {
	t.Helper()
	if got := claim(t, c, key, owner); got.Won || !bytes.Equal(got.Answer, answer) {
		t.Fatalf("claim by %s = %+v, want the answer %q", owner, got, answer)
	}
}
