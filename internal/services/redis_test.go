package services

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestAllTestsShareOneRedis(t *testing.T) {
	one, two := Redis(t), Redis(t)
	key := "services:" + rand.Text()
	if err := askRedis(one, "SET", key, "kept", "PX", time.Minute.Milliseconds()).Err(); err != nil {
		t.Fatal(err)
	}
	if kept, err := askRedis(two, "GETDEL", key).Text(); err != nil || kept != "kept" {
		t.Errorf("got %q, %v", kept, err)
	}
}

func TestAGivenRedisGoesBeforeAllOthers(t *testing.T) {
	given := "rediss://user@example.invalid/3"
	t.Setenv(RedisVariable, given)
	if found, end, err := findRedis(); found != given || end != nil || err != nil {
		t.Errorf("found %s, %v", found, err)
	}
}

func TestWithoutAProgramRedisComesFromDocker(t *testing.T) {
	t.Setenv(RedisVariable, "")
	t.Setenv("PATH", t.TempDir())
	t.Setenv("DOCKER_HOST", "unix://"+socketPath(t))
	if _, _, err := findRedis(); !errors.As(err, new(missingError)) || !strings.Contains(err.Error(), "Docker") {
		t.Errorf("error = %v, want that there is no Docker either", err)
	}
}

// silent is a client that gives up soon.
func silent(t *testing.T, r *RedisInstance) (question func() error) {
	t.Helper()
	client := redis.NewClient(&redis.Options{
		Addr: r.Addr, Protocol: 2, MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { client.Close() })
	return func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		return client.Ping(ctx).Err()
	}
}

func TestAPausedRedisHangsUntilItResumes(t *testing.T) {
	r := RedisServer(t)
	if err := redisAnswers(r.URL); err != nil {
		t.Fatal(err)
	}
	ping := silent(t, r)
	r.Pause()
	var timeout net.Error
	if err := ping(); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("error = %v, want that nobody answers", err)
	}
	r.Resume()
	if err := redisAnswers(r.URL); err != nil {
		t.Errorf("after it resumed: %v", err)
	}
}

func TestACrashedRedisComesBackOnItsPort(t *testing.T) {
	cases := []struct {
		name     string
		settings []string
		kept     int64
	}{
		{"empty", nil, 0},
		{"with its data", []string{"--appendonly yes"}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := RedisServer(t, c.settings...)
			if err := askRedis(r.URL, "SET", "key", "value").Err(); err != nil {
				t.Fatal(err)
			}
			r.Pause() // which does not keep it from crashing
			r.Crash()
			if err := redisAnswers(r.URL); err == nil {
				t.Fatal("the server answers after its crash")
			}
			r.Restart(t)
			if kept, err := askRedis(r.URL, "EXISTS", "key").Int64(); err != nil || kept != c.kept {
				t.Errorf("kept %d keys, %v; want %d", kept, err, c.kept)
			}
		})
	}
}

func TestARedisKeepsNothingUnlessTold(t *testing.T) {
	r := RedisServer(t)
	for _, c := range []struct{ setting, want string }{{"save", ""}, {"appendonly", "no"}} {
		got, err := askRedis(r.URL, "CONFIG", "GET", c.setting).StringSlice()
		if err != nil || len(got) != 2 || got[1] != c.want {
			t.Errorf("%s: %q, %v; want %q", c.setting, got, err, c.want)
		}
	}
}

func TestARedisTakesSettings(t *testing.T) {
	cases := []struct {
		name     string
		settings []string
		user     string
	}{
		{"one by one", []string{"--requirepass", "secret"}, ":secret"},
		{"as a line", []string{"--requirepass secret"}, ":secret"},
		{"user", []string{"--user ann on >secret ~* +@all", "--user default off"}, "ann:secret"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := RedisServer(t, c.settings...)
			if err := redisAnswers(r.URL); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
				t.Errorf("error = %v, want that nobody is let in without a password", err)
			}
			if err := redisAnswers("redis://" + c.user + "@" + r.Addr + "/0"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestARedisThatDoesNotStartSaysWhy(t *testing.T) {
	if _, err := redisProgram(); err != nil {
		missing(t, err)
	}
	_, err := newRedis([]string{"--no-such-setting", "1"})
	if err == nil || !strings.Contains(err.Error(), "no-such-setting") {
		t.Errorf("error = %v, want the setting", err)
	}
}

func TestARedisWithTLSIsKnownByItsAuthority(t *testing.T) {
	r, authority := RedisTLS(t)
	if err := redisAnswers(r.URL); !errors.As(err, new(x509.UnknownAuthorityError)) {
		t.Errorf("error = %v, want that the authority is not known", err)
	}
	pem, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, name := range []string{"127.0.0.1", "localhost"} {
		client := redis.NewClient(&redis.Options{
			Addr: r.Addr, Protocol: 2, MaxRetries: -1, TLSConfig: &tls.Config{RootCAs: roots, ServerName: name},
		})
		if err := client.Ping(t.Context()).Err(); err != nil {
			t.Errorf("as %s: %v", name, err)
		}
		client.Close()
	}
}

func TestARedisEndsWithItsTest(t *testing.T) {
	var r *RedisInstance
	t.Run("inner", func(t *testing.T) { r = RedisServer(t) })
	if r == nil {
		t.Skip("there is none")
	}
	if err := redisAnswers(r.URL); err == nil {
		t.Error("the server goes on")
	}
	if _, err := os.Stat(r.folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is left behind: %v", err)
	}
}

func TestAPausedRedisEndsWithTestsThatAreKilled(t *testing.T) {
	if _, err := redisProgram(); err != nil {
		missing(t, err)
	}
	addr, kill := killable(t, "redis")
	conn, err := net.DialTimeout("tcp", addr, redisPatience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	kill()
	// The system closes the server's connections when it ends.
	if err := conn.SetReadDeadline(time.Now().Add(adminPatience)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the server goes on: %v", err)
	}
}
