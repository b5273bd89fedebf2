package guard

import "sync/atomic"

// What a look may come to, in State.
const (
	lookFound    = "found"
	lookNotFound = "not_found"
	lookFailed   = "failed"
)

// What asking for the key of a card form, or for a report, may come to besides, in State.
const (
	formGiven   = "given"
	formRefused = "refused"
)

// Why the guard refused a call, in State.
const (
	reasonOpen      = "open"
	reasonLimit     = "limit"
	reasonLate      = "late"
	reasonCancelled = "cancelled"
)

var reasons = []string{reasonOpen, reasonLimit, reasonLate, reasonCancelled}

// State is a guard in figures, for metrics.
type State struct {
	Money, Look, Form, Enhanced, Vault, Report ClassState
	// LogIn is how the breaker before the log-in stands, empty where there is
	// none.
	LogIn string
	// Queue is how many callers wait for a slot of the rate limit.
	Queue int
}

// ClassState is one class in figures. The counts only ever grow.
type ClassState struct {
	// Breaker is "closed", "half-open" or "open".
	Breaker string
	// Attempts counts the calls to the processor by outcome: those of money,
	// enhanced data and the vault by gateway.Outcome, those of looks as "found", "not_found", "failed", those for
	// a card form or a report as "given", "refused", "failed".
	Attempts map[string]uint64
	// Refused counts the calls that the guard ended itself: "open" by the
	// breaker, "limit" shed by the rate limit, "late", "cancelled".
	Refused map[string]uint64
	// Retried counts how often a call was tried again.
	Retried uint64
}

// State takes no lock.
func (g *Guard) State() State {
	s := State{
		Money: g.money.state(), Look: g.look.state(), Form: g.form.state(), Enhanced: g.enhanced.state(), Vault: g.vault.state(), Report: g.report.state(),
		Queue: int(g.money.waiting.Load() + g.look.waiting.Load() + g.form.waiting.Load() + g.enhanced.waiting.Load() + g.vault.waiting.Load() + g.report.waiting.Load()),
	}
	if g.config.LogIn != nil {
		s.LogIn = g.config.LogIn.State()
	}
	return s
}

func (c *class) state() ClassState {
	return ClassState{
		Breaker:  c.breaker.State(),
		Attempts: c.attempts.counts(),
		Refused:  c.refused.counts(),
		Retried:  c.retried.Load(),
	}
}

// tally counts by name. The names are fixed, so counting needs no lock.
type tally map[string]*atomic.Uint64

func newTally(names ...string) tally {
	t := tally{}
	for _, name := range names {
		t[name] = new(atomic.Uint64)
	}
	return t
}

func (t tally) add(name string) {
	if count, ok := t[name]; ok {
		count.Add(1)
	}
}

func (t tally) counts() map[string]uint64 {
	counts := make(map[string]uint64, len(t))
	for name, count := range t {
		counts[name] = count.Load()
	}
	return counts
}
