package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var settlementFilingSpecs = []spec{
	{"SettlementFiling/is empty before the first one is saved", emptyFiling},
	{"SettlementFiling/comes back as it was saved, merchants and modes apart", savedFiling},
	{"SaveSettlementFiling/is stale unless it comes next", staleFiling},
	{"SaveSettlementFiling/of 64 that save one version one is kept", raceForFiling},
	{"SaveSettlementFiling/counts from one, of somebody", impossibleFiling},
}

func emptyFiling(t *testing.T, l gateway.Ledger) {
	wantFiling(t, l, gateway.SettlementFiling{MerchantID: "m1"})
	wantFiling(t, l, gateway.SettlementFiling{MerchantID: "m1", LiveMode: true})
}

func savedFiling(t *testing.T, l gateway.Ledger) {
	f := gateway.SettlementFiling{MerchantID: "m1", LiveMode: true, Due: start, Version: 1}
	saveFiling(t, l, f)
	wantFiling(t, l, f)
	test, other := f, f
	test.LiveMode, other.MerchantID = false, "m2"
	wantFiling(t, l, gateway.SettlementFiling{MerchantID: "m1"})
	wantFiling(t, l, gateway.SettlementFiling{MerchantID: "m2", LiveMode: true})
	saveFiling(t, l, test)
	saveFiling(t, l, other)
	f.Through, f.Due, f.Version = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), time.Time{}, 2
	saveFiling(t, l, f)
	wantFiling(t, l, f)
	wantFiling(t, l, test)
	wantFiling(t, l, other)
}

func staleFiling(t *testing.T, l gateway.Ledger) {
	f := gateway.SettlementFiling{MerchantID: "m1", Due: start, Version: 2}
	wantErr(t, l.SaveSettlementFiling(t.Context(), f), gateway.ErrStale)
	wantFiling(t, l, gateway.SettlementFiling{MerchantID: "m1"})
	for f.Version = 1; f.Version <= 3; f.Version++ {
		saveFiling(t, l, f)
	}
	kept := f
	kept.Version = 3
	for _, version := range []int64{1, 2, 3, 5} {
		late := gateway.SettlementFiling{MerchantID: "m1", Through: start, Version: version}
		wantErr(t, l.SaveSettlementFiling(t.Context(), late), gateway.ErrStale)
		wantFiling(t, l, kept)
	}
}

func raceForFiling(t *testing.T, l gateway.Ledger) {
	for version := int64(1); version <= 3; version++ {
		saves := make([]gateway.SettlementFiling, racers)
		for i := range saves {
			saves[i] = gateway.SettlementFiling{MerchantID: "m1", Due: start.Add(time.Duration(i) * time.Second), Version: version}
		}
		errs := race(racers, func(i int) error { return l.SaveSettlementFiling(t.Context(), saves[i]) })
		wantFiling(t, l, saves[oneWins(t, errs, gateway.ErrStale)])
	}
}

func impossibleFiling(t *testing.T, l gateway.Ledger) {
	wantErr(t, l.SaveSettlementFiling(t.Context(), gateway.SettlementFiling{MerchantID: "m1"}), nil)
	wantErr(t, l.SaveSettlementFiling(t.Context(), gateway.SettlementFiling{Version: 1}), nil)
}

func saveFiling(t *testing.T, l gateway.Ledger, f gateway.SettlementFiling) {
	t.Helper()
	if err := l.SaveSettlementFiling(t.Context(), f); err != nil {
		t.Fatalf("SaveSettlementFiling(%+v): %v", f, err)
	}
}

func wantFiling(t *testing.T, l gateway.Ledger, want gateway.SettlementFiling) {
	t.Helper()
	got, err := l.SettlementFiling(t.Context(), want.MerchantID, want.LiveMode)
	if err != nil || got != want {
		t.Errorf("SettlementFiling(%s, %t) = %+v, %v, want %+v", want.MerchantID, want.LiveMode, got, err, want)
	}
}
