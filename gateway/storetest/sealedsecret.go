package storetest

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// RunSecrets tests what is promised by a store of sealed secrets. open gives an
// empty one.
func RunSecrets(t *testing.T, open func(t *testing.T) gateway.SecretStore) {
	for _, s := range []struct {
		name string
		test func(*testing.T, gateway.SecretStore)
	}{
		{"SealedSecrets/come back as they were saved, in order", savedSecrets},
		{"SaveSealedSecrets/keeps all or none", allOrNone},
		{"SaveSealedSecrets/is stale unless it comes next", staleSecret},
		{"SaveSealedSecrets/of 32 that take one name one has it", raceForSecret},
		{"SealedSecretsVersion/changes with every change", secretsVersion},
	} {
		t.Run(s.name, func(t *testing.T) { s.test(t, open(t)) })
	}
}

func sealedSecret(merchant, name string) gateway.SealedSecret {
	return gateway.SealedSecret{
		MerchantID: merchant, LiveMode: true, Name: name, LastNumber: 2, Version: 1,
		Values: []gateway.SealedValue{
			{Number: 1, KeyID: "old key", Sealed: []byte{0, 1, 0xff}, SetAt: clientAdded, SetBy: "ada", Until: clientAdded.Add(time.Hour)},
			{Number: 2, KeyID: "new key", Sealed: []byte("sealed"), SetAt: clientAdded, SetBy: "bob"},
		},
	}
}

func saveSecrets(t *testing.T, s gateway.SecretStore, all ...gateway.SealedSecret) {
	t.Helper()
	if err := s.SaveSealedSecrets(t.Context(), all, recordsOf(all)); err != nil {
		t.Fatalf("SaveSealedSecrets: %v", err)
	}
}

// recordsOf are those of a decision about each.
func recordsOf(all []gateway.SealedSecret) (records []gateway.AuditRecord) {
	for _, s := range all {
		records = append(records, gateway.AuditRecord{
			At: clientAdded, Actor: gateway.Actor{Client: "operator:ada"}, Action: gateway.AuditSecretSet, MerchantID: s.MerchantID,
			Subject: gateway.AuditSubject{Kind: "secret", ID: s.Name},
		})
	}
	return records
}

func wantSecrets(t *testing.T, s gateway.SecretStore, want ...gateway.SealedSecret) {
	t.Helper()
	got, err := s.SealedSecrets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the sealed secrets", got, want)
}

func savedSecrets(t *testing.T, s gateway.SecretStore) {
	wantSecrets(t, s)
	b, a, other := sealedSecret("main", "b"), sealedSecret("main", "a"), sealedSecret("other", "a")
	test := sealedSecret("main", "a")
	test.LiveMode = false
	saveSecrets(t, s, b, other, a)
	saveSecrets(t, s, test)
	b.Version, b.Values, b.RemovedAt, b.RemovedBy = 2, nil, clientAdded.Add(time.Minute), "eve"
	saveSecrets(t, s, b)
	wantSecrets(t, s, test, a, b, other)
}

func allOrNone(t *testing.T, s gateway.SecretStore) {
	a := sealedSecret("main", "a")
	saveSecrets(t, s, a)
	if err := s.SaveSealedSecrets(t.Context(), []gateway.SealedSecret{sealedSecret("main", "b"), sealedSecret("main", "a")}, nil); !errors.Is(err, gateway.ErrStale) {
		t.Errorf("one that is stale among two: %v, want stale", err)
	}
	wantSecrets(t, s, a)
}

func staleSecret(t *testing.T, s gateway.SecretStore) {
	kept := sealedSecret("main", "a")
	saveSecrets(t, s, kept)
	for _, version := range []int64{1, 3} {
		c := kept
		c.Version = version
		if err := s.SaveSealedSecrets(t.Context(), []gateway.SealedSecret{c}, nil); !errors.Is(err, gateway.ErrStale) {
			t.Errorf("version %d after version 1: %v, want stale", version, err)
		}
	}
	nobody := sealedSecret("main", "nobody")
	nobody.Version = 2
	if err := s.SaveSealedSecrets(t.Context(), []gateway.SealedSecret{nobody}, nil); !errors.Is(err, gateway.ErrStale) {
		t.Errorf("version 2 of a secret that is not there: %v, want stale", err)
	}
	for _, impossible := range []gateway.SealedSecret{{}, {MerchantID: "main", Version: 1}, {Name: "a", Version: 1}, {MerchantID: "main", Name: "a"}} {
		if err := s.SaveSealedSecrets(t.Context(), []gateway.SealedSecret{impossible}, nil); err == nil || errors.Is(err, gateway.ErrStale) {
			t.Errorf("%+v was answered with %v", impossible, err)
		}
	}
	wantSecrets(t, s, kept)
}

func raceForSecret(t *testing.T, s gateway.SecretStore) {
	var wait sync.WaitGroup
	answers := make([]error, 32)
	for i := range answers {
		wait.Go(func() {
			answers[i] = s.SaveSealedSecrets(t.Context(), []gateway.SealedSecret{sealedSecret("main", "a"), sealedSecret("main", "b")}, nil)
		})
	}
	wait.Wait()
	kept := slices.DeleteFunc(answers, func(err error) bool { return errors.Is(err, gateway.ErrStale) })
	if len(kept) != 1 || kept[0] != nil {
		t.Errorf("those who are not stale were told %v, want one who has it", kept)
	}
}

func secretsVersion(t *testing.T, s gateway.SecretStore) {
	seen := map[int64]bool{}
	isNew := func(after string) {
		t.Helper()
		version, err := s.SealedSecretsVersion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if seen[version] {
			t.Errorf("after %s the version is the same", after)
		}
		seen[version] = true
	}
	isNew("nothing")
	a := sealedSecret("main", "a")
	saveSecrets(t, s, a)
	isNew("one secret")
	saveSecrets(t, s, sealedSecret("other", "a"))
	isNew("another secret")
	a.Version = 2
	saveSecrets(t, s, a)
	isNew("a change")
}
