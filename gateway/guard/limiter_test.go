package guard

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// The slot that is foretold and the one that the limiter gives must never
// part, or callers would be shed for a wait that is not there, or let in for
// one that is too long.
func TestTheSlotForetoldIsTheSlotTaken(t *testing.T) {
	for _, burst := range []int{0, 1, 7} {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(burst)))
			s := newSlots(Config{RatePerSecond: 7, Burst: burst})
			c := &class{maxWaiting: 1000}
			for i := range 2000 {
				foretold := max(0, s.next(time.Now()).Sub(time.Now()))
				taken, err := s.take(c, time.Hour)
				if err != nil || taken != foretold {
					t.Fatalf("slot %d: foretold in %s, taken in %s, %v", i, foretold, taken, err)
				}
				if taken > 0 {
					c.waiting.Add(-1)
				}
				<-time.After(time.Duration(random.Int64N(int64(300 * time.Millisecond))))
			}
		})
	}
}
