package ledger

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/storetest"
)

// TestEventsOfBeforeTheOutboxAreNotTold also writes an event as a gateway of the
// second schema does, which may still be at work when the third one starts.
func TestEventsOfBeforeTheOutboxAreNotTold(t *testing.T) {
	for name, blank := range stores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			s.make(t, "migrations/0001_ledger.sql", "migrations/0002_watch.sql")
			decided, _, _ := history()
			s.insertFirst(t, decided)
			before := eventsOf(t, s.db)
			l := s.open(t)
			if after := eventsOf(t, s.db); len(after) != 1 || !reflect.DeepEqual(after, before) {
				t.Errorf("the events are\n%+v\nwere\n%+v", after, before)
			}
			if events, err := l.Unspread(t.Context(), []string{"m1"}, 10); err != nil || len(events) != 0 {
				t.Errorf("to be told of the past: %+v, %v", events, err)
			}
			s.exec(t, `INSERT INTO events (id, merchant_id, payment_id, operation_id, type, version, at, body)
				SELECT 'evt_of_the_other', merchant_id, payment_id, operation_id, type, version + 1, at, body FROM events`)
			events, err := l.Unspread(t.Context(), []string{"m1"}, 10)
			if err != nil || len(events) != 1 || events[0].ID != "evt_of_the_other" {
				t.Errorf("to be told of what another gateway wrote: %+v, %v", events, err)
			}
		})
	}
}

// TestPostgresLooksAtEachDeliveryByItsIndex asks a server that knows nothing of
// its tables yet: as a join, what is due cost it the square of what waits.
func TestPostgresLooksAtEachDeliveryByItsIndex(t *testing.T) {
	l := onPostgres(t, withTables.Postgres(t))
	for name, test := range map[string]struct {
		query   string
		indexes []string
	}{
		"due":    {dueDeliveriesSQL, []string{"deliveries_due", "deliveries_order on deliveries front", "delivery_lanes_pkey"}},
		"spread": {insertDeliverySQL, []string{"deliveries_order on deliveries front"}},
		"park":   {parkSQL, []string{"deliveries_order on deliveries"}},
		"bring":  {bringSQL, []string{"deliveries_order on deliveries"}},
		"lost":   {forgottenSQL, []string{"deliveries_due", "deliveries_order on deliveries front"}},
		"take":   {takeDeliverySQL, []string{"deliveries_order on deliveries front"}},
		"replay": {replayDeliverySQL, []string{"deliveries_by_queue on deliveries behind"}},
	} {
		steps := planInPostgres(t, l, "asked_"+name, test.query)
		for _, index := range test.indexes {
			if strings.Contains(steps, "Join") || !strings.Contains(steps, index) {
				t.Errorf("%s is carried out as\n%s\nwithout %s alone", name, steps, index)
			}
		}
	}
}

func planInPostgres(t *testing.T, l *Ledger, name, query string) string {
	t.Helper()
	conn, err := l.reads.db.Conn(t.Context())
	fits(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "SET plan_cache_mode = force_generic_plan; PREPARE "+name+" AS "+l.reads.dialect.query(query))
	fits(t, err)
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN EXECUTE "+name+" ("+strings.Repeat("NULL, ", strings.Count(query, "?")-1)+"NULL)")
	fits(t, err)
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var step string
		fits(t, rows.Scan(&step))
		steps = append(steps, step)
	}
	fits(t, rows.Err())
	return strings.Join(steps, "\n")
}

// TestNothingNewerIsToldWhileAReplayIsWritten holds a replay open on one gateway
// while another spreads the payment's next event and takes its delivery.
func TestNothingNewerIsToldWhileAReplayIsWritten(t *testing.T) {
	for name, spreadsOnly := range map[string]bool{"its event is new": false, "its event is there": true} {
		t.Run(name, func(t *testing.T) {
			url := withTables.Postgres(t)
			l, other := onPostgres(t, url), onPostgres(t, url)
			old, next, change := toldOnce(t, l)
			if spreadsOnly {
				fits(t, l.Apply(t.Context(), change))
			}
			written, let := make(chan struct{}), make(chan struct{})
			release := sync.OnceFunc(func() { close(let) })
			t.Cleanup(release)
			replayed, taken := make(chan error, 1), make(chan error, 1)
			go func() {
				row, err := encodeDelivery(old)
				if err == nil {
					err = l.write(t.Context(), "", func(s *session) error {
						err := errors.Join(row.replay(s), s.flush()) // what is gathered holds nothing yet
						close(written)
						<-let
						return err
					})
				}
				replayed <- err
			}()
			<-written
			go func() { taken <- newerTold(t, other, next, change, spreadsOnly) }()
			waitsForLock(t, l, taken)
			release()
			fits(t, <-replayed)
			if err := <-taken; err != gateway.ErrStale {
				t.Errorf("what is newer was taken beside the replay: %v", err)
			}
		})
	}
}

// toldOnce is a delivery that is about to be replayed, and the next of its
// payment with the change that makes it.
func toldOnce(t *testing.T, l *Ledger) (old, next gateway.Delivery, change gateway.Change) {
	t.Helper()
	sale := storetest.Sale("m1", noon)
	first := storetest.Approval(sale.Payment, noon.Add(time.Second))
	fits(t, l.Apply(t.Context(), sale))
	fits(t, l.Apply(t.Context(), first))
	change = storetest.Approval(first.Payment, noon.Add(time.Minute))
	old, next = deliveryTo("shop", first.Events[0]), deliveryTo("shop", change.Events[0])
	fits(t, l.Spread(t.Context(), first.Events, []gateway.Delivery{old}))
	for _, status := range []gateway.DeliveryStatus{gateway.DeliveryDone, gateway.DeliveryPending} {
		old.Status = status
		old.Version++
		if status == gateway.DeliveryDone {
			fits(t, l.SaveDelivery(t.Context(), old))
		}
	}
	return old, next, change
}

func deliveryTo(subscriber string, e gateway.Event) gateway.Delivery {
	return gateway.Delivery{
		ID: gateway.NewDeliveryID(noon), MerchantID: "m1", LiveMode: true, Subscriber: subscriber, Event: e,
		Lane: e.ID, Status: gateway.DeliveryPending, Due: noon, Version: 1, CreatedAt: noon, UpdatedAt: noon,
	}
}

func newerTold(t *testing.T, l *Ledger, next gateway.Delivery, change gateway.Change, applied bool) error {
	if !applied {
		if err := l.Apply(t.Context(), change); err != nil {
			return err
		}
	}
	if err := l.Spread(t.Context(), change.Events, []gateway.Delivery{next}); err != nil {
		return err
	}
	taken, err := l.TakeDeliveries(t.Context(), []gateway.Delivery{next}, noon.Add(time.Hour), noon.Add(2*time.Hour))
	if err == nil && len(taken) == 0 {
		return gateway.ErrStale
	}
	return err
}

// waitsForLock returns when a session waits for another's row, or when the call
// is through without that.
func waitsForLock(t *testing.T, l *Ledger, through <-chan error) {
	t.Helper()
	for {
		select {
		case err := <-through:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		var waiting int
		err := l.reads.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting > 0 {
			return
		}
	}
}

// TestWhatWaitsForNothingIsBroughtForward has a hand end what is in front.
func TestWhatWaitsForNothingIsBroughtForward(t *testing.T) {
	for name, blank := range migratedStores {
		t.Run(name, func(t *testing.T) {
			s := blank(t)
			l := s.open(t)
			_, next, change := toldOnce(t, l)
			fits(t, l.Apply(t.Context(), change))
			fits(t, l.Spread(t.Context(), change.Events, []gateway.Delivery{next}))
			s.exec(t, `UPDATE deliveries SET due = 0, created_at = ? WHERE id = ?`, noon.UnixMicro(), next.ID)
			shop := gateway.Subscriber{MerchantID: "m1", LiveMode: true, Name: "shop"}
			for _, want := range []int{0, 1} {
				due, err := l.DueDeliveries(t.Context(), shop, noon, 10)
				if err != nil || len(due) != want {
					t.Errorf("%d are due, %v, want %d", len(due), err, want)
				}
				fits(t, l.BringForward(t.Context(), shop))
			}
		})
	}
}

func fits(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
