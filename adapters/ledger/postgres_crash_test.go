//go:build linux || darwin

package ledger

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway/storetest"
	"paytrace-gateway/internal/services"
)

// acknowledged is the highest version of each payment that Apply has promised.
type acknowledged struct {
	mu       sync.Mutex
	versions map[string]int64
	changes  int
	enough   chan struct{}
}

func (a *acknowledged) add(id string, version int64, enough int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.versions[id] = max(a.versions[id], version)
	if a.changes++; a.changes == enough {
		close(a.enough)
	}
}

func TestACrashedPostgresLosesNothing(t *testing.T) {
	server := services.PostgresServer(t)
	l := onPostgres(t, server.URL)
	kept := &acknowledged{versions: map[string]int64{}}
	for _, changes := range []int{1, 50, 300} {
		kept.changes, kept.enough = 0, make(chan struct{})
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() { wantClear(t, payUntilRefused(l, kept, changes)) })
		}
		<-kept.enough
		server.Crash()
		callers.Wait()
		wantWords(t, l.Apply(t.Context(), storetest.Sale("m1", noon)), "nothing was written", "PostgreSQL")
		server.Restart(t)
		// The same ledger goes on, without being opened again.
		if err := l.Apply(t.Context(), storetest.Sale("m1", noon)); err != nil {
			t.Fatalf("after the restart: %v", err)
		}
		wantKept(t, server.URL, kept.versions)
	}
}

// payUntilRefused makes whole payments until the ledger cannot take one.
func payUntilRefused(l *Ledger, kept *acknowledged, enough int) error {
	for {
		intent := storetest.Sale("m1", time.Now().UTC().Truncate(time.Microsecond))
		if err := l.Apply(context.Background(), intent); err != nil {
			return err
		}
		kept.add(intent.Payment.ID, 1, enough)
		decided := storetest.Approval(intent.Payment, intent.Payment.UpdatedAt.Add(time.Millisecond))
		if err := l.Apply(context.Background(), decided); err != nil {
			return err
		}
		kept.add(intent.Payment.ID, 2, enough)
	}
}

// wantClear wants an error that says what became of the change.
func wantClear(t *testing.T, err error) {
	t.Helper()
	if !strings.Contains(err.Error(), "nothing was written") && !strings.Contains(err.Error(), "not known whether the change was kept") {
		t.Errorf("the error does not say what became of the change: %v", err)
	}
}

func wantKept(t *testing.T, url string, versions map[string]int64) {
	t.Helper()
	l := onPostgres(t, url)
	for id, version := range versions {
		p, err := l.Payment(t.Context(), "m1", id)
		if err != nil || p.Version < version {
			t.Fatalf("payment %s was acknowledged at version %d, the ledger has %d, %v", id, version, p.Version, err)
		}
	}
	wantNoHalves(t, l, `p.version <> (p.body::json->>'version')::bigint OR p.status <> p.body::json->>'status'`)
}
