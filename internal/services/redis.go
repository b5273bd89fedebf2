package services

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisVariable names a server to use.
const RedisVariable = "REDIS_URL"

// redisPatience bounds one question to a server.
const redisPatience = 5 * time.Second

var sharedRedis = &shared{start: findRedis}

// Redis is the URL of a server that all tests of a package share, and others
// too where it was given: a test chooses keys that nobody else has, and
// neither flushes nor configures. What needs more takes RedisServer.
func Redis(t testing.TB) string {
	t.Helper()
	server, err := sharedRedis.get()
	if errors.As(err, new(missingError)) {
		missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func findRedis() (string, func(), error) {
	if given := os.Getenv(RedisVariable); given != "" {
		return given, nil, nil
	}
	if _, err := redisProgram(); err == nil {
		r, err := newRedis(nil)
		if err != nil {
			return "", nil, err
		}
		return r.URL, r.remove, nil
	}
	return dockerRedis(redisAnswers)
}

func redisProgram() (string, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", missingError{"Redis", "no redis-server on the path"}
	}
	return path, nil
}

func redisAnswers(server string) error { return askRedis(server, "PING").Err() }

// askRedis asks once: whoever wants to ask again does so himself.
func askRedis(server string, question ...any) *redis.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), redisPatience)
	defer cancel()
	answer := redis.NewCmd(ctx, question...)
	options, err := redis.ParseURL(server)
	if err != nil {
		answer.SetErr(fmt.Errorf("the URL of the tests' Redis: %w", err))
		return answer
	}
	// The older protocol is that of all servers, Sentinels included.
	options.Protocol = 2
	options.ContextTimeoutEnabled = true
	options.MaxRetries, options.DialerRetries = -1, 1
	client := redis.NewClient(options)
	defer client.Close()
	_ = client.Process(ctx, answer)
	return answer
}
