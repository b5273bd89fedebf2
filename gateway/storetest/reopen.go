package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

type reopenSpec struct {
	name string
	test func(t *testing.T, l gateway.Ledger, reopen func() gateway.Ledger)
}

var reopenSpecs = []reopenSpec{
	{"Reopen/shows everything that was acknowledged", reopenShowsAll},
	{"Reopen/keeps every key bound", reopenKeepsKeys},
	{"Reopen/goes on where it stopped", reopenGoesOn},
	{"Reopen/finds what was archived", reopenFindsArchived},
	{"Reopen/knows what was told, what is under way and what was not spread", reopenTells},
}

func reopenShowsAll(t *testing.T, l gateway.Ledger, reopen func() gateway.Ledger) {
	changes := make([]gateway.Change, racers)
	for i := range changes {
		changes[i] = Sale("m1", start.Add(time.Duration(i)*time.Minute))
	}
	for i, err := range race(racers, func(i int) error { return l.Apply(t.Context(), changes[i]) }) {
		if err != nil {
			t.Fatalf("racer %d: %v", i, err)
		}
	}
	decided := decidedPayment(t, l, start)
	made := adding(shopper("m1", "cus_1", start))
	applyVault(t, l, made)
	watch := gateway.Watch{MerchantID: "m1", LiveMode: true, Through: start, Due: start.Add(time.Minute), Version: 1}
	saveWatch(t, l, watch)
	unknown := stray("m1", "1001", start)
	keep(t, l, unknown, unmatchedEvent(unknown))
	l = reopen()
	for _, c := range changes {
		wantPayment(t, l, c.Payment)
	}
	wantPayment(t, l, decided.Payment)
	equal(t, "reply", keyOf(t, l, decided.Payment.First().Key).Reply.Payment, decided.Payment)
	wantFound(t, l, decided.Payment.TransactionID, decided.Payment)
	wantVault(t, l, made)
	wantWatch(t, l, watch)
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: 10}, unknown)
}

func reopenKeepsKeys(t *testing.T, l gateway.Ledger, reopen func() gateway.Ledger) {
	c := Sale("m1", start)
	apply(t, l, c)
	closeKey(t, l, "m1", "gone")
	l = reopen()
	wantErr(t, l.CloseKey(t.Context(), "m1", c.Binds.Key, start), gateway.ErrKeyTaken)
	wantErr(t, l.CloseKey(t.Context(), "m1", "gone", start), gateway.ErrKeyTaken)
	wantKey(t, l, "m1", gateway.KeyRecord{
		Key: c.Binds.Key, Fingerprint: c.Binds.Fingerprint, Payment: &c.Payment, OperationID: c.Operation,
	})
}

func reopenGoesOn(t *testing.T, l gateway.Ledger, reopen func() gateway.Ledger) {
	c := Sale("m1", start)
	apply(t, l, c)
	l = reopen()
	equal(t, "due", allDue(t, l, c.Payment.First().Due, 10), []gateway.Payment{c.Payment})
	decided := Approval(c.Payment, start.Add(time.Second))
	apply(t, l, decided)
	l = reopen()
	wantPayment(t, l, decided.Payment)
}

func reopenTells(t *testing.T, l gateway.Ledger, reopen func() gateway.Ledger) {
	gone := gateway.SubscriberState{MerchantID: "m1", LiveMode: true, Subscriber: "shop", DisabledAt: start, Reason: "gone", Version: 1}
	saveSubscriber(t, l, gone)
	told := saved(t, l, inLane(t, l, "account 7", start), gateway.DeliveryDone)
	under := inLane(t, l, "account 7", start.Add(time.Minute))
	waiting := inLane(t, l, "account 7", start.Add(2*time.Minute))
	unspreads := events(t, l, "m1", start.Add(time.Hour), 2)
	until := later.Add(time.Minute)
	under = take(t, l, under, later, until)
	l = reopen()
	for _, d := range []gateway.Delivery{told, under, waiting} {
		wantDelivery(t, l, d)
	}
	wantSubscriber(t, l, gone)
	equal(t, "the events", unspread(t, l, 10), unspreads)
	wantTakeStale(t, l, waiting, later)
	wantDue(t, l, until, waiting, under)
	saved(t, l, under, gateway.DeliveryDone)
	l = reopen()
	wantDue(t, l, later, waiting)
}

func reopenFindsArchived(t *testing.T, l gateway.Ledger, reopen func() gateway.Ledger) {
	p, later := ended(t, l, start), ended(t, l, start)
	archive(t, l, p)
	l = reopen()
	wantPayment(t, l, p)
	leaves(t, l, later)
	l = reopen()
	wantPayment(t, l, p)
	wantPayment(t, l, later)
	equal(t, "reply", keyOf(t, l, later.Operations[1].Key).Reply.OperationID, later.Operations[1].ID)
}
