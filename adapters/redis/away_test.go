package redis

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/internal/services"
)

// watched opens a client with the timeouts of every day, and its log.
func watched(t *testing.T, config Config) (*Client, *logged) {
	log := &logged{}
	config.Log = slog.New(slog.NewTextHandler(log, nil))
	return open(t, config), log
}

// untilAway calls until the breaker refuses, and returns how many calls failed
// on the way.
func untilAway(t *testing.T, c *Client) (failed int) {
	t.Helper()
	eventually(t, "the breaker opens", func() bool {
		got, err := c.Claim(t.Context(), order, "one", time.Minute)
		if err == nil || got.Won {
			t.Fatalf("claim = %+v, %v; want an error", got, err)
		}
		failed++
		return errors.Is(err, ErrAway)
	})
	return failed - 1
}

func TestAHangingRedisCostsFewDeadlines(t *testing.T) {
	server := services.RedisServer(t)
	c, log := watched(t, at(t, server.URL))
	eventually(t, "Redis is ready", func() bool { return c.Ready(t.Context()) == nil })

	server.Pause()
	// On a machine that stands still for a second a probe may come in between.
	if failed := untilAway(t, c); failed < failuresToOpen || failed > 2*failuresToOpen {
		t.Fatalf("%d calls have waited, want %d", failed, failuresToOpen)
	}
	s := c.State()
	if s.Breaker == "closed" || s.Reachable || s.Errors[kindTimeout] < failuresToOpen || s.Errors[kindAway] == 0 {
		t.Fatalf("state = %+v, want it open after timeouts", s)
	}
	log.wantEvents(t, "redis.away")

	server.Resume()
	eventually(t, "Redis is back", func() bool { return c.Ready(t.Context()) == nil })
	log.wantEvents(t, "redis.away", "redis.back")
	if s := c.State(); s.Breaker != "closed" || !s.Reachable {
		t.Fatalf("state = %+v, want it closed and reachable", s)
	}
	// What was sent while Redis hung may have been done since. It was the same
	// owner's.
	if !claimedSoon(t, c, "one").Won || claimedSoon(t, c, "two").Won {
		t.Fatal("the claim is not its owner's")
	}
}

func TestAStoppedRedisIsAwayUntilItIsBack(t *testing.T) {
	server := services.RedisServer(t)
	c, log := watched(t, at(t, server.URL))
	claimedSoon(t, c, "one")
	for range 2 {
		server.Crash()
		untilAway(t, c)
		server.Restart(t)
		eventually(t, "Redis is back", func() bool { return c.Ready(t.Context()) == nil })
		if !claimedSoon(t, c, "two").Won {
			t.Fatal("a restarted Redis without persistence remembers")
		}
	}
	log.wantEvents(t, "redis.away", "redis.back", "redis.away", "redis.back")
	if !strings.Contains(log.String(), "kind=connection") || !strings.Contains(log.String(), server.Addr) {
		t.Fatalf("the log does not say who is away and why:\n%s", log)
	}
}

// TestABlackHoleBoundsEveryCall has a server that takes connections and never
// says anything.
func TestABlackHoleBoundsEveryCall(t *testing.T) {
	hole, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hole.Close()
	c, _ := watched(t, Config{Addrs: []string{hole.Addr().String()}, Connections: 4})
	var callers sync.WaitGroup
	for range 100 {
		callers.Go(func() {
			// This context has no end: only the client's own deadline ends the call.
			if _, err := c.Claim(context.Background(), order, "one", time.Minute); err == nil {
				t.Error("a black hole has answered")
			}
		})
	}
	callers.Wait()
	untilAway(t, c)
}

func TestALogInThatIsRefusedIsSaid(t *testing.T) {
	server := services.RedisServer(t, "--requirepass", "right")
	for name, change := range map[string]func(*Config){
		"wrong password": func(c *Config) { c.Password = "wrong-one" },
		"no password":    func(*Config) {},
		"unknown user":   func(c *Config) { c.Username, c.Password = "nobody", "wrong-one" },
	} {
		config := patient(Config{Addrs: []string{server.Addr}})
		change(&config)
		err := open(t, config).Ready(t.Context())
		wantKind(t, err, kindLogin)
		if !strings.Contains(err.Error(), "password") || strings.Contains(err.Error(), "wrong-one") {
			t.Errorf("%s: %v; want that the password is refused, without it", name, err)
		}
	}
	config := patient(Config{Addrs: []string{server.Addr}, Password: "right"})
	if err := open(t, config).Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAUserWithoutRightsIsSaid(t *testing.T) {
	server := services.RedisServer(t, "--user", "reader", "on", ">secret", "~*", "+hello", "+auth", "+get")
	c := open(t, patient(Config{Addrs: []string{server.Addr}, Username: "reader", Password: "secret"}))
	_, err := c.Claim(t.Context(), order, "one", time.Minute)
	wantKind(t, err, kindLogin)
}

func TestAReplicaIsNotReady(t *testing.T) {
	master := services.RedisServer(t)
	_, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	replica := services.RedisServer(t, "--replicaof", "127.0.0.1", port)
	c := open(t, patient(at(t, replica.URL)))
	wantKind(t, c.Ready(t.Context()), kindServer)
	if c.State().Reachable {
		t.Fatal("a Redis that takes no writes counts as reachable")
	}
}

func TestAFullRedisIsNotReady(t *testing.T) {
	server := services.RedisServer(t, "--maxmemory", "1", "--maxmemory-policy", "noeviction")
	c := open(t, patient(at(t, server.URL)))
	wantKind(t, c.Ready(t.Context()), kindServer)
}

func TestACertificateThatIsNotTrustedIsRefused(t *testing.T) {
	server, authority := services.RedisTLS(t)
	for name, config := range map[string]Config{
		"unknown authority": {TLS: &TLS{}},
		"another name":      {TLS: &TLS{CAFile: authority, ServerName: "redis.example.com"}},
		"no TLS":            {},
	} {
		config.Addrs = []string{server.Addr}
		if err := open(t, patient(config)).Ready(t.Context()); err == nil {
			t.Errorf("%s: the server was taken for ours", name)
		}
	}
	config := patient(Config{Addrs: []string{server.Addr}, TLS: &TLS{CAFile: authority, ServerName: "localhost"}})
	if err := open(t, config).Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestManyCallersShareFewConnections(t *testing.T) {
	config := patient(at(t, services.Redis(t)))
	config.Connections, config.IdleConnections = 4, 1
	c := open(t, config)
	t.Cleanup(func() { wipe(t, c) })
	quota := gateway.Quota{Requests: 500, Per: 1000 * time.Hour}
	allowed := make([]bool, 1000)
	var callers sync.WaitGroup
	for i := range allowed {
		callers.Go(func() {
			got, err := c.Take(t.Context(), "client", quota)
			if err != nil {
				t.Error(err)
			}
			allowed[i] = got.Allowed
		})
	}
	callers.Wait()
	allowed = slices.DeleteFunc(allowed, func(was bool) bool { return !was })
	if len(allowed) != quota.Requests {
		t.Fatalf("%d of %d were allowed", len(allowed), quota.Requests)
	}
	if s := c.State(); s.Calls != 1000 || !s.Reachable {
		t.Fatalf("state = %+v, want 1000 calls", s)
	}
}

func TestOpeningNeedsNoRedis(t *testing.T) {
	c := open(t, Config{Addrs: []string{"127.0.0.1:1"}})
	if s := c.State(); s.Reachable || s.Breaker != "closed" || s.Calls != 0 {
		t.Fatalf("state = %+v, want nothing known yet", s)
	}
	wantKind(t, c.Ready(t.Context()), kindConnection)
}

// TestACallEndsWithItsContext has nothing else that would end a call.
func TestACallEndsWithItsContext(t *testing.T) {
	server := services.RedisServer(t)
	config := at(t, server.URL)
	config.ReadTimeout, config.WriteTimeout, config.CallTimeout = time.Hour, time.Hour, time.Hour
	c := open(t, config)
	eventually(t, "Redis is ready", func() bool { return c.Ready(t.Context()) == nil })
	server.Pause()
	for range 2 * failuresToOpen {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, err := c.Claim(ctx, order, "one", time.Minute)
		cancel()
		wantKind(t, err, kindCancelled)
	}
	if s := c.State(); s.Breaker != "closed" || s.Errors[kindCancelled] != 2*failuresToOpen {
		t.Fatalf("state = %+v, want the callers' own ends counted and nothing opened", s)
	}
}
