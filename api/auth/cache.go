package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// cacheSize is well above the number of tokens that are alive at once; a
// client needs one per token lifetime.
const cacheSize = 4096

// cache remembers tokens that have been verified, by their hash, so that a
// leak of memory leaks no tokens. It is there because checking an RSA signature
// takes most of the time of a Verify.
type cache struct {
	size int

	mu     sync.Mutex
	grants map[[sha256.Size]byte]grant
}

func newCache(size int) *cache {
	return &cache{size: size, grants: make(map[[sha256.Size]byte]grant)}
}

func (c *cache) get(token string, now time.Time) (grant, bool) {
	if len(token) > maxTokenSize {
		return grant{}, false
	}
	key := sha256.Sum256([]byte(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	g, ok := c.grants[key]
	if ok && !now.Before(g.expires) {
		delete(c.grants, key)
		ok = false
	}
	return g, ok
}

// put makes room, when there is none, by forgetting any one token: it will
// merely be verified again.
func (c *cache) put(token string, g grant) {
	key := sha256.Sum256([]byte(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.grants) >= c.size {
		for other := range c.grants {
			delete(c.grants, other)
			break
		}
	}
	c.grants[key] = g
}
