package guard

import (
	"context"
	"errors"
	"time"
)

// stage is one protection. It passes the call on or returns a *Refused; what
// the stages after it return is theirs to say.
type stage func(ctx context.Context, c *call) error

// withDeadline sees to it that no call goes without one.
func (g *Guard) withDeadline(next stage) stage {
	return func(ctx context.Context, c *call) error {
		if _, ok := ctx.Deadline(); ok {
			return next(ctx, c)
		}
		ctx, cancel := context.WithTimeout(ctx, g.config.CallDeadline)
		defer cancel()
		return next(ctx, c)
	}
}

// withRetries repeats what may be repeated, as long as another attempt could
// still start in time.
func (g *Guard) withRetries(next stage) stage {
	return func(ctx context.Context, c *call) error {
		for attempts := 1; ; attempts++ {
			err := next(ctx, c)
			if !errors.Is(err, errAgain) || c.class.once || attempts >= g.config.Retry.Attempts || c.class.breaker.refusal() != nil {
				return err
			}
			wait := g.config.Retry.wait(attempts)
			if wait >= c.left(ctx, g.config.Now) || sleep(ctx, wait) != nil {
				return err
			}
			c.class.retried.Add(1)
		}
	}
}

// wait is the wait after so many attempts.
func (r RetryConfig) wait(attempts int) time.Duration {
	longest := r.Base
	for ; attempts > 1 && longest < r.Cap; attempts-- {
		longest *= 2
	}
	return time.Duration(r.Random(int64(min(longest, r.Cap)) + 1))
}

// withSlot waits for a slot of the rate limit, unless the breaker would refuse
// the call anyway.
func (g *Guard) withSlot(next stage) stage {
	return func(ctx context.Context, c *call) error {
		if refused := c.class.breaker.refusal(); refused != nil {
			return refused
		}
		if refused := g.tooLate(ctx, c); refused != nil {
			return refused
		}
		if g.slots == nil {
			return next(ctx, c)
		}
		if err := g.slots.wait(ctx, c.class, c.left(ctx, g.config.Now)); err != nil {
			return err
		}
		// Whoever waited looks at the clock again: a timer may be late.
		if refused := g.tooLate(ctx, c); refused != nil {
			return refused
		}
		return next(ctx, c)
	}
}

func (g *Guard) tooLate(ctx context.Context, c *call) *Refused {
	if err := ctx.Err(); err != nil {
		return &Refused{Because: err}
	}
	if c.left(ctx, g.config.Now) <= 0 {
		return &Refused{Because: ErrLate}
	}
	return nil
}

// withBreaker makes the attempt count at the breaker of its class.
func withBreaker(next stage) stage {
	return func(ctx context.Context, c *call) error {
		return c.class.breaker.Do(func() error { return next(ctx, c) })
	}
}

// attempt is the end of the line: one call to the processor.
func attempt(caller context.Context, c *call) error {
	ctx := caller
	if c.class.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(caller, c.class.timeout)
		defer cancel()
	}
	err := c.send(ctx)
	if err != nil && errors.Is(caller.Err(), context.Canceled) {
		return errGaveUp
	}
	return err
}
