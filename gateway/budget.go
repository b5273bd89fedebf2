package gateway

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

const (
	// grace is what a caller whose budget has ended is kept for the answer that
	// is being written at that moment.
	grace = 50 * time.Millisecond
	// tries bounds how often a request is decided anew because the payment
	// moved on, or the key was bound, between reading and writing.
	tries = 16
)

// inBudget gives a request's answer, or, when not even the ledger has answered
// by the end of the caller's budget, says that nothing is certain. The request
// goes on by itself then.
func inBudget[T any](ctx context.Context, g *Gateway, attempt func() (T, error)) (T, error) {
	return inBudgetThen(ctx, g, func() (T, func(), error) {
		answer, err := attempt()
		return answer, nil, err
	})
}

// inBudgetThen is inBudget for what leaves something to do once the caller has
// heard. It is done in a goroutine of its own: the attempt has made the stack grow
// to 32 KiB, and what follows waits for the processor on half of that.
func inBudgetThen[T any](ctx context.Context, g *Gateway, attempt func() (T, func(), error)) (T, error) {
	type arrival struct {
		answer T
		err    error
	}
	arrived := make(chan arrival, 1)
	go func() {
		roomForDeciding(0)
		var then func()
		func() {
			var a arrival
			defer func() { arrived <- a }()
			defer g.survive(func() { a.err = errors.New("a panic, told in the log") })
			a.answer, a.err = settle(func() (answer T, err error) {
				answer, then, err = attempt()
				return answer, err
			})
		}()
		if then != nil {
			go func() {
				roomForSending(0)
				then()
			}()
		}
	}()
	select {
	case a := <-arrived:
		return a.answer, a.err
	case <-ctx.Done():
	}
	select {
	case a := <-arrived:
		return a.answer, a.err
	case <-time.After(grace):
		var none T
		e := refuse(CodeOutcomeUnknown, "the gateway's ledger is slow and nothing is certain yet; repeat with the same key").retry(askAgain)
		e.Outcome = Unknown
		return none, e
	}
}

// settle tries again while somebody else was faster.
func settle[T any](attempt func() (T, error)) (T, error) {
	for range tries {
		answer, err := attempt()
		if errors.Is(err, ErrStale) || errors.Is(err, ErrKeyTaken) {
			continue
		}
		return answer, err
	}
	var none T
	return none, refuse(CodeInProgress, "the payment is changing too fast; repeat with the same key").retry(askAgain)
}

// survive keeps a mistake in one payment's work from ending that of all
// others. A panic's value may hold what nobody may read, so only its type is
// told.
func (g *Gateway) survive(then func()) {
	if r := recover(); r != nil {
		g.log.Error("gateway.panic", "type", fmt.Sprintf("%T", r), "stack", string(debug.Stack()),
			"consequence", "this operation stays as the ledger has it; please report this")
		then()
	}
}
