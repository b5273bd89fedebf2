package simulation

import (
	"fmt"
	"sync"
	"time"
)

// steps numbers what an instance does, by name: the third reading of one
// payment is always the third, whatever else goes on.
type steps struct {
	mu   sync.Mutex
	done map[string]int
}

func (s *steps) next(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = map[string]int{}
	}
	s.done[name]++
	return s.done[name]
}

// step is one call of a port, and what the seed has in store for it.
type step struct {
	instance *instance
	name     string
}

// step names a call of a port by what it is about.
func (in *instance) step(port, about string) step {
	name := port + " " + about
	return step{in, fmt.Sprintf("%s %s #%d", in.name, name, in.steps.next(name))}
}

// strikes says whether the fault strikes here. None does in the quiet phase.
func (s step) strikes(f Fault, p float64) bool {
	if s.instance.world.calm.Load() || !s.instance.world.chance(p, f, s.name) {
		return false
	}
	return true
}

// suffers says so too, and counts the fault.
func (s step) suffers(f Fault, p float64) bool {
	if !s.strikes(f, p) {
		return false
	}
	s.instance.world.faults.count(f, 1)
	return true
}

// crash lets the instance crash here, if the seed says so.
func (s step) crash(f Fault, p float64) bool {
	w := s.instance.world
	if s.strikes(f, p) && w.crashes.Add(1) <= maxCrashes {
		s.instance.crash(f)
	}
	return s.instance.crashed()
}

// slow waits for a time that the seed decides.
func (s step) slow(f Fault, p float64, from, to time.Duration) {
	if s.suffers(f, p) {
		time.Sleep(s.instance.world.between(from, to, "slow", f, s.name))
	}
}

// takes some time, as everything does.
func (s step) takes(most time.Duration) {
	time.Sleep(s.instance.world.between(0, most, "takes", s.name))
}
