package quotatest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var specs = []spec{
	{"Take/the whole quota may be used at once", wholeAtOnce},
	{"Take/a refused request is told when to come again", refusedIsTold},
	{"Take/a refused request takes nothing", refusedTakesNothing},
	{"Take/a quota is given back evenly", evenly},
	{"Take/no more than the whole is given back", noMoreThanWhole},
	{"Take/the reset is when the whole is there again", reset},
	{"Take/a quota of one request allows one at a time", one},
	{"Take/a quota that does not divide evenly loses nothing", uneven},
	{"Take/names are apart", names},
	{"Take/a changed quota begins anew", changed},
	{"Take/a quota of nothing is refused", impossible},
	{"Take/a context that has ended is an error and takes nothing", ended},
	{"Take/takers at once never have more than the quota", takersAtOnce},
}

func wholeAtOnce(t *testing.T, q gateway.Quotas, _ func(time.Duration)) {
	useUp(t, q, "client", five, 5)
}

func refusedIsTold(t *testing.T, q gateway.Quotas, _ func(time.Duration)) {
	for range 4 {
		if got := take(t, q, "client", five); got.RetryAfter != 0 {
			t.Fatalf("%+v, want no wait while the next request is allowed", got)
		}
	}
	last := take(t, q, "client", five)
	wantAbout(t, "RetryAfter of the last", last.RetryAfter, time.Hour)
	refused := take(t, q, "client", five)
	wantAbout(t, "RetryAfter", refused.RetryAfter, time.Hour)
	if refused.Allowed || refused.Remaining != 0 {
		t.Fatalf("%+v, want it refused with nothing remaining", refused)
	}
}

func refusedTakesNothing(t *testing.T, q gateway.Quotas, advance func(time.Duration)) {
	useUp(t, q, "client", five, 5)
	for range 10 {
		take(t, q, "client", five)
	}
	advance(time.Hour)
	useUp(t, q, "client", five, 1)
}

func evenly(t *testing.T, q gateway.Quotas, advance func(time.Duration)) {
	useUp(t, q, "client", five, 5)
	advance(30 * time.Minute)
	if got := take(t, q, "client", five); got.Allowed {
		t.Fatalf("%+v after half of a request's time, want it refused", got)
	}
	advance(30 * time.Minute)
	useUp(t, q, "client", five, 1)
	advance(2*time.Hour + 30*time.Minute)
	useUp(t, q, "client", five, 2)
	advance(30 * time.Minute)
	useUp(t, q, "client", five, 1)
}

func noMoreThanWhole(t *testing.T, q gateway.Quotas, advance func(time.Duration)) {
	useUp(t, q, "client", five, 5)
	advance(1000 * time.Hour)
	useUp(t, q, "client", five, 5)
}

func reset(t *testing.T, q gateway.Quotas, advance func(time.Duration)) {
	wantAbout(t, "Reset after one", take(t, q, "client", five).Reset, time.Hour)
	wantAbout(t, "Reset after two", take(t, q, "client", five).Reset, 2*time.Hour)
	advance(time.Hour)
	wantAbout(t, "Reset an hour later", take(t, q, "client", five).Reset, 2*time.Hour)
	for range 10 {
		take(t, q, "client", five)
	}
	wantAbout(t, "Reset of a used quota", take(t, q, "client", five).Reset, 5*time.Hour)
}

func one(t *testing.T, q gateway.Quotas, advance func(time.Duration)) {
	single := gateway.Quota{Requests: 1, Per: time.Hour}
	useUp(t, q, "client", single, 1)
	advance(time.Hour)
	useUp(t, q, "client", single, 1)
}

func uneven(t *testing.T, q gateway.Quotas, advance func(time.Duration)) {
	seven := gateway.Quota{Requests: 7, Per: 3 * time.Hour}
	useUp(t, q, "client", seven, 7)
	advance(3 * time.Hour)
	useUp(t, q, "client", seven, 7)
}

func names(t *testing.T, q gateway.Quotas, _ func(time.Duration)) {
	all := []string{"client", "Client", "client:1", "", "{client}"}
	for _, name := range all {
		useUp(t, q, name, five, 5)
	}
}

func changed(t *testing.T, q gateway.Quotas, _ func(time.Duration)) {
	useUp(t, q, "client", five, 5)
	useUp(t, q, "client", gateway.Quota{Requests: 3, Per: five.Per}, 3)
	useUp(t, q, "client", gateway.Quota{Requests: 5, Per: 2 * five.Per}, 5)
}

func impossible(t *testing.T, q gateway.Quotas, _ func(time.Duration)) {
	for name, quota := range map[string]gateway.Quota{
		"no requests":       {Requests: 0, Per: time.Hour},
		"negative requests": {Requests: -1, Per: time.Hour},
		"no period":         {Requests: 1},
		"negative period":   {Requests: 1, Per: -time.Hour},
		"too many to count": {Requests: 1_000_000_000, Per: 24 * time.Hour},
	} {
		if got, err := q.Take(t.Context(), "client", quota); err == nil || got.Allowed {
			t.Errorf("%s: %+v, %v; want an error", name, got, err)
		}
	}
}

func ended(t *testing.T, q gateway.Quotas, _ func(time.Duration)) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := q.Take(ctx, "client", five); err == nil || got.Allowed {
		t.Fatalf("%+v, %v; want an error", got, err)
	}
	useUp(t, q, "client", five, 5)
}

func takersAtOnce(t *testing.T, q gateway.Quotas, _ func(time.Duration)) {
	ten := gateway.Quota{Requests: 10, Per: 10 * time.Hour}
	var allowed, failed atomic.Int64
	begin := make(chan struct{})
	var takers sync.WaitGroup
	for range 100 {
		takers.Go(func() {
			<-begin
			got, err := q.Take(t.Context(), "client", ten)
			switch {
			case err != nil:
				failed.Add(1)
			case got.Allowed:
				allowed.Add(1)
			}
		})
	}
	close(begin)
	takers.Wait()
	if failed.Load() != 0 || allowed.Load() != 10 {
		t.Fatalf("%d allowed and %d failed, want 10 and none", allowed.Load(), failed.Load())
	}
}
