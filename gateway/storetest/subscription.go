package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var subscriptionSpecs = []spec{
	{"Subscribe/keeps one for each merchant, mode and name, in place of the last", subscribed},
	{"Subscriptions/has those that were seen since, sorted", subscriptionsSince},
	{"SeeSubscription/moves the time ahead, and keeps what is not there", subscriptionSeen},
	{"Apply/spreads an event to nobody while nobody has subscribed, and leaves it to be spread from then on", spreadUnheard},
	{"Subscribe/needs a merchant, a name and a time", impossibleSubscription},
}

func subscribe(t *testing.T, l gateway.Ledger, all ...gateway.Subscription) {
	t.Helper()
	for _, s := range all {
		if err := l.Subscribe(t.Context(), s); err != nil {
			t.Fatalf("Subscribe(%+v): %v", s, err)
		}
	}
}

func wantSubscriptions(t *testing.T, l gateway.Ledger, since time.Time, want ...gateway.Subscription) {
	t.Helper()
	got, err := l.Subscriptions(t.Context(), since)
	if err != nil {
		t.Fatalf("Subscriptions: %v", err)
	}
	equal(t, "the subscriptions", got, want)
	for _, merchant := range []string{"m1", "m2", "m3"} {
		of, err := l.SubscriptionsOf(t.Context(), merchant, since)
		if err != nil {
			t.Fatalf("SubscriptionsOf(%s): %v", merchant, err)
		}
		var theirs []gateway.Subscription
		for _, s := range want {
			if s.MerchantID == merchant {
				theirs = append(theirs, s)
			}
		}
		equal(t, "the subscriptions of "+merchant, of, theirs)
	}
}

func subscribed(t *testing.T, l gateway.Ledger) {
	wantSubscriptions(t, l, start)
	shop := gateway.Subscription{MerchantID: "m1", LiveMode: true, Name: "shop", Events: []string{"payment.*", `a"b`}, SeenAt: start}
	crm, test, theirs := shop, shop, shop
	crm.Name, test.LiveMode, theirs.MerchantID = "crm", false, "m2"
	subscribe(t, l, shop, theirs, test, crm)
	wantSubscriptions(t, l, start, test, crm, shop, theirs)
	shop.Events, shop.SeenAt = nil, start.Add(time.Minute)
	subscribe(t, l, shop)
	wantSubscriptions(t, l, start, test, crm, shop, theirs)
	// The clock of another gateway may be behind.
	behind := shop
	behind.Events, behind.SeenAt = []string{"payment.refunded"}, start
	subscribe(t, l, behind)
	behind.SeenAt = shop.SeenAt
	wantSubscriptions(t, l, start, test, crm, behind, theirs)
}

func subscriptionsSince(t *testing.T, l gateway.Ledger) {
	old := gateway.Subscription{MerchantID: "m1", Name: "old", SeenAt: start}
	young := gateway.Subscription{MerchantID: "m1", Name: "young", SeenAt: start.Add(time.Hour)}
	subscribe(t, l, young, old)
	wantSubscriptions(t, l, start, old, young)
	wantSubscriptions(t, l, start.Add(time.Microsecond), young)
	wantSubscriptions(t, l, start.Add(time.Hour), young)
	wantSubscriptions(t, l, start.Add(2*time.Hour))
}

func subscriptionSeen(t *testing.T, l gateway.Ledger) {
	s := gateway.Subscription{MerchantID: "m1", Name: "shop", Events: []string{"payment.*"}, SeenAt: start}
	see := func(s gateway.Subscription) {
		t.Helper()
		if err := l.SeeSubscription(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	see(s)
	wantSubscriptions(t, l, start, s)
	s.SeenAt = start.Add(time.Minute)
	of := s
	of.Events = []string{"payment.refunded"}
	see(of)
	wantSubscriptions(t, l, start, s)
	of.SeenAt = start
	see(of)
	wantSubscriptions(t, l, start, s)
}

func impossibleSubscription(t *testing.T, l gateway.Ledger) {
	for _, s := range []gateway.Subscription{
		{Name: "shop", SeenAt: start}, {MerchantID: "m1", SeenAt: start}, {MerchantID: "m1", Name: "shop"},
	} {
		wantErr(t, l.Subscribe(t.Context(), s), nil)
		wantErr(t, l.SeeSubscription(t.Context(), s), nil)
	}
	wantSubscriptions(t, l, time.Time{})
}

func spreadUnheard(t *testing.T, l gateway.Ledger) {
	since := start.Add(-time.Hour)
	decide := func(merchant string) []gateway.Event {
		c := Approval(applied(t, l, Sale(merchant, start)), start.Add(time.Second))
		c.HeardSince = since
		apply(t, l, c)
		return c.Events
	}
	before := decide("m1")
	wantErr(t, l.Spread(t.Context(), before, nil), gateway.ErrStale)
	old := gateway.Subscription{MerchantID: "m1", Name: "old", SeenAt: since.Add(-time.Microsecond)}
	theirs := gateway.Subscription{MerchantID: "m2", Name: "shop", SeenAt: since}
	subscribe(t, l, old, theirs)
	decide("m1")
	equal(t, "what is left to be spread while nobody is to hear of it", unspread(t, l, 10), []gateway.Event(nil))
	heard := decide("m2")
	equal(t, "what is left to be spread", unspread(t, l, 10), heard)
	old.SeenAt = since
	subscribe(t, l, old)
	heard = append(heard, decide("m1")...)
	equal(t, "what is left to be spread once both have subscribed", len(unspread(t, l, 10)), len(heard))
}
