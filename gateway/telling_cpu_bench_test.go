//go:build unix

package gateway_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// tally counts what a subscriber is told, and costs nothing itself.
type tally struct{ told *atomic.Int64 }

func (tally) Lane(gateway.Event) string { return "" }

func (s tally) Deliver(context.Context, gateway.Delivery) gateway.Verdict {
	s.told.Add(1)
	return gateway.Verdict{Outcome: gateway.Told}
}

// knowing is a processor that says with its answer which card it was, so that each
// payment is one event: it is not asked for the card afterwards.
type knowing struct{ *processortest.Processor }

func (k knowing) Charge(ctx context.Context, c gateway.Charge) gateway.Result {
	r := k.Processor.Charge(ctx, c)
	r.Card = gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439"}
	return r
}

// BenchmarkCPUOfTelling measures what a payment takes of the processor until each
// subscriber has been told of it, from 64 callers who pay as fast as they can, and
// at a steady rate: what one subscriber costs is the difference between two of its
// lines. Beside it stand how many deliveries were made as taken, and how many were
// taken out of the ledger.
func BenchmarkCPUOfTelling(b *testing.B) {
	for name, load := range map[string]func(*testing.B, func(n int64)){"callers=64": crowd, "steady=1000": steadily(time.Millisecond), "steady=100": steadily(10 * time.Millisecond)} {
		for _, subscribers := range []int{0, 1, 3} {
			b.Run(fmt.Sprintf("%s/subscribers=%d", name, subscribers), func(b *testing.B) { benchmarkCPU(b, load, subscribers) })
		}
	}
}

func benchmarkCPU(b *testing.B, load func(*testing.B, func(n int64)), subscribers int) {
	books, err := ledger.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "ledger.db"), ledger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer books.Close()
	counting := &taking{Ledger: books}
	var told atomic.Int64
	var to []gateway.Subscriber
	for i := range subscribers {
		to = append(to, gateway.Subscriber{MerchantID: "main", Name: fmt.Sprint("shop-", i), Sink: tally{&told}})
	}
	g := gateway.New(gateway.Config{
		Ledger: counting, Merchants: merchants, Processors: map[string]gateway.Processor{"main": knowing{processortest.New(time.Now)}}, Secret: secret,
		Instance: "one", Now: time.Now, MaxInFlight: 4096, Log: discard, Subscribers: to,
	})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { g.RunTelling(ctx, 2*time.Second); close(ended) }()
	defer func() { cancel(); <-ended }()
	b.ReportAllocs()
	b.ResetTimer()
	began := processorTime(b)
	load(b, func(n int64) {
		if _, err := g.CreatePayment(b.Context(), as(fmt.Sprint("asked-", n)), sale(1000)); err != nil {
			b.Error(err)
		}
	})
	for told.Load() < int64(b.N*subscribers) {
		time.Sleep(time.Millisecond)
	}
	ahead, taken := counting.counted()
	b.ReportMetric(float64(ahead)/float64(b.N), "ahead/op")
	b.ReportMetric(float64(taken)/float64(b.N), "taken/op")
	b.ReportMetric(float64((processorTime(b)-began).Microseconds())/float64(b.N), "cpu-µs/op")
}

// crowd has 64 callers pay b.N times together.
func crowd(b *testing.B, pay func(n int64)) {
	var next atomic.Int64
	var work sync.WaitGroup
	for range 64 {
		work.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				pay(n)
			}
		})
	}
	work.Wait()
}

// steadily pays once in each interval, however long the payments before take.
func steadily(every time.Duration) func(*testing.B, func(n int64)) {
	return func(b *testing.B, pay func(n int64)) {
		var work sync.WaitGroup
		began := time.Now()
		for n := range int64(b.N) {
			time.Sleep(time.Until(began.Add(time.Duration(n) * every)))
			work.Go(func() { pay(n + 1) })
		}
		work.Wait()
	}
}

func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
