package guard_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// burst makes n charges at once and returns the outcomes once all have ended.
func (b *bench) burst(n int, window time.Duration) map[gateway.Outcome]int {
	var mu sync.Mutex
	told := map[gateway.Outcome]int{}
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			r := b.chargeWithin(b.Context(), window)
			mu.Lock()
			defer mu.Unlock()
			told[r.Outcome]++
		})
	}
	wg.Wait()
	return told
}

func (b *bench) wantStarts(want ...time.Duration) {
	b.Helper()
	slices.Sort(b.starts)
	if !slices.Equal(b.starts, want) {
		b.Fatalf("attempts started at %v, want %v", b.starts, want)
	}
}

// every is the times 0, d, 2d … of n evenly spaced attempts.
func every(d time.Duration, n int) []time.Duration {
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = time.Duration(i) * d
	}
	return times
}

func TestABurstQueuesWithinItsTimeAndShedsTheRest(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 10}, nil, func(b *bench) {
		told := b.burst(30, time.Second)
		// The slot at exactly one second would come too late to send.
		b.wantStarts(every(100*time.Millisecond, 10)...)
		if told[gateway.Approved] != 10 || told[gateway.NotSent] != 20 || len(b.processor.Records()) != 10 {
			b.Fatalf("the callers were told %v, the books hold %d", told, len(b.processor.Records()))
		}
		if shed := b.guard.State().Money.Refused["limit"]; shed != 20 {
			b.Fatalf("%d were counted as shed", shed)
		}
	})
}

func TestWhoIsShedIsToldHowLongTheWaitWouldHaveBeen(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 1}, nil, func(b *bench) {
		b.charge()
		b.want(b.chargeWithin(b.Context(), 300*time.Millisecond), gateway.NotSent, "PayTrace's rate limit", "try again in 1s")
		_, err := b.lookWithin(300 * time.Millisecond)
		var refused *guard.Refused
		if !errors.Is(err, guard.ErrLimit) || !errors.As(err, &refused) || refused.RetryAfter != time.Second {
			b.Fatalf("the look was refused with %v", err)
		}
		b.wantElapsed(0)
		// Nobody who was shed has taken a slot.
		b.want(b.charge(), gateway.Approved)
		b.wantElapsed(time.Second)
	})
}

func (b *bench) lookWithin(d time.Duration) (gateway.Record, error) {
	ctx, cancel := context.WithTimeout(b.Context(), d)
	defer cancel()
	return b.guard.Transaction(ctx, "999999999")
}

func TestTheTimeToSendBoundsTheWaitToTheMillisecond(t *testing.T) {
	for window, want := range map[time.Duration]gateway.Outcome{
		499 * time.Millisecond: gateway.NotSent,
		500 * time.Millisecond: gateway.NotSent,
		501 * time.Millisecond: gateway.Approved,
	} {
		run(t, guard.Config{RatePerSecond: 2}, nil, func(b *bench) {
			b.charge()
			b.want(b.chargeWithin(b.Context(), window), want)
		})
	}
}

func TestTheCallersDeadlineBoundsTheWaitToo(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 1}, nil, func(b *bench) {
		b.charge()
		ctx, cancel := context.WithTimeout(b.Context(), 400*time.Millisecond)
		defer cancel()
		b.want(b.chargeWithin(ctx, time.Minute), gateway.NotSent, "PayTrace's rate limit")
		b.wantElapsed(0)
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 10, MaxQueue: 5}, nil, func(b *bench) {
		told := b.burst(100, time.Minute)
		if told[gateway.Approved] != 6 || told[gateway.NotSent] != 94 {
			b.Fatalf("the callers were told %v", told)
		}
		b.wantStarts(every(100*time.Millisecond, 6)...)
	})
	run(t, guard.Config{RatePerSecond: 10, MaxQueue: 5}, nil, func(b *bench) {
		for range 100 {
			go b.lookWithin(time.Minute)
		}
		synctest.Wait()
		b.wantCalls("look", 1)
		if queue := b.guard.State().Queue; queue != 5 {
			b.Fatalf("%d wait, want 5", queue)
		}
	})
}

func TestWhoGivesUpLeavesTheQueueAtOnceAndNothingWasSent(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 1}, nil, func(b *bench) {
		b.charge()
		ctx, cancel := context.WithCancel(b.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		go func() {
			pass(5 * time.Millisecond)
			if queue := b.guard.State().Queue; queue != 1 {
				b.Errorf("%d wait, want 1", queue)
			}
		}()
		b.want(b.chargeWithin(ctx, gateway.DefaultSendWindow), gateway.NotSent)
		b.wantElapsed(10 * time.Millisecond)
		state := b.guard.State()
		if state.Queue != 0 || state.Money.Refused["cancelled"] != 1 {
			b.Fatalf("the state shows %+v", state)
		}
		// The slot stays taken: the next one is a second later.
		b.charge()
		b.wantStarts(0, 2*time.Second)
	})
}

func TestUnusedSlotsAreSavedUpForABurst(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 1, Burst: 3}, nil, func(b *bench) {
		b.burst(5, 10*time.Second)
		b.wantStarts(0, 0, 0, 0, time.Second)
		pass(time.Hour)
		b.starts, b.began = nil, time.Now()
		told := b.burst(7, 2*time.Second)
		b.wantStarts(0, 0, 0, 0, time.Second)
		if told[gateway.NotSent] != 2 {
			b.Fatalf("the callers were told %v", told)
		}
	})
}

func TestManyLooksDoNotPushACheckoutPastItsTimeToSend(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 5}, nil, func(b *bench) {
		for range 200 {
			go b.lookWithin(time.Minute)
		}
		synctest.Wait()
		b.want(b.charge(), gateway.Approved)
		b.wantElapsed(1200 * time.Millisecond) // one look at once, five in the queue
		b.wantCalls("look", 6)
	})
}

func TestManyShoppersDoNotPushACheckoutPastItsTimeToSend(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 5}, nil, func(b *bench) {
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		for range 200 {
			go b.guard.ClientKey(ctx)
		}
		synctest.Wait()
		b.want(b.charge(), gateway.Approved)
		b.wantElapsed(1200 * time.Millisecond) // one key at once, five in the queue
		b.wantCalls("client_key", 6)
	})
}

func TestWhatIsLateTakesNoSlotAndNeverLeaves(t *testing.T) {
	for _, rate := range []int{0, 1} {
		run(t, guard.Config{RatePerSecond: rate}, nil, func(b *bench) {
			b.want(b.chargeWithin(b.Context(), 0), gateway.NotSent, "the time to send had passed")
			b.wantCalls("charge", 0)
			b.want(b.charge(), gateway.Approved)
			b.wantElapsed(0)
		})
	}
}

func TestWhoHasWaitedLooksAtTheClockAgain(t *testing.T) {
	var step atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(step.Load())) }
	run(t, guard.Config{RatePerSecond: 1, Now: now}, nil, func(b *bench) {
		b.charge()
		time.AfterFunc(500*time.Millisecond, func() { step.Store(int64(time.Minute)) })
		b.want(b.charge(), gateway.NotSent, "the time to send had passed")
		b.wantCalls("charge", 1)
	})
}

func TestNoLimitIsNoWait(t *testing.T) {
	run(t, guard.Config{}, nil, func(b *bench) {
		b.burst(500, time.Millisecond)
		b.wantElapsed(0)
		b.wantCalls("charge", 500)
	})
}

func TestWhoWaitsWhileTheBreakerOpensIsNotSent(t *testing.T) {
	run(t, guard.Config{RatePerSecond: 10, Retry: once}, always(unknown), func(b *bench) {
		told := b.burst(40, gateway.DefaultSendWindow)
		if told[gateway.Unknown] != guard.DefaultMinimumRequests || told[gateway.NotSent] != 30 {
			b.Fatalf("the callers were told %v", told)
		}
		b.wantCalls("charge", guard.DefaultMinimumRequests)
	})
}
