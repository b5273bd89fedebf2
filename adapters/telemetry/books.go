package telemetry

import (
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"paytrace-gateway/gateway"
)

// books tells at a scrape what the ledger says is unfinished.
type books struct {
	now         func() time.Time
	log         *slog.Logger
	merchants   names
	subscribers names
	watched     *atomic.Pointer[watched]

	mu   sync.Mutex
	last *inquiry
}

var (
	ledgerUp      = describe("ledger_up", "1 while the ledger can write and says what is unfinished, else 0.")
	unknowns      = describe("unknown_operations", "Operations whose outcome is not known.", "merchant")
	unknownOldest = describe("unknown_oldest_seconds", "Age of the oldest operation whose outcome is not known, 0 without one.", "merchant")
	waiting       = describe("waiting_refunds", "Refunds that wait for settlement.", "merchant")
	attention     = describe("attention_payments", "Payments that wait for a person.", "merchant")
	overdue       = describe("due_overdue", "Operations that a job should have taken up.", "merchant")
	dueOldest     = describe("due_oldest_seconds", "How long the longest of them has been due, 0 without one.", "merchant")
	exportAge     = describe("export_age_seconds", "How long ago all that PayTrace's export showed had been followed, +Inf before the first time.", "merchant")
	unmatched     = describe("unmatched_transactions", "Transactions at PayTrace that belong to no payment.", "merchant")
	unfiled       = describe("settlement_files_missing", "Settlement files that are not written though their day is over.", "merchant")

	storing        = describe("vault_undecided", "Cards that are being stored or replaced, or of which nobody knows whether they were.", "merchant")
	storingOldest  = describe("vault_undecided_oldest_seconds", "Age of the oldest of them, 0 without one.", "merchant")
	removing       = describe("vault_removals", "Stored cards that are removed here and that PayTrace has not deleted.", "merchant")
	removingOldest = describe("vault_removals_oldest_seconds", "Age of the oldest of them, 0 without one.", "merchant")
	checkOldest    = describe("vault_check_overdue_seconds", "How long the stored card has been due that waits longest to be compared with PayTrace's, 0 without one.", "merchant")
)

func newBooks(c Config, merchants names, from *atomic.Pointer[watched]) *books {
	return &books{now: c.Now, log: c.Log, merchants: merchants, subscribers: subscriberNames(c.Subscribers), watched: from}
}

// Describe names the metrics.
func (b *books) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		ledgerUp, unknowns, unknownOldest, waiting, attention, overdue, dueOldest, unmatched, exportAge,
		storing, storingOldest, removing, removingOldest, checkOldest,
		pending, pendingOldest, deadNow, paused, disabled,
		archivedRecords, archivedBytes, retentionKept, retentionAge, unfiled,
	} {
		ch <- desc
	}
}

// Collect tells them. What is not known is left out: an old figure would hide
// that nobody looks any more.
func (b *books) Collect(ch chan<- prometheus.Metric) {
	from := b.watched.Load()
	if from.Backlog == nil || from.Ledger == nil {
		return
	}
	last, err := b.read(from.Sources)
	ch <- prometheus.MustNewConstMetric(ledgerUp, prometheus.GaugeValue, oneIf(err == nil))
	if err != nil {
		return
	}
	now := b.now()
	b.tellSubscribers(ch, last.standings, now)
	if from.Retention != nil {
		tellRetention(ch, last.retention, now)
	}
	missing := gauges(unfiled)
	for merchant, days := range last.unfiled {
		missing.add(float64(days), b.merchants.label(merchant))
	}
	missing.tell(ch)
	for merchant, one := range b.byLabel(last.backlog) {
		for desc, value := range map[*prometheus.Desc]float64{
			unknowns:      float64(one.Unknown),
			unknownOldest: age(one.OldestUnknown, now),
			waiting:       float64(one.Waiting),
			attention:     float64(one.Attention),
			overdue:       float64(one.Overdue),
			dueOldest:     age(one.OldestDue, now),
			unmatched:     float64(one.Unmatched),

			storing:        float64(one.Storing),
			storingOldest:  age(one.OldestStoring, now),
			removing:       float64(one.Removing),
			removingOldest: age(one.OldestRemoving, now),
			checkOldest:    age(one.OldestCheck, now),
		} {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, merchant)
		}
		if one.Watched {
			ch <- prometheus.MustNewConstMetric(exportAge, prometheus.GaugeValue, sinceSeen(one.SeenThrough, now), merchant)
		}
	}
}

// sinceSeen is the age of what was seen: an export that was never followed to
// its end is older than any alarm allows.
func sinceSeen(through, now time.Time) float64 {
	if through.IsZero() {
		return math.Inf(1)
	}
	return age(through, now)
}

// byLabel adds up what falls under one label: a ledger may hold merchants that
// are configured no more, and one in both modes. A merchant without a backlog
// has zeros, so that an alarm can end.
func (b *books) byLabel(rows []gateway.Backlog) map[string]gateway.Backlog {
	sums := map[string]gateway.Backlog{}
	for merchant := range b.merchants {
		sums[merchant] = gateway.Backlog{}
	}
	for _, row := range rows {
		merchant := b.merchants.label(row.MerchantID)
		sum := sums[merchant]
		sum.Unknown += row.Unknown
		sum.OldestUnknown = earlier(sum.OldestUnknown, row.OldestUnknown)
		sum.Waiting += row.Waiting
		sum.Attention += row.Attention
		sum.Overdue += row.Overdue
		sum.OldestDue = earlier(sum.OldestDue, row.OldestDue)
		sum.Unmatched += row.Unmatched
		sum.Storing += row.Storing
		sum.OldestStoring = earlier(sum.OldestStoring, row.OldestStoring)
		sum.Removing += row.Removing
		sum.OldestRemoving = earlier(sum.OldestRemoving, row.OldestRemoving)
		sum.OldestCheck = earlier(sum.OldestCheck, row.OldestCheck)
		if row.Watched {
			sum.Watched, sum.SeenThrough = true, row.SeenThrough
		}
		sums[merchant] = sum
	}
	return sums
}

// earlier is the earlier of two times that may be missing.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// age is never below zero: another instance's clock may be ahead of ours.
func age(since, now time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since).Seconds())
}
