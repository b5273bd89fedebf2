package storetest

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var behindSpecs = []spec{
	{"SaveDelivery/takes the time from what waits behind, and gives it back when it ends", timeOfWhatWaits},
	{"SaveDelivery/minds neither another payment, another subscriber, nor what is in front", timeOfOthers},
	{"SaveDelivery/leaves nothing pending without a time", pendingWithoutTime},
	{"Spread/gives no time to what comes behind one that waits long", spreadBehind},
	{"BringForward/leaves alone what waits behind another", bringForward},
	{"Concurrency/nothing waits for what has ended while it was spread", raceToSpreadBehind},
	{"Concurrency/nothing waits for two that end at once", raceToEnd},
}

// timeless is how a delivery is stored while it waits for the one in front.
func timeless(d gateway.Delivery) gateway.Delivery {
	d.Due = time.Time{}
	return d
}

func parked(d gateway.Delivery) gateway.Delivery {
	d = timeless(d)
	d.Parked = true
	return d
}

func timeOfWhatWaits(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 4)
	first := d[0]
	first.Due = later
	first = saved(t, l, first, gateway.DeliveryPending)
	for _, behind := range d[1:] {
		wantDelivery(t, l, timeless(behind))
	}
	first = saved(t, l, first, gateway.DeliveryDead)
	for _, behind := range d[1:] {
		wantDelivery(t, l, parked(behind))
	}
	first = saved(t, l, first, gateway.DeliveryPending)
	saved(t, l, first, gateway.DeliveryDone)
	for _, behind := range d[1:] {
		wantDelivery(t, l, behind)
	}
	wantDue(t, l, later, d[1])
	second := saved(t, l, d[1], gateway.DeliveryDead)
	wantDelivery(t, l, parked(d[2]))
	saved(t, l, second, gateway.DeliverySkipped)
	wantDue(t, l, later, d[2])
}

func timeOfOthers(t *testing.T, l gateway.Ledger) {
	crm, test := shop, shop
	crm.Name, test.LiveMode = "crm", false
	e := events(t, l, "m1", start, 3)
	d := toShop(e)
	others := []gateway.Delivery{
		deliveryOf(e[2], crm, start), deliveryOf(e[2], test, start), deliveryOf(events(t, l, "m1", start.Add(time.Minute), 1)[0], shop, start),
	}
	spread(t, l, append(d, others...)...)
	middle := saved(t, l, d[1], gateway.DeliveryDead)
	wantDelivery(t, l, d[0])
	wantDelivery(t, l, parked(d[2]))
	for _, other := range others {
		wantDelivery(t, l, other)
	}
	saved(t, l, middle, gateway.DeliverySkipped)
	wantDelivery(t, l, d[0])
}

func pendingWithoutTime(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 1)[0]
	d.Due = time.Time{}
	d = saved(t, l, d, gateway.DeliveryPending)
	d.Due = d.UpdatedAt
	wantDue(t, l, later, d)
}

// next spreads one more event of the delivery's payment.
func next(t *testing.T, l gateway.Ledger, d gateway.Delivery) gateway.Delivery {
	t.Helper()
	c := refund(d.Event.Payment, d.Event.At.Add(time.Minute))
	apply(t, l, c)
	behind := deliveryOf(c.Events[0], shop, later)
	spread(t, l, behind)
	return behind
}

func spreadBehind(t *testing.T, l gateway.Ledger) {
	for i, test := range []struct {
		name string
		due  time.Time
		dead bool
		want bool // that it has a time
	}{
		{"due", start, false, true},
		{"under way", later.Add(2 * time.Minute), false, true},
		{"waits long", later.Add(2*time.Minute + time.Microsecond), false, false},
		{"dead", time.Time{}, true, false},
	} {
		d := deliveryOf(events(t, l, "m1", start.Add(time.Duration(i)*time.Hour), 1)[0], shop, start)
		d.Due = test.due
		if test.dead {
			d.Status = gateway.DeliveryDead
		}
		spread(t, l, d)
		behind := next(t, l, d)
		want := behind
		if !test.want {
			want = timeless(behind)
		}
		want.Parked = test.dead
		wantDelivery(t, l, want)
		saved(t, l, d, gateway.DeliverySkipped)
		wantDelivery(t, l, withTime(behind))
	}
}

// withTime is due since it was made.
func withTime(d gateway.Delivery) gateway.Delivery {
	d.Due = d.CreatedAt
	return d
}

func bringForward(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 3)
	saved(t, l, d[0], gateway.DeliveryDead)
	if err := l.BringForward(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	wantDelivery(t, l, parked(d[1]))
	wantDelivery(t, l, parked(d[2]))
}

// raceToSpreadBehind has a person skip a dead letter while its payment's next
// event is spread.
func raceToSpreadBehind(t *testing.T, l gateway.Ledger) {
	for i := range 30 {
		d := inLane(t, l, fmt.Sprint("lane ", i), start.Add(time.Duration(i)*time.Hour))
		d = saved(t, l, d, gateway.DeliveryDead)
		c := refund(d.Event.Payment, d.Event.At.Add(time.Minute))
		apply(t, l, c)
		behind := deliveryOf(c.Events[0], shop, start)
		errs := race(2, func(i int) error {
			if i == 0 {
				return l.SaveDelivery(t.Context(), changed(d, gateway.DeliverySkipped))
			}
			return l.Spread(t.Context(), c.Events, []gateway.Delivery{behind})
		})
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		take(t, l, dueDeliveries(t, l, shop, later, 1)[0], later, later.Add(48*time.Hour))
	}
}

// raceToEnd has the first two of a payment end at once, with a third behind.
func raceToEnd(t *testing.T, l gateway.Ledger) {
	for i := range 30 {
		d := toShop(events(t, l, "m1", start.Add(time.Duration(i)*time.Hour), 3))
		spread(t, l, d...)
		d[0] = saved(t, l, d[0], gateway.DeliveryDead)
		errs := race(2, func(i int) error { return l.SaveDelivery(t.Context(), changed(d[i], gateway.DeliverySkipped)) })
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		due := dueDeliveries(t, l, shop, later, 10)
		if len(due) != 1 || due[0].ID != d[2].ID {
			t.Fatalf("due are %+v, want the third", due)
		}
		saved(t, l, due[0], gateway.DeliveryDone)
	}
}
