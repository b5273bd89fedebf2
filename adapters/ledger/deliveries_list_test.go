package ledger

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// TestDeliveriesFromBeforeAreListed has a ledger with a delivery in each state,
// made by a release whose indexes were others.
func TestDeliveriesFromBeforeAreListed(t *testing.T) {
	before := migrationsBefore(t, "0018")
	states := []gateway.DeliveryStatus{gateway.DeliveryPending, gateway.DeliveryDone, gateway.DeliverySkipped, gateway.DeliveryDead}
	for name, start := range stores {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.make(t, before...)
			for i, status := range states {
				at := noon.Add(time.Duration(i) * time.Hour)
				event := fmt.Sprint("evt_", i)
				s.exec(t, `INSERT INTO events (id, merchant_id, operation_id, type, version, at, body, spread) VALUES (?, 'm1', '', 'transaction.unmatched', 0, ?, '{}', TRUE)`,
					event, at.UnixMicro())
				s.exec(t, `INSERT INTO deliveries
					(id, merchant_id, live_mode, subscriber, event_id, queue, lane, position, status, due, attempts, failures, log, version, created_at, updated_at)
					VALUES (?, 'm1', TRUE, 'shop', ?, ?, '', 0, ?, 0, 0, 0, '[]', 1, ?, ?)`,
					gateway.NewDeliveryID(at), event, event, string(status), at.UnixMicro(), at.UnixMicro())
			}
			l := s.open(t)
			for _, test := range []struct {
				asked, want []gateway.DeliveryStatus
				from        time.Time
			}{
				{want: []gateway.DeliveryStatus{"dead", "skipped", "delivered", "pending"}},
				{want: []gateway.DeliveryStatus{"dead", "skipped"}, from: noon.Add(2 * time.Hour)},
				{asked: []gateway.DeliveryStatus{"dead"}, want: []gateway.DeliveryStatus{"dead"}},
				{asked: []gateway.DeliveryStatus{"pending", "dead"}, want: []gateway.DeliveryStatus{"dead", "pending"}},
				{asked: []gateway.DeliveryStatus{"delivered"}, want: []gateway.DeliveryStatus{"delivered"}},
				{asked: []gateway.DeliveryStatus{"pending", "delivered"}, want: []gateway.DeliveryStatus{"delivered", "pending"}},
			} {
				f := gateway.DeliveryFilter{MerchantID: "m1", LiveMode: true, Statuses: test.asked, CreatedFrom: test.from, Limit: 10}
				if got := statusesOf(t, l, f); fmt.Sprint(got) != fmt.Sprint(test.want) {
					t.Errorf("%v from %v: %v, want %v", test.asked, test.from, got, test.want)
				}
			}
		})
	}
}

// TestADeliveryIsListedByItsTime has one that got its id a moment after its time,
// as a busy gateway gives it.
func TestADeliveryIsListedByItsTime(t *testing.T) {
	for name, blank := range migratedStores {
		t.Run(name, func(t *testing.T) {
			l := blank(t).open(t)
			_, late, change := toldOnce(t, l)
			late.ID = gateway.NewDeliveryID(noon.Add(20 * time.Second))
			late.CreatedAt = noon.Add(10 * time.Second)
			fits(t, l.Apply(t.Context(), change))
			fits(t, l.Spread(t.Context(), change.Events, []gateway.Delivery{late}))
			from := gateway.DeliveryFilter{MerchantID: "m1", LiveMode: true, CreatedFrom: noon.Add(10 * time.Second), Limit: 10}
			until := gateway.DeliveryFilter{MerchantID: "m1", LiveMode: true, CreatedTo: noon.Add(11 * time.Second), Limit: 10}
			if n, m := len(statusesOf(t, l, from)), len(statusesOf(t, l, until)); n != 1 || m != 2 {
				t.Errorf("%d are from then, want 1; %d were until then, want 2", n, m)
			}
			from.CreatedFrom = noon.Add(11 * time.Second)
			if n := len(statusesOf(t, l, from)); n != 0 {
				t.Errorf("%d are from after it, whose id is later", n)
			}
		})
	}
}

func statusesOf(t *testing.T, l *Ledger, f gateway.DeliveryFilter) (statuses []gateway.DeliveryStatus) {
	t.Helper()
	found, err := l.Deliveries(t.Context(), f)
	fits(t, err)
	for _, d := range found {
		statuses = append(statuses, d.Status)
	}
	return statuses
}
