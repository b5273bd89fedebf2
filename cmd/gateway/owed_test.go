package main

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

func TestTheDoctorTellsWhoIsOwedThoughNobodyHasItConfigured(t *testing.T) {
	t.Parallel()
	s, paytrace, shop := telling(t, startReceiver(t, http.StatusOK))
	s.whileStopped(func(ctx context.Context, l *ledger.Ledger) {
		former := gateway.Subscription{MerchantID: "main", Name: "former", SeenAt: time.Now().Add(-time.Hour)}
		if err := l.Subscribe(ctx, former); err != nil {
			t.Fatal(err)
		}
		all, err := l.Subscriptions(ctx, time.Now().Add(-30*time.Minute))
		if err != nil || len(all) != 1 || all[0].Name != "erp" {
			t.Errorf("the gateway has left %+v, %v", all, err)
		}
	})
	if f := s.operate("doctor"); strings.Contains(f.stdout, "former") {
		t.Errorf("nothing is owed yet: %s", f.stdout)
	}
	want(t, "a sale", shop.pay("sale", "order-1", paytrace.hostedFields(), 0), "201 approved")
	eventually(t, "it is owed", func() bool { return strings.Contains(s.callbacks("list").stdout, "former") })
	const way = "gateway callbacks skip --subscriber former --note WHY"
	s.operate("doctor").says(t, 0, "warn  former deliveries", "it is in no configuration, and owed ", "→ put it back under its name", way)
	s.callbacks("subscribers").says(t, 0, "not_configured", way+" --config "+s.config)
	s.callbacks("skip", "--subscriber", "erp").says(t, 1, "after 0 that are given up", "not_replayable")
	s.callbacks("skip", "--subscriber", "former", "--note", "the shop is closed").says(t, 0, "deliveries are given up: former is never told of them")
	s.callbacks("list", "--status", "skipped").says(t, 0, "former", "the shop is closed")
	// What is learned of a payment later is kept for it too, for a week.
	eventually(t, "nothing is owed to it", func() bool {
		s.callbacks("skip", "--subscriber", "former").says(t, 0, "deliveries are given up")
		return !strings.Contains(s.callbacks("subscribers").stdout, "former")
	})
}

// TestTheSubscribersAreKeptBeforeAnythingIsServed opens a gateway, which listens
// then, and does not let it work.
func TestTheSubscribersAreKeptBeforeAnythingIsServed(t *testing.T) {
	t.Parallel()
	s, _, _ := telling(t, startReceiver(t, http.StatusOK))
	s.stop()
	forget(t, s.ledger())
	cfg, err := config.Load(s.config, func(name string) (string, bool) {
		for _, set := range append(slices.Clone(shopEnvironment), s.environment...) {
			if value, ok := strings.CutPrefix(set, name+"="); ok {
				return value, true
			}
		}
		return os.LookupEnv(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	if all, err := a.ledger.Subscriptions(t.Context(), time.Now().Add(-30*time.Minute)); err != nil || len(all) != 1 {
		t.Errorf("the ledger has %+v, %v", all, err)
	}
}

// forget leaves no subscriber in the ledger.
func forget(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `DELETE FROM subscriptions`); err != nil {
		t.Fatal(err)
	}
}
