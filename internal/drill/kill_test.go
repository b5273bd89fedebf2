package drill

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/internal/services"
	"paytrace-gateway/internal/simulation/history"
)

// TestTwoGatewaysOneKilled kills one of two under load. Its callers go on at
// the other with the same keys, and what it had under way is found.
func TestTwoGatewaysOneKilled(t *testing.T) {
	perSecond, half := inShort(t, 100, 200), inShort(t, 2*time.Second, 10*time.Second)
	w := openTown(t, setup{redisURL: services.RedisServer(t).URL})
	sales := w.newLoad(perSecond, 2*half)
	// A slow PayTrace has something under way whenever the kill comes.
	w.payTrace.misbehave(`{"operation":"sale","kind":"delay","seconds":0.1}`)
	killed := make(chan time.Time, 1)
	time.AfterFunc(half, func() {
		killed <- time.Now()
		w.gateways[0].kill()
	})
	sales.run()
	at := <-killed
	t.Parallel() // what follows is waiting; the load had the machine for itself
	done := finished(&sales.work)
	// What was never sent stays unknown for a day; all else is found.
	eventually(t, "what the dead gateway has left is found", func() bool {
		return done() || time.Since(at) > foundAfter && !findable(w.history())
	})
	close(w.closing)
	w.await(&sales.work)

	h := w.settle(patience)
	w.wantApproved(h, len(sales.methods)-neverSent(h))
	failed := w.failed()
	if len(failed) == 0 {
		t.Fatal("no request has failed: nothing was under way when the gateway was killed")
	}
	decided := percentile(w.waits(time.Time{}, time.Now()), 100)
	fmt.Printf("%d payments at %d a second, one of two gateways killed after %v: %d requests failed, %v from the first to the last; "+
		"the slowest decision took %v; %d payments were never sent\n",
		len(sales.methods), perSecond, half, len(failed), failed[len(failed)-1].Until.Sub(failed[0].Until).Round(time.Millisecond),
		decided.Round(time.Second), neverSent(h))
}

// foundAfter is when the first look for what a dead gateway had under way is
// over: its calls have ended, half a minute has passed, and a look's wait.
const foundAfter = callDeadline + sendWindow + 30*time.Second + 15*time.Second

// neverSent are the payments of which PayTrace has read nothing.
func neverSent(h history.History) int {
	read := map[string]bool{}
	for _, a := range h.Arrivals {
		read[a.Reference] = true
	}
	n := 0
	for _, p := range h.Payments {
		if p.Status == "unknown" && !read[p.Reference] {
			n++
		}
	}
	return n
}
