package storetest

import (
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var spreadSpecs = []spec{
	{"Unspread/has an event whole until it is spread", unspreadUntilSpread},
	{"Unspread/has a transaction that belongs to no payment", unspreadTransaction},
	{"Unspread/has all events of a payment in their order, longest waiting payment first", unspreadInOrder},
	{"Unspread/has events of at most the limit of payments, and none only when there are none", unspreadLimited},
	{"Unspread/has what happens after the spreading", unspreadLater},
	{"Unspread/passes over the events of others, however many wait longer", unspreadOfOthers},
	{"Unspread/has a payment once, whole, though it waits among many", unspreadAmongMany},
	{"Spread/keeps the deliveries whole", spreadWhole},
	{"Spread/keeps one as taken, its lane held, that has an attempt", spreadTaken},
	{"Spread/is stale, and keeps nothing, when one cannot be taken", spreadUntakable},
	{"Spread/needs no delivery", spreadToNobody},
	{"Spread/is stale, and keeps nothing, when one of the events was spread", spreadOnce},
	{"Spread/takes no delivery but of its events, of their merchant, that can be found again", impossibleSpread},
}

// shop is the subscriber of the suite.
var shop = gateway.Subscriber{MerchantID: "m1", LiveMode: true, Name: "shop"}

// events makes a payment that has had so many events, a minute apart.
func events(t *testing.T, l gateway.Ledger, merchantID string, at time.Time, n int) []gateway.Event {
	t.Helper()
	p := applied(t, l, Sale(merchantID, at))
	c := Approval(p, at.Add(time.Second))
	apply(t, l, c)
	made := c.Events
	for len(made) < n {
		c = refund(c.Payment, c.Payment.UpdatedAt.Add(time.Minute))
		apply(t, l, c)
		made = append(made, c.Events...)
	}
	return made
}

// deliveryOf is a delivery of the event that is due as soon as it is made.
func deliveryOf(e gateway.Event, s gateway.Subscriber, at time.Time) gateway.Delivery {
	return gateway.Delivery{
		ID: gateway.NewDeliveryID(at), MerchantID: s.MerchantID, LiveMode: s.LiveMode, Subscriber: s.Name, Event: e,
		Status: gateway.DeliveryPending, Due: at, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
}

// toShop makes the deliveries of the events to the shop, a second apart.
func toShop(events []gateway.Event) []gateway.Delivery {
	var made []gateway.Delivery
	for i, e := range events {
		made = append(made, deliveryOf(e, shop, start.Add(time.Hour+time.Duration(i)*time.Second)))
	}
	return made
}

// queued makes a payment with so many events, all of them on their way to the
// shop.
func queued(t *testing.T, l gateway.Ledger, n int) []gateway.Delivery {
	t.Helper()
	made := toShop(events(t, l, "m1", start, n))
	spread(t, l, made...)
	return made
}

// spread keeps deliveries, and spreads the events that they are of.
func spread(t *testing.T, l gateway.Ledger, deliveries ...gateway.Delivery) {
	t.Helper()
	var events []gateway.Event
	for _, d := range deliveries {
		if !slices.ContainsFunc(events, func(e gateway.Event) bool { return e.ID == d.Event.ID }) {
			events = append(events, d.Event)
		}
	}
	if err := l.Spread(t.Context(), events, deliveries); err != nil {
		t.Fatalf("Spread: %v", err)
	}
}

func unspread(t *testing.T, l gateway.Ledger, limit int) []gateway.Event {
	t.Helper()
	events, err := l.Unspread(t.Context(), []string{"m1", "m2"}, limit)
	if err != nil {
		t.Fatalf("Unspread: %v", err)
	}
	return events
}

func delivery(t *testing.T, l gateway.Ledger, d gateway.Delivery) gateway.Delivery {
	t.Helper()
	got, err := l.Delivery(t.Context(), d.MerchantID, d.ID)
	if err != nil {
		t.Fatalf("Delivery(%s): %v", d.ID, err)
	}
	return got
}

func wantDelivery(t *testing.T, l gateway.Ledger, want gateway.Delivery) {
	t.Helper()
	equal(t, "delivery", delivery(t, l, want), want)
}

func unspreadUntilSpread(t *testing.T, l gateway.Ledger) {
	equal(t, "the events of nothing", unspread(t, l, 10), []gateway.Event(nil))
	e := events(t, l, "m1", start, 1)
	equal(t, "the events", unspread(t, l, 10), e)
	equal(t, "the events once more", unspread(t, l, 10), e)
	spread(t, l, toShop(e)...)
	equal(t, "the events that were spread", unspread(t, l, 10), []gateway.Event(nil))
}

func unspreadTransaction(t *testing.T, l gateway.Ledger) {
	u := stray("m1", "1001", start)
	e := unmatchedEvent(u)
	keep(t, l, u, e)
	equal(t, "the events", unspread(t, l, 10), []gateway.Event{*e})
	d := deliveryOf(*e, shop, start)
	spread(t, l, d)
	wantDelivery(t, l, d)
	equal(t, "the events that were spread", unspread(t, l, 10), []gateway.Event(nil))
}

func unspreadInOrder(t *testing.T, l gateway.Ledger) {
	second := events(t, l, "m1", start.Add(30*time.Second), 2)
	first := events(t, l, "m2", start, 3)
	// Two events of one version stand in the order of their ids.
	p := first[2].Payment
	c := refund(p, p.UpdatedAt.Add(time.Minute))
	twin := event(c.Payment, c.Operation, c.Payment.UpdatedAt)
	c.Events = append(c.Events, twin)
	if c.Events[0].ID < c.Events[1].ID {
		slices.Reverse(c.Events)
	}
	apply(t, l, c)
	first = append(first, c.Events[1], c.Events[0])
	// The clock of another gateway may be behind.
	next := refund(c.Payment, c.Payment.UpdatedAt.Add(-time.Minute))
	apply(t, l, next)
	first = append(first, next.Events...)
	u := stray("m1", "1001", start.Add(time.Hour))
	last := unmatchedEvent(u)
	keep(t, l, u, last)
	equal(t, "the events", unspread(t, l, 100), append(append(first, second...), *last))
}

func unspreadLimited(t *testing.T, l gateway.Ledger) {
	for i := range 3 {
		events(t, l, "m1", start.Add(time.Duration(i)*time.Hour), 3)
	}
	equal(t, "none", unspread(t, l, 0), []gateway.Event(nil))
	for left := 9; left > 0; {
		some := unspread(t, l, 2)
		queues := map[string]int{}
		for _, e := range some {
			queues[e.PaymentID]++
		}
		if len(some) == 0 || len(queues) > 2 {
			t.Fatalf("%d events of %d payments came while %d wait", len(some), len(queues), left)
		}
		for id, n := range queues {
			if n != 3 {
				t.Fatalf("payment %s has %d events, want all 3", id, n)
			}
		}
		spread(t, l, toShop(some)...)
		left -= len(some)
	}
}

func unspreadLater(t *testing.T, l gateway.Ledger) {
	e := events(t, l, "m1", start, 1)
	spread(t, l, toShop(e)...)
	c := refund(e[0].Payment, start.Add(time.Hour))
	apply(t, l, c)
	equal(t, "the events", unspread(t, l, 10), c.Events)
}

func unspreadOfOthers(t *testing.T, l gateway.Ledger) {
	for i := range 150 {
		events(t, l, "m2", start.Add(time.Duration(i)*time.Millisecond), 1)
	}
	mine := events(t, l, "m1", start.Add(time.Hour), 2)
	for _, limit := range []int{1, 10} {
		got, err := l.Unspread(t.Context(), []string{"m3", "m1"}, limit)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "the events", got, mine)
	}
	none, err := l.Unspread(t.Context(), nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the events of nobody", none, []gateway.Event(nil))
}

// unspreadAmongMany has payments with an event among the oldest and another far
// behind all of them.
func unspreadAmongMany(t *testing.T, l gateway.Ledger) {
	events(t, l, "m2", start, 1)
	var want []gateway.Event
	for i := range 100 {
		want = append(want, events(t, l, "m1", start.Add(time.Duration(i+1)*time.Second), 2)...)
	}
	got, err := l.Unspread(t.Context(), []string{"m1"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the events", got, want)
}

func spreadWhole(t *testing.T, l gateway.Ledger) {
	e := events(t, l, "m1", start, 2)
	other := shop
	other.Name = "crm"
	whole := deliveryOf(e[0], other, start)
	whole.Lane, whole.Attempts, whole.Failures, whole.Version, whole.Unlaned = "account 7", 2, 1, 4, true
	whole.Status, whole.Due, whole.UpdatedAt = gateway.DeliverySkipped, time.Time{}, start.Add(time.Minute)
	whole.Log = []gateway.Attempt{
		{At: start, Took: 3 * time.Second, Outcome: gateway.Later, StatusCode: 503, Detail: `"busy" ü`, By: "instance-1"},
		{At: start.Add(time.Minute), Outcome: gateway.Dead, By: "ops"},
	}
	deliveries := append(toShop(e), whole)
	spread(t, l, deliveries...)
	for _, d := range deliveries {
		wantDelivery(t, l, d)
	}
}

// takenOf is a delivery that is under way from its making on.
func takenOf(e gateway.Event, lane string, until time.Time) gateway.Delivery {
	d := deliveryOf(e, shop, later)
	d.Lane, d.Attempts, d.Due = lane, 1, until
	return d
}

func spreadTaken(t *testing.T, l gateway.Ledger) {
	until := later.Add(time.Minute)
	e := events(t, l, "m1", start, 2)
	taken, behind := takenOf(e[0], "account 7", until), deliveryOf(e[1], shop, start)
	spread(t, l, behind, taken)
	wantDelivery(t, l, taken)
	laned := inLane(t, l, "account 7", start.Add(time.Hour))
	wantDue(t, l, until.Add(-time.Microsecond))
	wantTakeStale(t, l, laned, until.Add(-time.Microsecond))
	wantTakeStale(t, l, behind, until.Add(-time.Microsecond))
	wantTakeStale(t, l, taken, until.Add(-time.Microsecond))
	saved(t, l, taken, gateway.DeliveryDone)
	wantDue(t, l, until, behind, laned)
	// What is left by a process that has died is taken over.
	lost := takenOf(events(t, l, "m1", start.Add(time.Minute), 1)[0], "", until)
	spread(t, l, lost)
	if again := take(t, l, lost, until, until.Add(time.Minute)); again.Attempts != 2 || again.Version != 2 {
		t.Fatalf("it was taken over as %+v", again)
	}
}

func spreadUntakable(t *testing.T, l gateway.Ledger) {
	until := later.Add(time.Minute)
	front := events(t, l, "m1", start, 1)
	spread(t, l, toShop(front)...)
	held := inLane(t, l, "account 7", start)
	take(t, l, held, later, until)
	c := refund(front[0].Payment, front[0].Payment.UpdatedAt.Add(time.Minute))
	apply(t, l, c)
	other := events(t, l, "m1", start.Add(time.Hour), 1)[0]
	for name, d := range map[string]gateway.Delivery{
		"behind another": takenOf(c.Events[0], "", until), "in a lane that is held": takenOf(other, "account 7", until),
	} {
		free := takenOf(c.Events[0], "free", until)
		if d.Event.ID == free.Event.ID {
			free = takenOf(other, "free", until)
		}
		err := l.Spread(t.Context(), []gateway.Event{c.Events[0], other}, []gateway.Delivery{free, d})
		wantErr(t, err, gateway.ErrStale)
		_, err = l.Delivery(t.Context(), "m1", free.ID)
		wantErr(t, err, gateway.ErrNotFound)
		if got := unspread(t, l, 10); len(got) != 2 {
			t.Fatalf("after one %s there are %d events to be spread, want 2", name, len(got))
		}
	}
	// The lane that was taken for nothing is free.
	spread(t, l, takenOf(other, "free", until))
}

func spreadToNobody(t *testing.T, l gateway.Ledger) {
	e := events(t, l, "m1", start, 2)
	if err := l.Spread(t.Context(), e, nil); err != nil {
		t.Fatal(err)
	}
	equal(t, "the events", unspread(t, l, 10), []gateway.Event(nil))
	wantErr(t, l.Spread(t.Context(), e[:1], nil), gateway.ErrStale)
}

func spreadOnce(t *testing.T, l gateway.Ledger) {
	e := events(t, l, "m1", start, 3)
	first := toShop(e[:1])
	spread(t, l, first...)
	again := toShop(e)
	wantErr(t, l.Spread(t.Context(), e, again), gateway.ErrStale)
	for _, d := range again {
		_, err := l.Delivery(t.Context(), "m1", d.ID)
		wantErr(t, err, gateway.ErrNotFound)
	}
	equal(t, "the events", unspread(t, l, 10), e[1:])
	wantDelivery(t, l, first[0])
}

func impossibleSpread(t *testing.T, l gateway.Ledger) {
	e := events(t, l, "m1", start, 2)
	for name, edit := range map[string]func(*gateway.Delivery){
		"of another event":     func(d *gateway.Delivery) { d.Event = e[1] },
		"of another merchant":  func(d *gateway.Delivery) { d.MerchantID = "m2" },
		"without an id":        func(d *gateway.Delivery) { d.ID = "" },
		"without a subscriber": func(d *gateway.Delivery) { d.Subscriber = "" },
		"without a version":    func(d *gateway.Delivery) { d.Version = 0 },
	} {
		d := deliveryOf(e[0], shop, start)
		edit(&d)
		if err := l.Spread(t.Context(), e[:1], []gateway.Delivery{d}); err == nil {
			t.Errorf("a delivery %s was kept", name)
		}
	}
	unknown := e[0]
	unknown.ID = gateway.NewEventID(start)
	wantErr(t, l.Spread(t.Context(), []gateway.Event{unknown}, nil), gateway.ErrStale)
	equal(t, "the events", unspread(t, l, 10), e)
}
