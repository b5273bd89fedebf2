package simulation

import (
	"slices"
	"sync"

	"paytrace-gateway/internal/simulation/history"
)

// record is what the parties of a run write down as it goes.
type record struct {
	mu      sync.Mutex
	calls   []history.Call
	intents []history.Intent
	sends   []*history.Send
	crashes []history.Crash
	orders  map[string]string // of payment ids and references, which are random
	left    map[string]bool   // keys with which nobody asks any more
}

// name remembers the order of ids that are random, so that steps can be named
// alike in every replay.
func (r *record) name(order string, ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.orders == nil {
		r.orders = map[string]string{}
	}
	for _, id := range ids {
		r.orders[id] = order
	}
}

// nameOnce leaves those as they are that have a name.
func (r *record) nameOnce(order string, ids ...string) {
	for _, id := range ids {
		if r.order(id) == "" {
			r.name(order, id)
		}
	}
}

func (r *record) order(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.orders[id]
}

// leave remembers that nobody asks with the key any more.
func (r *record) leave(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left == nil {
		r.left = map[string]bool{}
	}
	r.left[key] = true
}

func (r *record) isLeft(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.left[key]
}

func (r *record) call(c history.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}

func (r *record) intent(i history.Intent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.intents = append(r.intents, i)
}

func (r *record) crash(c history.Crash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.crashes = append(r.crashes, c)
}

// send writes a sending down as it begins; what it came to is told later.
func (r *record) send(s history.Send) (ended func(outcome string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sends = append(r.sends, &s)
	return func(outcome string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		s.Outcome = outcome
	}
}

func (r *record) all() history.History {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := history.History{Calls: slices.Clone(r.calls), Intents: slices.Clone(r.intents), Crashes: slices.Clone(r.crashes)}
	for _, s := range r.sends {
		h.Sends = append(h.Sends, *s)
	}
	return h
}
