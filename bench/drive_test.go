package bench

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// call makes the n-th request of a benchmark.
type call func(n int) error

// durations are how long the requests of one run took.
type durations []time.Duration

func (d durations) quantile(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func (d durations) report(b *testing.B) {
	b.ReportMetric(microseconds(d.quantile(0.50)), "p50-us")
	b.ReportMetric(microseconds(d.quantile(0.99)), "p99-us")
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// drive makes b.N requests from that many callers, each of whom sends the next
// one as soon as the last is answered, and reports how many went through in a
// second. It is the benchmark's timed part.
func drive(b *testing.B, callers int, newCaller func() call) durations {
	b.Helper()
	took := make(durations, b.N)
	var next atomic.Int64
	var done sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		done.Go(func() {
			request := newCaller()
			for n := int(next.Add(1)) - 1; n < b.N; n = int(next.Add(1)) - 1 {
				began := time.Now()
				if err := request(n); err != nil {
					b.Error(err)
					return
				}
				took[n] = time.Since(began)
			}
		})
	}
	done.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	return took
}

// arrive makes b.N requests at a steady rate, whether or not the earlier ones
// are answered, and measures each from the moment it was due: a driver that
// waits for its answers would leave out just the requests that a slow moment
// delays.
func arrive(b *testing.B, perSecond int, request call) durations {
	b.Helper()
	took := make(durations, b.N)
	apart := time.Second / time.Duration(perSecond)
	var answered sync.WaitGroup
	b.ResetTimer()
	ticker := time.NewTicker(apart)
	defer ticker.Stop()
	began := time.Now()
	for n := range b.N {
		due := began.Add(time.Duration(n) * apart)
		for time.Now().Before(due) {
			<-ticker.C
		}
		answered.Go(func() {
			if err := request(n); err != nil {
				b.Error(err)
			}
			took[n] = time.Since(due)
		})
	}
	answered.Wait()
	b.StopTimer()
	return took
}
