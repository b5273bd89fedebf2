package redis

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

// The benchmarks of memory and Redis stand side by side: what a payment costs,
// which is a claim and its answer, and what a request costs against a quota.

func BenchmarkClaimAndFinishInMemory(b *testing.B) { benchmarkClaims(b, NewMemory(time.Now)) }

func BenchmarkClaimAndFinishInRedis(b *testing.B) {
	benchmarkClaims(b, open(b, patient(at(b, services.Redis(b)))))
}

func BenchmarkTakeInMemory(b *testing.B) { benchmarkQuotas(b, NewMemory(time.Now)) }

func BenchmarkTakeInRedis(b *testing.B) {
	benchmarkQuotas(b, open(b, patient(at(b, services.Redis(b)))))
}

func benchmarkClaims(b *testing.B, c gateway.Claims) {
	answer := make([]byte, 2048)
	var orders atomic.Int64
	atOnce(b, func() error {
		key := gateway.ClaimKey{MerchantID: "m1", Key: strconv.FormatInt(orders.Add(1), 10)}
		if _, err := c.Claim(b.Context(), key, "one", time.Minute); err != nil {
			return err
		}
		return c.Finish(b.Context(), key, "one", answer, time.Minute)
	})
}

func benchmarkQuotas(b *testing.B, q gateway.Quotas) {
	quota := gateway.Quota{Requests: 100, Per: time.Second}
	atOnce(b, func() error {
		_, err := q.Take(b.Context(), "client", quota)
		return err
	})
}

// atOnce measures one caller, and then sixteen for each processor.
func atOnce(b *testing.B, call func() error) {
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := call(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("many", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
