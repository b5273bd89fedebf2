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
	// since is the first of the pauses that nothing well came between, why is what
	// the last call has said.
	since time.Time
	why   string
	// postponed are deliveries that failed since the subscriber was last well.
	postponed []postponed
}

// postponed is a delivery at the version that its failure left.
type postponed struct {
	id      string
	version int64
}

// postponedAtMost bounds the deliveries that are remembered; others go along
// their schedule.
const postponedAtMost = 1000

// allow says how many more calls may be made while some are under way, and
// whether the next one tries how the subscriber is, which may have failed.
func (h *health) allow(now time.Time, underWay, atOnce int) (room int, tries bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case now.Before(h.until):
		return 0, false
	case h.pauses > 0:
		return max(0, 1-underWay), true
	default:
		return atOnce - underWay, h.failures > 0
	}
}

// isWell says that the last call did not fail, and that none has asked for a pause.
func (h *health) isWell() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failures == 0 && h.pauses == 0
}

// tryNow ends a pause, because a person says that the subscriber is well again.
func (h *health) tryNow() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.until = time.Time{}
}

func (h *health) pausedUntil(now time.Time) time.Time {
	until, _, _ := h.pause(now)
	return until
}

// postpone remembers a delivery whose failure may be the subscriber's.
func (h *health) postpone(d Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if (h.pauses > 0 || h.failures > 0) && len(h.postponed) < postponedAtMost {
		h.postponed = append(h.postponed, postponed{d.ID, d.Version})
	}
}

// pause is until when the subscriber is left alone, since when and why, while it is.
func (h *health) pause(now time.Time) (until, since time.Time, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.until) {
		return h.until, h.since, h.why
	}
	return time.Time{}, time.Time{}, ""
}

// begin notes a pause. The lock is held.
func (h *health) begin(until, now time.Time, why string) {
	h.until, h.why = until, why
	if h.since.IsZero() {
		h.since = now
	}
}

// learn counts a call, and says whether the subscriber is paused by it from now
// on, or which deliveries had failed because of it once it is well again.
func (h *health) learn(v Verdict, now time.Time) (paused bool, again []postponed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.Pause > 0 {
		h.begin(now.Add(v.Pause), now, v.Detail)
		h.pauses = max(h.pauses, 1)
		return true, nil
	}
	if v.Outcome != Later {
		if h.pauses > 0 {
			again = h.postponed
		}
		h.failures, h.pauses, h.postponed, h.since = 0, 0, nil, time.Time{}
		return false, again
	}
	if v.Patient || now.Before(h.until) {
		return false, nil // the others that were under way say nothing new
	}
	h.failures++
	if h.failures < unwellAfter && h.pauses == 0 {
		return false, nil
	}
	pause := pauseFirst << min(h.pauses, 10)
	h.begin(now.Add(min(pause, pauseAtMost)), now, v.Detail)
	h.pauses++
	h.failures = 0
	return true, nil
}

// ofOneCall is what a call that told of several says of the subscriber: it asks
// to be left alone, or has taken or refused something by its content, or fails.
func ofOneCall(verdicts []Verdict) Verdict {
	says := verdicts[0]
	for _, v := range verdicts[1:] {
		if weight(v) > weight(says) || (v.Pause > says.Pause) {
			says = v
		}
	}
	return says
}

func weight(v Verdict) int {
	switch {
	case v.Pause > 0:
		return 3
	case v.Outcome != Later:
		return 2
	case !v.Patient:
		return 1
	default:
		return 0
	}
}
