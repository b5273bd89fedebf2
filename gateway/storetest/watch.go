package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var watchSpecs = []spec{
	{"Watch/is empty before the first one is saved", emptyWatch},
	{"Watch/comes back as it was saved", savedWatch},
	{"Watch/merchants and modes are watched apart", watchesApart},
	{"SaveWatch/is stale unless it comes next", staleWatch},
	{"SaveWatch/of 64 that save one version one is kept", raceForWatch},
	{"SaveWatch/counts from one, of somebody", impossibleWatch},
}

func emptyWatch(t *testing.T, l gateway.Ledger) {
	wantWatch(t, l, gateway.Watch{MerchantID: "m1"})
	wantWatch(t, l, gateway.Watch{MerchantID: "m1", LiveMode: true})
}

func savedWatch(t *testing.T, l gateway.Ledger) {
	w := gateway.Watch{MerchantID: "m1", LiveMode: true, Due: start, Version: 1}
	saveWatch(t, l, w)
	wantWatch(t, l, w)
	w.Through, w.Due, w.Version = start.Add(-time.Microsecond), time.Time{}, 2
	saveWatch(t, l, w)
	wantWatch(t, l, w)
}

func watchesApart(t *testing.T, l gateway.Ledger) {
	w := gateway.Watch{MerchantID: "m1", LiveMode: true, Through: start, Due: start, Version: 1}
	test, other := w, w
	test.LiveMode, other.MerchantID = false, "m2"
	saveWatch(t, l, w)
	wantWatch(t, l, gateway.Watch{MerchantID: "m1"})
	wantWatch(t, l, gateway.Watch{MerchantID: "m2", LiveMode: true})
	saveWatch(t, l, test)
	saveWatch(t, l, other)
	w.Through, w.Version = start.Add(time.Hour), 2
	saveWatch(t, l, w)
	wantWatch(t, l, w)
	wantWatch(t, l, test)
	wantWatch(t, l, other)
}

func staleWatch(t *testing.T, l gateway.Ledger) {
	w := gateway.Watch{MerchantID: "m1", Due: start, Version: 2}
	wantErr(t, l.SaveWatch(t.Context(), w), gateway.ErrStale)
	wantWatch(t, l, gateway.Watch{MerchantID: "m1"})
	for w.Version = 1; w.Version <= 3; w.Version++ {
		saveWatch(t, l, w)
	}
	kept := w
	kept.Version = 3
	for _, version := range []int64{1, 2, 3, 5} {
		late := gateway.Watch{MerchantID: "m1", Through: start, Version: version}
		wantErr(t, l.SaveWatch(t.Context(), late), gateway.ErrStale)
		wantWatch(t, l, kept)
	}
}

func raceForWatch(t *testing.T, l gateway.Ledger) {
	for version := int64(1); version <= 3; version++ {
		saves := make([]gateway.Watch, racers)
		for i := range saves {
			saves[i] = gateway.Watch{MerchantID: "m1", Due: start.Add(time.Duration(i) * time.Second), Version: version}
		}
		errs := race(racers, func(i int) error { return l.SaveWatch(t.Context(), saves[i]) })
		wantWatch(t, l, saves[oneWins(t, errs, gateway.ErrStale)])
	}
}

func impossibleWatch(t *testing.T, l gateway.Ledger) {
	wantErr(t, l.SaveWatch(t.Context(), gateway.Watch{MerchantID: "m1"}), nil)
	wantErr(t, l.SaveWatch(t.Context(), gateway.Watch{Version: 1}), nil)
}

func saveWatch(t *testing.T, l gateway.Ledger, w gateway.Watch) {
	t.Helper()
	if err := l.SaveWatch(t.Context(), w); err != nil {
		t.Fatalf("SaveWatch(%+v): %v", w, err)
	}
}

func wantWatch(t *testing.T, l gateway.Ledger, want gateway.Watch) {
	t.Helper()
	got, err := l.Watch(t.Context(), want.MerchantID, want.LiveMode)
	if err != nil {
		t.Fatalf("Watch(%s, %t): %v", want.MerchantID, want.LiveMode, err)
	}
	equal(t, "watch", got, want)
}
