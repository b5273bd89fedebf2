package storetest

import (
	"strconv"
	"testing"

	"paytrace-gateway/gateway"
)

// SecretCheckStore is what the tests of a ledger's secret need: the check, and
// what is made with the secret.
type SecretCheckStore interface {
	gateway.SecretCheckStore
	gateway.AuditTrail
	gateway.Ledger
}

// RunSecretCheck tests what is promised by a ledger that knows its secret. open
// gives an empty one.
func RunSecretCheck(t *testing.T, open func(t *testing.T) SecretCheckStore) {
	for _, s := range []struct {
		name string
		test func(*testing.T, SecretCheckStore)
	}{
		{"SecretCheck/knows nothing of a new ledger", checkOfNewLedger},
		{"SecretCheck/knows a ledger with a key, or a decision, for used", checkOfUsedLedger},
		{"KeepSecretCheck/keeps the first for good", checkKept},
		{"KeepSecretCheck/of 64 at once one is kept, and all are told which", raceForCheck},
	} {
		t.Run(s.name, func(t *testing.T) { s.test(t, open(t)) })
	}
}

func wantCheck(t *testing.T, s gateway.SecretCheckStore, want gateway.SecretCheck) {
	t.Helper()
	got, err := s.SecretCheck(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the check of the secret", got, want)
}

func wantKept(t *testing.T, s gateway.SecretCheckStore, value, want string) {
	t.Helper()
	kept, err := s.KeepSecretCheck(t.Context(), value)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the check that is kept", kept, want)
}

func checkOfNewLedger(t *testing.T, s SecretCheckStore) {
	wantCheck(t, s, gateway.SecretCheck{})
}

func checkOfUsedLedger(t *testing.T, s SecretCheckStore) {
	closeKey(t, s, "m1", "key-of-nothing-1234")
	wantCheck(t, s, gateway.SecretCheck{Used: true})
	wantKept(t, s, "a check", "a check")
	wantCheck(t, s, gateway.SecretCheck{Value: "a check", Used: true})
}

func checkKept(t *testing.T, s SecretCheckStore) {
	if kept, err := s.KeepSecretCheck(t.Context(), ""); err == nil {
		t.Errorf("no check at all was taken for %q", kept)
	}
	wantCheck(t, s, gateway.SecretCheck{})
	wantKept(t, s, "the first", "the first")
	wantKept(t, s, "another", "the first")
	wantCheck(t, s, gateway.SecretCheck{Value: "the first"})
	if err := s.Audit(t.Context(), decision); err != nil {
		t.Fatal(err)
	}
	wantCheck(t, s, gateway.SecretCheck{Value: "the first", Used: true})
}

func raceForCheck(t *testing.T, s SecretCheckStore) {
	told := make([]string, racers)
	errs := race(racers, func(i int) (err error) {
		told[i], err = s.KeepSecretCheck(t.Context(), strconv.Itoa(i))
		return err
	})
	for i, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "what another is told", told[i], told[0])
	}
	wantCheck(t, s, gateway.SecretCheck{Value: told[0]})
}
