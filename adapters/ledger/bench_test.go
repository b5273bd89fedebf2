package ledger_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
	"paytrace-gateway/internal/services"
)

func BenchmarkApply(b *testing.B) {
	benchmarkApply(b, func(b *testing.B) (*ledger.Ledger, error) {
		return ledger.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "ledger.db"), ledger.Options{})
	})
}

func BenchmarkApplyOnPostgres(b *testing.B) {
	benchmarkApply(b, func(b *testing.B) (*ledger.Ledger, error) {
		return ledger.OpenPostgres(b.Context(), services.Postgres(b), ledger.Options{})
	})
}

// benchmarkApply measures whole payments: the intent with its key, then the
// answer with its event and its reply, each durable before the next.
func benchmarkApply(b *testing.B, open func(*testing.B) (*ledger.Ledger, error)) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			l, err := open(b)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { l.Close() })
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ReportAllocs()
			b.ResetTimer()
			var callersDone sync.WaitGroup
			for range callers {
				callersDone.Go(func() {
					for left.Add(-1) >= 0 {
						if err := wholePayment(b.Context(), l); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			callersDone.Wait()
			seconds := b.Elapsed().Seconds()
			b.ReportMetric(float64(b.N)/seconds, "payments/s")
			b.ReportMetric(2*float64(b.N)/seconds, "changes/s")
		})
	}
}

func wholePayment(ctx context.Context, l gateway.Ledger) error {
	intent := storetest.Sale("m1", time.Now().UTC())
	if err := l.Apply(ctx, intent); err != nil {
		return err
	}
	return l.Apply(ctx, storetest.Approval(intent.Payment, intent.Payment.UpdatedAt.Add(time.Millisecond)))
}

func BenchmarkDeliver(b *testing.B) {
	l, err := ledger.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "ledger.db"), ledger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	benchmarkDeliver(b, l)
}

func BenchmarkDeliverOnPostgres(b *testing.B) {
	l, err := ledger.OpenPostgres(b.Context(), services.Postgres(b), ledger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	benchmarkDeliver(b, l)
}

// benchmarkDeliver measures what one delivery costs the ledger: its event is
// spread, 20 at once, and it is found, taken and saved, 16 at once.
func benchmarkDeliver(b *testing.B, l gateway.Ledger) {
	for range b.N {
		if err := wholePayment(b.Context(), l); err != nil {
			b.Fatal(err)
		}
	}
	shop := gateway.Subscriber{MerchantID: "m1", LiveMode: true, Name: "shop"}
	now := time.Now().UTC().Add(time.Hour)
	b.ResetTimer()
	for {
		events, err := l.Unspread(b.Context(), []string{"m1"}, 20)
		if err != nil {
			b.Fatal(err)
		}
		if len(events) == 0 {
			break
		}
		var made []gateway.Delivery
		for _, e := range events {
			made = append(made, gateway.Delivery{
				ID: gateway.NewDeliveryID(now), MerchantID: "m1", LiveMode: true, Subscriber: "shop", Event: e,
				Status: gateway.DeliveryPending, Due: now, Version: 1, CreatedAt: now, UpdatedAt: now,
			})
		}
		if err := l.Spread(b.Context(), events, made); err != nil {
			b.Fatal(err)
		}
	}
	spread := b.Elapsed()
	for {
		due, err := l.DueDeliveries(b.Context(), shop, now, 16)
		if err != nil {
			b.Fatal(err)
		}
		if len(due) == 0 {
			break
		}
		var under sync.WaitGroup
		for _, d := range due {
			under.Go(func() {
				if err := deliver(b.Context(), l, d, now); err != nil {
					b.Error(err)
				}
			})
		}
		under.Wait()
	}
	b.ReportMetric(spread.Seconds()*1e6/float64(b.N), "µs-spread/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}

func deliver(ctx context.Context, l gateway.Ledger, d gateway.Delivery, now time.Time) error {
	taken, err := l.TakeDeliveries(ctx, []gateway.Delivery{d}, now, now.Add(time.Minute))
	if err != nil || len(taken) == 0 {
		return cmp.Or(err, gateway.ErrStale)
	}
	d = taken[0]
	d.Status = gateway.DeliveryDone
	d.Version++
	d.Log = []gateway.Attempt{{At: now, Took: time.Second, Outcome: gateway.Told, StatusCode: 200, Detail: "the order has its payment", By: "instance-1"}}
	return l.SaveDelivery(ctx, d)
}
