package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// RunOperators tests what is promised by a store of people who may log in. open
// gives an empty one.
func RunOperators(t *testing.T, open func(t *testing.T) gateway.OperatorStore) {
	for _, s := range []struct {
		name string
		test func(*testing.T, gateway.OperatorStore)
	}{
		{"Operators/come back as they were saved, by name", savedOperators},
		{"SaveOperator/is stale unless it comes next", staleOperator},
		{"SaveOperator/is stale where another has the identity", takenIdentity},
		{"SaveOperator/of 32 that take one name one has it", raceForOperator},
		{"OperatorsVersion/changes with every change", operatorsVersion},
		{"Session/comes back as it was begun, and is gone when ended", keptSession},
		{"UseSession/keeps the latest time", usedSession},
		{"BeginSession/forgets what has ended, and the oldest of an operator", boundedSessions},
	} {
		t.Run(s.name, func(t *testing.T) { s.test(t, open(t)) })
	}
}

// aboutOperator stands for the record of any of these.
var aboutOperator = gateway.AuditRecord{At: clientAdded, Action: gateway.AuditOperatorAdded, Subject: gateway.AuditSubject{Kind: "operator", ID: "ada"}}

func anOperator(name string) gateway.Operator {
	return gateway.Operator{
		Name: name, Role: "operator", MerchantIDs: []string{"main", "other"}, PasswordHash: "a hash", OneTimeUntil: clientAdded.Add(time.Hour),
		AddedAt: clientAdded, AddedBy: "ada", Generation: 1, Version: 1,
	}
}

func saveOperator(t *testing.T, s gateway.OperatorStore, o gateway.Operator) {
	t.Helper()
	if err := s.SaveOperator(t.Context(), o, aboutOperator); err != nil {
		t.Fatalf("SaveOperator(%s, version %d): %v", o.Name, o.Version, err)
	}
}

func wantOperators(t *testing.T, s gateway.OperatorStore, want ...gateway.Operator) {
	t.Helper()
	got, err := s.Operators(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the operators", got, want)
}

func savedOperators(t *testing.T, s gateway.OperatorStore) {
	wantOperators(t, s)
	b, a := anOperator("bob"), anOperator("ada")
	saveOperator(t, s, b)
	saveOperator(t, s, a)
	b.Version, b.Generation, b.PasswordHash, b.OneTimeUntil = 2, 2, "another hash", time.Time{}
	b.DisabledAt, b.DisabledBy = clientAdded.Add(time.Minute), "eve"
	saveOperator(t, s, b)
	c := gateway.Operator{Name: "cid", Role: "viewer", MerchantIDs: []string{"main"}, Issuer: "https://id.example.com", Subject: "7", AddedAt: clientAdded, AddedBy: "cid", Version: 1}
	saveOperator(t, s, c)
	wantOperators(t, s, a, b, c)
}

func staleOperator(t *testing.T, s gateway.OperatorStore) {
	o := anOperator("ada")
	saveOperator(t, s, o)
	for _, version := range []int64{1, 3} {
		o.Version = version
		if err := s.SaveOperator(t.Context(), o, aboutOperator); !errors.Is(err, gateway.ErrStale) {
			t.Errorf("version %d after version 1: %v, want stale", version, err)
		}
	}
	o = anOperator("nobody")
	o.Version = 2
	if err := s.SaveOperator(t.Context(), o, aboutOperator); !errors.Is(err, gateway.ErrStale) {
		t.Errorf("version 2 of an operator who is not there: %v, want stale", err)
	}
	for _, impossible := range []gateway.Operator{{}, {Name: "a", Version: 1}, {Name: "a", Role: "viewer"}} {
		if err := s.SaveOperator(t.Context(), impossible, aboutOperator); err == nil || errors.Is(err, gateway.ErrStale) {
			t.Errorf("%+v was answered with %v", impossible, err)
		}
	}
	wantOperators(t, s, anOperator("ada"))
}

func takenIdentity(t *testing.T, s gateway.OperatorStore) {
	first := anOperator("ada")
	first.Issuer, first.Subject = "https://id.example.com", "7"
	saveOperator(t, s, first)
	second := anOperator("bob")
	second.Issuer, second.Subject = first.Issuer, first.Subject
	if err := s.SaveOperator(t.Context(), second, aboutOperator); !errors.Is(err, gateway.ErrStale) {
		t.Errorf("a second name for one identity: %v, want stale", err)
	}
	second.Subject = "8"
	saveOperator(t, s, second)
	wantOperators(t, s, first, second)
}

func raceForOperator(t *testing.T, s gateway.OperatorStore) {
	var wait sync.WaitGroup
	answers := make([]error, 32)
	for i := range answers {
		wait.Go(func() { answers[i] = s.SaveOperator(t.Context(), anOperator("ada"), aboutOperator) })
	}
	wait.Wait()
	kept := 0
	for _, err := range answers {
		switch {
		case err == nil:
			kept++
		case !errors.Is(err, gateway.ErrStale):
			t.Errorf("a loser was told %v", err)
		}
	}
	if kept != 1 {
		t.Errorf("%d have the name, want 1", kept)
	}
}

func operatorsVersion(t *testing.T, s gateway.OperatorStore) {
	seen := map[int64]bool{}
	for version := range int64(4) {
		if version > 0 {
			o := anOperator("ada")
			o.Version = version
			saveOperator(t, s, o)
		}
		now, err := s.OperatorsVersion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if seen[now] {
			t.Errorf("after version %d the version of all is %d again", version, now)
		}
		seen[now] = true
	}
}

func begun(hash, operator string, at time.Time) gateway.Session {
	return gateway.Session{Hash: hash, Operator: operator, Generation: 3, BeganAt: at, UsedAt: at, EndsAt: at.Add(time.Hour)}
}

func beginSession(t *testing.T, s gateway.OperatorStore, b gateway.Session, most int) {
	t.Helper()
	if err := s.BeginSession(t.Context(), b, most, aboutOperator); err != nil {
		t.Fatalf("BeginSession(%s): %v", b.Hash, err)
	}
}

func wantSession(t *testing.T, s gateway.OperatorStore, want gateway.Session) {
	t.Helper()
	got, err := s.Session(t.Context(), want.Hash)
	if err != nil {
		t.Errorf("session %s: %v", want.Hash, err)
		return
	}
	equal(t, "the session", got, want)
}

func noSession(t *testing.T, s gateway.OperatorStore, hash string) {
	t.Helper()
	if got, err := s.Session(t.Context(), hash); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("session %s: %+v, %v, want none", hash, got, err)
	}
}

func keptSession(t *testing.T, s gateway.OperatorStore) {
	noSession(t, s, "a")
	a, b := begun("a", "ada", clientAdded), begun("b", "bob", clientAdded)
	beginSession(t, s, a, 5)
	beginSession(t, s, b, 5)
	wantSession(t, s, a)
	for range 2 {
		if err := s.EndSession(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	noSession(t, s, "a")
	wantSession(t, s, b)
	for _, impossible := range []gateway.Session{{}, {Hash: "c"}, {Operator: "ada"}} {
		if s.BeginSession(t.Context(), impossible, 5, aboutOperator) == nil {
			t.Errorf("%+v was taken", impossible)
		}
	}
	if s.BeginSession(t.Context(), begun("c", "ada", clientAdded), 0, aboutOperator) == nil {
		t.Error("a session was taken where there may be none")
	}
}

func usedSession(t *testing.T, s gateway.OperatorStore) {
	a := begun("a", "ada", clientAdded)
	beginSession(t, s, a, 5)
	for _, at := range []time.Time{clientAdded.Add(2 * time.Minute), clientAdded.Add(time.Minute)} {
		if err := s.UseSession(t.Context(), "a", at); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.UseSession(t.Context(), "nobody", clientAdded); err != nil {
		t.Error(err)
	}
	a.UsedAt = clientAdded.Add(2 * time.Minute)
	wantSession(t, s, a)
	noSession(t, s, "nobody")
}

func boundedSessions(t *testing.T, s gateway.OperatorStore) {
	beginSession(t, s, begun("gone", "bob", clientAdded.Add(-time.Hour)), 3)
	for i := range 5 {
		beginSession(t, s, begun(fmt.Sprint(i), "ada", clientAdded.Add(time.Duration(i)*time.Second)), 3)
	}
	noSession(t, s, "gone")
	noSession(t, s, "0")
	noSession(t, s, "1")
	for i := 2; i < 5; i++ {
		wantSession(t, s, begun(fmt.Sprint(i), "ada", clientAdded.Add(time.Duration(i)*time.Second)))
	}
}
