package redis

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/sony/gobreaker/v2"
)

// State is a Client in figures, for readiness and metrics. The counts only ever
// grow.
type State struct {
	// Reachable says that the last call was answered. Before the first call it
	// is false: Ready makes one.
	Reachable bool
	// Breaker is "closed", "half-open" or "open".
	Breaker string
	// Calls counts the calls that the breaker let through.
	Calls uint64
	// Errors counts by kind: "away" are those that the breaker refused; of those
	// it let through "cancelled", "timeout", "connection", "login", "server", "value".
	Errors map[string]uint64
}

// State may be asked at any time.
func (c *Client) State() State {
	s := State{
		Reachable: c.record.reachable.Load(), Breaker: c.breaker.state(),
		Calls: c.record.calls.Load(), Errors: make(map[string]uint64, len(kinds)),
	}
	for _, kind := range kinds {
		s.Errors[kind] = c.record.errors[kind].Load()
	}
	return s
}

// record is what has become of the calls.
type record struct {
	log       *slog.Logger
	addrs     string
	calls     atomic.Uint64
	errors    map[string]*atomic.Uint64
	reachable atomic.Bool
	last      atomic.Pointer[fault]

	// away is what the breaker has decided, told what the log has said.
	away, told atomic.Bool
}

func newRecord(log *slog.Logger, addrs string) *record {
	r := &record{log: log, addrs: addrs, errors: map[string]*atomic.Uint64{}}
	for _, kind := range kinds {
		r.errors[kind] = new(atomic.Uint64)
	}
	return r
}

// ended counts a call that was made. Only explain's errors come here.
func (r *record) ended(err error) {
	r.calls.Add(1)
	f, failed := err.(*fault)
	if failed {
		r.errors[f.kind].Add(1)
	}
	switch {
	case !failed || f.kind == kindValue:
		r.reachable.Store(true)
	case f.isRedisAway():
		r.last.Store(f)
		r.reachable.Store(false)
	}
}

// refused counts a call that was not made.
func (r *record) refused() { r.errors[kindAway].Add(1) }

// note hears of the breaker's states. Half open is neither away nor back.
func (r *record) note(to gobreaker.State) {
	switch to {
	case gobreaker.StateOpen:
		r.away.Store(true)
	case gobreaker.StateClosed:
		r.away.Store(false)
	}
}

// tell logs a change, outside the breaker's mutex. It is told by whoever moves
// `told`, so none is told twice.
func (r *record) tell() {
	for {
		away, told := r.away.Load(), r.told.Load()
		if away == told {
			return
		}
		if r.told.CompareAndSwap(told, away) {
			r.say(away)
		}
	}
}

func (r *record) say(away bool) {
	if !away {
		r.log.Info("redis.back", "addrs", r.addrs)
		return
	}
	attributes := []slog.Attr{slog.String("addrs", r.addrs)}
	if last := r.last.Load(); last != nil {
		attributes = append(attributes, slog.String("kind", last.kind), slog.String("error", last.Error()))
	}
	r.log.LogAttrs(context.Background(), slog.LevelWarn, "redis.away", attributes...)
}
