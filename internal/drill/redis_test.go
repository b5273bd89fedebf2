package drill

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/internal/services"
)

// outage is how long Redis is away.
func outage(t *testing.T) time.Duration {
	t.Helper()
	return inShort(t, 10*time.Second, 30*time.Second)
}

// TestRedisOutage has the machine for itself, for the sake of its figures.
func TestRedisOutage(t *testing.T) {
	for name, how := range map[string]struct {
		begin, end func(*testing.T, *services.RedisInstance)
	}{
		"paused": {
			func(_ *testing.T, r *services.RedisInstance) { r.Pause() },
			func(_ *testing.T, r *services.RedisInstance) { r.Resume() },
		},
		"killed": {
			func(_ *testing.T, r *services.RedisInstance) { r.Crash() },
			func(t *testing.T, r *services.RedisInstance) { r.Restart(t) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := services.RedisServer(t)
			w := openTown(t, setup{redisURL: redis.URL})
			w.sellThrough(name, outage(t), func() {
				tellRedis(t, redis.Addr, "FLUSHALL")
				how.begin(t, redis)
			}, func() { how.end(t, redis) })
		})
	}
}

const (
	// calm is how long sales go on before and after an outage.
	calm = 3 * time.Second
	// salesPerSecond leaves a small machine with both gateways some air.
	salesPerSecond = 20
)

// sellThrough sells before, during and after an outage of Redis, which every
// gateway has to tell of, and which no sale may suffer from. An outage without
// an end is one that Redis does not come back from.
func (w *town) sellThrough(name string, lasts time.Duration, begin, end func()) {
	w.t.Helper()
	for _, g := range w.gateways {
		eventually(w.t, "Redis is used", g.hasRedis)
	}
	sales := w.newLoad(salesPerSecond, lasts+2*calm)
	ran := make(chan struct{})
	go func() { sales.run(); close(ran) }()
	started := time.Now()
	pass(calm)
	began := time.Now()
	begin()
	for _, g := range w.gateways {
		eventually(w.t, "the "+g.name+" gateway says that Redis is away", g.missesRedis)
	}
	pass(time.Until(began.Add(lasts)))
	over := time.Now()
	if end != nil {
		end()
		for _, g := range w.gateways {
			eventually(w.t, "the "+g.name+" gateway says that Redis is back", g.hasRedis)
		}
	}
	<-ran
	w.await(&sales.work)
	w.wantApproved(w.settle(patience), len(sales.methods))
	before, during := w.waits(started, began), w.waits(began, over)
	fmt.Printf("Redis %s for %v at %d payments a second: decided in %v (p50), %v (p99) before, in %v, %v meanwhile; %d requests failed\n",
		name, lasts, salesPerSecond, percentile(before, 50), percentile(before, 99), percentile(during, 50), percentile(during, 99), len(w.failed()))
}

func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	s := services.RedisSentinel(t)
	w := openTown(t, setup{redis: fmt.Sprintf("redis: {sentinel: {masterName: %s, addresses: [%q, %q, %q]}}\n",
		s.MasterName, s.Addrs[0], s.Addrs[1], s.Addrs[2])})
	for _, g := range w.gateways {
		eventually(t, "Redis is used", g.hasRedis)
	}
	sales := w.newLoad(salesPerSecond, inShort(t, 6*time.Second, 20*time.Second))
	ran := make(chan struct{})
	go func() { sales.run(); close(ran) }()
	pass(calm)
	s.Failover(t)
	for _, g := range w.gateways {
		eventually(t, "the "+g.name+" gateway uses the new master", g.hasRedis)
	}
	<-ran
	w.await(&sales.work)
	w.wantApproved(w.settle(patience), len(sales.methods))
}

// A Cluster that has lost a node without a replica takes no keys at all, until
// somebody mends it.
func TestClusterNodeDies(t *testing.T) {
	t.Parallel()
	nodes := services.RedisCluster(t)
	w := openTown(t, setup{redis: "redis: {cluster: {addresses: [\"" + strings.Join(nodes, `", "`) + "\"]}}\n"})
	w.sellThrough("Cluster without a node", inShort(t, 4*time.Second, 10*time.Second), func() {
		tellRedis(t, nodes[1], "SHUTDOWN NOSAVE")
	}, nil)
}
