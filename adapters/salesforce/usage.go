package salesforce

import (
	"sync"
	"time"
)

const (
	// busyShare is the share of the org's API calls, in percent, above which the
	// gateway slows down.
	busyShare = 90
	// busyPause is how long it then waits between calls: at most 2,880 calls a
	// day, while the org's limit is a rolling 24 hours.
	busyPause = 30 * time.Second
)

// Usage is how much of its API calls in 24 hours an org has used, by all of its
// users together.
type Usage struct {
	Used, Total int64
	// At is when Salesforce said so.
	At time.Time
}

// busy says that too little is left for others.
func (u Usage) busy() bool { return u.Total > 0 && u.Used*100 >= u.Total*busyShare }

// gauge holds the last usage that was told.
type gauge struct {
	mu   sync.Mutex
	last Usage
}

func (g *gauge) note(header string, now time.Time) {
	used, total, ok := parseUsage(header)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = Usage{Used: used, Total: total, At: now}
}

func (g *gauge) read() Usage {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last
}
