package guard

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"paytrace-gateway/gateway"
)

// The classes of operation, as OnChange and the log call them.
const (
	Money = "money"
	Look  = "look"
	Form  = "form"
	// Enhanced is enhanced data, which nobody waits for.
	Enhanced = "enhanced_data"
	// Vault is what is done to stored cards and accounts.
	Vault = "vault"
	// Report is what a person asks for, who waits, and who may ask again.
	Report = "report"
	Token  = "token"
)

// class is what calls of one kind share.
type class struct {
	breaker *Breaker
	// timeout bounds one attempt; 0 leaves it to the context's deadline.
	timeout time.Duration
	// once says that a call that failed is not repeated by the guard.
	once bool
	// maxWaiting bounds how many of the class wait for a slot.
	maxWaiting int64
	waiting    atomic.Int64

	attempts tally // by outcome
	refused  tally // by reason
	retried  atomic.Uint64
}

// call is one caller's operation on its way through the stages.
type call struct {
	class      *class
	sendBefore time.Time // zero: no limit but the context's
	// send makes one attempt and keeps its answer. It returns nil when the
	// processor has answered, or one of the errors below.
	send func(context.Context) error
}

// What an attempt came to, as far as the stages care.
var (
	// errAgain: it failed, and may be tried again.
	errAgain = errors.New("failed, may be tried again")
	// errFailed: it failed, and must not be tried again.
	errFailed = errors.New("failed")
	// errGaveUp: the caller ended it, which says nothing about the processor.
	errGaveUp = fmt.Errorf("given up by the caller: %w", context.Canceled)
)

// left is how long the call may still wait before its attempt starts.
func (c *call) left(ctx context.Context, now func() time.Time) time.Duration {
	deadline, _ := ctx.Deadline() // withDeadline has set one
	left := time.Until(deadline)
	if !c.sendBefore.IsZero() {
		left = min(left, c.sendBefore.Sub(now()))
	}
	return left
}

// verdict is what an operation's result says about the processor. A decline or
// a rejection is an answer, and so is an Unknown that the processor answered in
// full: it is there, and whoever sends such a request again and again must not
// close it to all the others. Why something was not sent cannot be seen from here.
func verdict(r gateway.Result) error {
	switch r.Outcome {
	case gateway.Approved, gateway.Declined, gateway.Rejected:
		return nil
	case gateway.NotSent:
		return errAgain
	}
	if r.Contested || r.Answered {
		return nil
	}
	return errFailed
}

// untilFormat is RFC 3339 to the millisecond, as an operator reads it.
const untilFormat = "2006-01-02T15:04:05.000Z"

// operate sends an operation that moves money.
func (g *Guard) operate(ctx context.Context, sendBefore time.Time, do func(context.Context) gateway.Result) gateway.Result {
	return g.send(ctx, &call{class: g.money, sendBefore: sendBefore}, do)
}

// keep sends a change of what the processor has stored.
func (g *Guard) keep(ctx context.Context, sendBefore time.Time, do func(context.Context) gateway.Result) gateway.Result {
	return g.send(ctx, &call{class: g.vault, sendBefore: sendBefore}, do)
}

// send makes a call that must not be made again once it may have left.
func (g *Guard) send(ctx context.Context, c *call, do func(context.Context) gateway.Result) gateway.Result {
	var result gateway.Result
	c.send = func(ctx context.Context) error {
		// A panic says nothing about what has left.
		result = gateway.Result{Outcome: gateway.Unknown}
		defer func() { c.class.attempts.add(string(result.Outcome)) }()
		result = do(ctx)
		return verdict(result)
	}
	refused := g.pass(ctx, c)
	if refused == nil {
		return result
	}
	detail := refused.Error()
	if refused.RetryAfter > 0 {
		detail += " (at " + g.config.Now().Add(refused.RetryAfter).UTC().Format(untilFormat) + ")"
	}
	if result.Detail != "" {
		detail += "; the attempt before: " + result.Detail
	}
	return gateway.Result{Outcome: gateway.NotSent, Detail: detail}
}

// inspect looks at the processor's books; some says whether an answer shows
// anything.
func inspect[T any](ctx context.Context, g *Guard, some func(T) bool, do func(context.Context) (T, error)) (T, error) {
	return ask(ctx, g, g.look, do, func(found T, err error) string {
		switch {
		case err == nil && some(found):
			return lookFound
		case err == nil, errors.Is(err, gateway.ErrNotFound):
			return lookNotFound
		}
		return lookFailed
	})
}

// ask makes a call that moves no money, and so may be made again when it failed.
// Its outcome is one of the class's; all but lookFailed are answers.
func ask[T any](ctx context.Context, g *Guard, of *class, do func(context.Context) (T, error), outcome func(T, error) string) (found T, err error) {
	send := func(ctx context.Context) error {
		found, err = do(ctx)
		came := outcome(found, err)
		of.attempts.add(came)
		if came == lookFailed {
			return errAgain
		}
		return nil
	}
	refused := g.pass(ctx, &call{class: of, send: send})
	switch {
	case refused == nil:
		return found, err
	case err != nil:
		return found, fmt.Errorf("%w; the attempt before: %w", refused, err)
	}
	return found, refused
}

// pass sends the call through the stages. What they did not refuse has its
// answer in the caller's hands.
func (g *Guard) pass(ctx context.Context, c *call) *Refused {
	var refused *Refused
	if err := g.through(ctx, c); err == nil || !errors.As(err, &refused) {
		return nil
	}
	c.class.refused.add(refused.reason())
	return refused
}
