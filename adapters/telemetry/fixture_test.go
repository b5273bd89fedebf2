package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

var errAny = errors.New("any")

// clock is a time that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// opened is a Telemetry of the merchants "acme" and "globex", with tracing off.
func opened(t testing.TB, now func() time.Time) *Telemetry {
	t.Helper()
	tel, err := New(Config{
		Version: "1.2.3", Instance: "one", Merchants: []string{"acme", "globex"},
		Subscribers: map[string][]string{"acme": {"erp", "shop"}, "globex": {"erp"}},
		Now:         now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// wantMetrics compares the metrics of these names, without prefix, with a
// text of which HELP and TYPE lines and prefixes are left out.
func wantMetrics(t *testing.T, tel *Telemetry, kind, name, series string) {
	t.Helper()
	family := prefix + name
	text := "# HELP " + family + " " + helpOf(t, tel, family) + "\n# TYPE " + family + " " + kind + "\n"
	for line := range strings.Lines(series) {
		if line = strings.TrimSpace(line); line != "" {
			text += prefix + line + "\n"
		}
	}
	if err := testutil.GatherAndCompare(tel.registry, strings.NewReader(text), family); err != nil {
		t.Error(err)
	}
}

func helpOf(t *testing.T, tel *Telemetry, family string) string {
	t.Helper()
	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == family {
			return f.GetHelp()
		}
	}
	t.Fatalf("there is no metric %s", family)
	return ""
}

func count(t *testing.T, tel *Telemetry, name string) int {
	t.Helper()
	n, err := testutil.GatherAndCount(tel.registry, prefix+name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// everything drives a Telemetry so that each of its metrics has a series.
func everything(tel *Telemetry, now time.Time) {
	_, leave := tel.Observer().Stage(context.Background(), gateway.StageProcessor, "acme")
	leave(errAny)
	tel.Observer().Operation(gateway.Observation{
		MerchantID: "acme", Kind: gateway.KindSale, Status: gateway.OpApproved, By: gateway.ByAnswer, Took: time.Second,
	})
	tel.Observer().Vault(gateway.VaultObservation{MerchantID: "acme", Verb: gateway.VaultAdd, Status: gateway.OpApproved, By: gateway.ByAnswer})
	tel.Observer().Delivery(gateway.DeliveryObservation{MerchantID: "acme", Subscriber: "erp", Outcome: gateway.Told, Took: time.Second, Age: time.Minute})
	tel.Watch(Sources{
		Routes:     []string{"/api/v1/payments"},
		InFlight:   func() int { return 3 },
		Unreadable: func() map[string]int { return map[string]int{"acme": 1} },
		Guards:     func() map[string]guard.State { return map[string]guard.State{"acme": busyGuard()} },
		Redis: func() RedisState {
			return RedisState{Up: true, Calls: 12, Errors: map[string]uint64{"away": 2, "timeout": 1}}
		},
		LinesLost: func() map[string]uint64 { return map[string]uint64{"info": 2} },
		Backlog: func(context.Context) ([]gateway.Backlog, error) {
			return []gateway.Backlog{{MerchantID: "acme", Unknown: 2, OldestUnknown: now.Add(-time.Minute), Watched: true, SeenThrough: now}}, nil
		},
		Ledger: func(context.Context) error { return nil },
		Standings: func(context.Context) ([]gateway.SubscriberStanding, error) {
			return []gateway.SubscriberStanding{{MerchantID: "acme", Name: "erp", Configured: true}}, nil
		},
		Retention: func(context.Context) (gateway.RetentionStanding, error) { return gateway.RetentionStanding{}, nil },
		Unfiled:   func(context.Context) (map[string]int, error) { return map[string]int{"acme": 1}, nil },
	})
	tel.Request("/api/v1/payments", "POST", 201, time.Second)
}

func busyGuard() guard.State {
	return guard.State{
		Queue: 4,
		Money: guard.ClassState{
			Breaker:  "open",
			Attempts: map[string]uint64{"approved": 7, "unknown": 2},
			Refused:  map[string]uint64{"open": 5, "late": 1},
			Retried:  3,
		},
		Look: guard.ClassState{
			Breaker:  "closed",
			Attempts: map[string]uint64{"found": 9},
			Refused:  map[string]uint64{"limit": 6},
		},
		Form: guard.ClassState{Breaker: "closed", Attempts: map[string]uint64{"given": 5}},
	}
}
