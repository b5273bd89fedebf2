package guard

import (
	"context"
	"sync"
	"time"

	"go.uber.org/ratelimit"
)

// slots spaces the attempts of one merchant. The limiter's Take can be neither
// cancelled nor asked beforehand, and it sleeps. So its clock does not sleep:
// Take returns the time of the slot at once, and the waiting is done here, by
// a caller who may give up.
//
// A slot that was taken stays taken: when its caller gives up meanwhile, or is
// refused by the breaker in the end, nobody moves up. PayTrace then sees a
// call less, never one too many, and nobody who waits is called early.
type slots struct {
	interval time.Duration
	burst    time.Duration
	born     time.Time

	mu      sync.Mutex
	limiter ratelimit.Limiter
	clock   *instant
	// last is the slot that the limiter gave last, on its own account: with a
	// burst saved up it lies in the past.
	last time.Time
}

// instant is a clock that stands still while the lock is held, so that asking
// and taking are one.
type instant struct{ at time.Time }

func (i *instant) Now() time.Time      { return i.at }
func (i *instant) Sleep(time.Duration) {}

// newSlots returns nil when there is no limit.
func newSlots(config Config) *slots {
	if config.RatePerSecond <= 0 {
		return nil
	}
	interval := time.Second / time.Duration(config.RatePerSecond)
	s := &slots{
		interval: interval,
		burst:    time.Duration(config.Burst) * interval,
		born:     time.Now(),
	}
	slack := ratelimit.WithoutSlack
	if config.Burst > 0 {
		slack = ratelimit.WithSlack(config.Burst)
	}
	// The first slot is taken long enough ago that the whole burst is there.
	s.last = s.born.Add(-s.burst - interval)
	s.clock = &instant{at: s.last}
	s.limiter = ratelimit.New(config.RatePerSecond, ratelimit.WithClock(s.clock), slack)
	s.limiter.Take()
	return s
}

// wait returns when the call's slot has come, or a *Refused. It refuses
// without taking a slot when the slot would come too late to be of use, or when
// too many wait already.
func (s *slots) wait(ctx context.Context, c *class, left time.Duration) error {
	wait, err := s.take(c, left)
	if err != nil || wait <= 0 {
		return err
	}
	defer c.waiting.Add(-1)
	return sleep(ctx, wait)
}

// take counts the caller among those who wait if it has to.
func (s *slots) take(c *class, left time.Duration) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.born.Add(time.Since(s.born))
	slot := s.next(now)
	if wait := slot.Sub(now); wait > 0 {
		if wait >= left || c.waiting.Load() >= c.maxWaiting {
			return 0, &Refused{Because: ErrLimit, RetryAfter: wait}
		}
		c.waiting.Add(1)
	}
	s.clock.at, s.last = now, slot
	// The limiter speaks in wall time alone, so now is stripped to that.
	return s.limiter.Take().Sub(now.Round(0)), nil
}

// next is the slot that the limiter would give: it spaces slots evenly and
// saves up no more of them than the burst.
func (s *slots) next(now time.Time) time.Time {
	slot, oldest := s.last.Add(s.interval), now.Add(-s.burst)
	if slot.Before(oldest) {
		return oldest
	}
	return slot
}

// sleep waits, or returns a *Refused when ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &Refused{Because: ctx.Err()}
	}
}
