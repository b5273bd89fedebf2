package redis

import (
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// failuresToOpen is so few because each costs a shopper a whole deadline.
	failuresToOpen = 3
	// openFor is how often a Redis that is away costs one caller a deadline.
	openFor = time.Second
)

// breaker stands in front of Redis, so that one that swallows everything costs a
// few callers a deadline and not all of them. Calls must end by a deadline of
// their own, for a probe that hangs would keep it from deciding.
type breaker struct {
	circuit *gobreaker.CircuitBreaker[struct{}]
	record  *record
}

func newBreaker(r *record) *breaker {
	return &breaker{record: r, circuit: gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:  1,
		Timeout:      openFor,
		ReadyToTrip:  func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= failuresToOpen },
		IsExcluded:   func(err error) bool { return kindIn(err) == kindCancelled },
		IsSuccessful: isAnswer,
		// This runs under gobreaker's mutex, so it must not block.
		OnStateChange: func(_ string, _, to gobreaker.State) { r.note(to) },
	})}
}

// do makes the call, or returns ErrAway without making it.
func (b *breaker) do(call func() error) error {
	_, err := b.circuit.Execute(func() (struct{}, error) {
		err := call()
		b.record.ended(err)
		return struct{}{}, err
	})
	if err == gobreaker.ErrOpenState || err == gobreaker.ErrTooManyRequests {
		b.record.refused()
		err = ErrAway
	}
	b.record.tell()
	return err
}

// state is "closed", "half-open" or "open".
func (b *breaker) state() string { return b.circuit.State().String() }

// isAnswer says that Redis is there: what is wrong with one key's value is no
// reason to leave the others alone.
func isAnswer(err error) bool {
	var f *fault
	return err == nil || errors.As(err, &f) && !f.isRedisAway()
}

func kindIn(err error) string {
	var f *fault
	if errors.As(err, &f) {
		return f.kind
	}
	return ""
}
