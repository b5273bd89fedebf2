package guard_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// once never repeats, so that a test may count calls.
var once = guard.RetryConfig{Attempts: 1}

func TestFailuresOpenTheBreakerAndThenNobodyWaits(t *testing.T) {
	for name, config := range map[string]guard.Config{
		"without a limit": {Retry: once},
		"with a limit":    {Retry: once, RatePerSecond: 1, Burst: guard.DefaultMinimumRequests - 1},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, config, always(unknown), func(b *bench) {
				b.charges(guard.DefaultMinimumRequests)
				b.wantBreakers("open", "closed")
				for range 100 {
					b.want(b.charge(), gateway.NotSent, "circuit breaker is open", "try again in 10s",
						"at "+time.Now().Add(guard.DefaultOpenFor).UTC().Format("2006-01-02T15:04:05.000Z"))
				}
				b.wantElapsed(0)
				b.wantCalls("charge", guard.DefaultMinimumRequests)
				if refused := b.guard.State().Money.Refused["open"]; refused != 100 {
					b.Fatalf("%d refusals were counted", refused)
				}
			})
		})
	}
}

func TestWhatOpensTheBreakerAndWhatNever(t *testing.T) {
	for name, test := range map[string]struct {
		result gateway.Result
		want   string
	}{
		"approved":  {approved, "closed"},
		"declined":  {gateway.Result{Outcome: gateway.Declined, Decline: &gateway.Decline{}}, "closed"},
		"rejected":  {gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{}}, "closed"},
		"log-in":    {gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Credentials: true}}, "closed"},
		"contested": {gateway.Result{Outcome: gateway.Unknown, Contested: true}, "closed"},
		"answered":  {gateway.Result{Outcome: gateway.Unknown, Answered: true}, "closed"},
		"not sent":  {notSent, "open"},
		"unknown":   {unknown, "open"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, guard.Config{Retry: once}, always(test.result), func(b *bench) {
				b.charges(50)
				b.wantBreakers(test.want, "closed")
			})
		})
	}
}

func TestCallersWhoGiveUpNeverOpenTheBreaker(t *testing.T) {
	for _, left := range []gateway.Outcome{gateway.NotSent, gateway.Unknown} {
		run(t, guard.Config{}, func(ctx context.Context, _ string) *gateway.Result {
			<-ctx.Done()
			return &gateway.Result{Outcome: left}
		}, func(b *bench) {
			for range 50 {
				ctx, cancel := context.WithCancel(b.Context())
				time.AfterFunc(time.Millisecond, cancel)
				b.want(b.chargeWithin(ctx, time.Second), left)
				ctx, cancel = context.WithCancel(b.Context())
				time.AfterFunc(time.Millisecond, cancel)
				b.guard.Transaction(ctx, "100000001")
			}
			b.wantBreakers("closed", "closed")
			b.wantCalls("charge", 50)
			b.wantCalls("look", 50)
		})
	}
}

func TestADeadlineThatPassedIsAFailure(t *testing.T) {
	run(t, guard.Config{}, hang, func(b *bench) {
		for range guard.DefaultMinimumRequests {
			go b.charge()
		}
		pass(gateway.DefaultCallDeadline)
		synctest.Wait()
		b.wantBreakers("open", "closed")
	})
}

func TestABreakerThatWasOpenRecovers(t *testing.T) {
	var down atomic.Bool
	run(t, guard.Config{Retry: once}, func(context.Context, string) *gateway.Result {
		if down.Load() {
			return &unknown
		}
		return nil
	}, func(b *bench) {
		down.Store(true)
		b.charges(guard.DefaultMinimumRequests)
		// The time that callers are told is exactly right.
		pass(guard.DefaultOpenFor - time.Nanosecond)
		b.want(b.charge(), gateway.NotSent)
		pass(time.Nanosecond)
		b.wantBreakers("half-open", "closed")
		b.want(b.charge(), gateway.Unknown)
		b.wantBreakers("open", "closed")
		down.Store(false)
		pass(guard.DefaultOpenFor)
		b.want(b.charge(), gateway.Approved)
		b.wantBreakers("closed", "closed")
		want := []string{
			"money: closed → open", "money: open → half-open", "money: half-open → open",
			"money: open → half-open", "money: half-open → closed",
		}
		if !slices.Equal(b.changes, want) {
			b.Fatalf("told of %q, want %q", b.changes, want)
		}
	})
}

func TestAProbeThatHangsHoldsTheOthersOffUntilItsDeadline(t *testing.T) {
	var hangs atomic.Bool
	run(t, guard.Config{Retry: once, RatePerSecond: 1, Burst: 9}, func(ctx context.Context, call string) *gateway.Result {
		if hangs.Load() {
			return hang(ctx, call)
		}
		return &unknown
	}, func(b *bench) {
		b.charges(guard.DefaultMinimumRequests)
		pass(guard.DefaultOpenFor)
		hangs.Store(true)
		go b.charge()
		synctest.Wait()
		before := time.Now()
		for range 20 {
			b.want(b.charge(), gateway.NotSent, "circuit breaker is open", "try again in 1s")
		}
		if !time.Now().Equal(before) {
			b.Fatal("a caller waited while the probe was under way")
		}
		pass(gateway.DefaultCallDeadline)
		synctest.Wait()
		b.wantBreakers("open", "closed")
		pass(guard.DefaultOpenFor)
		b.wantBreakers("half-open", "closed")
		b.wantCalls("charge", guard.DefaultMinimumRequests+1)
	})
}

func TestAProbeGivenUpMakesRoomForTheNext(t *testing.T) {
	var down atomic.Bool
	run(t, guard.Config{Retry: once}, func(ctx context.Context, call string) *gateway.Result {
		if down.Load() {
			return hang(ctx, call)
		}
		return &approved
	}, func(b *bench) {
		down.Store(true)
		for range guard.DefaultMinimumRequests {
			go b.charge()
		}
		pass(gateway.DefaultCallDeadline + guard.DefaultOpenFor)
		ctx, cancel := context.WithCancel(b.Context())
		time.AfterFunc(time.Millisecond, cancel)
		b.want(b.chargeWithin(ctx, time.Second), gateway.Unknown)
		b.wantBreakers("half-open", "closed")
		down.Store(false)
		b.want(b.charge(), gateway.Approved)
		b.wantBreakers("closed", "closed")
	})
}

func TestLooksPassWhileMoneyIsRefused(t *testing.T) {
	run(t, guard.Config{Retry: once}, func(_ context.Context, call string) *gateway.Result {
		if call == "look" || call == "export" {
			return nil
		}
		return &unknown
	}, func(b *bench) {
		b.charges(50)
		b.wantBreakers("open", "closed")
		for range 50 {
			if _, err := b.guard.Transaction(b.Context(), "999999999"); !errors.Is(err, gateway.ErrNotFound) {
				b.Fatalf("the look came back with %v", err)
			}
			if _, err := b.guard.Transactions(b.Context(), time.Now(), time.Now(), ""); err != nil {
				b.Fatalf("the search came back with %v", err)
			}
		}
		b.wantBreakers("open", "closed")
	})
}

func TestLooksHaveABreakerOfTheirOwn(t *testing.T) {
	run(t, guard.Config{Retry: once}, func(_ context.Context, call string) *gateway.Result {
		if call == "look" {
			return &unknown // any result fails a look
		}
		return nil
	}, func(b *bench) {
		for range guard.DefaultMinimumRequests {
			b.guard.Transaction(b.Context(), "100000001")
		}
		b.wantBreakers("closed", "open")
		pass(3 * time.Second)
		_, err := b.guard.Transaction(b.Context(), "100000001")
		var refused *guard.Refused
		if !errors.Is(err, guard.ErrOpen) || !errors.As(err, &refused) || refused.RetryAfter != guard.DefaultOpenFor-3*time.Second {
			b.Fatalf("the look was refused with %v", err)
		}
		b.want(b.charge(), gateway.Approved)
	})
}

func TestAnOutageAfterABusyMinuteIsSeenAtOnce(t *testing.T) {
	var down atomic.Bool
	run(t, guard.Config{Retry: once}, func(context.Context, string) *gateway.Result {
		if down.Load() {
			return &unknown
		}
		return &approved
	}, func(b *bench) {
		b.charges(1000)
		down.Store(true)
		b.charges(guard.DefaultMinimumRequests)
		b.wantBreakers("open", "closed")
	})
}

func TestTheRatioOpensTheBreakerAndOldCallsAreForgotten(t *testing.T) {
	for name, test := range map[string]struct {
		failing int // of four
		pause   time.Duration
		want    string
	}{
		"one of four fails":                        {1, 0, "closed"},
		"two of four fail":                         {2, 0, "open"},
		"two of four fail, too few in each window": {2, time.Minute, "closed"},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			run(t, guard.Config{Retry: once}, func(context.Context, string) *gateway.Result {
				n++
				if n%4 < test.failing {
					return &unknown
				}
				return &approved
			}, func(b *bench) {
				for range 40 {
					b.charge()
					pass(test.pause)
				}
				b.wantBreakers(test.want, "closed")
			})
		})
	}
}

func TestCallsUnderWayDoNotHideFailures(t *testing.T) {
	n := 0
	run(t, guard.Config{Retry: once}, func(ctx context.Context, call string) *gateway.Result {
		if n++; n <= 100 {
			return hang(ctx, call)
		}
		if n%2 == 0 {
			return &approved
		}
		return &unknown
	}, func(b *bench) {
		for range 100 {
			go b.charge()
			synctest.Wait()
		}
		b.charges(2 * guard.DefaultMinimumRequests)
		b.wantBreakers("open", "closed")
		b.wantElapsed(0)
	})
}

func TestAPanicIsAFailureAndGoesOnUp(t *testing.T) {
	run(t, guard.Config{}, func(context.Context, string) *gateway.Result { panic("in the client") }, func(b *bench) {
		for range guard.DefaultMinimumRequests {
			func() {
				defer func() {
					if recover() == nil {
						b.Error("the panic was swallowed")
					}
				}()
				b.charge()
			}()
		}
		b.wantBreakers("open", "closed")
		if n := b.guard.State().Money.Attempts["unknown"]; n != guard.DefaultMinimumRequests {
			b.Fatalf("%d attempts were counted", n)
		}
	})
}

// The hook may ask the breaker itself, which would deadlock under its mutex.
func TestABreakerAloneTellsOfItsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *guard.Breaker
		var told []string
		b = guard.NewBreaker("token", guard.BreakerConfig{MinimumRequests: 2}, func(class, from, to string) {
			told = append(told, class+" "+from+" "+to+" "+b.State())
		})
		failure := errors.New("no token")
		for range 2 {
			if err := b.Do(func() error { return failure }); err != failure {
				t.Fatalf("the call's error came back as %v", err)
			}
		}
		if err := b.Do(func() error { return nil }); !errors.Is(err, guard.ErrOpen) {
			t.Fatalf("an open breaker answered %v", err)
		}
		pass(guard.DefaultOpenFor)
		if err := b.Do(func() error { return nil }); err != nil {
			t.Fatalf("the probe came back with %v", err)
		}
		want := []string{"token closed open open", "token open half-open half-open", "token half-open closed closed"}
		if !slices.Equal(told, want) {
			t.Fatalf("told %q, want %q", told, want)
		}
	})
}
