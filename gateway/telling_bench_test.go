package gateway_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// signal tells when it was told.
type signal chan struct{}

func (signal) Lane(gateway.Event) string { return "" }

func (s signal) Deliver(context.Context, gateway.Delivery) gateway.Verdict {
	s <- struct{}{}
	return gateway.Verdict{Outcome: gateway.Told}
}

// down is a subscriber that never answers.
type down struct{}

func (down) Lane(gateway.Event) string { return "" }

func (down) Deliver(ctx context.Context, _ gateway.Delivery) gateway.Verdict {
	<-ctx.Done()
	return gateway.Verdict{Outcome: gateway.Later, Detail: "no answer in time"}
}

// BenchmarkTelling measures from the asking for a payment to the end of its
// telling, alone and beside a subscriber for whom so many events wait. It prints
// the heap too, since what waits has to stay in the ledger.
func BenchmarkTelling(b *testing.B) {
	for _, waiting := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) { benchmarkTelling(b, waiting) })
	}
}

func benchmarkTelling(b *testing.B, waiting int) {
	books, err := ledger.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "ledger.db"), ledger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer books.Close()
	heard := make(signal, 1)
	subscribers := []gateway.Subscriber{
		{MerchantID: "main", Name: "slow", Sink: down{}, Deadline: time.Second},
		{MerchantID: "main", Name: "quick", Sink: heard, Events: []string{"payment.declined"}},
	}
	g := gateway.New(gateway.Config{
		Ledger: books, Merchants: merchants, Processors: map[string]gateway.Processor{"main": processortest.New(time.Now)}, Secret: secret,
		Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard, Subscribers: subscribers,
	})
	decline := sale(processortest.Declines)
	pay := func(key string) {
		ctx, cancel := context.WithTimeout(b.Context(), 9*time.Second)
		defer cancel()
		if _, err := g.CreatePayment(ctx, as(key), decline); err != nil {
			b.Error(err)
		}
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { g.RunTelling(ctx, 2*time.Second); close(ended) }()
	for i := range waiting {
		pay(fmt.Sprint("waits-", i))
		<-heard
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for b.Loop() {
		pay(fmt.Sprint("asked-", n))
		<-heard
		n++
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc)/(1<<20), "heap-MiB")
	cancel()
	<-ended
}
