package gateway

import (
	"context"
	"time"
)

// Quotas counts requests over all instances. Package quotatest is its
// specification.
type Quotas interface {
	// Take takes one request out of the named quota. A request that is not
	// allowed takes nothing.
	Take(ctx context.Context, name string, q Quota) (Allowance, error)
}

// Quota allows so many requests per period, given back evenly over it. The
// whole of it may be used at once.
type Quota struct {
	Requests int
	Per      time.Duration
}

// Allowance is what is left of a quota.
type Allowance struct {
	Allowed   bool
	Remaining int
	// RetryAfter is when the next request will be allowed, zero when one is.
	RetryAfter time.Duration
	// Reset is when the whole quota is there again.
	Reset time.Duration
}
