package storetest

import (
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var deliveriesSpecs = []spec{
	{"Delivery/is not found by another merchant", isolatedDelivery},
	{"Delivery/is parked while it waits behind a dead letter", parkedDelivery},
	{"Deliveries/lists the newest first, in pages that miss and repeat nothing", listDeliveries},
	{"Deliveries/filters by every member, and by several at once", filterDeliveries},
	{"Deliveries/says which are parked", listParked},
	{"DeliveryBacklog/counts what is pending, since when, and what is dead", countDeliveries},
	{"DeliveryBacklog/has each subscriber, merchant and mode apart, in order", countApart},
}

func deliveries(t *testing.T, l gateway.Ledger, f gateway.DeliveryFilter) []gateway.Delivery {
	t.Helper()
	page, err := l.Deliveries(t.Context(), f)
	if err != nil {
		t.Fatalf("Deliveries(%+v): %v", f, err)
	}
	return page
}

func wantDeliveryBacklog(t *testing.T, l gateway.Ledger, want ...gateway.DeliveryBacklog) {
	t.Helper()
	got, err := l.DeliveryBacklog(t.Context())
	if err != nil {
		t.Fatalf("DeliveryBacklog: %v", err)
	}
	equal(t, "the backlog", got, want)
}

func isolatedDelivery(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 1)[0]
	for merchant, id := range map[string]string{"m2": d.ID, "m1": "dlv_unknown"} {
		_, err := l.Delivery(t.Context(), merchant, id)
		wantErr(t, err, gateway.ErrNotFound)
	}
	equal(t, "theirs", deliveries(t, l, gateway.DeliveryFilter{MerchantID: "m2", LiveMode: true, Limit: 10}), []gateway.Delivery(nil))
}

func parkedDelivery(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 3)
	wantDelivery(t, l, d[1])
	dead := saved(t, l, d[1], gateway.DeliveryDead)
	wantDelivery(t, l, d[0])
	wantDelivery(t, l, dead)
	parked := d[2]
	parked.Parked, parked.Due = true, time.Time{}
	wantDelivery(t, l, parked)
	skipped := saved(t, l, d[2], gateway.DeliverySkipped)
	wantDelivery(t, l, skipped)
	waiting := saved(t, l, skipped, gateway.DeliveryPending)
	saved(t, l, dead, gateway.DeliverySkipped)
	wantDelivery(t, l, waiting)
}

func listDeliveries(t *testing.T, l gateway.Ledger) {
	made := queued(t, l, 7)
	slices.Reverse(made)
	f := gateway.DeliveryFilter{MerchantID: "m1", LiveMode: true, Limit: 3}
	var got []gateway.Delivery
	for {
		page := deliveries(t, l, f)
		if len(page) > 3 {
			t.Fatalf("a page has %d", len(page))
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		f.Before = page[len(page)-1].ID
	}
	equal(t, "all pages", got, made)
	f.Before, f.Limit = "", 0
	equal(t, "none", deliveries(t, l, f), []gateway.Delivery(nil))
}

func filterDeliveries(t *testing.T, l gateway.Ledger) {
	crm, test := shop, shop
	crm.Name, test.LiveMode = "crm", false
	one, two := events(t, l, "m1", start, 4), events(t, l, "m1", start.Add(time.Second), 1)
	var d []gateway.Delivery
	for i, s := range []gateway.Subscriber{shop, crm, shop, shop, test} {
		e := append(one, two...)[i]
		d = append(d, deliveryOf(e, s, start.Add(time.Duration(i)*time.Hour)))
	}
	spread(t, l, d...)
	d[0] = saved(t, l, d[0], gateway.DeliveryDone)
	d[1] = saved(t, l, d[1], gateway.DeliverySkipped)
	d[2] = saved(t, l, d[2], gateway.DeliveryDead)
	d[3].Parked, d[3].Due = true, time.Time{}
	of := func(f gateway.DeliveryFilter) gateway.DeliveryFilter {
		f.MerchantID, f.LiveMode, f.Limit = "m1", true, 10
		return f
	}
	for _, test := range []struct {
		name string
		gateway.DeliveryFilter
		want []gateway.Delivery
	}{
		{"all", of(gateway.DeliveryFilter{}), []gateway.Delivery{d[3], d[2], d[1], d[0]}},
		{"mode", gateway.DeliveryFilter{MerchantID: "m1", Limit: 10}, []gateway.Delivery{d[4]}},
		{"subscriber", of(gateway.DeliveryFilter{Subscriber: "crm"}), []gateway.Delivery{d[1]}},
		{"payment", of(gateway.DeliveryFilter{PaymentID: one[0].PaymentID}), []gateway.Delivery{d[3], d[2], d[1], d[0]}},
		{"payment of the other mode", of(gateway.DeliveryFilter{PaymentID: two[0].PaymentID}), nil},
		{"dead", of(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryDead}}), []gateway.Delivery{d[2]}},
		{"several states", of(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{
			gateway.DeliverySkipped, gateway.DeliveryPending}}), []gateway.Delivery{d[3], d[1]}},
		{"no such state", of(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{"' OR TRUE"}}), nil},
		{"from", of(gateway.DeliveryFilter{CreatedFrom: d[2].CreatedAt}), []gateway.Delivery{d[3], d[2]}},
		{"to", of(gateway.DeliveryFilter{CreatedTo: d[2].CreatedAt}), []gateway.Delivery{d[1], d[0]}},
		{"together", of(gateway.DeliveryFilter{Subscriber: "shop", PaymentID: one[0].PaymentID, CreatedFrom: d[1].CreatedAt, CreatedTo: d[3].CreatedAt,
			Before: d[3].ID, Statuses: []gateway.DeliveryStatus{gateway.DeliveryDead, gateway.DeliveryDone}}), []gateway.Delivery{d[2]}},
	} {
		equal(t, test.name, deliveries(t, l, test.DeliveryFilter), test.want)
	}
}

func listParked(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 3)
	d[0] = saved(t, l, d[0], gateway.DeliveryDead)
	free := inLane(t, l, "", start.Add(10*time.Hour))
	for i := 1; i < 3; i++ {
		d[i].Parked, d[i].Due = true, time.Time{}
	}
	equal(t, "the deliveries", deliveries(t, l, gateway.DeliveryFilter{MerchantID: "m1", LiveMode: true, Limit: 10}),
		[]gateway.Delivery{free, d[2], d[1], d[0]})
}

func countDeliveries(t *testing.T, l gateway.Ledger) {
	wantDeliveryBacklog(t, l)
	d := queued(t, l, 3)
	b := gateway.DeliveryBacklog{MerchantID: "m1", LiveMode: true, Subscriber: "shop", Pending: 3, OldestPending: d[0].CreatedAt}
	wantDeliveryBacklog(t, l, b)
	// Neither its time nor an attempt makes it younger.
	d[0].Due = later
	d[0] = saved(t, l, d[0], gateway.DeliveryPending)
	wantDeliveryBacklog(t, l, b)
	d[0] = saved(t, l, d[0], gateway.DeliveryDead)
	b.Pending, b.OldestPending, b.Dead = 2, d[1].CreatedAt, 1
	wantDeliveryBacklog(t, l, b)
	saved(t, l, d[1], gateway.DeliverySkipped)
	saved(t, l, d[2], gateway.DeliveryDone)
	b.Pending, b.OldestPending = 0, time.Time{}
	wantDeliveryBacklog(t, l, b)
	saved(t, l, d[0], gateway.DeliveryDone)
	wantDeliveryBacklog(t, l)
}

func countApart(t *testing.T, l gateway.Ledger) {
	crm, test, theirs := shop, shop, shop
	crm.Name, test.LiveMode, theirs.MerchantID = "crm", false, "m2"
	e, other := events(t, l, "m1", start, 1)[0], events(t, l, "m2", start, 1)[0]
	dead := deliveryOf(e, crm, start)
	dead.Status = gateway.DeliveryDead
	spread(t, l, deliveryOf(other, theirs, start), deliveryOf(e, shop, start), dead, deliveryOf(e, test, start))
	wantDeliveryBacklog(t, l,
		gateway.DeliveryBacklog{MerchantID: "m1", Subscriber: "shop", Pending: 1, OldestPending: start},
		gateway.DeliveryBacklog{MerchantID: "m1", LiveMode: true, Subscriber: "crm", Dead: 1},
		gateway.DeliveryBacklog{MerchantID: "m1", LiveMode: true, Subscriber: "shop", Pending: 1, OldestPending: start},
		gateway.DeliveryBacklog{MerchantID: "m2", LiveMode: true, Subscriber: "shop", Pending: 1, OldestPending: start},
	)
}
