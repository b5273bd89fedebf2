package auth

import (
	"sync"
	"time"
)

// codes bounds how often the identity provider is asked about codes that browsers
// bring. Nobody takes the others' place from one address.
type codes struct {
	mu             sync.Mutex
	addresses, all budget
}

func newCodes() codes {
	return codes{addresses: newBudget(10, 3*time.Second), all: newBudget(16, 250*time.Millisecond)}
}

// take says how long to wait until a code may be asked about.
func (c *codes) take(address string, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := guesser{address: network(address)}
	wait := max(c.addresses.wait(from, now), c.all.wait(guesser{}, now))
	if wait == 0 {
		c.addresses.spend(from, now)
		c.all.spend(guesser{}, now)
	}
	return wait
}
