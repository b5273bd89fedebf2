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
	dockerImage, dockerTag = "postgres", "15"
	dockerPort             = "5432/tcp"
	// dockerPatience bounds the question whether an engine is there.
	dockerPatience = 2 * time.Second
	// dockerExpiry is when the engine itself ends a server that tests which
	// were killed have left behind, in seconds.
	dockerExpiry = 1800
)

// dockerPostgres starts a server in a container that removes itself. answers
// says whether the server at a URL is up.
func dockerPostgres(answers func(url string) error) (url string, end func(), err error) {
	absent := missingError{"PostgreSQL", "no " + PostgresVariable + ", no postgres on this machine, no Docker"}
	pool, err := dockertest.NewPool("")
	if err != nil {
		return "", nil, absent
	}
	ctx, cancel := context.WithTimeout(context.Background(), dockerPatience)
	defer cancel()
	if pool.Client.PingWithContext(ctx) != nil {
		return "", nil, absent
	}
	password := rand.Text()
	container, err := pool.RunWithOptions(&dockertest.RunOptions{
		Repository: dockerImage, Tag: dockerTag,
		Env:          []string{"POSTGRES_PASSWORD=" + password},
		PortBindings: map[docker.Port][]docker.PortBinding{dockerPort: {{HostIP: "127.0.0.1"}}},
	}, func(c *docker.HostConfig) { c.AutoRemove = true })
	if err != nil {
		return "", nil, fmt.Errorf("Docker does not start %s:%s: %w", dockerImage, dockerTag, err)
	}
	end = func() { _ = pool.Purge(container) }
	_ = container.Expire(dockerExpiry)
	url = fmt.Sprintf("postgres://postgres:%s@%s/postgres?sslmode=disable", password, container.GetHostPort(dockerPort))
	if err := pool.Retry(func() error { return answers(url) }); err != nil {
		end()
		return "", nil, fmt.Errorf("PostgreSQL in Docker does not become ready: %w", err)
	}
	return url, end, nil
}
