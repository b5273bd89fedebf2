package storetest

import (
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var vaultNewsSpecs = []spec{
	{"Vault/events of one customer are unspread whole and in the order of its versions", vaultEventsInOrder},
	{"Vault/customers, payments and transactions each have their queue", vaultQueuesApart},
	{"Vault/deliveries of one customer leave in the order of its versions", vaultDeliveriesInOrder},
	{"Vault/what is told of a customer comes before the news of the next one of its id", vaultLivesInOrder},
	{"Vault/nobody is told an older state of a customer after a newer one", vaultReplays},
}

// told makes a customer that has had so many events, a minute apart.
func told(t *testing.T, l gateway.Ledger, merchant, id string, live bool, at time.Time, n int) []gateway.Event {
	t.Helper()
	c := shopper(merchant, id, at)
	c.LiveMode = live
	c = following(t, l, c)
	var made []gateway.Event
	for i := range n {
		if i > 0 {
			c = onward(c, c.UpdatedAt.Add(time.Minute), append(slices.Clone(c.Methods), method(at))...)
		}
		change := adding(c)
		applyVault(t, l, change)
		made = append(made, change.Events...)
	}
	return made
}

func vaultEventsInOrder(t *testing.T, l gateway.Ledger) {
	second := told(t, l, "m1", "cus_1", true, start.Add(30*time.Second), 2)
	first := told(t, l, "m1", "cus_2", true, start, 3)
	// Two events of one version stand in the order of their ids.
	c, err := l.Customer(t.Context(), "m1", true, "cus_2")
	if err != nil {
		t.Fatal(err)
	}
	change := adding(onward(c, start.Add(time.Hour), c.Methods...))
	change.Events = append(change.Events, newsOf(*change.Customer, "", start.Add(time.Hour)))
	applyVault(t, l, change)
	slices.SortFunc(change.Events, func(a, b gateway.Event) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	first = append(first, change.Events...)
	// The clock of another gateway may be behind.
	gone := removing(*change.Customer, start.Add(30*time.Minute))
	applyVault(t, l, gone)
	first = append(first, gone.Events...)
	equal(t, "the events", unspread(t, l, 100), append(first, second...))
	spread(t, l, toShop(first)...)
	equal(t, "the events", unspread(t, l, 100), second)
}

func vaultQueuesApart(t *testing.T, l gateway.Ledger) {
	var all []gateway.Event
	all = append(all, told(t, l, "m1", "cus_1", true, start, 2)...)
	all = append(all, told(t, l, "m1", "cus_1", false, start.Add(time.Second), 2)...)
	all = append(all, told(t, l, "m1", "cus_2", true, start.Add(2*time.Second), 2)...)
	all = append(all, told(t, l, "m2", "cus_1", true, start.Add(3*time.Second), 2)...)
	all = append(all, events(t, l, "m1", start.Add(4*time.Second), 2)...)
	u := stray("m1", "1001", start.Add(10*time.Second))
	e := unmatchedEvent(u)
	keep(t, l, u, e)
	all = append(all, *e)
	equal(t, "the events", unspread(t, l, 100), all)
	equal(t, "those of two queues", unspread(t, l, 2), all[:4])

	var mine []gateway.Delivery
	for _, e := range all {
		if e.MerchantID == "m1" {
			mine = append(mine, deliveryOf(e, shop, start))
		}
	}
	slices.SortFunc(mine, byDue)
	spread(t, l, mine...)
	var first []gateway.Delivery
	for _, i := range []int{0, 2, 4, 6, 8} {
		first = append(first, deliveryFor(mine, append(all[:6:6], all[8:]...)[i]))
	}
	slices.SortFunc(first, byDue)
	wantDue(t, l, later, first...)
	for _, d := range first {
		take(t, l, d, later, later.Add(time.Minute))
	}
}

// byDue is the order in which what is due at one time is due.
func byDue(a, b gateway.Delivery) int {
	if a.ID < b.ID {
		return -1
	}
	return 1
}

func deliveryFor(deliveries []gateway.Delivery, e gateway.Event) gateway.Delivery {
	return deliveries[slices.IndexFunc(deliveries, func(d gateway.Delivery) bool { return d.Event.ID == e.ID })]
}

func vaultDeliveriesInOrder(t *testing.T, l gateway.Ledger) {
	d := toShop(told(t, l, "m1", "cus_1", true, start, 3))
	spread(t, l, d[2], d[0], d[1])
	for i := range d {
		wantDelivery(t, l, d[i])
		wantDue(t, l, later, d[i])
		if i+1 < len(d) {
			wantTakeStale(t, l, d[i+1], later)
		}
		saved(t, l, take(t, l, d[i], later, later.Add(time.Minute)), gateway.DeliveryDone)
	}
	wantDue(t, l, later)
	listed, err := l.Deliveries(t.Context(), gateway.DeliveryFilter{MerchantID: "m1", LiveMode: true, PaymentID: d[0].Event.Queue(), Limit: 10})
	if err != nil || len(listed) != 0 {
		t.Fatalf("of a payment that is none are listed %d deliveries, %v", len(listed), err)
	}
}

func vaultReplays(t *testing.T, l gateway.Ledger) {
	d := toShop(told(t, l, "m1", "cus_1", true, start, 2))
	spread(t, l, d...)
	first := saved(t, l, d[0], gateway.DeliveryDone)
	behind := d[1]
	for _, status := range []gateway.DeliveryStatus{gateway.DeliveryPending, gateway.DeliveryDead, gateway.DeliveryDone} {
		behind = saved(t, l, behind, status)
		wantErr(t, l.ReplayDelivery(t.Context(), changed(first, gateway.DeliveryPending), decision), gateway.ErrStale)
		wantDelivery(t, l, first)
	}
	behind = saved(t, l, replay(t, l, behind), gateway.DeliverySkipped)
	first = replay(t, l, first)
	wantDue(t, l, later, first)
	// What happens to the customer meanwhile stands behind it.
	c, err := l.Customer(t.Context(), "m1", true, "cus_1")
	if err != nil {
		t.Fatal(err)
	}
	change := adding(onward(c, start.Add(time.Hour), c.Methods...))
	applyVault(t, l, change)
	next := deliveryOf(change.Events[0], shop, start)
	spread(t, l, next)
	wantDue(t, l, later, first)
	wantTakeStale(t, l, next, later)
}

// vaultLivesInOrder has the second customer made by a gateway whose clock is behind.
func vaultLivesInOrder(t *testing.T, l gateway.Ledger) {
	all := told(t, l, "m1", "cus_1", true, start, 4)
	c, err := l.Customer(t.Context(), "m1", true, "cus_1")
	if err != nil {
		t.Fatal(err)
	}
	gone := removing(c, start.Add(10*time.Minute))
	applyVault(t, l, gone)
	all = append(all, gone.Events...)
	all = append(all, told(t, l, "m1", "cus_1", true, start.Add(-20*time.Minute), 2)...)
	equal(t, "the events", unspread(t, l, 100), all)

	d := toShop(all)
	spread(t, l, d...)
	for i := range d {
		wantDue(t, l, later, d[i])
		if i+1 < len(d) {
			wantTakeStale(t, l, d[i+1], later)
		}
		saved(t, l, take(t, l, d[i], later, later.Add(time.Minute)), gateway.DeliveryDone)
	}
	wantDue(t, l, later)
}
