package telemetry

import (
	"context"
	"errors"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestDeliveriesAreCountedByWhatCameOfThem(t *testing.T) {
	tel := opened(t, newClock().Now)
	see := func(o gateway.DeliveryObservation) {
		o.MerchantID = "acme"
		tel.Observer().Delivery(o)
	}
	see(gateway.DeliveryObservation{Subscriber: "erp", Outcome: gateway.Later, Took: 15 * time.Second, Age: time.Second})
	see(gateway.DeliveryObservation{Subscriber: "erp", Outcome: gateway.Told, Took: 80 * time.Millisecond, Age: 2 * time.Hour})
	// Another instance's clock may be ahead of ours.
	see(gateway.DeliveryObservation{Subscriber: "erp", Outcome: gateway.Told, Took: 20 * time.Millisecond, Age: -time.Second})
	// The last failure of a schedule makes a dead letter, too.
	see(gateway.DeliveryObservation{Subscriber: "shop", Outcome: gateway.Later, Dead: true, Took: time.Second, Age: 72 * time.Hour})
	see(gateway.DeliveryObservation{Subscriber: "shop", Outcome: gateway.Dead, Dead: true, Took: time.Second})

	wantMetrics(t, tel, "counter", "deliveries_total", `
		deliveries_total{merchant="acme",outcome="delivered",subscriber="erp"} 2
		deliveries_total{merchant="acme",outcome="later",subscriber="erp"} 1
		deliveries_total{merchant="acme",outcome="dead",subscriber="shop"} 1
		deliveries_total{merchant="acme",outcome="later",subscriber="shop"} 1`)
	wantMetrics(t, tel, "counter", "dead_letters_total", `
		dead_letters_total{merchant="acme",subscriber="erp"} 0
		dead_letters_total{merchant="acme",subscriber="shop"} 2
		dead_letters_total{merchant="globex",subscriber="erp"} 0`)
	wantMetrics(t, tel, "histogram", "delivery_duration_seconds",
		histogram("delivery_duration_seconds", `merchant="acme",subscriber="erp"`, 15, .08, .02)+
			histogram("delivery_duration_seconds", `merchant="acme",subscriber="shop"`, 1, 1))
	wantMetrics(t, tel, "histogram", "delivery_age_seconds",
		agesHistogram("delivery_age_seconds", `merchant="acme",subscriber="erp"`, 7200, 0))
}

func TestSubscribersAreToldWithWhatTheyAreOwed(t *testing.T) {
	c := newClock()
	tel := opened(t, c.Now)
	ago := func(d time.Duration) time.Time { return c.Now().Add(-d) }
	owed := func(pending, dead int, oldest time.Time) gateway.DeliveryBacklog {
		return gateway.DeliveryBacklog{Pending: pending, Dead: dead, OldestPending: oldest}
	}
	(&fakeLedger{standings: []gateway.SubscriberStanding{
		{MerchantID: "acme", Name: "erp", PausedUntil: c.Now().Add(time.Minute), Owed: owed(3, 1, ago(time.Hour))},
		{MerchantID: "acme", Name: "shop", State: gateway.SubscriberState{DisabledAt: ago(time.Hour)}},
		// Those that are configured no more share a label.
		{MerchantID: "acme", Name: "old", Owed: owed(2, 1, ago(time.Minute))},
		{MerchantID: "acme", Name: "older", Owed: owed(5, 0, ago(time.Second))},
	}}).watch(tel)
	for name, want := range map[string][3]string{
		"deliveries_pending": {"3", "7", "0"}, "deliveries_oldest_seconds": {"3600", "60", "0"}, "dead_letters": {"1", "1", "0"},
		"subscriber_paused": {"1", "0", "0"}, "subscriber_disabled": {"0", "0", "1"},
	} {
		wantMetrics(t, tel, "gauge", name, name+`{merchant="acme",subscriber="erp"} `+want[0]+"\n"+
			name+`{merchant="acme",subscriber="other"} `+want[1]+"\n"+name+`{merchant="acme",subscriber="shop"} `+want[2])
	}
}

func TestALedgerThatCannotSayWhatIsOwedIsNotUp(t *testing.T) {
	tel := opened(t, newClock().Now)
	ledger := &fakeLedger{}
	ledger.watch(tel)
	sources := tel.watched.Load().Sources
	sources.Standings = func(context.Context) ([]gateway.SubscriberStanding, error) { return nil, errors.New("disk") }
	tel.Watch(sources)
	if value, series := up(t, tel); value != 0 || series != 0 {
		t.Errorf("ledger_up is %v with %d series of backlog, want 0 and none", value, series)
	}
}
