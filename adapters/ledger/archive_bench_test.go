package ledger

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
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

// TestTheArchiveIsMeasured prints what docs/retention.md says of sizes and times.
func TestTheArchiveIsMeasured(t *testing.T) {
	if os.Getenv("ARCHIVE_MEASURED") == "" {
		t.Skip("set ARCHIVE_MEASURED to have it measured")
	}
	const n = 5000
	path := fresh(t)
	l := opened(t, path, Options{Archive: path + ".archive"})
	var payments []gateway.Payment
	for i := range n {
		payments = append(payments, toldPayment(t, l, noon.Add(time.Duration(i)*time.Second)))
	}
	inUse := func() int64 {
		var pages, free, size int64
		for pragma, into := range map[string]*int64{"page_count": &pages, "freelist_count": &free, "page_size": &size} {
			if err := l.reads.db.QueryRow("PRAGMA " + pragma).Scan(into); err != nil {
				t.Fatal(err)
			}
		}
		return (pages - free) * size
	}
	before := inUse()
	all, _, err := l.gatherSome(t.Context(), payments[:100], noon)
	if err != nil {
		t.Fatal(err)
	}
	var one bytes.Buffer
	z := gzip.NewWriter(&one)
	single := 0
	for _, a := range all {
		_, _ = z.Write(a.line)
		var alone bytes.Buffer
		_ = pack(&alone, a.line)
		single += alone.Len()
	}
	_ = z.Close()
	t.Logf("a record has %d bytes, %d packed by itself, %d in a block of a hundred", len(all[0].line), single/100, one.Len()/100)
	half := payments[n/2:]
	for page := range slices.Chunk(payments[:n/2], 100) {
		if moved, err := l.Archive(t.Context(), page, noon); err != nil || moved != len(page) {
			t.Fatal(moved, err)
		}
	}
	files, _ := l.ArchiveFiles(t.Context())
	t.Logf("in the ledger a payment took %d bytes, and takes %d once it has left; in the archive %d",
		before/n, before/n-2*(before-inUse())/n, 2*files[0].Size/n)
	quiet := latencies(t, l, nil)
	var steps []time.Duration
	moving := make(chan struct{})
	busy := latencies(t, l, func() {
		defer close(moving)
		for page := range slices.Chunk(half, 100) {
			began := time.Now()
			if moved, err := l.Archive(t.Context(), page, noon); err != nil || moved != len(page) {
				t.Errorf("%d moved, %v", moved, err)
			}
			steps = append(steps, time.Since(began))
		}
	})
	<-moving
	slices.Sort(steps)
	t.Logf("a step of 100 took %s, %s at most", steps[len(steps)/2], steps[len(steps)-1])
	t.Logf("a change took %s and %s (p50, p99) with nothing beside it, %s and %s while steps follow each other without a pause",
		quiet[len(quiet)/2], quiet[len(quiet)*99/100], busy[len(busy)/2], busy[len(busy)*99/100])
	began := time.Now()
	if page, err := l.Payments(t.Context(), gateway.PaymentFilter{MerchantID: "m1", Statuses: []gateway.Status{gateway.Settled}, Limit: 100}); err != nil || len(page) != 100 {
		t.Fatal(err)
	}
	t.Logf("a page of 100 took %s", time.Since(began))
}

// latencies are those of changes one after the other, beside something else.
func latencies(t *testing.T, l *Ledger, beside func()) []time.Duration {
	t.Helper()
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
		if err := l.Apply(t.Context(), storetest.Sale("m2", noon)); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	<-done
	slices.Sort(took)
	return took
}
