package simulation

import (
	"context"
	"errors"
	"sync"
	"time"

	"paytrace-gateway/adapters/redis"
	"paytrace-gateway/gateway"
)

// sharedClaims are what all instances see. They can be wiped, and remember old
// answers so that a lie has something to tell.
type sharedClaims struct {
	now func() time.Time

	mu   sync.Mutex
	kept *redis.Memory
	told map[gateway.ClaimKey][][]byte
	last []byte // the answer that was kept last, whosever it is
}

func newSharedClaims(now func() time.Time) *sharedClaims {
	return &sharedClaims{now: now, kept: redis.NewMemory(now), told: map[gateway.ClaimKey][][]byte{}}
}

func (c *sharedClaims) memory() *redis.Memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept
}

func (c *sharedClaims) wipe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = redis.NewMemory(c.now)
}

func (c *sharedClaims) remember(key gateway.ClaimKey, answer []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told[key] = append(c.told[key], answer)
	c.last = answer
}

// oldest is the first answer that was ever kept for the key; another's is what
// was kept last.
func (c *sharedClaims) oldest(key gateway.ClaimKey) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.told[key]) == 0 {
		return nil
	}
	return c.told[key][0]
}

func (c *sharedClaims) another() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

var _ gateway.Claims = (*claimsPort)(nil)

// claimsPort is one instance's way to the claims. It loses, wipes and lies.
type claimsPort struct {
	instance *instance
	next     *sharedClaims
}

var errClaimsAway = errors.New("the claims do not answer")

// claimFault is how often each of the faults strikes a claim.
const claimFault = 0.03

// Claim implements gateway.Claims.
func (c *claimsPort) Claim(ctx context.Context, key gateway.ClaimKey, owner string, ttl time.Duration) (gateway.Claim, error) {
	s := c.instance.step("claims.Claim", key.Key)
	s.takes(maxRead)
	s.slow(ClaimsSlow, claimFault, 10*time.Millisecond, 250*time.Millisecond)
	switch {
	case c.instance.crashed() || s.crash(CrashBeforeClaim, stepCrash/2):
		return gateway.Claim{}, errCrashed
	case s.suffers(ClaimsAway, claimFault):
		return gateway.Claim{}, errClaimsAway
	}
	if s.suffers(ClaimsWiped, claimFault/3) {
		c.next.wipe()
	}
	claim, err := c.next.memory().Claim(ctx, key, owner, ttl)
	switch {
	case err != nil:
		return claim, err
	case s.crash(CrashAfterClaim, stepCrash/2):
		return gateway.Claim{}, errCrashed
	case s.suffers(ClaimReplyLost, claimFault/2):
		return gateway.Claim{}, errClaimsAway
	}
	return c.lie(s, key, claim), nil
}

// lie turns what is true of a key into something else, if the seed says so.
func (c *claimsPort) lie(s step, key gateway.ClaimKey, claim gateway.Claim) gateway.Claim {
	if old := c.next.oldest(key); old != nil && s.suffers(ClaimsLieOld, 5*claimFault) {
		return gateway.Claim{Answer: old}
	}
	if another := c.next.another(); another != nil && s.suffers(ClaimsLieAnother, claimFault) {
		return gateway.Claim{Answer: another}
	}
	switch {
	case !claim.Won && s.suffers(ClaimsLieWon, 10*claimFault):
		return gateway.Claim{Won: true}
	case claim.Won && s.suffers(ClaimsLieBusy, claimFault):
		return gateway.Claim{}
	}
	return claim
}

// Finish implements gateway.Claims.
func (c *claimsPort) Finish(ctx context.Context, key gateway.ClaimKey, owner string, answer []byte, keep time.Duration) error {
	s := c.instance.step("claims.Finish", key.Key)
	if c.instance.crashed() {
		return errCrashed
	}
	if s.suffers(ClaimLost, claimFault) {
		return errClaimsAway
	}
	if answer != nil {
		c.next.remember(key, answer)
	}
	return c.next.memory().Finish(ctx, key, owner, answer, keep)
}
