package ledger

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// heaped is a trail that tells the largest heap at which a page of it was asked
// for.
type heaped struct {
	gateway.AuditTrail
	most uint64
}

func (h *heaped) AuditEntries(ctx context.Context, after int64, limit int) ([]gateway.AuditEntry, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.most = max(h.most, m.HeapAlloc)
	return h.AuditTrail.AuditEntries(ctx, after, limit)
}

// BenchmarkVerifyAudit verifies trails of a hundred thousand records and of a
// million: the heap must not grow with them.
func BenchmarkVerifyAudit(b *testing.B) {
	for _, records := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			l := opened(b, fresh(b), Options{})
			const step = 1000
			for i := 0; i < records; i += step {
				page := make([]gateway.AuditRecord, step)
				for j := range page {
					_, page[j] = addedClient(fmt.Sprint("client-", i+j))
					page[j].At = noon.Add(time.Duration(i+j) * time.Second)
					page[j].Actor = gateway.Actor{Client: "operator:root", Person: "Ada Byron", From: "127.0.0.1"}
				}
				if err := l.write(b.Context(), "audit", func(s *session) error { return s.chain(page...) }); err != nil {
					b.Fatal(err)
				}
			}
			trail := &heaped{AuditTrail: l}
			b.ResetTimer()
			for b.Loop() {
				report, err := gateway.VerifyAudit(b.Context(), trail, storetest.AuditKey, nil, func(f gateway.AuditFinding) { b.Error(f.Found) })
				if err != nil || report.Records != int64(records) {
					b.Fatalf("%+v, %v", report, err)
				}
			}
			var size int64
			if err := l.reads.db.QueryRow(`SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`).Scan(&size); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(size)/float64(records), "bytes/record")
			b.ReportMetric(float64(trail.most)/(1<<20), "MB-heap")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
		})
	}
}

// BenchmarkAudited is what a record costs the decision that it goes with, beside
// one without.
func BenchmarkAudited(b *testing.B) {
	for _, audited := range []bool{false, true} {
		b.Run(fmt.Sprintf("record=%t", audited), func(b *testing.B) {
			l := opened(b, fresh(b), Options{})
			_, r := addedClient("a")
			at := noon
			for b.Loop() {
				at = at.Add(time.Second)
				c := storetest.Sale("m1", at)
				if audited {
					c.Audit = &r
				}
				if err := l.Apply(b.Context(), c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
