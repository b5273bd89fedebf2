package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"paytrace-gateway/gateway"
)

// What subscribers are owed, and what keeps them from being told.
var (
	pending       = describe("deliveries_pending", "Deliveries that are to be tried, those behind a dead letter among them.", "merchant", "subscriber")
	pendingOldest = describe("deliveries_oldest_seconds", "Age of the oldest of them, 0 without one.", "merchant", "subscriber")
	deadNow       = describe("dead_letters", "Dead letters that wait for a person.", "merchant", "subscriber")
	paused        = describe("subscriber_paused", "1 while this process leaves the subscriber alone, else 0.", "merchant", "subscriber")
	disabled      = describe("subscriber_disabled", "1 while the subscriber has said that it is gone, else 0.", "merchant", "subscriber")
)

// tellSubscribers tells how they stand. Those that are configured no more share
// one label, so their figures are added up, and of ages the largest counts.
func (b *books) tellSubscribers(ch chan<- prometheus.Metric, standings []gateway.SubscriberStanding, now time.Time) {
	owed, dead, off, gone := gauges(pending), gauges(deadNow), gauges(paused), gauges(disabled)
	oldest := map[[2]string]float64{}
	for _, s := range standings {
		labels := [2]string{b.merchants.label(s.MerchantID), b.subscribers.label(s.Name)}
		owed.add(float64(s.Owed.Pending), labels[:]...)
		dead.add(float64(s.Owed.Dead), labels[:]...)
		off.add(oneIf(!s.PausedUntil.IsZero()), labels[:]...)
		gone.add(oneIf(!s.State.DisabledAt.IsZero()), labels[:]...)
		oldest[labels] = max(oldest[labels], age(s.Owed.OldestPending, now))
	}
	for _, t := range []tally{owed, dead, off, gone} {
		t.tell(ch)
	}
	for labels, seconds := range oldest {
		ch <- prometheus.MustNewConstMetric(pendingOldest, prometheus.GaugeValue, seconds, labels[:]...)
	}
}
