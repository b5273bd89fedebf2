package guard

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// probeWait is what callers are told to wait while probes are under way. How
// long a probe takes nobody knows.
const probeWait = time.Second

// Breaker refuses calls of one class while they keep failing.
type Breaker struct {
	class    string
	circuit  *gobreaker.CircuitBreaker[struct{}]
	config   BreakerConfig
	onChange func(class, from, to string)

	// What follows is written by gobreaker's hook, under its mutex, and read
	// without it. openUntil is counted from born, told is the state that
	// onChange was last told of.
	born      time.Time
	openUntil atomic.Int64
	state     atomic.Int32
	told      atomic.Int32
}

// NewBreaker makes a closed breaker. onChange may be nil; it is never called
// under a lock.
func NewBreaker(class string, config BreakerConfig, onChange func(class, from, to string)) *Breaker {
	b := &Breaker{class: class, config: config.withDefaults(), onChange: onChange, born: time.Now()}
	b.circuit = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         class,
		MaxRequests:  uint32(b.config.HalfOpenProbes),
		Interval:     b.config.Window,
		BucketPeriod: b.config.BucketPeriod,
		// gobreaker is still open at the very instant its timeout ends. Who
		// waited for as long as it was told must find it half open.
		Timeout:       b.config.OpenFor - 1,
		ReadyToTrip:   b.config.trips,
		IsExcluded:    func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: b.note,
	})
	return b
}

// NewLogIn makes the breaker of the class token, which a client puts before its
// log-in. It belongs to one merchant, as the guard does.
func NewLogIn(config Config) *Breaker {
	setDefault(&config.Breaker.MinimumRequests, DefaultMinimumLogIns)
	config = config.withDefaults()
	return NewBreaker(Token, config.Breaker, config.changed)
}

// trips counts calls that have ended. gobreaker's own count of requests holds
// those under way too, and would hide the failures of a slow processor.
func (c BreakerConfig) trips(counts gobreaker.Counts) bool {
	if counts.ConsecutiveFailures >= uint32(c.MinimumRequests) {
		return true
	}
	ended := counts.TotalSuccesses + counts.TotalFailures
	return ended >= uint32(c.MinimumRequests) && float64(counts.TotalFailures) >= c.FailureRatio*float64(ended)
}

// Do makes the call, or returns a *Refused that wraps ErrOpen. An error of the
// call counts as a failure, unless it wraps context.Canceled: that one does
// not count at all. The call must end by a deadline of its own, for a probe
// that hangs keeps the breaker from deciding.
func (b *Breaker) Do(call func() error) error {
	defer b.tell()
	_, err := b.circuit.Execute(func() (struct{}, error) {
		b.tell()
		return struct{}{}, call()
	})
	if err == gobreaker.ErrOpenState || err == gobreaker.ErrTooManyRequests {
		return b.refused()
	}
	return err
}

// State is "closed", "half-open" or "open". It takes no lock.
func (b *Breaker) State() string {
	state := gobreaker.State(b.state.Load())
	if state == gobreaker.StateOpen && b.closedFor() <= 0 {
		state = gobreaker.StateHalfOpen
	}
	return state.String()
}

// refusal is what Do would answer now, or nil. It is asked before a caller
// waits for anything, so that nobody waits only to be refused.
func (b *Breaker) refusal() *Refused {
	switch gobreaker.State(b.state.Load()) {
	case gobreaker.StateOpen:
		if b.closedFor() > 0 {
			return b.refused()
		}
	case gobreaker.StateHalfOpen:
		counts := b.circuit.Counts()
		if counts.Requests-counts.TotalExclusions >= uint32(b.config.HalfOpenProbes) {
			return b.refused()
		}
	}
	return nil
}

func (b *Breaker) refused() *Refused {
	if wait := b.closedFor(); wait > 0 {
		return &Refused{Because: ErrOpen, RetryAfter: wait}
	}
	return &Refused{Because: ErrOpen, RetryAfter: probeWait}
}

// closedFor is how long the door stays closed to everyone.
func (b *Breaker) closedFor() time.Duration {
	return time.Duration(b.openUntil.Load()) - time.Since(b.born)
}

// note runs under gobreaker's mutex, so it touches atomics only. openUntil
// goes first: who sees the state must see the time that belongs to it.
func (b *Breaker) note(_ string, _, to gobreaker.State) {
	if to == gobreaker.StateOpen {
		b.openUntil.Store(int64(time.Since(b.born) + b.config.OpenFor))
	}
	b.state.Store(int32(to))
}

// tell passes changes on outside the mutex. Each is told by whoever moves
// `told`, so none is told twice, and the last one told is the state there is.
func (b *Breaker) tell() {
	for {
		from, to := b.told.Load(), b.state.Load()
		if from == to {
			return
		}
		if b.told.CompareAndSwap(from, to) && b.onChange != nil {
			b.onChange(b.class, gobreaker.State(from).String(), gobreaker.State(to).String())
		}
	}
}
