package ledger

import (
	"errors"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// sold makes so many payments with an event each, a second apart.
func sold(t *testing.T, l *Ledger, merchantID string, n int) []gateway.Event {
	t.Helper()
	var events []gateway.Event
	for i := range n {
		sale := storetest.Sale(merchantID, noon.Add(time.Duration(i)*time.Second))
		c := storetest.Approval(sale.Payment, sale.Payment.CreatedAt)
		fits(t, l.Apply(t.Context(), sale))
		fits(t, l.Apply(t.Context(), c))
		events = append(events, c.Events...)
	}
	return events
}

func wantUnreadable(t *testing.T, err error, n int) gateway.UnreadableError {
	t.Helper()
	var rows gateway.UnreadableError
	if !errors.As(err, &rows) || len(rows) != n {
		t.Fatalf("%d rows cannot be read: %v, want %d", len(rows), err, n)
	}
	return rows
}

// TestAnEventThatCannotBeReadStopsItsPaymentAlone has more of them than are
// looked at at once.
func TestAnEventThatCannotBeReadStopsItsPaymentAlone(t *testing.T) {
	for name, blank := range migratedStores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			l := s.open(t)
			events := sold(t, l, "m1", 150)
			for _, e := range events[:140] {
				s.exec(t, `UPDATE events SET body = '{"Amount": "newer"' WHERE id = ?`, e.ID)
			}
			bad := events[139].Payment
			later := storetest.Approval(bad, noon.Add(time.Hour))
			fits(t, l.Apply(t.Context(), later))
			got, err := l.Unspread(t.Context(), []string{"m1"}, 100)
			if len(got) != 10 || got[0].ID != events[140].ID {
				t.Fatalf("%d events came", len(got))
			}
			rows := wantUnreadable(t, err, 140)
			if r := rows[0]; r.ID != events[0].ID || r.MerchantID != "m1" || r.PaymentID != events[0].PaymentID || r.Subscriber != "" || r.Err == nil {
				t.Errorf("the first is %+v", r)
			}
			if some, _ := l.Unspread(t.Context(), []string{"m1"}, 3); len(some) != 3 {
				t.Errorf("%d of 3 events came", len(some))
			}
			if _, err := l.Unspread(t.Context(), []string{"m2"}, 100); err != nil {
				t.Errorf("another merchant is told of them: %v", err)
			}
		})
	}
}

func TestADeliveryThatCannotBeReadStopsItsPaymentAlone(t *testing.T) {
	for name, blank := range migratedStores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			l := s.open(t)
			events := sold(t, l, "m1", 20)
			var made []gateway.Delivery
			for _, e := range events {
				made = append(made, deliveryTo("shop", e))
			}
			fits(t, l.Spread(t.Context(), events, made))
			s.exec(t, `UPDATE deliveries SET due = due + 1 WHERE id IN (?, ?)`, made[18].ID, made[19].ID)
			for i := range 18 {
				if i%2 == 0 {
					s.exec(t, `UPDATE events SET body = '' WHERE id = ?`, events[i].ID)
				} else {
					s.exec(t, `UPDATE deliveries SET log = '{"newer": 1}' WHERE id = ?`, made[i].ID)
				}
			}
			shop := gateway.Subscriber{MerchantID: "m1", LiveMode: true, Name: "shop"}
			for limit, want := range map[int]int{1: 1, 3: 2, 100: 2} {
				due, err := l.DueDeliveries(t.Context(), shop, noon.Add(time.Hour), limit)
				if len(due) != want {
					t.Errorf("%d deliveries of at most %d came", len(due), limit)
				}
				if r := wantUnreadable(t, err, 18)[0]; r.MerchantID != "m1" || r.Subscriber != "shop" || r.PaymentID == "" || r.Err == nil {
					t.Errorf("the first is %+v", r)
				}
			}
			aPersonSkips(t, l, made[:2])
		})
	}
}

// aPersonSkips sees what the columns say of deliveries, and skips them.
func aPersonSkips(t *testing.T, l *Ledger, made []gateway.Delivery) {
	t.Helper()
	listed, err := l.Deliveries(t.Context(), gateway.DeliveryFilter{MerchantID: "m1", LiveMode: true, Limit: 100})
	wantUnreadable(t, err, 18)
	if len(listed) != 20 {
		t.Errorf("%d deliveries are listed", len(listed))
	}
	for _, d := range made {
		shown, err := l.Delivery(t.Context(), "m1", d.ID)
		wantUnreadable(t, err, 1)
		if shown.ID != d.ID || shown.Event.PaymentID != d.Event.PaymentID || shown.Event.Type != d.Event.Type || shown.Version != 1 {
			t.Errorf("it is shown as %+v", shown)
		}
		shown.Status, shown.Version = gateway.DeliverySkipped, 2
		fits(t, l.SaveDelivery(t.Context(), shown))
	}
	_, err = l.DueDeliveries(t.Context(), gateway.Subscriber{MerchantID: "m1", LiveMode: true, Name: "shop"}, noon.Add(time.Hour), 10)
	wantUnreadable(t, err, 16)
}
