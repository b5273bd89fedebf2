package guard

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Why the guard refuses a call. Nothing was sent in any of these cases.
var (
	// ErrOpen says that the breaker of the call's class lets nothing through.
	ErrOpen = errors.New("PayTrace keeps failing and the circuit breaker is open")
	// ErrLimit says that no slot of the rate limit came up in time.
	ErrLimit = errors.New("PayTrace's rate limit")
	// ErrLate says that the time to send, or the caller's own, has passed.
	ErrLate = errors.New("the time to send had passed before an attempt could start")
)

// Refused is the guard's own refusal of a call. It wraps ErrOpen, ErrLimit,
// ErrLate, or the error of the caller's context.
type Refused struct {
	Because error
	// RetryAfter is how long to wait before the same call may pass; 0 when
	// that is not known.
	RetryAfter time.Duration
}

func (r *Refused) Error() string {
	if r.RetryAfter == 0 {
		return r.Because.Error() + "; nothing was sent"
	}
	// Rounded up: who comes back when told must not come too soon.
	wait := (r.RetryAfter + time.Millisecond - 1).Truncate(time.Millisecond)
	return fmt.Sprintf("%s; nothing was sent, try again in %s", r.Because, wait)
}

func (r *Refused) Unwrap() error { return r.Because }

// reason is the refusal's name in State.
func (r *Refused) reason() string {
	switch r.Because {
	case ErrOpen:
		return reasonOpen
	case ErrLimit:
		return reasonLimit
	case context.Canceled:
		return reasonCancelled
	}
	return reasonLate
}
