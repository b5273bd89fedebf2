package main

import (
	"context"
	"fmt"
	"time"

	"paytrace-gateway/adapters/redis"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// desk is where keys are claimed and requests counted: in Redis where several
// gateways share them, in this process otherwise.
type desk struct {
	claims gateway.Claims
	quotas gateway.Quotas
	redis  *redis.Client // nil: in this process
}

// askRedisEvery is how often Redis is asked whether it is there, so that its
// state is known while nothing is paid.
const askRedisEvery = 5 * time.Second

func (a *app) openDesk() error {
	if !a.cfg.Redis.Enabled() {
		memory := redis.NewMemory(time.Now)
		a.desk = desk{claims: memory, quotas: memory}
		return nil
	}
	c, err := redisConfig(a.cfg.Redis)
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	c.Log = a.log
	client, err := redis.Open(c)
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	a.onClose(func() { _ = client.Close() })
	a.desk = desk{claims: client, quotas: client, redis: client}
	a.background(a.desk.askRedis)
	return nil
}

func (d desk) askRedis(ctx context.Context) {
	for {
		_ = d.redis.Ready(ctx) // its state and its log tell
		select {
		case <-time.After(askRedisEvery):
		case <-ctx.Done():
			return
		}
	}
}

// degraded names what payments go on without.
func (d desk) degraded() []string {
	if d.redis == nil || d.redis.State().Reachable {
		return nil
	}
	return []string{"redis"}
}

func redisConfig(r config.Redis) (redis.Config, error) {
	c := redis.Config{}
	switch {
	case r.Sentinel != nil:
		s := r.Sentinel
		c = redis.Config{
			Addrs: s.Addresses, MasterName: s.MasterName, Username: s.Username, Password: s.Password.Reveal(), DB: s.DB,
			SentinelUsername: s.SentinelUsername, SentinelPassword: s.SentinelPassword.Reveal(), TLS: (*redis.TLS)(s.TLS),
		}
	case r.Cluster != nil:
		s := r.Cluster
		c = redis.Config{Addrs: s.Addresses, Cluster: true, Username: s.Username, Password: s.Password.Reveal(), TLS: (*redis.TLS)(s.TLS)}
	default:
		parsed, err := redis.Parse(r.URL.Reveal())
		if err != nil {
			return redis.Config{}, err
		}
		if r.TLS != nil {
			parsed.TLS = (*redis.TLS)(r.TLS)
		}
		c = parsed
	}
	c.Prefix = r.Prefix
	c.ReadTimeout, c.WriteTimeout, c.CallTimeout = r.Timeout, r.Timeout, r.Timeout
	return c, nil
}
