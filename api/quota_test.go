package api_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/api"
	"paytrace-gateway/gateway"
)

// quotas are quotas in memory, which several houses may share. They give
// nothing back.
type quotas struct {
	mu    sync.Mutex
	used  map[string]int
	wait  time.Duration // what a refused request is told
	fault func(context.Context) error
}

func (q *quotas) Take(ctx context.Context, name string, quota gateway.Quota) (gateway.Allowance, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.fault != nil {
		return gateway.Allowance{}, q.fault(ctx)
	}
	if q.used[name] == quota.Requests {
		return gateway.Allowance{RetryAfter: q.wait, Reset: quota.Per}, nil
	}
	q.used[name]++
	return gateway.Allowance{Allowed: true, Remaining: quota.Requests - q.used[name], Reset: quota.Per / 2}, nil
}

// giveBack gives every client all of its quota again.
func (q *quotas) giveBack() {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.used)
}

func newQuotas() *quotas { return &quotas{used: map[string]int{}, wait: 1200 * time.Millisecond} }

// limit gives these clients so many requests a minute, and others no limit.
func (q *quotas) limit(requests int, clients ...string) func(*api.Config) {
	return func(c *api.Config) {
		c.Quotas = q
		c.Quota = func(client string) (gateway.Quota, bool) {
			return gateway.Quota{Requests: requests, Per: time.Minute}, slices.Contains(clients, client)
		}
	}
}

func (a answer) limits() [2]string {
	return [2]string{a.header.Get("RateLimit-Policy"), a.header.Get("RateLimit")}
}

func TestAClientBeyondItsOwnLimitIsRefusedAndNothingIsStored(t *testing.T) {
	q := newQuotas()
	h := newHouse(t, q.limit(2, shop))
	for i, left := range []string{`"client";r=1;t=30`, `"client";r=0;t=30`} {
		a := h.create([]string{"first", "second"}[i], sale("1.00"))
		if got, want := a.limits(), [2]string{`"client";q=2;w=60`, left}; got != want {
			t.Errorf("request %d: the headers are %v, want %v", i+1, got, want)
		}
	}
	a := h.do(call{path: payments, key: "third", body: sale("1.00")}).refused(http.StatusTooManyRequests, "too_many_requests", "")
	a.expect(http.StatusTooManyRequests, "outcome", "", "retryable", "true", "retryAfterSeconds", "2")
	if wait := a.header.Get("Retry-After"); wait != "2" {
		t.Errorf("Retry-After is %q", wait)
	}
	if got, want := a.limits(), [2]string{`"client";q=2;w=60`, `"client";r=0;t=60`}; got != want {
		t.Errorf("the headers are %v, want %v", got, want)
	}
	h.expectCharges(2)
	q.giveBack()
	h.do(call{path: payments + "/by-key/third"}).refused(http.StatusNotFound, "not_found", "")
	h.create("third", sale("2.00")) // another request than the refused one
}

func TestEveryClientHasItsOwnLimit(t *testing.T) {
	h := newHouse(t, newQuotas().limit(1, shop, rival))
	h.create("k", sale("1.00"))
	h.do(call{path: payments}).refused(http.StatusTooManyRequests, "too_many_requests", "")
	h.do(call{path: payments, as: rival}).expect(http.StatusOK)
	for range 3 {
		a := h.do(call{path: payments, as: reader}).expect(http.StatusOK)
		if got := a.limits(); got != [2]string{} {
			t.Errorf("a client without a limit is told %v", got)
		}
	}
}

func TestInstancesShareALimit(t *testing.T) {
	q := newQuotas()
	one, other := newHouse(t, q.limit(2, shop)), newHouse(t, q.limit(2, shop))
	one.do(call{path: payments}).expect(http.StatusOK)
	other.do(call{path: payments}).expect(http.StatusOK)
	one.do(call{path: payments}).refused(http.StatusTooManyRequests, "too_many_requests", "")
	other.do(call{path: payments}).refused(http.StatusTooManyRequests, "too_many_requests", "")
}

func TestWhatIsRefusedWithoutATokenTakesNothing(t *testing.T) {
	h := newHouse(t, newQuotas().limit(1, shop))
	for range 3 {
		h.do(call{path: payments, anyone: true}).refused(http.StatusUnauthorized, "unauthorized", "")
		h.do(form(basic(shop, secret), "grant_type", "client_credentials")).expect(http.StatusOK)
	}
	h.do(call{path: payments}).expect(http.StatusOK)
}

func TestALimitThatCannotBeCountedStopsNobody(t *testing.T) {
	for name, fault := range map[string]func(context.Context) error{
		"failing": func(context.Context) error { return errors.New("the counters are away") },
		"hanging": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			q := newQuotas()
			q.fault = fault
			h := newHouse(t, q.limit(1, shop))
			for _, key := range []string{"a", "b"} {
				a := h.create(key, sale("1.00"))
				if got := a.limits(); got != [2]string{} {
					t.Errorf("what nobody has counted is told as %v", got)
				}
			}
		})
	}
}

// The key may have been sent by an earlier request.
func TestA429SaysNothingOfWhatBecameOfTheKey(t *testing.T) {
	h := newHouse(t, newQuotas().limit(0, shop, chief))
	for _, c := range []call{
		{path: payments, key: "k", body: sale("1.00")},
		{path: "/api/v1/transactions/1/capture", key: "k"},
		{path: "/api/v1/transactions/1/void", key: "k"},
		{path: "/api/v1/transactions/1/refund", key: "k"},
		{path: payments},
		{path: payments + "/pay_1"},
		{path: payments + "/by-key/k"},
		{path: payments + "/by-key/k/void", method: http.MethodPost},
		{path: payments + "/pay_1/resolve", body: decision(), as: chief},
		{path: unmatched},
	} {
		h.do(c).refused(http.StatusTooManyRequests, "too_many_requests", "").
			expect(http.StatusTooManyRequests, "outcome", "", "retryable", "true")
	}
}

func TestARefusedClientIsToldToWaitAtLeastASecond(t *testing.T) {
	q := newQuotas()
	h := newHouse(t, q.limit(0, shop))
	for wait, told := range map[time.Duration]string{0: "1", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Hour: "3600"} {
		q.wait = wait
		a := h.do(call{path: payments}).expect(http.StatusTooManyRequests, "retryAfterSeconds", told)
		if header := a.header.Get("Retry-After"); header != told {
			t.Errorf("a wait of %s is told as %q in the header", wait, header)
		}
		if !strings.Contains(a.at("detail"), "0 requests in 1m0s") {
			t.Errorf("the limit is not told: %s", a.at("detail"))
		}
	}
}
