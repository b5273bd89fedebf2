package redis

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/claimstest"
	"paytrace-gateway/gateway/quotatest"
	"paytrace-gateway/internal/services"
)

func TestMain(m *testing.M) { services.Main(m) }

// patient has timeouts that a busy machine does not reach, and keys that nobody
// else has.
func patient(c Config) Config {
	const long = 20 * time.Second
	c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.PoolTimeout, c.CallTimeout = long, long, long, long, long
	c.Prefix = "test:" + rand.Text() + ":"
	return c
}

// at is the Config for a server's URL.
func at(t testing.TB, url string) Config {
	t.Helper()
	config, err := Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// open opens a client, and removes with the test what was written.
func open(t testing.TB, config Config) *Client {
	t.Helper()
	c, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return c
}

// both runs the suites of both ports on a Redis.
func both(t *testing.T, config Config) {
	t.Run("Claims", func(t *testing.T) {
		claimstest.Run(t, func(t *testing.T) (gateway.Claims, func(time.Duration)) {
			c := open(t, patient(config))
			return c, timeTravel(t, c)
		})
	})
	t.Run("Quotas", func(t *testing.T) {
		quotatest.Run(t, func(t *testing.T) (gateway.Quotas, func(time.Duration)) {
			c := open(t, patient(config))
			return c, timeTravel(t, c)
		})
	})
}

// clock is handed in, and goes on when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestMemoryIsClaims(t *testing.T) {
	claimstest.Run(t, func(*testing.T) (gateway.Claims, func(time.Duration)) {
		clock := newClock()
		return NewMemory(clock.Now), clock.advance
	})
}

func TestMemoryIsQuotas(t *testing.T) {
	quotatest.Run(t, func(*testing.T) (gateway.Quotas, func(time.Duration)) {
		clock := newClock()
		return NewMemory(clock.Now), clock.advance
	})
}

func TestOneRedis(t *testing.T) { both(t, at(t, services.Redis(t))) }

func TestRedisBehindSentinel(t *testing.T) {
	s := services.RedisSentinel(t)
	both(t, Config{Addrs: s.Addrs, MasterName: s.MasterName})
}

func TestRedisCluster(t *testing.T) {
	both(t, Config{Addrs: services.RedisCluster(t), Cluster: true})
}

// TestRedisWithTLSUserAndDatabase uses the least rights that do: those that the
// documentation names.
func TestRedisWithTLSUserAndDatabase(t *testing.T) {
	server, authority := services.RedisTLS(t, "--user", "default", "off",
		"--user", "gateway", "on", ">secret", "~test:*", "+hello", "+auth", "+select", "+set", "+get", "+del", "+time", "+eval", "+evalsha",
		"+scan", "+pttl", "+pexpire") // The last three are the tests' own.
	both(t, Config{
		Addrs: []string{server.Addr}, Username: "gateway", Password: "secret", DB: 3,
		TLS: &TLS{CAFile: authority},
	})
}

// TestTwoGatewaysShareOneRedis runs the suites with every second call going
// through another client.
func TestTwoGatewaysShareOneRedis(t *testing.T) {
	config := patient(at(t, services.Redis(t)))
	opened := func(t *testing.T) (*pair, func(time.Duration)) {
		config.Prefix = "test:" + rand.Text() + ":"
		p := &pair{clients: [2]*Client{open(t, config), open(t, config)}}
		return p, timeTravel(t, p.clients[0])
	}
	t.Run("Claims", func(t *testing.T) {
		claimstest.Run(t, func(t *testing.T) (gateway.Claims, func(time.Duration)) { return opened(t) })
	})
	t.Run("Quotas", func(t *testing.T) {
		quotatest.Run(t, func(t *testing.T) (gateway.Quotas, func(time.Duration)) { return opened(t) })
	})
}

// TestAServerOlderThanSevenIsAskedByScript has a proxy refuse what came with
// Redis 7, in the words of Redis 6.
func TestAServerOlderThanSevenIsAskedByScript(t *testing.T) {
	proxy := newProxy(t, at(t, services.Redis(t)).Addrs[0])
	var refused atomic.Int64
	proxy.on(func(command []string) action {
		if isClaim(command) {
			refused.Add(1)
			return answerWith("-ERR syntax error\r\n")
		}
		return pass
	})
	claimstest.Run(t, func(t *testing.T) (gateway.Claims, func(time.Duration)) {
		c := open(t, patient(proxy.config(at(t, services.Redis(t)))))
		return c, timeTravel(t, c)
	})
	if refused.Load() == 0 {
		t.Fatal("the newer command was not even tried")
	}

	c := open(t, patient(proxy.config(at(t, services.Redis(t)))))
	t.Cleanup(func() { wipe(t, c) })
	refused.Store(0)
	for _, owner := range []string{"one", "two", "three"} {
		claimed(t, c, owner)
	}
	if refused.Load() != 1 {
		t.Fatalf("the newer command was tried %d times, want once", refused.Load())
	}
}
