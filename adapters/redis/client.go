package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"paytrace-gateway/gateway"
)

var (
	_ gateway.Claims = (*Client)(nil)
	_ gateway.Quotas = (*Client)(nil)
)

// probeFor is how long the write that asks for readiness stays in Redis.
const probeFor = time.Second

// Client is the claims and the quotas in Redis. Its methods may be called
// concurrently.
type Client struct {
	server  goredis.UniversalClient
	prefix  string
	timeout time.Duration
	batches *batches // nil: each command goes by itself
	breaker *breaker
	record  *record
	// scripted says that the server does not know SET with NX and GET, which
	// came with Redis 7.
	scripted atomic.Bool
}

// Open checks the settings. It does not wait for Redis, which need not be there.
func Open(config Config) (*Client, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("the settings of Redis: %w", err)
	}
	server, err := connect(config)
	if err != nil {
		return nil, err
	}
	c := &Client{server: server, prefix: config.Prefix, timeout: config.CallTimeout}
	if !config.Cluster {
		c.batches = &batches{server: server, timeout: config.CallTimeout, most: config.Connections}
	}
	c.record = newRecord(config.Log, strings.Join(config.Addrs, ", "))
	c.breaker = newBreaker(c.record)
	return c, nil
}

// Close closes the connections. Calls that follow are errors.
func (c *Client) Close() error { return c.server.Close() }

func connect(config Config) (goredis.UniversalClient, error) {
	// What go-redis prints by itself is no line of our log. All that matters of
	// it comes back as errors.
	logging.Disable()
	secure, err := config.TLS.config()
	if err != nil {
		return nil, err
	}
	options := &goredis.UniversalOptions{
		Addrs: config.Addrs, MasterName: config.MasterName, DB: config.DB,
		Username: config.Username, Password: config.Password,
		SentinelUsername: config.SentinelUsername, SentinelPassword: config.SentinelPassword,
		TLSConfig: secure,

		// Whoever calls knows better than go-redis what a failure means and when
		// to ask again.
		MaxRetries: -1, DialerRetries: 1,
		ContextTimeoutEnabled: true,
		DialTimeout:           config.DialTimeout, ReadTimeout: config.ReadTimeout,
		WriteTimeout: config.WriteTimeout, PoolTimeout: config.PoolTimeout,
		PoolSize: config.Connections, MaxActiveConns: config.Connections, MinIdleConns: config.IdleConnections,
		PipelinePoolSize: -1, // no connections beside these

		// Both would cost each new connection a round trip, and an ACL user
		// rights that nothing else needs.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	switch {
	case config.MasterName != "":
		return goredis.NewFailoverClient(options.Failover()), nil
	case config.Cluster:
		cluster := options.Cluster()
		// They would ask each server for the list of all its commands first.
		cluster.DisableRoutingPolicies = true
		return goredis.NewClusterClient(cluster), nil
	}
	return goredis.NewClient(options.Simple()), nil
}

// do makes one call to Redis, unless Redis is away. The call is bounded by the
// client's own deadline, since go-redis does not heed a context that is merely
// cancelled.
func (c *Client) do(ctx context.Context, call func(context.Context) error) error {
	return c.breaker.do(func() error {
		if err := ctx.Err(); err != nil {
			return &fault{kindCancelled, err}
		}
		bounded, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		return explain(ctx, call(bounded))
	})
}

// Ready asks Redis by a small write, for one that is full, read-only or has no
// master answers everything else.
func (c *Client) Ready(ctx context.Context) error {
	return c.do(ctx, func(ctx context.Context) error {
		return c.ask(ctx, "set", c.prefix+"ready", 1, "px", probeFor.Milliseconds()).Err()
	})
}

// name is the key in Redis for what the parts say together. It holds a hash of
// them: a key's text is the caller's and is stored nowhere but in the ledger.
// The braces make it one slot of a Cluster.
func (c *Client) name(what string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return c.prefix + what + ":{" + hex.EncodeToString(sum[:]) + "}"
}
