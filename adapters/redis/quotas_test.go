package redis

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

var hourly = gateway.Quota{Requests: 2, Per: time.Hour}

// bucketName is where Redis keeps what is used of it.
func bucketName(c *Client, name string) string { return c.name("quota", name, "2", "3600000000") }

// TestAFailoverToAClockBehindGivesNothing has a state of the future, as a
// server finds it whose clock is behind that of the one before.
func TestAFailoverToAClockBehindGivesNothing(t *testing.T) {
	c := open(t, patient(at(t, services.Redis(t))))
	t.Cleanup(func() { wipe(t, c) })
	tomorrow := time.Now().Add(24 * time.Hour).UnixMicro()
	for used, want := range map[int64]gateway.Allowance{
		1: {Allowed: true, RetryAfter: 30 * time.Minute, Reset: time.Hour},
		2: {RetryAfter: 30 * time.Minute, Reset: time.Hour},
	} {
		state := fmt.Sprintf("%d %d", used*hourly.Per.Microseconds(), tomorrow)
		if err := c.server.Set(t.Context(), bucketName(c, "client"), state, time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Take(t.Context(), "client", hourly); err != nil || got != want {
			t.Fatalf("after %d requests: %+v, %v; want %+v", used, got, err, want)
		}
	}
}

// TestRedisEndsAQuota shows that nothing stays of a client that does not come
// again.
func TestRedisEndsAQuota(t *testing.T) {
	c := open(t, patient(at(t, services.Redis(t))))
	t.Cleanup(func() { wipe(t, c) })
	for i := range 2 {
		if got, err := c.Take(t.Context(), "client", hourly); err != nil || !got.Allowed {
			t.Fatalf("%+v, %v", got, err)
		}
		left, err := c.server.PTTL(t.Context(), bucketName(c, "client")).Result()
		if whole := time.Duration(i+1) * 30 * time.Minute; err != nil || left > whole || left < whole-10*time.Minute {
			t.Fatalf("after %d requests Redis keeps the state for %v (%v), want %v", i+1, left, err, whole)
		}
	}
}

// TestTheScriptAndTheBucketCountAlike takes from both what divides badly.
func TestTheScriptAndTheBucketCountAlike(t *testing.T) {
	c := open(t, patient(at(t, services.Redis(t))))
	t.Cleanup(func() { wipe(t, c) })
	clock := newClock()
	twin := NewMemory(clock.Now)
	for _, q := range []gateway.Quota{
		{Requests: 1, Per: 1000 * time.Hour}, {Requests: 7, Per: 1000 * time.Hour}, {Requests: 13, Per: 999*time.Hour + time.Microsecond},
		{Requests: 2000, Per: 1000 * time.Hour},
	} {
		for range min(q.Requests, 20) + 2 {
			ours, err := c.Take(t.Context(), "client", q)
			if err != nil {
				t.Fatal(err)
			}
			want, err := twin.Take(t.Context(), "client", q)
			if err != nil {
				t.Fatal(err)
			}
			// Time passes for Redis only: waits may be shorter by as much.
			if ours.Allowed != want.Allowed || ours.Remaining != want.Remaining ||
				ours.Reset > want.Reset || want.Reset-ours.Reset > 10*time.Minute ||
				ours.RetryAfter > want.RetryAfter || want.RetryAfter-ours.RetryAfter > 10*time.Minute {
				t.Fatalf("%+v: Redis says %+v, the bucket %+v", q, ours, want)
			}
		}
	}
}
