package telemetry

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"paytrace-gateway/gateway"
)

var (
	archivedRecords = describe("archive_payments", "Payments that were written into the archive.")
	archivedBytes   = describe("archive_bytes", "Size of the archive.")
	retentionKept   = describe("retention_kept_payments", "Payments that were old enough to leave, and that the last run had to keep.")
	retentionAge    = describe("retention_age_seconds", "How long ago a run came to its end that lets go of what is finished, +Inf before the first.")
)

// tellRetention tells what the ledger has let go of.
func tellRetention(ch chan<- prometheus.Metric, r gateway.RetentionStanding, now time.Time) {
	since := math.Inf(1)
	if !r.FinishedAt.IsZero() {
		since = now.Sub(r.FinishedAt).Seconds()
	}
	for desc, value := range map[*prometheus.Desc]float64{
		archivedRecords: float64(r.Records), archivedBytes: float64(r.Bytes), retentionKept: float64(r.Kept), retentionAge: since,
	} {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
}
