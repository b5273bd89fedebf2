package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// The driver sleeps until the next request is due, but no shorter than costs
// more than it gains, and no longer than somebody who wants to end it waits.
const (
	shortestNap = 100 * time.Microsecond
	longestNap  = 50 * time.Millisecond
)

// job is the n-th request, and when it was due.
type job struct {
	n   int
	due time.Time
}

// driver hands each request to a worker at the time at which it is due.
type driver struct {
	// maxInFlight is how many requests may be under way. One that is due when
	// there are as many is not delayed but given to overrun.
	maxInFlight int
	// begin is told of each request when it is due, in that order.
	begin func(job)
	// newWorker makes a worker, which makes requests one after the other.
	newWorker func() func(job)
	overrun   func(job)
	sleep     func(time.Duration)

	underway atomic.Int64
	jobs     chan job
	workers  sync.WaitGroup
}

// arrive makes the requests of these arrivals, and returns when all of them are
// answered. When ctx ends no new ones are made.
func (d *driver) arrive(ctx context.Context, began time.Time, a arrivals) {
	d.jobs = make(chan job, d.maxInFlight)
	hired := 0
	for n := 0; ; n++ {
		at, more := a.due(n)
		if !more || !d.await(ctx, began.Add(at)) {
			break
		}
		hired = d.hand(job{n, began.Add(at)}, hired)
	}
	close(d.jobs)
	d.workers.Wait()
}

// await returns when it is time, or false when ctx is done.
func (d *driver) await(ctx context.Context, due time.Time) bool {
	for left := time.Until(due); left > 0; left = time.Until(due) {
		if ctx.Err() != nil {
			return false
		}
		d.sleep(min(max(left, shortestNap), longestNap))
	}
	return ctx.Err() == nil
}

// hand gives a request to a worker. There are never fewer workers than requests
// under way, so that none waits for a worker, and never more than may be.
func (d *driver) hand(j job, hired int) int {
	d.begin(j)
	underway := int(d.underway.Add(1))
	if underway > d.maxInFlight {
		d.underway.Add(-1)
		d.overrun(j)
		return hired
	}
	d.jobs <- j
	if hired < underway {
		d.workers.Go(d.work)
		hired++
	}
	return hired
}

func (d *driver) work() {
	do := d.newWorker()
	for j := range d.jobs {
		do(j)
		d.underway.Add(-1)
	}
}

// saturate makes requests over that many connections, each of which sends the
// next one as soon as the last is answered, for that long.
func (d *driver) saturate(ctx context.Context, began time.Time, connections int, lasting time.Duration) {
	var next atomic.Int64
	for range connections {
		d.workers.Go(func() {
			do := d.newWorker()
			for time.Since(began) < lasting && ctx.Err() == nil {
				j := job{int(next.Add(1)) - 1, time.Now()}
				d.underway.Add(1)
				d.begin(j)
				do(j)
				d.underway.Add(-1)
			}
		})
	}
	d.workers.Wait()
}
