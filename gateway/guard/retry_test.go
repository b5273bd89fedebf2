package guard_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

func TestOnlyWhatWasCertainlyNotSentIsSentAgain(t *testing.T) {
	results := map[string]gateway.Result{
		"approved":  approved,
		"declined":  {Outcome: gateway.Declined, Decline: &gateway.Decline{}},
		"rejected":  {Outcome: gateway.Rejected, Rejection: &gateway.Rejection{}},
		"log-in":    {Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Credentials: true}},
		"contested": {Outcome: gateway.Unknown, Contested: true},
		"unknown":   unknown,
		"no answer": {},
	}
	const attempts = 4
	operations := map[string]func(*bench) gateway.Result{
		"charge": (*bench).charge,
		"capture": func(b *bench) gateway.Result {
			return b.guard.Capture(b.Context(), gateway.Capture{SendBefore: b.began.Add(time.Minute)})
		},
		"void": func(b *bench) gateway.Result {
			return b.guard.Void(b.Context(), gateway.Void{SendBefore: b.began.Add(time.Minute)})
		},
		"refund": func(b *bench) gateway.Result {
			return b.guard.Refund(b.Context(), gateway.Refund{SendBefore: b.began.Add(time.Minute)})
		},
	}
	for call, operation := range operations {
		for name, result := range results {
			for unsent := range attempts + 1 {
				t.Run(fmt.Sprintf("%s not sent %d times, then %s", call, unsent, name), func(t *testing.T) {
					n := 0
					run(t, guard.Config{Retry: guard.RetryConfig{Attempts: attempts}}, func(context.Context, string) *gateway.Result {
						if n++; n <= unsent {
							return &notSent
						}
						return &result
					}, func(b *bench) {
						want, calls := result.Outcome, unsent+1
						if unsent == attempts {
							want, calls = gateway.NotSent, attempts
						}
						b.want(operation(b), want)
						b.wantCalls(call, calls)
					})
				})
			}
		}
	}
}

func TestWaitsBetweenAttemptsDoubleUpToTheirCap(t *testing.T) {
	config := guard.Config{Retry: guard.RetryConfig{
		Attempts: 6, Base: 100 * time.Millisecond, Cap: 400 * time.Millisecond, Random: longest,
	}}
	run(t, config, always(notSent), func(b *bench) {
		b.want(b.charge(), gateway.NotSent, "connection refused")
		const ms = time.Millisecond
		b.wantStarts(0, 100*ms, 300*ms, 700*ms, 1100*ms, 1500*ms)
	})
}

func TestWaitsBetweenAttemptsAreSpread(t *testing.T) {
	var asked []int64
	config := guard.Config{Retry: guard.RetryConfig{Random: func(n int64) int64 { asked = append(asked, n); return n / 2 }}}
	run(t, config, always(notSent), func(b *bench) {
		b.charge()
		b.wantStarts(0, guard.DefaultRetryBase/2, guard.DefaultRetryBase/2+guard.DefaultRetryBase)
	})
	if len(asked) != 2 || asked[0] != int64(guard.DefaultRetryBase)+1 || asked[1] != 2*int64(guard.DefaultRetryBase)+1 {
		t.Fatalf("the random source was asked for %v", asked)
	}
}

func TestNoAttemptIsWaitedForThatCouldNotStartInTime(t *testing.T) {
	for window, attempts := range map[time.Duration]int{
		100 * time.Millisecond: 1, 101 * time.Millisecond: 2,
		300 * time.Millisecond: 2, 301 * time.Millisecond: 3,
	} {
		t.Run(window.String(), func(t *testing.T) {
			run(t, guard.Config{Retry: guard.RetryConfig{Attempts: 5, Random: longest}}, always(notSent), func(b *bench) {
				b.want(b.chargeWithin(b.Context(), window), gateway.NotSent, "connection refused")
				b.wantCalls("charge", attempts)
				if elapsed := time.Since(b.began); elapsed != b.starts[attempts-1] {
					b.Fatalf("the caller waited until %s for an attempt that never came", elapsed)
				}
			})
		})
	}
}

func TestARetryTakesASlotAndCountsAtTheBreaker(t *testing.T) {
	config := guard.Config{
		RatePerSecond: 2,
		Breaker:       guard.BreakerConfig{MinimumRequests: 3},
		Retry:         guard.RetryConfig{Attempts: 5, Base: time.Millisecond},
	}
	run(t, config, always(notSent), func(b *bench) {
		b.want(b.charge(), gateway.NotSent, "connection refused")
		b.wantStarts(0, 500*time.Millisecond, time.Second)
		b.wantBreakers("open", "closed")
		// Nor was a wait begun once the breaker was open.
		b.wantElapsed(time.Second)
	})
}

func TestARetryThatIsRefusedTellsOfTheAttemptBefore(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 1, Retry: guard.RetryConfig{Base: 1}}, always(notSent), func(b *bench) {
		b.want(b.chargeWithin(b.Context(), 500*time.Millisecond), gateway.NotSent, "PayTrace's rate limit", "connection refused")
		b.wantCalls("charge", 1)
	})
}

func TestLooksAreTriedAgainUntilTheyAreAnswered(t *testing.T) {
	failures := 0
	fail := func(_ context.Context, call string) *gateway.Result {
		if failures--; failures >= 0 {
			return &unknown
		}
		return nil
	}
	for fails, calls := range map[int]int{0: 1, 1: 2, 2: 3, 3: 3} {
		failures = fails
		run(t, guard.Config{}, fail, func(b *bench) {
			_, err := b.guard.Transaction(b.Context(), "999999999")
			if found := errors.Is(err, gateway.ErrNotFound); found != (fails < guard.DefaultAttempts) {
				b.Fatalf("after %d failures the look came back with %v", fails, err)
			}
			b.wantCalls("look", calls)
		})
	}
}

func TestEachAttemptAtALookHasATimeoutOfItsOwn(t *testing.T) {
	config := guard.Config{LookTimeout: time.Second, Retry: guard.RetryConfig{Random: func(int64) int64 { return 0 }}}
	run(t, config, hang, func(b *bench) {
		if _, err := b.guard.Transaction(b.Context(), "100000001"); !errors.Is(err, context.DeadlineExceeded) {
			b.Fatalf("a look that hung came back with %v", err)
		}
		b.wantStarts(0, time.Second, 2*time.Second)
		b.wantElapsed(3 * time.Second)
	})
}

func TestACallersEndEndsTheRetries(t *testing.T) {
	run(t, guard.Config{Retry: guard.RetryConfig{Attempts: 100, Random: longest}}, always(notSent), func(b *bench) {
		ctx, cancel := context.WithCancel(b.Context())
		time.AfterFunc(150*time.Millisecond, cancel)
		b.want(b.chargeWithin(ctx, time.Minute), gateway.NotSent)
		b.wantStarts(0, 100*time.Millisecond)
		b.wantElapsed(150 * time.Millisecond)
	})
}
