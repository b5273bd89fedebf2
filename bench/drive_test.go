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
// second, under that unit. It is the benchmark's timed part.
func drive(b *testing.B, callers int, unit string, newCaller func() call) durations {
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
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), unit)
	return took
}

// arrive makes b.N requests at a steady rate, whether or not the earlier ones
// are answered: a driver that waits for its answers would leave out just the
// requests that a slow moment delays. How late the driver itself was is
// reported beside the figures, which do not contain it.
func arrive(b *testing.B, perSecond int, newCaller func() call) durations {
	b.Helper()
	idle := sync.Pool{New: func() any { return newCaller() }}
	took, late := make(durations, b.N), make(durations, b.N)
	apart := time.Second / time.Duration(perSecond)
	var answered sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	began := time.Now()
	for n := range b.N {
		due := began.Add(time.Duration(n) * apart)
		<-time.After(time.Until(due))
		sent := time.Now()
		late[n] = sent.Sub(due)
		answered.Go(func() {
			request := idle.Get().(call)
			if err := request(n); err != nil {
				b.Error(err)
			}
			took[n] = time.Since(sent)
			idle.Put(request)
		})
	}
	answered.Wait()
	b.StopTimer()
	b.ReportMetric(microseconds(late.quantile(0.99)), "late-p99-us")
	return took
}
