package redis

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"paytrace-gateway/gateway"
)

// timeTravel lets time pass for a client's keys in a Redis that has the machine's
// clock: it moves all that they hold of time into the past. That Redis itself
// ends them is shown by TestRedisEndsAClaim.
func timeTravel(t *testing.T, c *Client) func(time.Duration) {
	t.Cleanup(func() { wipe(t, c) })
	return func(d time.Duration) {
		t.Helper()
		eachKey(t, c, func(ctx context.Context, server goredis.Cmdable, key string) error {
			return age(ctx, server, key, d)
		})
	}
}

func wipe(t *testing.T, c *Client) {
	eachKey(t, c, func(ctx context.Context, server goredis.Cmdable, key string) error {
		return server.Del(ctx, key).Err()
	})
}

func age(ctx context.Context, server goredis.Cmdable, key string, d time.Duration) error {
	left, err := server.PTTL(ctx, key).Result()
	if err != nil {
		return err
	}
	if left <= d {
		return server.Del(ctx, key).Err()
	}
	value, err := server.Get(ctx, key).Result()
	if err != nil {
		return err
	}
	var used, at int64
	if n, _ := fmt.Sscanf(value, "%d %d", &used, &at); n == 2 {
		value = fmt.Sprintf("%d %d", used, at-d.Microseconds())
	}
	return server.Set(ctx, key, value, left-d).Err()
}

// eachKey visits all keys under the client's prefix, on all servers.
func eachKey(t *testing.T, c *Client, visit func(context.Context, goredis.Cmdable, string) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server := func(ctx context.Context, server *goredis.Client) error {
		keys := server.Scan(ctx, 0, c.prefix+"*", 1000).Iterator()
		for keys.Next(ctx) {
			if err := visit(ctx, server, keys.Val()); err != nil {
				return err
			}
		}
		return keys.Err()
	}
	var err error
	switch all := c.server.(type) {
	case *goredis.ClusterClient:
		err = all.ForEachMaster(ctx, server)
	case *goredis.Client:
		err = server(ctx, all)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// pair is two gateways' clients of one Redis, used in turn.
type pair struct {
	clients [2]*Client
	calls   atomic.Int64
}

func (p *pair) next() *Client { return p.clients[p.calls.Add(1)%2] }

func (p *pair) Claim(ctx context.Context, key gateway.ClaimKey, owner string, ttl time.Duration) (gateway.Claim, error) {
	return p.next().Claim(ctx, key, owner, ttl)
}

func (p *pair) Finish(ctx context.Context, key gateway.ClaimKey, owner string, answer []byte, keep time.Duration) error {
	return p.next().Finish(ctx, key, owner, answer, keep)
}

func (p *pair) Take(ctx context.Context, name string, q gateway.Quota) (gateway.Allowance, error) {
	return p.next().Take(ctx, name, q)
}
