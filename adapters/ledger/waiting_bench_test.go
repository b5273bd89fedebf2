package ledger

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// BenchmarkDueBehindDeadLetters asks for what is due while so many deliveries
// wait behind dead letters, nine behind each: with a time of their own, as it
// was once, and without.
func BenchmarkDueBehindDeadLetters(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		l := opened(b, fresh(b), Options{})
		behindDeadLetters(b, l, n)
		shop := gateway.Subscriber{MerchantID: "m1", LiveMode: true, Name: "shop"}
		ask := func(b *testing.B) {
			for b.Loop() {
				if due, err := l.DueDeliveries(b.Context(), shop, noon.Add(time.Hour), 8); err != nil || len(due) != 0 {
					b.Fatal(len(due), err)
				}
			}
		}
		b.Run(fmt.Sprintf("waiting=%d/without", n), ask)
		execute(b, l, `UPDATE deliveries SET due = created_at WHERE due = 0 AND status = 'pending'`)
		b.Run(fmt.Sprintf("waiting=%d/with", n), ask)
	}
}

// behindDeadLetters are deliveries of the same ten events over and over, each
// time in another queue.
func behindDeadLetters(b *testing.B, l *Ledger, n int) {
	b.Helper()
	sale := storetest.Sale("m1", noon)
	var events []gateway.Event
	p := sale.Payment
	if err := l.Apply(b.Context(), sale); err != nil {
		b.Fatal(err)
	}
	for i := range 10 {
		c := storetest.Approval(p, noon.Add(time.Duration(i)*time.Second))
		if err := l.Apply(b.Context(), c); err != nil {
			b.Fatal(err)
		}
		p, events = c.Payment, append(events, c.Events...)
	}
	for i, e := range events {
		status, due := "pending", 0
		if i == 0 {
			status = "dead"
		}
		execute(b, l, fmt.Sprintf(`INSERT INTO deliveries
			(id, merchant_id, live_mode, subscriber, event_id, queue, payment_id, lane, position, status, due, attempts, failures, log, version, created_at, updated_at)
			WITH RECURSIVE counted (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < %d)
			SELECT 'dlv_' || i || '_%d', 'm1', TRUE, 'shop', '%s', 'pay_' || i, 'pay_' || i, '', %d, '%s', %d, 0, 0, 'null', 1, %d, 0 FROM counted`,
			n/9, i, e.ID, e.Version, status, due, noon.UnixMicro()))
	}
}

func execute(b *testing.B, l *Ledger, statement string) {
	b.Helper()
	err := l.write(b.Context(), "", func(s *session) error { _, err := s.exec(statement); return err })
	if err != nil {
		b.Fatal(err)
	}
}
