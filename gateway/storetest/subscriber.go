package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var subscriberSpecs = []spec{
	{"SubscriberState/is empty before the first one is saved", emptySubscriber},
	{"SubscriberState/comes back as it was saved, apart by merchant, mode and name", savedSubscriber},
	{"SaveSubscriberState/is stale unless it comes next", staleSubscriber},
	{"SaveSubscriberState/of 64 that save one version one is kept", raceForSubscriber},
	{"SaveSubscriberState/counts from one, of somebody", impossibleSubscriber},
}

func saveSubscriber(t *testing.T, l gateway.Ledger, s gateway.SubscriberState) {
	t.Helper()
	if err := l.SaveSubscriberState(t.Context(), s); err != nil {
		t.Fatalf("SaveSubscriberState(%+v): %v", s, err)
	}
}

func wantSubscriber(t *testing.T, l gateway.Ledger, want gateway.SubscriberState) {
	t.Helper()
	got, err := l.SubscriberState(t.Context(), want.MerchantID, want.LiveMode, want.Subscriber)
	if err != nil {
		t.Fatalf("SubscriberState: %v", err)
	}
	equal(t, "the subscriber's state", got, want)
}

func emptySubscriber(t *testing.T, l gateway.Ledger) {
	wantSubscriber(t, l, gateway.SubscriberState{MerchantID: "m1", LiveMode: true, Subscriber: "shop"})
}

func savedSubscriber(t *testing.T, l gateway.Ledger) {
	all := []gateway.SubscriberState{
		{MerchantID: "m1", LiveMode: true, Subscriber: "shop", DisabledAt: start, Reason: `it said "gone"`, Version: 1},
		{MerchantID: "m1", LiveMode: false, Subscriber: "shop", Reason: "test", Version: 1},
		{MerchantID: "m2", LiveMode: true, Subscriber: "shop", Reason: "theirs", Version: 1},
		{MerchantID: "m1", LiveMode: true, Subscriber: "crm", DisabledAt: start.Add(time.Hour), Version: 1},
	}
	for _, s := range all {
		saveSubscriber(t, l, s)
	}
	for _, s := range all {
		wantSubscriber(t, l, s)
	}
	all[0].DisabledAt, all[0].Reason, all[0].Version = time.Time{}, "", 2
	saveSubscriber(t, l, all[0])
	for _, s := range all {
		wantSubscriber(t, l, s)
	}
	got, err := l.SubscriberStates(t.Context())
	if err != nil {
		t.Fatalf("SubscriberStates: %v", err)
	}
	order := func(a, b gateway.SubscriberState) int {
		return strings.Compare(a.Reason+a.Subscriber, b.Reason+b.Subscriber)
	}
	slices.SortFunc(got, order)
	slices.SortFunc(all, order)
	equal(t, "all states", got, all)
}

func staleSubscriber(t *testing.T, l gateway.Ledger) {
	s := gateway.SubscriberState{MerchantID: "m1", LiveMode: true, Subscriber: "shop", Version: 2}
	wantErr(t, l.SaveSubscriberState(t.Context(), s), gateway.ErrStale)
	for s.Version = 1; s.Version <= 3; s.Version++ {
		saveSubscriber(t, l, s)
	}
	s.Version = 3
	for _, version := range []int64{1, 2, 3, 5} {
		late := s
		late.Version, late.Reason = version, "late"
		wantErr(t, l.SaveSubscriberState(t.Context(), late), gateway.ErrStale)
		wantSubscriber(t, l, s)
	}
}

func raceForSubscriber(t *testing.T, l gateway.Ledger) {
	for version := int64(1); version <= 2; version++ {
		saves := make([]gateway.SubscriberState, racers)
		for i := range saves {
			saves[i] = gateway.SubscriberState{
				MerchantID: "m1", Subscriber: "shop", DisabledAt: start.Add(time.Duration(i) * time.Second), Version: version,
			}
		}
		errs := race(racers, func(i int) error { return l.SaveSubscriberState(t.Context(), saves[i]) })
		wantSubscriber(t, l, saves[oneWins(t, errs, gateway.ErrStale)])
	}
}

func impossibleSubscriber(t *testing.T, l gateway.Ledger) {
	for _, s := range []gateway.SubscriberState{
		{Subscriber: "shop", Version: 1}, {MerchantID: "m1", Version: 1}, {MerchantID: "m1", Subscriber: "shop"},
	} {
		wantErr(t, l.SaveSubscriberState(t.Context(), s), nil)
	}
}
