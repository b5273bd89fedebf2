// Package quotatest is the specification of gateway.Quotas, as tests that every
// implementation runs. Each obligation of the port is a test named for it.
package quotatest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// Opener opens quotas of which nothing is used, and gives a function that lets
// time pass for them.
type Opener func(t *testing.T) (q gateway.Quotas, advance func(time.Duration))

type spec struct {
	name string
	test func(*testing.T, gateway.Quotas, func(time.Duration))
}

// Run tests quotas. open sees to it that they are closed when its test ends.
func Run(t *testing.T, open Opener) {
	for _, s := range specs {
		t.Run(s.name, func(t *testing.T) {
			q, advance := open(t)
			s.test(t, q, advance)
		})
	}
}

// five is given back so slowly that nothing of it comes back while a test runs,
// where time passes by itself. slack is what a test may take.
var five = gateway.Quota{Requests: 5, Per: 5 * time.Hour}

const slack = 10 * time.Minute

func take(t *testing.T, q gateway.Quotas, name string, quota gateway.Quota) gateway.Allowance {
	t.Helper()
	got, err := q.Take(t.Context(), name, quota)
	if err != nil {
		t.Fatalf("Take: %v", err)
	}
	return got
}

// useUp takes all that there is, and checks that it is so many.
func useUp(t *testing.T, q gateway.Quotas, name string, quota gateway.Quota, want int) {
	t.Helper()
	for i := range want {
		if got := take(t, q, name, quota); !got.Allowed || got.Remaining != want-1-i {
			t.Fatalf("request %d of %d = %+v, want it allowed with %d remaining", i+1, want, got, want-1-i)
		}
	}
	if got := take(t, q, name, quota); got.Allowed {
		t.Fatalf("request %d = %+v, want it refused", want+1, got)
	}
}

// wantAbout compares a wait with what it would be if the test took no time.
func wantAbout(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if got > want || got < want-slack {
		t.Fatalf("%s = %v, want %v or a little less", what, got, want)
	}
}
