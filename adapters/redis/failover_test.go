package redis

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

// TestAFailoverGivesErrorsOrRightAnswers kills the master under load. A claim
// that the replica has received has one owner all the while.
func TestAFailoverGivesErrorsOrRightAnswers(t *testing.T) {
	sentinel := services.RedisSentinel(t)
	c := open(t, Config{Addrs: sentinel.Addrs, MasterName: sentinel.MasterName, Prefix: patient(Config{}).Prefix})
	eventually(t, "Redis is ready", func() bool { return c.Ready(t.Context()) == nil })
	claimedForLong(t, c)

	var stopped atomic.Bool
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for !stopped.Load() {
				got, err := c.Claim(t.Context(), order, fmt.Sprintf("other-%d", i), time.Hour)
				if err == nil && (got.Won || got.Answer != nil) {
					t.Errorf("claim = %+v, while the key is another's", got)
					return
				}
			}
		})
	}
	sentinel.Failover(t)
	eventually(t, "the new master is found", func() bool { return c.Ready(t.Context()) == nil })
	stopped.Store(true)
	callers.Wait()

	if got := claimedSoon(t, c, "one"); !got.Won {
		t.Fatalf("claim = %+v, want it the owner's after the failover", got)
	}
	for round := range 20 {
		wantOneWinner(t, c, gateway.ClaimKey{MerchantID: "m1", Key: fmt.Sprintf("after-%d", round)})
	}
}

// claimedForLong claims the order, and returns when the replica knows.
func claimedForLong(t *testing.T, c *Client) {
	t.Helper()
	if got := claimedSoon(t, c, "one"); !got.Won {
		t.Fatalf("%+v", got)
	}
	// Another connection may say so: all that was written before is counted.
	eventually(t, "the replica knows", func() bool {
		if err := c.Ready(t.Context()); err != nil {
			return false
		}
		replicas, err := c.server.Do(t.Context(), "WAIT", 1, 100).Int()
		return err == nil && replicas == 1
	})
}

func wantOneWinner(t *testing.T, c *Client, key gateway.ClaimKey) {
	t.Helper()
	var won, failed atomic.Int64
	var owners sync.WaitGroup
	for i := range 8 {
		owners.Go(func() {
			got, err := c.Claim(t.Context(), key, fmt.Sprintf("owner-%d", i), time.Minute)
			switch {
			case err != nil:
				failed.Add(1)
			case got.Won:
				won.Add(1)
			}
		})
	}
	owners.Wait()
	if won.Load() > 1 || (won.Load() == 0 && failed.Load() == 0) {
		t.Fatalf("%d owners have won %s, %d had errors", won.Load(), key.Key, failed.Load())
	}
}

// TestASentinelThatHangsIsReplaced lets the Sentinel that was asked so far take
// questions and answer none.
func TestASentinelThatHangsIsReplaced(t *testing.T) {
	sentinel := services.RedisSentinel(t)
	var silent atomic.Bool
	first := newProxy(t, sentinel.Addrs[0])
	first.on(func([]string) action {
		if silent.Load() {
			return silence
		}
		return pass
	})
	c := open(t, Config{Addrs: []string{first.addr}, MasterName: sentinel.MasterName, Prefix: patient(Config{}).Prefix})
	eventually(t, "Redis is ready", func() bool { return c.Ready(t.Context()) == nil })
	silent.Store(true)
	// Connections that are lost now have to be made anew, by way of a Sentinel.
	for range 3 {
		if err := c.server.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no").Err(); err != nil {
			t.Logf("CLIENT KILL: %v", err)
		}
		eventually(t, "another Sentinel is asked", func() bool { return c.Ready(t.Context()) == nil })
	}
}
