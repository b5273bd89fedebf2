package redis

import (
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

const (
	// shortestPeriod is long enough to be told in microseconds.
	shortestPeriod = time.Millisecond
	// maxWhole is how far the numbers of Lua are exact.
	maxWhole = 1 << 53
)

// bucket is what is used of a quota. It counts in request-microseconds: a
// request costs the period, each microsecond gives back as many as there are
// requests in a period, and the whole is requests times period. So every step
// is a whole number, and nothing is lost by rounding.
type bucket struct {
	used int64
	at   time.Time
}

// take returns the bucket as it is after the request, and what is left.
func (b bucket) take(q gateway.Quota, now time.Time) (bucket, gateway.Allowance) {
	requests, per := int64(q.Requests), q.Per.Microseconds()
	whole := requests * per
	used := b.usedAt(now, requests)
	allowed := used+per <= whole
	if allowed {
		used += per
		b = bucket{used: used, at: now}
	}
	return b, gateway.Allowance{
		Allowed:    allowed,
		Remaining:  int((whole - used) / per),
		RetryAfter: microseconds(max(0, used+per-whole), requests),
		Reset:      microseconds(used, requests),
	}
}

// usedAt takes a clock that was set back for one that stands still.
func (b bucket) usedAt(now time.Time, requests int64) int64 {
	elapsed := max(0, now.Sub(b.at).Microseconds())
	if elapsed > b.used/requests {
		return 0
	}
	return b.used - elapsed*requests
}

// microseconds is how long so much takes to be given back, rounded up.
func microseconds(used, requests int64) time.Duration {
	return time.Duration((used+requests-1)/requests) * time.Microsecond
}

func checkQuota(q gateway.Quota) error {
	if q.Requests < 1 || q.Per < shortestPeriod || int64(q.Requests) > maxWhole/q.Per.Microseconds() {
		return fmt.Errorf("a quota of %d requests per %v cannot be counted", q.Requests, q.Per)
	}
	return nil
}
