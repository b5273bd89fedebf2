package redis

import (
	"bytes"
	"context"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

var (
	_ gateway.Claims = (*Memory)(nil)
	_ gateway.Quotas = (*Memory)(nil)
)

// maxKept bounds the claims, the answers and the quotas, each. What is forgotten
// beyond it the ledger knows.
const maxKept = 1 << 14

// Memory is the claims and the quotas of a gateway that shares its ledger with
// no other. It does in the process's memory what Client does in Redis.
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	owners  *shelf[gateway.ClaimKey, string]
	answers *shelf[gateway.ClaimKey, []byte]
	buckets *shelf[quotaKey, bucket]
}

// quotaKey holds the quota too, for a bucket means nothing to another one.
type quotaKey struct {
	name  string
	quota gateway.Quota
}

// NewMemory makes one in which nothing is claimed.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{
		now:     now,
		owners:  newShelf[gateway.ClaimKey, string](maxKept),
		answers: newShelf[gateway.ClaimKey, []byte](maxKept),
		buckets: newShelf[quotaKey, bucket](maxKept),
	}
}

// Claim implements gateway.Claims.
func (m *Memory) Claim(ctx context.Context, key gateway.ClaimKey, owner string, ttl time.Duration) (gateway.Claim, error) {
	if err := ctx.Err(); err != nil {
		return gateway.Claim{}, err
	}
	if err := checkClaim(owner, ttl); err != nil {
		return gateway.Claim{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if answer, kept := m.answers.get(key, now); kept {
		return gateway.Claim{Answer: bytes.Clone(answer)}, nil
	}
	if holder, held := m.owners.get(key, now); held {
		return gateway.Claim{Won: holder == owner}, nil
	}
	m.owners.put(key, owner, now, now.Add(ttl))
	return gateway.Claim{Won: true}, nil
}

// Finish implements gateway.Claims.
func (m *Memory) Finish(ctx context.Context, key gateway.ClaimKey, owner string, answer []byte, keep time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkFinish(answer, keep); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if len(answer) > 0 {
		m.answers.put(key, bytes.Clone(answer), now, now.Add(keep))
		m.owners.drop(key)
	} else if holder, held := m.owners.get(key, now); held && holder == owner {
		m.owners.drop(key)
	}
	return nil
}

// Take implements gateway.Quotas.
func (m *Memory) Take(ctx context.Context, name string, q gateway.Quota) (gateway.Allowance, error) {
	if err := ctx.Err(); err != nil {
		return gateway.Allowance{}, err
	}
	if err := checkQuota(q); err != nil {
		return gateway.Allowance{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now, key := m.now(), quotaKey{name, q}
	before, _ := m.buckets.get(key, now)
	after, allowance := before.take(q, now)
	if allowance.Allowed {
		m.buckets.put(key, after, now, now.Add(allowance.Reset))
	}
	return allowance, nil
}
