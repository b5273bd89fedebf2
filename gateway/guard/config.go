package guard

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"paytrace-gateway/gateway"
)

// The defaults of a Config. The limit has none: PayTrace's own is not known.
const (
	DefaultMaxQueue    = 256
	DefaultLookTimeout = 20 * time.Second

	DefaultWindow          = 2 * time.Minute
	DefaultMinimumRequests = 10
	DefaultFailureRatio    = 0.5
	DefaultOpenFor         = 10 * time.Second
	DefaultHalfOpenProbes  = 1
	// DefaultMinimumLogIns is fewer, since one client asks for all, and waits
	// longer after each failure.
	DefaultMinimumLogIns = 5

	DefaultAttempts  = 3
	DefaultRetryBase = 100 * time.Millisecond
	DefaultRetryCap  = 2 * time.Second
)

// buckets is how many parts a window rolls in unless told otherwise.
const buckets = 12

// Config sets up one merchant's guard. The zero value limits no rate and
// takes the defaults for the rest.
type Config struct {
	// Now is compared with SendBefore. Waits and the breakers' times are
	// measured by package time, which no step of the wall clock disturbs.
	Now func() time.Time
	Log *slog.Logger

	// RatePerSecond is how many attempts may start in a second; 0 is no limit.
	RatePerSecond int
	// Burst is how many unused slots may be saved up and used at once.
	Burst int
	// MaxQueue bounds the callers of each class that wait for a slot.
	MaxQueue int

	// CallDeadline bounds a call whose context has no deadline.
	CallDeadline time.Duration
	// LookTimeout bounds each attempt at a look.
	LookTimeout time.Duration

	Breaker BreakerConfig
	Retry   RetryConfig

	// LogIn is the breaker before the client's log-in, by NewLogIn, for State.
	LogIn *Breaker

	// OnChange is told of a breaker's change of state. It runs in the course of
	// a payment and must not block.
	OnChange func(class, from, to string)
}

// BreakerConfig is when a breaker opens and how it closes again.
type BreakerConfig struct {
	// Window is how far back calls count, by the time they started. A call
	// that takes longer than that never counts, so a Guard raises Window to
	// twice its CallDeadline.
	Window time.Duration
	// BucketPeriod is how much of the window is forgotten at a time.
	BucketPeriod time.Duration
	// MinimumRequests is how many calls must have ended before FailureRatio
	// tells anything. As many failures in a row open the breaker whatever the
	// ratio, since a busy minute of successes would hide an outage for long.
	MinimumRequests int
	FailureRatio    float64
	// OpenFor is how long everything is refused before a probe may pass.
	OpenFor time.Duration
	// HalfOpenProbes is how many calls are let through then; when all of them
	// succeed the breaker closes, when one fails it opens again.
	HalfOpenProbes int
}

// RetryConfig is how an attempt is repeated that was certainly not sent, or
// that only looked. The wait before the n-th repeat is random, from 0 up to
// Base doubled n-1 times, at most Cap, so that callers do not come back in step.
type RetryConfig struct {
	// Attempts counts the first one too; 1 never repeats.
	Attempts  int
	Base, Cap time.Duration
	// Random returns a number in [0, n). It is called concurrently.
	Random func(n int64) int64
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	setDefault(&c.Log, slog.New(slog.DiscardHandler))
	setDefault(&c.MaxQueue, DefaultMaxQueue)
	setDefault(&c.CallDeadline, gateway.DefaultCallDeadline)
	setDefault(&c.LookTimeout, DefaultLookTimeout)
	c.Breaker = c.Breaker.withDefaults()
	c.Breaker.Window = max(c.Breaker.Window, 2*c.CallDeadline)
	setDefault(&c.Retry.Attempts, DefaultAttempts)
	setDefault(&c.Retry.Base, DefaultRetryBase)
	setDefault(&c.Retry.Cap, DefaultRetryCap)
	if c.Retry.Random == nil {
		c.Retry.Random = rand.Int64N
	}
	return c
}

func (c Config) changed(class, from, to string) {
	c.Log.LogAttrs(context.Background(), slog.LevelWarn, "guard.breaker_changed",
		slog.String("class", class), slog.String("from", from), slog.String("to", to))
	if c.OnChange != nil {
		c.OnChange(class, from, to)
	}
}

func (c BreakerConfig) withDefaults() BreakerConfig {
	setDefault(&c.Window, DefaultWindow)
	setDefault(&c.BucketPeriod, c.Window/buckets)
	setDefault(&c.MinimumRequests, DefaultMinimumRequests)
	setDefault(&c.FailureRatio, DefaultFailureRatio)
	setDefault(&c.OpenFor, DefaultOpenFor)
	setDefault(&c.HalfOpenProbes, DefaultHalfOpenProbes)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
