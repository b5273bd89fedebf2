package drill

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/internal/services"
	"paytrace-gateway/internal/simulation/history"
)

const (
	breakerOpen   = `paytrace_gateway_breaker_state{class="money",merchant="main",state="open"}`
	breakerClosed = `paytrace_gateway_breaker_state{class="money",merchant="main",state="closed"}`
	refusedByOpen = `paytrace_gateway_guard_refused_total{class="money",merchant="main",reason="open"}`
)

func TestBreakerOpensAndRecovers(t *testing.T) {
	t.Parallel()
	w := openTown(t, setup{redisURL: services.RedisServer(t).URL})
	g := w.gateways[0]
	w.payTrace.misbehave(`{"kind":"refuse"}`)
	var keys []ask
	buy := func() history.Call {
		keys = append(keys, w.plainSale(fmt.Sprintf("down-%d", len(keys))))
		c := w.call(0, keys[len(keys)-1])
		if c.Status != 503 || c.Outcome != "not_sent" {
			t.Errorf("while PayTrace is down: HTTP %d %s, want 503 not_sent", c.Status, c.Outcome)
		}
		return c
	}
	eventually(t, "the breaker is open", func() bool {
		buy()
		is, _ := g.metric(breakerOpen)
		return is == 1
	})
	// Behind an open breaker nobody tries, so nobody waits for anything. On a slow
	// machine it lets a probe or two pass between the calls.
	before, _ := g.metric(refusedByOpen)
	after := before
	var took []time.Duration
	for after-before < 10 && len(took) < 20 {
		c := buy()
		took = append(took, c.Until.Sub(c.At))
		after, _ = g.metric(refusedByOpen)
	}
	if after-before < 10 {
		t.Errorf("%v of %d calls were refused by the open breaker", after-before, len(took))
	}
	fmt.Printf("PayTrace down, the breaker open: 503 not_sent in %v (p50), %v (p99)\n", percentile(took, 50), percentile(took, 99))
	if n := w.payTrace.arrived("sale"); n != 0 {
		t.Errorf("%d sales have reached PayTrace while it was down", n)
	}

	w.payTrace.misbehave()
	var work sync.WaitGroup
	for i, a := range keys {
		work.Go(func() { w.shop(i % 2).insist(a) })
	}
	w.await(&work)
	if is, _ := g.metric(breakerClosed); is != 1 {
		t.Error("the breaker is not closed after PayTrace has come back")
	}
	w.wantApproved(w.settle(patience), len(keys))
}

// burst asks for so many sales at the same moment, of both gateways in turn,
// and gives the statuses of their first answers. Every key is then repeated
// until it is decided.
func (w *town) burst(n int) (first []int) {
	w.t.Helper()
	asks := make([]ask, n)
	for i := range asks {
		asks[i] = w.plainSale(fmt.Sprintf("burst-%d", i))
	}
	first = make([]int, n)
	var work sync.WaitGroup
	for i, a := range asks {
		work.Go(func() {
			c := w.call(i%2, a)
			first[i] = c.Status
			if c.Outcome != "not_sent" && c.Status != 429 && !settled(c) {
				w.t.Errorf("one of a burst: HTTP %d %s %s, want a decision, not_sent or 429", c.Status, c.Code, c.Outcome)
			}
			if !settled(c) {
				w.shop(i % 2).insist(a)
			}
		})
	}
	w.await(&work)
	w.wantApproved(w.settle(patience), n)
	return first
}

func count(statuses []int, status int) int {
	return len(slices.DeleteFunc(slices.Clone(statuses), func(s int) bool { return s != status }))
}

// The limit is of each gateway's own.
func TestABurstAboveTheRateLimitIsQueuedAndShed(t *testing.T) {
	t.Parallel()
	w := openTown(t, setup{redisURL: services.RedisServer(t).URL, payTrace: "      rateLimit: 10\n"})
	first := w.burst(100)
	if approved, shed := count(first, 201), count(first, 503); approved == 0 || shed == 0 {
		t.Errorf("of %d at once %d were approved and %d shed", len(first), approved, shed)
	} else {
		fmt.Printf("%d payments at once at 10 a second: %d went through in their time, %d were told not_sent and repeated\n", len(first), approved, shed)
	}
}

// The quota is of the client, at both gateways together.
func TestABurstAboveTheQuotaIsToldToWait(t *testing.T) {
	t.Parallel()
	w := openTown(t, setup{redisURL: services.RedisServer(t).URL, client: "        quota: {requests: 20, per: 1s}\n"})
	first := w.burst(80)
	if approved, refused := count(first, 201), count(first, 429); approved == 0 || refused == 0 {
		t.Errorf("of %d at once %d were approved and %d refused", len(first), approved, refused)
	} else {
		fmt.Printf("%d payments at once with a quota of 20 a second: %d went through, %d were told 429 and repeated\n", len(first), approved, refused)
	}
}
