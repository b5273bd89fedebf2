package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var queueSpecs = []spec{
	{"DueDeliveries/has what is due, from that moment on", dueDeliveriesInTime},
	{"DueDeliveries/has what has been due longest first, at most the limit", dueDeliveriesInOrder},
	{"DueDeliveries/has those of one subscriber, merchant and mode", dueDeliveriesApart},
	{"DueSubscribers/has who is owed something that is due, each once", dueSubscribers},
	{"DueDeliveries/has the first of a payment until it is delivered or skipped", firstOfQueue},
	{"DueDeliveries/orders a payment by version, then event id", orderOfQueue},
	{"DueDeliveries/lets no subscriber or mode wait for another", subscribersApart},
	{"DueDeliveries/lets no payment wait for another, nor one transaction for another", queuesApart},
	{"DueDeliveries/leaves out whose lane is held, until it is let go or its time has passed", heldLane},
	{"DueDeliveries/has what has no lane whichever is held, once at a time", emptyLane},
}

// later is when all deliveries of the suite are due.
var later = start.Add(24 * time.Hour)

func dueDeliveries(t *testing.T, l gateway.Ledger, s gateway.Subscriber, now time.Time, limit int) []gateway.Delivery {
	t.Helper()
	due, err := l.DueDeliveries(t.Context(), s, now, limit)
	if err != nil {
		t.Fatalf("DueDeliveries: %v", err)
	}
	return due
}

func wantDue(t *testing.T, l gateway.Ledger, now time.Time, want ...gateway.Delivery) {
	t.Helper()
	equal(t, "the due deliveries", dueDeliveries(t, l, shop, now, 100), want)
}

// takeOne is stale when it takes nothing.
func takeOne(ctx context.Context, l gateway.Ledger, d gateway.Delivery, now, until time.Time) (gateway.Delivery, error) {
	taken, err := l.TakeDeliveries(ctx, []gateway.Delivery{d}, now, until)
	switch {
	case err != nil:
		return gateway.Delivery{}, err
	case len(taken) == 0:
		return gateway.Delivery{}, gateway.ErrStale
	}
	return taken[0], nil
}

func take(t *testing.T, l gateway.Ledger, d gateway.Delivery, now, until time.Time) gateway.Delivery {
	t.Helper()
	taken, err := takeOne(t.Context(), l, d, now, until)
	if err != nil {
		t.Fatalf("TakeDeliveries: %v", err)
	}
	return taken
}

// saved saves the delivery at its next version, in another state.
func saved(t *testing.T, l gateway.Ledger, d gateway.Delivery, status gateway.DeliveryStatus) gateway.Delivery {
	t.Helper()
	d = changed(d, status)
	if err := l.SaveDelivery(t.Context(), d); err != nil {
		t.Fatalf("SaveDelivery: %v", err)
	}
	return d
}

func changed(d gateway.Delivery, status gateway.DeliveryStatus) gateway.Delivery {
	d.Status, d.UpdatedAt, d.Parked = status, d.UpdatedAt.Add(time.Second), false
	d.Version++
	d.Log = append(d.Log[:len(d.Log):len(d.Log)], gateway.Attempt{At: d.UpdatedAt, Outcome: gateway.Later, Detail: string(status)})
	return d
}

// inLane spreads one delivery of a payment of its own.
func inLane(t *testing.T, l gateway.Ledger, lane string, at time.Time) gateway.Delivery {
	t.Helper()
	d := deliveryOf(events(t, l, "m1", at, 1)[0], shop, at.Add(time.Minute))
	d.Lane = lane
	spread(t, l, d)
	return d
}

func dueDeliveriesInTime(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 1)[0]
	wantDue(t, l, d.Due.Add(-time.Microsecond))
	wantDue(t, l, d.Due, d)
	d.Due = later
	d = saved(t, l, d, gateway.DeliveryPending)
	wantDue(t, l, later.Add(-time.Microsecond))
	wantDue(t, l, later, d)
}

func dueDeliveriesInOrder(t *testing.T, l gateway.Ledger) {
	var made []gateway.Delivery
	for i, minutes := range []int{3, 1, 2} {
		d := deliveryOf(events(t, l, "m1", start.Add(time.Duration(i)*time.Second), 1)[0], shop, start)
		d.Due = start.Add(time.Duration(minutes) * time.Minute)
		made = append(made, d)
	}
	spread(t, l, made...)
	wantDue(t, l, later, made[1], made[2], made[0])
	equal(t, "two", dueDeliveries(t, l, shop, later, 2), []gateway.Delivery{made[1], made[2]})
	equal(t, "none", dueDeliveries(t, l, shop, later, 0), []gateway.Delivery(nil))
}

func dueDeliveriesApart(t *testing.T, l gateway.Ledger) {
	crm, test, theirs := shop, shop, shop
	crm.Name, test.LiveMode, theirs.MerchantID = "crm", false, "m2"
	e := events(t, l, "m1", start, 1)[0]
	other := events(t, l, "m2", start, 1)[0]
	all := map[string]gateway.Delivery{
		"shop": deliveryOf(e, shop, start), "crm": deliveryOf(e, crm, start),
		"test": deliveryOf(e, test, start), "theirs": deliveryOf(other, theirs, start),
	}
	spread(t, l, all["shop"], all["crm"], all["test"], all["theirs"])
	for name, s := range map[string]gateway.Subscriber{"shop": shop, "crm": crm, "test": test, "theirs": theirs} {
		equal(t, name, dueDeliveries(t, l, s, later, 10), []gateway.Delivery{all[name]})
	}
	// None of them is in another's way, in queue or lane.
	for _, d := range all {
		take(t, l, d, later, later.Add(time.Minute))
	}
}

func firstOfQueue(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 4)
	wantDue(t, l, later, d[0])
	failed := d[0]
	failed.Due = later.Add(time.Hour)
	failed = saved(t, l, failed, gateway.DeliveryPending)
	wantDue(t, l, later)
	dead := saved(t, l, failed, gateway.DeliveryDead)
	wantDue(t, l, later.Add(2*time.Hour))
	again := saved(t, l, dead, gateway.DeliveryPending)
	wantDue(t, l, later.Add(2*time.Hour), again)
	dead = saved(t, l, again, gateway.DeliveryDead)
	saved(t, l, dead, gateway.DeliverySkipped)
	wantDue(t, l, later, d[1])
	saved(t, l, d[1], gateway.DeliveryDone)
	wantDue(t, l, later, d[2])
	saved(t, l, d[2], gateway.DeliveryDone)
	wantDue(t, l, later, d[3])
}

func orderOfQueue(t *testing.T, l gateway.Ledger) {
	p := applied(t, l, Sale("m1", start))
	c := Approval(p, start.Add(time.Second))
	c.Events = append(c.Events, event(c.Payment, c.Operation, start.Add(time.Second)))
	if c.Events[0].ID < c.Events[1].ID {
		c.Events[0], c.Events[1] = c.Events[1], c.Events[0]
	}
	apply(t, l, c)
	next := refund(c.Payment, start.Add(time.Minute))
	apply(t, l, next)
	d := toShop([]gateway.Event{next.Events[0], c.Events[0], c.Events[1]})
	spread(t, l, d...)
	for _, first := range []int{2, 1, 0} {
		wantDue(t, l, later, d[first])
		saved(t, l, d[first], gateway.DeliveryDone)
	}
	wantDue(t, l, later)
}

func subscribersApart(t *testing.T, l gateway.Ledger) {
	crm, test := shop, shop
	crm.Name, test.LiveMode = "crm", false
	e := events(t, l, "m1", start, 3)
	mine := deliveryOf(e[2], shop, start)
	spread(t, l, deliveryOf(e[0], crm, start), deliveryOf(e[1], test, start), mine)
	wantDue(t, l, later, mine)
	take(t, l, mine, later, later.Add(time.Minute))
}

func queuesApart(t *testing.T, l gateway.Ledger) {
	stuck := inLane(t, l, "", start)
	saved(t, l, stuck, gateway.DeliveryDead)
	free := inLane(t, l, "", start.Add(time.Minute))
	var transactions []gateway.Delivery
	for i, id := range []string{"1001", "1002"} {
		u := stray("m1", id, start)
		e := unmatchedEvent(u)
		keep(t, l, u, e)
		transactions = append(transactions, deliveryOf(*e, shop, later.Add(time.Duration(i)*time.Second)))
	}
	spread(t, l, transactions...)
	wantDue(t, l, later.Add(time.Hour), free, transactions[0], transactions[1])
	for _, d := range transactions {
		take(t, l, d, later.Add(time.Hour), later.Add(2*time.Hour))
	}
}

func heldLane(t *testing.T, l gateway.Ledger) {
	one, two := inLane(t, l, "account 7", start), inLane(t, l, "account 7", start.Add(time.Minute))
	other := inLane(t, l, "account 8", start.Add(2*time.Minute))
	wantDue(t, l, later, one, two, other)
	until := later.Add(time.Minute)
	taken := take(t, l, one, later, until)
	wantDue(t, l, later, other)
	wantDue(t, l, until.Add(-time.Microsecond), other)
	wantDue(t, l, until, two, other, taken)
	saved(t, l, taken, gateway.DeliveryDone)
	wantDue(t, l, later, two, other)
}

func emptyLane(t *testing.T, l gateway.Ledger) {
	own := inLane(t, l, "", start)
	named := inLane(t, l, own.Event.PaymentID, start.Add(time.Minute))
	until := later.Add(time.Minute)
	wantDue(t, l, later, own, named)
	take(t, l, named, later, until)
	wantDue(t, l, later, own)
	taken := take(t, l, own, later, until)
	behind := next(t, l, taken)
	wantDue(t, l, later)
	wantTakeStale(t, l, behind, later)
	wantTakeStale(t, l, taken, until.Add(-time.Microsecond))
	saved(t, l, taken, gateway.DeliveryDone)
	wantDue(t, l, later, behind)
}

func dueSubscribers(t *testing.T, l gateway.Ledger) {
	name := func(s gateway.Subscriber) string { return fmt.Sprintf("%s %t %s", s.MerchantID, s.LiveMode, s.Name) }
	want := func(now time.Time, of ...gateway.Subscriber) {
		t.Helper()
		due, err := l.DueSubscribers(t.Context(), now)
		if err != nil {
			t.Fatalf("DueSubscribers: %v", err)
		}
		var got, names []string
		for _, s := range due {
			got = append(got, name(s))
		}
		for _, s := range of {
			names = append(names, name(s))
		}
		slices.Sort(got)
		slices.Sort(names)
		equal(t, "who is owed", got, names)
	}
	want(later)
	crm, test, theirs := shop, shop, shop
	crm.Name, test.LiveMode, theirs.MerchantID = "crm", false, "m2"
	e, other := events(t, l, "m1", start, 2), events(t, l, "m2", start, 1)[0]
	late := deliveryOf(e[0], crm, start)
	late.Due = later
	ended := deliveryOf(other, theirs, start)
	spread(t, l, deliveryOf(e[0], shop, start), deliveryOf(e[1], shop, start), late, deliveryOf(e[0], test, start), ended)
	want(later.Add(-time.Second), shop, test, theirs)
	want(later, shop, test, theirs, crm)
	saved(t, l, ended, gateway.DeliveryDone)
	want(later, shop, test, crm)
	want(start.Add(-time.Hour))
}
