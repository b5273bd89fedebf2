package ledger_test

import (
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
