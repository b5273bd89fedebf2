package services

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/ory/dockertest/v3"
	"github.com/ory/dockertest/v3/docker"
)

const (
	// dockerPatience bounds the question whether an engine is there.
	dockerPatience = 2 * time.Second
	// dockerExpiry is when the engine itself ends a server that tests which
	// were killed have left behind, in seconds.
	dockerExpiry = 1800
)

// container is a server that Docker can run.
type container struct {
	image, tag string
	port       docker.Port
	env, cmd   []string
	// absent is the error where there is no Docker.
	absent missingError
	// url is the server's, given its port on this machine.
	url func(hostPort string) string
}

// dockerPostgres starts a server in a container that removes itself. answers
// says whether the server at a URL is up.
func dockerPostgres(answers func(url string) error) (url string, end func(), err error) {
	password := rand.Text()
	return container{
		image: "postgres", tag: "15", port: "5432/tcp",
		env:    []string{"POSTGRES_PASSWORD=" + password},
		absent: missingError{"PostgreSQL", "no " + PostgresVariable + ", no postgres on this machine, no Docker"},
		url: func(hostPort string) string {
			return fmt.Sprintf("postgres://postgres:%s@%s/postgres?sslmode=disable", password, hostPort)
		},
	}.start(answers)
}

// dockerRedis is the same for Redis.
func dockerRedis(answers func(url string) error) (url string, end func(), err error) {
	return container{
		image: "redis", tag: "7", port: "6379/tcp",
		cmd:    append([]string{"redis-server"}, forgetful...),
		absent: missingError{"Redis", "no " + RedisVariable + ", no redis-server on this machine, no Docker"},
		url:    func(hostPort string) string { return "redis://" + hostPort + "/0" },
	}.start(answers)
}

func (c container) start(answers func(url string) error) (url string, end func(), err error) {
	pool, err := dockertest.NewPool("")
	if err != nil {
		return "", nil, c.absent
	}
	ctx, cancel := context.WithTimeout(context.Background(), dockerPatience)
	defer cancel()
	if pool.Client.PingWithContext(ctx) != nil {
		return "", nil, c.absent
	}
	resource, err := pool.RunWithOptions(&dockertest.RunOptions{
		Repository: c.image, Tag: c.tag, Env: c.env, Cmd: c.cmd,
		PortBindings: map[docker.Port][]docker.PortBinding{c.port: {{HostIP: "127.0.0.1"}}},
	}, func(h *docker.HostConfig) { h.AutoRemove = true })
	if err != nil {
		return "", nil, fmt.Errorf("Docker does not start %s:%s: %w", c.image, c.tag, err)
	}
	end = func() { _ = pool.Purge(resource) }
	_ = resource.Expire(dockerExpiry)
	url = c.url(resource.GetHostPort(string(c.port)))
	if err := pool.Retry(func() error { return answers(url) }); err != nil {
		end()
		return "", nil, fmt.Errorf("%s in Docker does not become ready: %w", c.absent.what, err)
	}
	return url, end, nil
}
