package guard_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// instantly approves everything and costs nothing.
type instantly struct{ gateway.Processor }

func (instantly) Charge(context.Context, gateway.Charge) gateway.Result { return approved }

// What a call costs that meets no trouble: with every protection on, and with
// the limit off, as by default.
func BenchmarkCall(b *testing.B) {
	for name, rate := range map[string]int{"limited": 1_000_000_000, "unlimited": 0} {
		b.Run(name, func(b *testing.B) {
			g := guard.New(instantly{}, guard.Config{RatePerSecond: rate})
			ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
			defer cancel()
			charge := gateway.Charge{Amount: 1999, SendBefore: time.Now().Add(time.Hour)}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if r := g.Charge(ctx, charge); r.Outcome != gateway.Approved {
						b.Fatal(r.Detail)
					}
				}
			})
		})
	}
}
