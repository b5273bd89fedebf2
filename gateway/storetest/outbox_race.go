package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var outboxRaceSpecs = []spec{
	{"Concurrency/eight that spread make the deliveries of each event once", raceToSpread},
	{"Concurrency/of 64 that take one delivery one has it", raceToTake},
	{"Concurrency/of 64 deliveries of one lane one is taken", raceForLane},
	{"Concurrency/eight that deliver keep every payment's order and every lane to one", raceToDeliver},
	{"Concurrency/nothing older is replayed behind what is newer", raceToReplay},
}

// workers is how many spread or deliver at once.
const workers = 8

// spreadAll spreads until nothing is left, or the error is none of a race.
func spreadAll(t *testing.T, l gateway.Ledger) error {
	for {
		some, err := l.Unspread(t.Context(), []string{"m1"}, 5)
		if err != nil || len(some) == 0 {
			return err
		}
		if err := l.Spread(t.Context(), some, toShop(some)); err != nil && !errors.Is(err, gateway.ErrStale) {
			return err
		}
	}
}

func raceToSpread(t *testing.T, l gateway.Ledger) {
	var all []string
	for i := range 12 {
		for _, e := range events(t, l, "m1", start.Add(time.Duration(i)*time.Minute), 3) {
			all = append(all, e.ID)
		}
	}
	if err := errors.Join(race(workers, func(int) error { return spreadAll(t, l) })...); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, d := range deliveries(t, l, gateway.DeliveryFilter{MerchantID: "m1", LiveMode: true, Limit: 1000}) {
		told = append(told, d.Event.ID)
	}
	slices.Sort(all)
	slices.Sort(told)
	equal(t, "the events that have a delivery", told, all)
}

func raceToTake(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 1)[0]
	for now := later; now.Before(later.Add(3 * time.Minute)); now = now.Add(time.Minute) {
		taken := make([]gateway.Delivery, racers)
		errs := race(racers, func(i int) (err error) {
			taken[i], err = takeOne(t.Context(), l, d, now, now.Add(time.Minute))
			return err
		})
		d = taken[oneWins(t, errs, gateway.ErrStale)]
		wantDelivery(t, l, d)
	}
	if d.Attempts != 3 {
		t.Fatalf("%d attempts are counted, want 3", d.Attempts)
	}
}

func raceForLane(t *testing.T, l gateway.Ledger) {
	made := make([]gateway.Delivery, racers)
	for i := range made {
		made[i] = inLane(t, l, "account 7", start.Add(time.Duration(i)*time.Minute))
	}
	for range 3 {
		taken := make([]gateway.Delivery, len(made))
		errs := race(len(made), func(i int) (err error) {
			taken[i], err = takeOne(t.Context(), l, made[i], later, later.Add(time.Minute))
			return err
		})
		winner := oneWins(t, errs, gateway.ErrStale)
		saved(t, l, taken[winner], gateway.DeliveryDone)
		made = slices.Delete(made, winner, winner+1)
		for _, d := range made {
			wantDelivery(t, l, d)
		}
	}
}

// telling is what the other side of a race sees.
type telling struct {
	mu    sync.Mutex
	lanes map[string]bool
	told  map[string]int64
	wrong []string
}

func (o *telling) begin(d gateway.Delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lanes[d.Lane] {
		o.wrong = append(o.wrong, "two are under way in lane "+d.Lane)
	}
	o.lanes[d.Lane] = true
	if d.Event.Version < o.told[d.Event.PaymentID] {
		o.wrong = append(o.wrong, fmt.Sprintf("version %d comes after %d", d.Event.Version, o.told[d.Event.PaymentID]))
	}
	o.told[d.Event.PaymentID] = d.Event.Version
}

func (o *telling) end(d gateway.Delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lanes[d.Lane] = false
}

// raceToDeliver has every third attempt fail, and every other such be a dead
// letter that a person lets go on.
func raceToDeliver(t *testing.T, l gateway.Ledger) {
	var made []gateway.Delivery
	for i := range 10 {
		for _, d := range toShop(events(t, l, "m1", start.Add(time.Duration(i)*time.Minute), 4)) {
			d.Lane = fmt.Sprintf("account %d", i%4)
			made = append(made, d)
		}
	}
	spread(t, l, made...)
	o := &telling{lanes: map[string]bool{}, told: map[string]int64{}}
	errs := race(workers, func(int) error { return deliverAll(t, l, o) })
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if len(o.wrong) > 0 {
		t.Fatal(o.wrong)
	}
	wantDeliveryBacklog(t, l)
	for _, d := range deliveries(t, l, gateway.DeliveryFilter{MerchantID: "m1", LiveMode: true, Limit: 1000}) {
		if d.Attempts != d.Failures+1 {
			t.Fatalf("%d attempts are counted, with %d failures", d.Attempts, d.Failures)
		}
	}
}

func deliverAll(t *testing.T, l gateway.Ledger, o *telling) error {
	for range 2000 {
		b, err := l.DeliveryBacklog(t.Context())
		if err != nil || len(b) == 0 {
			return err
		}
		due, err := l.DueDeliveries(t.Context(), shop, later, 5)
		if err != nil {
			return err
		}
		for _, d := range due {
			d, err := takeOne(t.Context(), l, d, later, later.Add(time.Minute))
			if errors.Is(err, gateway.ErrStale) {
				continue
			}
			if err != nil {
				return err
			}
			if err := deliverOne(t, l, o, d); err != nil {
				return err
			}
		}
	}
	return errors.New("what is left cannot be taken")
}

func deliverOne(t *testing.T, l gateway.Ledger, o *telling, d gateway.Delivery) error {
	o.begin(d)
	o.end(d)
	d.Due = start
	if (int64(d.Attempts)+d.Event.Version)%3 != 0 {
		return l.SaveDelivery(t.Context(), changed(d, gateway.DeliveryDone))
	}
	d.Failures++
	if d.Event.Version%2 == 0 {
		return l.SaveDelivery(t.Context(), changed(d, gateway.DeliveryPending))
	}
	dead := changed(d, gateway.DeliveryDead)
	if err := l.SaveDelivery(t.Context(), dead); err != nil {
		return err
	}
	return l.SaveDelivery(t.Context(), changed(dead, gateway.DeliveryPending))
}

// raceToReplay lets a payment get its next event while its last one is replayed:
// either the replay comes first and the next waits, or it is refused.
func raceToReplay(t *testing.T, l gateway.Ledger) {
	for i := range 20 {
		old := inLane(t, l, "", start.Add(time.Duration(i)*time.Hour))
		old = saved(t, l, old, gateway.DeliveryDone)
		c := refund(old.Event.Payment, old.Event.At.Add(time.Minute))
		next := deliveryOf(c.Events[0], shop, c.Payment.UpdatedAt)
		errs := race(2, func(i int) error {
			if i == 0 {
				return l.ReplayDelivery(t.Context(), changed(old, gateway.DeliveryPending), decision)
			}
			if err := l.Apply(t.Context(), c); err != nil {
				return fmt.Errorf("Apply: %v", err)
			}
			if err := l.Spread(t.Context(), c.Events, []gateway.Delivery{next}); err != nil {
				return fmt.Errorf("Spread: %v", err)
			}
			_, err := takeOne(t.Context(), l, next, later, later.Add(time.Minute))
			return err
		})
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("the replay: %v, taking what is newer: %v", errs[0], errs[1])
		}
		for _, err := range errs {
			if err != nil {
				wantErr(t, err, gateway.ErrStale)
			}
		}
	}
}
