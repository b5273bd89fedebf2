package gateway

import (
	"sync"
	"time"
)

const (
	// unwellAfter is how many failures in a row say that the subscriber is down,
	// and not its answer to one event.
	unwellAfter = 5
	// pauseFirst and pauseAtMost bound how long a subscriber that is down is left
	// alone between two tries. It doubles.
	pauseFirst  = 10 * time.Second
	pauseAtMost = 5 * time.Minute
)

// health is a subscriber's circuit breaker, as one process sees it. While it is
// open nothing is taken up, so that an outage costs no event its attempts; then
// one delivery tries.
type health struct {
	mu       sync.Mutex
	failures int
	pauses   int
	until    time.Time
}

// allow says how many more calls may be made while some are under way, and
// whether the next one only tries how the subscriber is.
func (h *health) allow(now time.Time, underWay, atOnce int) (room int, tries bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case now.Before(h.until):
		return 0, false
	case h.pauses > 0:
		return max(0, 1-underWay), true
	default:
		return atOnce - underWay, false
	}
}

// tryNow ends a pause, because a person says that the subscriber is well again.
func (h *health) tryNow() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.until = time.Time{}
}

func (h *health) pausedUntil(now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.until) {
		return h.until
	}
	return time.Time{}
}

// learn counts a verdict, and says whether the subscriber is paused by it from
// now on.
func (h *health) learn(v Verdict, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.Pause > 0 {
		h.until = now.Add(v.Pause)
		h.pauses = max(h.pauses, 1)
		return true
	}
	if v.Outcome != Later {
		h.failures, h.pauses = 0, 0
		return false
	}
	if v.Patient || now.Before(h.until) {
		return false // the others that were under way say nothing new
	}
	h.failures++
	if h.failures < unwellAfter && h.pauses == 0 {
		return false
	}
	pause := pauseFirst << min(h.pauses, 10)
	h.until = now.Add(min(pause, pauseAtMost))
	h.pauses++
	h.failures = 0
	return true
}
