package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// toldPayment is a sale that was approved, settled and told to two subscribers.
func toldPayment(t testing.TB, l *Ledger, at time.Time) gateway.Payment {
	t.Helper()
	made := storetest.Sale("m1", at)
	made.Payment.Operations[0].Due, made.Payment.Operations[0].Attention = time.Time{}, ""
	made.Payment.OrderID = fmt.Sprintf("1%08d", rand.IntN(1e8))
	decided := storetest.Approval(made.Payment, at.Add(time.Second))
	settled := decided.Payment
	settled.Version, settled.Status, settled.SettledAt = 3, gateway.Settled, at.Add(12*time.Hour)
	last := gateway.Event{
		ID: gateway.NewEventID(at), MerchantID: "m1", PaymentID: settled.ID, Type: "payment.settled", Version: 3, At: at, Payment: settled,
	}
	for _, c := range []gateway.Change{made, decided, {Payment: settled, Base: 2, Events: []gateway.Event{last}}} {
		if err := l.Apply(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	events := append(decided.Events, last)
	var deliveries []gateway.Delivery
	for _, e := range events {
		for _, name := range []string{"magento", "salesforce"} {
			deliveries = append(deliveries, gateway.Delivery{
				ID: gateway.NewDeliveryID(at), MerchantID: "m1", LiveMode: true, Subscriber: name, Event: e, Status: gateway.DeliveryDone,
				Attempts: 1, Version: 3, CreatedAt: at, UpdatedAt: at,
				Log: []gateway.Attempt{{At: at, Number: 1, Took: 80 * time.Millisecond, Outcome: gateway.Told, StatusCode: 200, By: "gateway-1-0a1b2c3d"}},
			})
		}
	}
	if err := l.Spread(context.Background(), events, deliveries); err != nil {
		t.Fatal(err)
	}
	return settled
}

// BenchmarkArchive moves payments in steps of a hundred. It tells what a payment
// takes in the ledger before and after, and in the archive.
func BenchmarkArchive(b *testing.B) {
	path := fresh(b)
	l := opened(b, path, Options{Archive: path + ".archive"})
	for b.Loop() {
		b.StopTimer()
		var payments []gateway.Payment
		for range 100 {
			payments = append(payments, toldPayment(b, l, noon))
		}
		b.StartTimer()
		if moved, err := l.Archive(b.Context(), payments, noon); err != nil || moved != 100 {
			b.Fatal(moved, err)
		}
	}
}

// BenchmarkReadArchived reads one payment from the archive.
func BenchmarkReadArchived(b *testing.B) {
	path := fresh(b)
	l := opened(b, path, Options{Archive: path + ".archive"})
	p := toldPayment(b, l, noon)
	if moved, err := l.Archive(b.Context(), []gateway.Payment{p}, noon); err != nil || moved != 1 {
		b.Fatal(moved, err)
	}
	for b.Loop() {
		if _, err := l.Payment(b.Context(), "m1", p.ID); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTheArchiveInFigures tells what docs/retention.md says of sizes and
// times: one run is five thousand payments, half of which leave beside changes.
func BenchmarkTheArchiveInFigures(b *testing.B) {
	const n = 5000
	for b.Loop() {
		path := fresh(b)
		l := opened(b, path, Options{Archive: path + ".archive"})
		var payments []gateway.Payment
		for i := range n {
			payments = append(payments, toldPayment(b, l, noon.Add(time.Duration(i)*time.Second)))
		}
		before := inUse(b, l)
		var steps []time.Duration
		move := func(all []gateway.Payment) {
			for page := range slices.Chunk(all, 100) {
				began := time.Now()
				if moved, err := l.Archive(b.Context(), page, noon); err != nil || moved != len(page) {
					b.Errorf("%d moved, %v", moved, err)
				}
				steps = append(steps, time.Since(began))
			}
		}
		move(payments[:n/2])
		files, err := l.ArchiveFiles(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(before/n), "B/before")
		b.ReportMetric(float64(before/n-2*(before-inUse(b, l))/n), "B/after")
		b.ReportMetric(float64(2*files[0].Size/n), "B/archived")
		quiet := latencies(b, l, nil)
		steps = nil
		busy := latencies(b, l, func() { move(payments[n/2:]) })
		slices.Sort(steps)
		b.ReportMetric(float64(steps[len(steps)/2].Milliseconds()), "ms/step")
		for name, took := range map[string][]time.Duration{"alone": quiet, "beside": busy} {
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs/p50-"+name)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs/p99-"+name)
		}
	}
}

// inUse are the bytes of the ledger's file that are not free.
func inUse(tb testing.TB, l *Ledger) int64 {
	tb.Helper()
	var pages, free, size int64
	for pragma, into := range map[string]*int64{"page_count": &pages, "freelist_count": &free, "page_size": &size} {
		if err := l.reads.db.QueryRow("PRAGMA " + pragma).Scan(into); err != nil {
			tb.Fatal(err)
		}
	}
	return (pages - free) * size
}

// latencies are those of changes one after the other, beside something else.
func latencies(tb testing.TB, l *Ledger, beside func()) []time.Duration {
	tb.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if beside != nil {
			beside()
		}
	}()
	var took []time.Duration
	for more := true; more; {
		if beside == nil {
			more = len(took) < 500
		} else {
			select {
			case <-done:
				more = false
			default:
			}
		}
		began := time.Now()
		if err := l.Apply(tb.Context(), storetest.Sale("m2", noon)); err != nil {
			tb.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	<-done
	slices.Sort(took)
	return took
}
