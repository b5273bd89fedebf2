package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var takeSpecs = []spec{
	{"TakeDeliveries/counts the attempt, at the next version, and is due again when its time has passed", takeCounts},
	{"TakeDeliveries/is stale, and holds no lane, for what cannot be taken", takeRefused},
	{"TakeDeliveries/is stale while another holds the lane, and changes nothing", takeOfHeldLane},
	{"TakeDeliveries/takes over what was not saved in time", takeOver},
	{"TakeDeliveries/holds the lane that a dead holder left", takeOfDeadLane},
	{"TakeDeliveries/is for a time", takeForNoTime},
	{"TakeDeliveries/takes each by itself, and leaves out what it cannot take", takeSeveral},
	{"TakeDeliveries/holds and keeps the lane of what had none", takeUnlaned},
}

var saveSpecs = []spec{
	{"SaveDelivery/writes what has changed", saveWrites},
	{"SaveDelivery/is stale unless it comes next, and keeps nothing", saveStale},
	{"SaveDelivery/is stale, and leaves the lane alone, when another has taken the delivery over", saveTooLate},
	{"SaveDelivery/leaves a lane alone that another delivery holds", saveOfLostLane},
	{"SaveDelivery/is no other merchant's", saveOfOther},
	{"SaveDeliveries/saves each by itself, and answers for each in their order", saveSeveral},
}

func wantTakeStale(t *testing.T, l gateway.Ledger, d gateway.Delivery, now time.Time) {
	t.Helper()
	_, err := takeOne(t.Context(), l, d, now, now.Add(time.Minute))
	wantErr(t, err, gateway.ErrStale)
}

func takeCounts(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 1)[0]
	until := later.Add(time.Minute)
	taken := take(t, l, d, later, until)
	want := d
	want.Due, want.Attempts, want.Version, want.UpdatedAt = until, 1, 2, later
	equal(t, "what was taken", taken, want)
	wantDelivery(t, l, want)
	wantDue(t, l, until.Add(-time.Microsecond))
	wantDue(t, l, until, want)
}

func takeRefused(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 2)
	wantTakeStale(t, l, d[0], d[0].Due.Add(-time.Microsecond))
	wantTakeStale(t, l, d[1], later)
	old := d[0]
	d[0] = saved(t, l, d[0], gateway.DeliveryPending)
	wantTakeStale(t, l, old, later)
	unknown := d[0]
	unknown.ID = gateway.NewDeliveryID(start)
	wantTakeStale(t, l, unknown, later)
	theirs := d[0]
	theirs.MerchantID = "m2"
	wantTakeStale(t, l, theirs, later)
	for _, status := range []gateway.DeliveryStatus{gateway.DeliveryDead, gateway.DeliverySkipped, gateway.DeliveryDone} {
		d[0] = saved(t, l, d[0], status)
		wantTakeStale(t, l, d[0], later)
		wantDelivery(t, l, d[0])
	}
	// They are all of one lane: one that was held would be in the way now.
	wantDelivery(t, l, d[1])
	take(t, l, d[1], later, later.Add(time.Minute))
}

func takeOfHeldLane(t *testing.T, l gateway.Ledger) {
	one, two := inLane(t, l, "account 7", start), inLane(t, l, "account 7", start.Add(time.Minute))
	until := later.Add(time.Minute)
	take(t, l, one, later, until)
	wantTakeStale(t, l, two, until.Add(-time.Microsecond))
	wantDelivery(t, l, two)
	take(t, l, two, until, until.Add(time.Minute))
}

func takeUnlaned(t *testing.T, l gateway.Ledger) {
	held := inLane(t, l, "account 7", start)
	unlaned := deliveryOf(events(t, l, "m1", start.Add(time.Minute), 1)[0], shop, start.Add(2*time.Minute))
	unlaned.Unlaned = true
	spread(t, l, unlaned)
	until := later.Add(time.Minute)
	held = take(t, l, held, later, until)
	laned := unlaned
	laned.Lane = "account 7"
	wantTakeStale(t, l, laned, later)
	wantDelivery(t, l, unlaned)
	saved(t, l, held, gateway.DeliveryDone)
	taken := take(t, l, laned, later, until)
	want := laned
	want.Unlaned, want.Due, want.Attempts, want.Version, want.UpdatedAt = false, until, 1, 2, later
	equal(t, "what was taken", taken, want)
	wantDelivery(t, l, want)
	wantTakeStale(t, l, inLane(t, l, "account 7", start.Add(time.Hour)), later)
}

func takeOver(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 1)[0]
	until := later.Add(time.Minute)
	first := take(t, l, d, later, until)
	wantTakeStale(t, l, first, until.Add(-time.Microsecond))
	second := take(t, l, first, until, until.Add(time.Minute))
	if second.Attempts != 2 || second.Version != first.Version+1 {
		t.Fatalf("it was taken over as %+v", second)
	}
	wantDelivery(t, l, second)
	saved(t, l, second, gateway.DeliveryDone)
}

func takeOfDeadLane(t *testing.T, l gateway.Ledger) {
	one, two := inLane(t, l, "account 7", start), inLane(t, l, "account 7", start.Add(time.Minute))
	until := later.Add(time.Minute)
	dead := take(t, l, one, later, until)
	taken := take(t, l, two, until, until.Add(time.Minute))
	wantTakeStale(t, l, dead, until)
	saved(t, l, taken, gateway.DeliveryDone)
	take(t, l, dead, until, until.Add(time.Minute))
}

func takeSeveral(t *testing.T, l gateway.Ledger) {
	queue := queued(t, l, 2)
	one, two := inLane(t, l, "account 7", start.Add(time.Hour)), inLane(t, l, "account 8", start.Add(2*time.Hour))
	rival := inLane(t, l, "account 7", start.Add(3*time.Hour))
	until := later.Add(time.Minute)
	taken, err := l.TakeDeliveries(t.Context(), []gateway.Delivery{queue[1], one, rival, two, queue[0]}, later, until)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range taken {
		ids = append(ids, d.ID)
		wantDelivery(t, l, d)
	}
	equal(t, "what was taken", ids, []string{one.ID, two.ID, queue[0].ID})
	wantDelivery(t, l, rival)
	wantDelivery(t, l, queue[1])
}

func takeForNoTime(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 1)[0]
	_, err := takeOne(t.Context(), l, d, later, later)
	wantErr(t, err, nil)
	wantDelivery(t, l, d)
}

func saveWrites(t *testing.T, l gateway.Ledger) {
	d := take(t, l, queued(t, l, 1)[0], later, later.Add(time.Minute))
	d.Status, d.Due, d.Attempts, d.Failures = gateway.DeliveryPending, later.Add(time.Hour), 3, 2
	d.Log = []gateway.Attempt{{At: later, Took: time.Second, Outcome: gateway.Later, StatusCode: 502, Detail: "later", By: "instance-1"}}
	d.UpdatedAt, d.Version = later.Add(time.Second), 3
	if err := l.SaveDelivery(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	wantDelivery(t, l, d)
	d = saved(t, l, d, gateway.DeliveryDone)
	wantDelivery(t, l, d)
}

func saveStale(t *testing.T, l gateway.Ledger) {
	d := take(t, l, queued(t, l, 1)[0], later, later.Add(time.Minute))
	for _, version := range []int64{1, 2, 4} {
		late := changed(d, gateway.DeliveryDone)
		late.Version = version
		wantErr(t, l.SaveDelivery(t.Context(), late), gateway.ErrStale)
		wantDelivery(t, l, d)
	}
	nobody := d
	nobody.Version = 0
	wantErr(t, l.SaveDelivery(t.Context(), nobody), nil)
}

func saveTooLate(t *testing.T, l gateway.Ledger) {
	one, two := inLane(t, l, "account 7", start), inLane(t, l, "account 7", start.Add(time.Minute))
	until := later.Add(time.Minute)
	slow := take(t, l, one, later, until)
	over := take(t, l, slow, until, until.Add(time.Hour))
	wantErr(t, l.SaveDelivery(t.Context(), changed(slow, gateway.DeliveryDone)), gateway.ErrStale)
	wantDelivery(t, l, over)
	wantTakeStale(t, l, two, until.Add(time.Second))
	saved(t, l, over, gateway.DeliveryDone)
	take(t, l, two, until.Add(time.Second), until.Add(time.Hour))
}

func saveOfLostLane(t *testing.T, l gateway.Ledger) {
	one, two := inLane(t, l, "account 7", start), inLane(t, l, "account 7", start.Add(time.Minute))
	third := inLane(t, l, "account 7", start.Add(2*time.Minute))
	until := later.Add(time.Minute)
	slow := take(t, l, one, later, until)
	take(t, l, two, until, until.Add(time.Hour))
	// Nobody has taken this one over, so what became of it is still news.
	done := saved(t, l, slow, gateway.DeliveryDone)
	wantDelivery(t, l, done)
	wantTakeStale(t, l, third, until.Add(time.Second))
}

func saveOfOther(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 1)[0]
	theirs := changed(d, gateway.DeliverySkipped)
	theirs.MerchantID = "m2"
	wantErr(t, l.SaveDelivery(t.Context(), theirs), gateway.ErrStale)
	wantDelivery(t, l, d)
}

func saveSeveral(t *testing.T, l gateway.Ledger) {
	queue := queued(t, l, 2)
	one, two := inLane(t, l, "account 7", start.Add(time.Hour)), inLane(t, l, "account 8", start.Add(2*time.Hour))
	until := later.Add(time.Minute)
	first, one, two := take(t, l, queue[0], later, until), take(t, l, one, later, until), take(t, l, two, later, until)
	stale, nobody := changed(one, gateway.DeliveryDone), changed(one, gateway.DeliveryDone)
	stale.Version, nobody.Version = 2, 0
	told, dead := changed(two, gateway.DeliveryDone), changed(first, gateway.DeliveryDead)
	errs := l.SaveDeliveries(t.Context(), []gateway.Delivery{stale, told, nobody, dead})
	if len(errs) != 4 || errs[1] != nil || errs[3] != nil {
		t.Fatalf("the answers are %v", errs)
	}
	wantErr(t, errs[0], gateway.ErrStale)
	wantErr(t, errs[2], nil)
	wantDelivery(t, l, one)
	wantDelivery(t, l, told)
	wantDelivery(t, l, dead)
	wantDelivery(t, l, parked(queue[1]))
	// The lane of what was not saved is held still, that of what was is free.
	wantTakeStale(t, l, inLane(t, l, "account 7", start.Add(3*time.Hour)), later)
	take(t, l, inLane(t, l, "account 8", start.Add(4*time.Hour)), later, until)
	if errs := l.SaveDeliveries(t.Context(), nil); len(errs) != 0 {
		t.Fatalf("of nothing the answers are %v", errs)
	}
}
