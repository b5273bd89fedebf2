package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// RunClients tests what is promised by a store of clients that were added by
// command. open gives an empty one.
func RunClients(t *testing.T, open func(t *testing.T) gateway.ClientStore) {
	for _, s := range []struct {
		name string
		test func(*testing.T, gateway.ClientStore)
	}{
		{"APIClients/come back as they were saved, by id", savedClients},
		{"SaveAPIClient/is stale unless it comes next", staleClient},
		{"SaveAPIClient/of 32 that take one id one has it", raceForClient},
		{"APIClientsVersion/changes with every change, and with no use", clientsVersion},
		{"UseAPIClient/keeps the latest time, and the client as it is", usedClient},
	} {
		t.Run(s.name, func(t *testing.T) { s.test(t, open(t)) })
	}
}

var clientAdded = time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC)

func apiClient(id string) gateway.APIClient {
	return gateway.APIClient{
		ID: id, MerchantID: "main", LiveMode: true, Scopes: []string{"payments:write", "payments:read"}, Channel: "magento",
		Quota: gateway.Quota{Requests: 100, Per: 10 * time.Second},
		Secrets: []gateway.APISecret{
			{Hash: "old", MadeAt: clientAdded, MadeBy: "ada", Until: clientAdded.Add(time.Hour)},
			{Hash: "new", MadeAt: clientAdded, MadeBy: "bob"},
		},
		Certificates: []string{"a certificate"}, AddedAt: clientAdded, AddedBy: "ada", Version: 1,
	}
}

func saveClient(t *testing.T, s gateway.ClientStore, c gateway.APIClient) {
	t.Helper()
	if err := s.SaveAPIClient(t.Context(), c, decision); err != nil {
		t.Fatalf("SaveAPIClient(%s, version %d): %v", c.ID, c.Version, err)
	}
}

func wantClients(t *testing.T, s gateway.ClientStore, want ...gateway.APIClient) {
	t.Helper()
	got, err := s.APIClients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the clients", got, want)
}

func savedClients(t *testing.T, s gateway.ClientStore) {
	wantClients(t, s)
	b, a := apiClient("b"), apiClient("a")
	saveClient(t, s, b)
	saveClient(t, s, a)
	b.Version, b.Secrets, b.RevokedAt, b.RevokedBy = 2, nil, clientAdded.Add(time.Minute), "eve"
	saveClient(t, s, b)
	wantClients(t, s, a, b)
}

func staleClient(t *testing.T, s gateway.ClientStore) {
	c := apiClient("a")
	saveClient(t, s, c)
	for _, version := range []int64{1, 3} {
		c.Version = version
		if err := s.SaveAPIClient(t.Context(), c, decision); !errors.Is(err, gateway.ErrStale) {
			t.Errorf("version %d after version 1: %v, want stale", version, err)
		}
	}
	c = apiClient("nobody")
	c.Version = 2
	if err := s.SaveAPIClient(t.Context(), c, decision); !errors.Is(err, gateway.ErrStale) {
		t.Errorf("version 2 of a client that is not there: %v, want stale", err)
	}
	for _, impossible := range []gateway.APIClient{{}, {ID: "a", Version: 1}, {ID: "a", MerchantID: "main"}} {
		if err := s.SaveAPIClient(t.Context(), impossible, decision); err == nil || errors.Is(err, gateway.ErrStale) {
			t.Errorf("%+v was answered with %v", impossible, err)
		}
	}
	wantClients(t, s, apiClient("a"))
}

func raceForClient(t *testing.T, s gateway.ClientStore) {
	var wait sync.WaitGroup
	answers := make([]error, 32)
	for i := range answers {
		wait.Go(func() { answers[i] = s.SaveAPIClient(t.Context(), apiClient("a"), decision) })
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
		t.Errorf("%d have the id, want 1", kept)
	}
}

func clientsVersion(t *testing.T, s gateway.ClientStore) {
	seen := map[int64]bool{}
	isNew := func(after string, want bool) {
		t.Helper()
		version, err := s.APIClientsVersion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if seen[version] == want {
			t.Errorf("after %s the version is new: %t, want %t", after, !seen[version], want)
		}
		seen[version] = true
	}
	isNew("nothing", true)
	c := apiClient("a")
	saveClient(t, s, c)
	isNew("one client", true)
	saveClient(t, s, apiClient("b"))
	isNew("another client", true)
	c.Version = 2
	saveClient(t, s, c)
	isNew("a change", true)
	if err := s.UseAPIClient(t.Context(), "a", clientAdded); err != nil {
		t.Fatal(err)
	}
	isNew("a use", false)
}

func usedClient(t *testing.T, s gateway.ClientStore) {
	c := apiClient("a")
	saveClient(t, s, c)
	for _, at := range []time.Time{clientAdded.Add(time.Hour), clientAdded} {
		if err := s.UseAPIClient(t.Context(), "a", at); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.UseAPIClient(t.Context(), "nobody", clientAdded); err != nil {
		t.Errorf("a use of nobody: %v", err)
	}
	c.Version, c.Channel = 2, "terminal"
	saveClient(t, s, c)
	c.UsedAt = clientAdded.Add(time.Hour)
	wantClients(t, s, c)
}
