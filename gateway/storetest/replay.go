package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var replaySpecs = []spec{
	{"ReplayDelivery/puts what was delivered in front again", replayed},
	{"ReplayDelivery/is stale unless it comes next", replayStale},
	{"ReplayDelivery/is stale while there is one behind it that was not skipped", replayOfOlder},
	{"ReplayDelivery/is not held up by another subscriber, mode or payment", replayApart},
}

func replay(t *testing.T, l gateway.Ledger, d gateway.Delivery) gateway.Delivery {
	t.Helper()
	d = changed(d, gateway.DeliveryPending)
	if err := l.ReplayDelivery(t.Context(), d, decision); err != nil {
		t.Fatalf("ReplayDelivery: %v", err)
	}
	return d
}

func replayed(t *testing.T, l gateway.Ledger) {
	d := saved(t, l, queued(t, l, 1)[0], gateway.DeliveryDone)
	wantDue(t, l, later)
	d = replay(t, l, d)
	wantDelivery(t, l, d)
	wantDue(t, l, later, d)
	// What happens to the payment meanwhile stands behind it.
	c := refund(d.Event.Payment, start.Add(time.Hour))
	apply(t, l, c)
	next := deliveryOf(c.Events[0], shop, start)
	spread(t, l, next)
	wantDue(t, l, later, d)
	wantTakeStale(t, l, next, later)
	saved(t, l, take(t, l, d, later, later.Add(time.Minute)), gateway.DeliveryDone)
	wantDue(t, l, later, next)

	u := stray("m1", "1001", start)
	e := unmatchedEvent(u)
	keep(t, l, u, e)
	lone := deliveryOf(*e, shop, start)
	spread(t, l, lone)
	replay(t, l, saved(t, l, lone, gateway.DeliveryDone))
}

func replayStale(t *testing.T, l gateway.Ledger) {
	d := saved(t, l, queued(t, l, 1)[0], gateway.DeliveryDone)
	for _, version := range []int64{1, 2, 4} {
		late := changed(d, gateway.DeliveryPending)
		late.Version = version
		wantErr(t, l.ReplayDelivery(t.Context(), late, decision), gateway.ErrStale)
		wantDelivery(t, l, d)
	}
}

func replayOfOlder(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 2)
	first := saved(t, l, d[0], gateway.DeliveryDone)
	behind := d[1]
	for _, status := range []gateway.DeliveryStatus{gateway.DeliveryPending, gateway.DeliveryDead, gateway.DeliveryDone} {
		behind = saved(t, l, behind, status)
		wantErr(t, l.ReplayDelivery(t.Context(), changed(first, gateway.DeliveryPending), decision), gateway.ErrStale)
		wantDelivery(t, l, first)
	}
	behind = replay(t, l, behind)
	saved(t, l, behind, gateway.DeliverySkipped)
	replay(t, l, first)
}

func replayApart(t *testing.T, l gateway.Ledger) {
	crm, test := shop, shop
	crm.Name, test.LiveMode = "crm", false
	e := events(t, l, "m1", start, 2)
	mine := deliveryOf(e[0], shop, start)
	spread(t, l, mine, deliveryOf(e[1], crm, start), deliveryOf(e[1], test, start))
	inLane(t, l, "", start.Add(time.Hour))
	replay(t, l, saved(t, l, mine, gateway.DeliveryDone))
}
