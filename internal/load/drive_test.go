package load

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// rig is a driver under a faked clock, whose requests are made by do.
func rig(r *recorder, maxInFlight int, do func(job)) *driver {
	d := &driver{maxInFlight: maxInFlight, sleep: time.Sleep}
	d.begin = func(j job) { r.begin(j.due) }
	d.overrun = func(j job) {
		r.end(result{operation: Sale, due: j.due, done: time.Now(), failure: failOverrun})
	}
	d.newWorker = func() func(job) {
		return func(j job) {
			sent := time.Now()
			do(j)
			r.end(result{operation: Sale, due: j.due, sent: sent, done: time.Now()})
		}
	}
	return d
}

func reported(t *testing.T, r *recorder) Report {
	t.Helper()
	report, err := r.report()
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestRequestsBeginWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := newRecorder(began)
		d := rig(r, 100, func(job) { time.Sleep(300 * time.Millisecond) })
		d.arrive(t.Context(), began, arrivals{{PerSecond: 20, For: 3 * time.Second}})
		found := reported(t, r)
		if found.Answered != 60 || found.Late.Max > 1 {
			t.Errorf("%d answered, late by up to %d µs", found.Answered, found.Late.Max)
		}
		if want := 2950*time.Millisecond + 300*time.Millisecond; time.Since(began) != want {
			t.Errorf("it took %s, want %s", time.Since(began), want)
		}
	})
}

// A server that answers nobody for a second keeps 20 callers waiting, the first
// for a second and the last hardly. A driver that waited for its answers would
// have seen one slow request.
func TestAStallIsSeenByAllThatWereDueInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		stalls := began.Add(5 * time.Second)
		r := newRecorder(began)
		d := rig(r, 100, func(job) {
			if into := time.Since(stalls); into >= 0 && into < time.Second {
				time.Sleep(time.Second - into)
			}
			time.Sleep(2 * time.Millisecond)
		})
		d.arrive(t.Context(), began, arrivals{{PerSecond: 20, For: 10 * time.Second}})
		found := reported(t, r)
		if p99 := found.Latency.P99; p99 < 900_000 {
			t.Errorf("p99 of all is %d µs", p99)
		}
		if p90 := found.Latency.P90; p90 < 2_000 || p90 > 60_000 {
			t.Errorf("p90 of all is %d µs: a tenth was due within the stall", p90)
		}
		for _, s := range found.Series {
			stalled := s.Second == 5
			if stalled != (s.P50 > 400_000) || stalled != (s.P99 > 950_000) {
				t.Errorf("second %d: p50 %d µs, p99 %d µs", s.Second, s.P50, s.P99)
			}
		}
	})
}

// The same server with one connection: each request waits for those before it,
// and that is counted.
func TestWaitingInLineCountsFromWhenItWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := newRecorder(began)
		one := make(chan struct{}, 1)
		d := rig(r, 100, func(job) {
			one <- struct{}{}
			defer func() { <-one }()
			time.Sleep(200 * time.Millisecond)
		})
		d.arrive(t.Context(), began, arrivals{{PerSecond: 10, For: time.Second}})
		// The tenth is due at 900 ms and answered at 2 s.
		if slowest := reported(t, r).Latency.Max; slowest < 1_099_000 || slowest > 1_101_000 {
			t.Errorf("the slowest took %d µs", slowest)
		}
	})
}

// A driver that oversleeps makes requests late, and its lateness is not taken
// out of what they took.
func TestHowLateTheDriverIsIsCountedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := newRecorder(began)
		d := rig(r, 100, func(job) { time.Sleep(10 * time.Millisecond) })
		d.sleep = func(wanted time.Duration) { time.Sleep(wanted + 500*time.Millisecond) }
		d.arrive(t.Context(), began, arrivals{{PerSecond: 10, For: 2 * time.Second}})
		found := reported(t, r)
		if found.Late.Max < 499_000 || found.Late.Max > 501_000 || found.Latency.Max < 509_000 || found.Latency.Max > 511_000 {
			t.Errorf("late by %d µs, the slowest took %d µs", found.Late.Max, found.Latency.Max)
		}
		if found.Answered != 20 || found.Late.P50 < 100_000 {
			t.Errorf("%d answered, late by %d µs as a rule", found.Answered, found.Late.P50)
		}
	})
}

func TestOneTooManyInFlightFailsAndDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := newRecorder(began)
		var together, most atomic.Int64
		d := rig(r, 3, func(job) {
			most.Store(max(most.Load(), together.Add(1)))
			time.Sleep(time.Second)
			together.Add(-1)
		})
		d.arrive(t.Context(), began, arrivals{{PerSecond: 10, For: 950 * time.Millisecond}})
		found := reported(t, r)
		if found.Answered != 3 || found.Errors[failOverrun] != 7 || found.Failed != 7 || found.Scheduled != 10 {
			t.Errorf("%+v", found)
		}
		if most.Load() != 3 || found.Latency.Max > 1_001_000 || found.Late.Max > 1 {
			t.Errorf("%d together, slowest %d µs, late %d µs", most.Load(), found.Latency.Max, found.Late.Max)
		}
	})
}

func TestTheBoundIsFreeAgainWhenAnswersHaveCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := newRecorder(began)
		d := rig(r, 2, func(job) { time.Sleep(150 * time.Millisecond) })
		d.arrive(t.Context(), began, arrivals{{PerSecond: 10, For: 5 * time.Second}})
		if found := reported(t, r); found.Answered != 50 {
			t.Errorf("%d answered, %v", found.Answered, found.Errors)
		}
	})
}

func TestAnInterruptEndsArrivalsAndWaitsForAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := newRecorder(began)
		ctx, cancel := context.WithTimeout(t.Context(), 1950*time.Millisecond)
		defer cancel()
		d := rig(r, 100, func(job) { time.Sleep(5 * time.Second) })
		d.arrive(ctx, began, arrivals{{PerSecond: 10, For: time.Hour}})
		if found := reported(t, r); found.Scheduled != 20 || found.Answered != 20 {
			t.Errorf("%d due, %d answered", found.Scheduled, found.Answered)
		}
	})
}

func TestConnectionsSendTheNextRequestWhenTheLastIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := newRecorder(began)
		d := rig(r, 100, func(job) { time.Sleep(100 * time.Millisecond) })
		d.saturate(t.Context(), began, 4, 2*time.Second)
		found := reported(t, r)
		if found.Answered != 80 || found.Latency.Max > 101_000 {
			t.Errorf("%d answered, the slowest in %d µs", found.Answered, found.Latency.Max)
		}
	})
}
