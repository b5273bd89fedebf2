package telemetry

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// What a request pays for being watched: nothing for spans while they are off,
// and one allocation for each stage that is measured.
func BenchmarkRequest(b *testing.B) {
	collector, _, _ := blackHole(b)
	for name, tel := range map[string]*Telemetry{
		"tracing off":     opened(b, time.Now),
		"tracing a tenth": traced(b, Tracing{Endpoint: "http://" + collector, Sample: .1}),
		"tracing all":     traced(b, Tracing{Endpoint: "http://" + collector, Sample: 1}),
	} {
		b.Run("span, "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, end := tel.Span(b.Context(), "", "/api/v1/payments")
				end(201)
			}
		})
		b.Run("stage, "+name, func(b *testing.B) {
			ctx, end := tel.Span(b.Context(), "", "/api/v1/payments")
			defer end(201)
			b.ReportAllocs()
			for b.Loop() {
				_, leave := tel.Observer().Stage(ctx, gateway.StageClaim, "acme")
				leave(nil)
			}
		})
	}
	tel := opened(b, time.Now)
	tel.Watch(Sources{Routes: []string{"/api/v1/payments"}})
	b.Run("request", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tel.Request("/api/v1/payments", "POST", 201, 40*time.Millisecond)
		}
	})
	b.Run("operation", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tel.Observer().Operation(gateway.Observation{
				MerchantID: "acme", Kind: gateway.KindSale, Status: gateway.OpApproved, By: gateway.ByAnswer, Took: time.Second,
			})
		}
	})
}
