package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	inSentinel = `{sentinel: {masterName: mymaster, addresses: ["10.0.0.5:26379", "[::1]:26379"], username: gateway, password: "${PASSWORD}", db: 3, ` +
		`sentinelUsername: watcher, sentinelPassword: "${CLIENT}", tls: {}}, prefix: "shop-1:", timeout: 2s}`
	inCluster = `{cluster: {addresses: [redis-1:6379, redis-2:6379], username: gateway, password: "${PASSWORD}", tls: {serverName: redis.test}}, timeout: 50ms}`
)

func withRedis(section string) string { return "redis: " + section + "\n" + minimal }

func TestARedisHasOneAddress(t *testing.T) {
	w := newWorld()
	w.env["REDIS_URL"] = "redis://gateway:pass-word@redis.test:6379/0"
	r := w.mustParse(t, withRedis(`{url: "${REDIS_URL}"}`)).Redis
	if !r.Enabled() || r.URL.Reveal() != w.env["REDIS_URL"] || r.Sentinel != nil || r.Cluster != nil || r.TLS != nil ||
		r.Prefix != "gateway:" || r.Timeout != 250*time.Millisecond {
		t.Errorf("got %+v", r)
	}
}

func TestARedisIsNamedBySentinels(t *testing.T) {
	r := newWorld().mustParse(t, withRedis(inSentinel)).Redis
	s := r.Sentinel
	if !r.Enabled() || s == nil || !r.URL.IsZero() || r.Cluster != nil || r.Prefix != "shop-1:" || r.Timeout != 2*time.Second {
		t.Fatalf("got %+v", r)
	}
	if s.MasterName != "mymaster" || !slices.Equal(s.Addresses, []string{"10.0.0.5:26379", "[::1]:26379"}) || s.Username != "gateway" ||
		s.Password.Reveal() != "paytrace-pass-word" || s.DB != 3 || s.SentinelUsername != "watcher" ||
		s.SentinelPassword.Reveal() != "client-pass-word-0123456789" || s.TLS == nil {
		t.Errorf("got %+v", s)
	}
	plain := newWorld().mustParse(t, withRedis(`{sentinel: {masterName: m, addresses: [localhost:26379]}}`)).Redis.Sentinel
	if plain.DB != 0 || plain.Username != "" || !plain.Password.IsZero() || plain.TLS != nil {
		t.Errorf("the least: %+v", plain)
	}
}

func TestARedisIsACluster(t *testing.T) {
	r := newWorld().mustParse(t, withRedis(inCluster)).Redis
	c := r.Cluster
	if !r.Enabled() || c == nil || !r.URL.IsZero() || r.Sentinel != nil || r.Prefix != "gateway:" || r.Timeout != 50*time.Millisecond {
		t.Fatalf("got %+v", r)
	}
	if !slices.Equal(c.Addresses, []string{"redis-1:6379", "redis-2:6379"}) || c.Username != "gateway" ||
		c.Password.Reveal() != "paytrace-pass-word" || c.TLS.ServerName != "redis.test" {
		t.Errorf("got %+v", c)
	}
}

func TestARedisIsAbsentUnlessNamed(t *testing.T) {
	for _, text := range []string{minimal, "redis:\n  # url: ${REDIS_URL}\n" + minimal, "redis: ~\n" + minimal} {
		c := newWorld().mustParse(t, text)
		if c.Redis.Enabled() || strings.Contains(c.Redacted(), "redis") {
			t.Errorf("there is a Redis:\n%s", c.Redacted())
		}
	}
}

// redisFaults are sections with one fault each, which is named without the
// file's name.
var redisFaults = []struct{ name, redis, want string }{
	{"a word", "localhost", "1:8: redis: expected members (name: value), found a single value"},
	{"no form", "{}", "1:8: redis.url: is missing; expected url, sentinel or cluster"},
	{"no form, but others", "{prefix: 'a:'}", "1:8: redis.url: is missing; expected url, sentinel or cluster"},
	{"two forms", `{url: "${REDIS}", cluster: {addresses: [a:1]}}`, "1:35: redis.cluster: stands beside url; keep one of them"},
	{"the other two forms", `{sentinel: {masterName: m, addresses: [a:1]}, cluster: {addresses: [a:1]}}`, "1:63: redis.cluster: stands beside sentinel; keep one of them"},
	{"address in the file", "{url: 'redis://u:hunter2@a:1'}", "1:14: redis.url: " + secretInFile},
	{"address of something else", `{url: "${PASSWORD}"}`, "1:14: redis.url: " + redisURLExpected},
	{"tls without rediss", `{url: "${REDIS}", tls: {serverName: a}}`, "1:31: redis.tls: stands beside a redis:// url, which is without TLS; begin the url with rediss://"},
	{"tls beside sentinel", `{sentinel: {masterName: m, addresses: [a:1]}, tls: {}}`, "1:59: redis.tls: belongs to url; put it into sentinel"},
	{"prefix with braces", `{url: "${REDIS}", prefix: "{a}"}`, "1:34: redis.prefix: expected 1 to 40 of A-Z a-z 0-9 . _ : -"},
	{"no prefix", `{url: "${REDIS}", prefix: ""}`, "1:34: redis.prefix: expected 1 to 40 of A-Z a-z 0-9 . _ : -"},
	{"timeout too short", `{url: "${REDIS}", timeout: 49ms}`, "1:35: redis.timeout: expected a time from 50ms to 2s, with its unit"},
	{"timeout too long", `{url: "${REDIS}", timeout: 2001ms}`, "1:35: redis.timeout: expected a time from 50ms to 2s, with its unit"},

	{"no master", `{sentinel: {addresses: [a:1]}}`, "1:19: redis.sentinel.masterName: is missing; expected " + masterName.expected},
	{"no sentinels", `{sentinel: {masterName: m}}`, "1:19: redis.sentinel.addresses: is missing; expected a list of host:port, such as 10.0.0.5:6379"},
	{"empty cluster", `{cluster: {addresses: []}}`, "1:30: redis.cluster.addresses: is missing; expected a list of host:port, such as 10.0.0.5:6379"},
	{"address without a port", `{cluster: {addresses: [a]}}`, "1:31: redis.cluster.addresses[0]: expected host:port, such as 10.0.0.5:6379"},
	{"address without a host", `{cluster: {addresses: [":6379"]}}`, "1:31: redis.cluster.addresses[0]: expected host:port, such as 10.0.0.5:6379"},
	{"port that none listens on", `{cluster: {addresses: [a:0]}}`, "1:31: redis.cluster.addresses[0]: expected host:port, such as 10.0.0.5:6379"},
	{"address twice", `{cluster: {addresses: [a:1, a:1]}}`, "1:36: redis.cluster.addresses[1]: stands twice; keep one"},
	{"too many addresses", "{cluster: {addresses: [" + strings.Repeat("a:1,", 33) + "]}}", "1:30: redis.cluster.addresses: expected at most 32 elements"},
	{"user with a blank", `{cluster: {addresses: [a:1], username: a b, password: "${REDIS}"}}`, "1:47: redis.cluster.username: expected the name of a Redis user, 1 to 100 characters without blanks"},
	{"user without a password", `{cluster: {addresses: [a:1], username: u}}`, "1:47: redis.cluster.username: stands without password"},
	{"sentinel's user without a password", `{sentinel: {masterName: m, addresses: [a:1], sentinelUsername: u}}`, "1:71: redis.sentinel.sentinelUsername: stands without sentinelPassword"},
	{"password in the file", `{cluster: {addresses: [a:1], password: hunter2}}`, "1:47: redis.cluster.password: " + secretInFile},
	{"sentinel's password in the file", `{sentinel: {masterName: m, addresses: [a:1], sentinelPassword: hunter2}}`, "1:71: redis.sentinel.sentinelPassword: " + secretInFile},
	{"database", `{sentinel: {masterName: m, addresses: [a:1], db: 1024}}`, "1:57: redis.sentinel.db: expected a whole number from 0 to 1023"},
	{"database of a cluster", `{cluster: {addresses: [a:1], db: 1}}`, "1:37: redis.cluster.db: is not known here; known are addresses, username, password, tls"},
}

func TestEachFaultOfARedisIsNamedWithItsPosition(t *testing.T) {
	for _, row := range redisFaults {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			w.env["REDIS"] = "redis://redis.test"
			_, err := w.parse(withRedis(row.redis))
			if want := "etc/gateway.yaml:" + row.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestAddressesOfARedis(t *testing.T) {
	for address, good := range map[string]bool{
		"redis://localhost": true, "redis://127.0.0.1:6379": true, "redis://127.0.0.1:6379/": true, "rediss://u:p@redis.test:6380/15": true,
		"redis://:p@redis.test": true, "redis://[::1]:6379/0": true, "REDISS://redis.test": true,
		"redis.test:6379": false, "http://redis.test": false, "redis://": false, "redis://:6379": false, "redis://a b": false, "redis://a:": false,
		"redis://a:0": false, "redis://a:65536": false, "redis://a/x": false, "redis://a/-1": false, "redis://a/1024": false, "redis://a/0/1": false,
		"redis://u@a": false, "redis://u:@a": false, "redis://a?max_retries=3": false, "redis://a/0?": false, "redis://a#b": false,
		"unix:///run/redis.sock": false, "redis:a": false,
	} {
		w := newWorld()
		w.env["REDIS"] = address
		_, err := w.parse(withRedis(`{url: "${REDIS}"}`))
		if good && err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if want := "etc/gateway.yaml:1:14: redis.url: " + redisURLExpected; !good && (err == nil || err.Error() != want) {
			t.Errorf("%s: got %v, want %s", address, err, want)
		}
	}
}

func TestTheEnvironmentNamesARedis(t *testing.T) {
	w := newWorld()
	w.env["GATEWAY_REDIS_URL"] = "rediss://:pass-word@redis.test:6380/1"
	if r := w.mustParse(t, minimal).Redis; r.URL.Reveal() != w.env["GATEWAY_REDIS_URL"] || r.Prefix != "gateway:" || r.Timeout != 250*time.Millisecond {
		t.Errorf("without a section: %+v", r)
	}
	w.env["OTHER"] = "redis://other.test"
	if r := w.mustParse(t, withRedis(`{url: "${OTHER}", prefix: "a:", tls: {serverName: a}}`)).Redis; r.URL.Reveal() != w.env["GATEWAY_REDIS_URL"] || r.Prefix != "a:" {
		t.Errorf("in place of the file's: %+v", r)
	}
	_, err := w.parse(withRedis(inCluster))
	if want := "etc/gateway.yaml:1:18: redis.cluster: stands beside url; keep one of them"; err == nil || err.Error() != want {
		t.Errorf("beside a cluster: got %v, want %s", err, want)
	}
	w.env["GATEWAY_REDIS_URL"] = "hunter2"
	_, err = w.parse(minimal)
	if want := "environment: GATEWAY_REDIS_URL: " + redisURLExpected; err == nil || err.Error() != want {
		t.Errorf("no address: got %v, want %s", err, want)
	}
}

func TestAPrintedRedisShowsNoSecret(t *testing.T) {
	w := newWorld()
	w.env["PASSWORD"], w.env["CLIENT"] = plain, plain
	w.env["REDIS"] = "redis://u:" + plain + "@redis.test"
	for section, want := range map[string]string{
		`{url: "${REDIS}"}`: `redis:
  url: set (45 characters, from ${REDIS})
  prefix: 'gateway:'
  timeout: 250ms
`,
		inSentinel: `redis:
  sentinel:
    masterName: mymaster
    addresses:
      - 10.0.0.5:26379
      - '[::1]:26379'
    username: gateway
    password: set (24 characters, from ${PASSWORD})
    db: 3
    sentinelUsername: watcher
    sentinelPassword: set (24 characters, from ${CLIENT})
    tls: {}
  prefix: 'shop-1:'
  timeout: 2s
`,
		inCluster: `redis:
  cluster:
    addresses:
      - redis-1:6379
      - redis-2:6379
    username: gateway
    password: set (24 characters, from ${PASSWORD})
    tls:
      serverName: redis.test
  prefix: 'gateway:'
  timeout: 50ms
`,
	} {
		c := w.mustParse(t, withRedis(section))
		if !strings.Contains(c.Redacted(), "\n"+want+"signingKeyFolder") {
			t.Errorf("got:\n%s\nwant in it:\n%s", c.Redacted(), want)
		}
		silent(t, "Redacted", c.Redacted())
		for _, verb := range []string{"%v", "%+v", "%#v"} {
			silent(t, verb, fmt.Sprintf(verb+verb+verb, c.Redis, c.Redis.Sentinel, c.Redis.Cluster))
		}
	}
}

// Each form that the example shows has to be acceptable once it stands alone.
func TestTheRedisOfTheExampleIsAcceptable(t *testing.T) {
	_, below, _ := strings.Cut(Example(), "\n# redis:\n")
	section, _, _ := strings.Cut(below, "\n\n")
	w := newWorld()
	w.env["REDIS_URL"] = "rediss://gateway:pass-word@redis.test:6379/0"
	w.env["REDIS_PASSWORD"], w.env["SENTINEL_PASSWORD"] = "pass-word", "pass-word"
	key := rsaKey(t, 2048)
	w.files["etc/redis-ca.pem"] = file{data: certificatePEM(t, rsaKey(t, 2048)), mode: 0o644}
	w.files["etc/gateway.pem"] = file{data: certificatePEM(t, key), mode: 0o644}
	w.files["etc/gateway-key.pem"] = file{data: keyPEM(t, key), mode: 0o600}
	forms := map[string][]string{"url": {"url", "tls"}, "sentinel": {"sentinel"}, "cluster": {"cluster"}}
	for form, keep := range forms {
		text, kept := "redis:\n", true
		for line := range strings.Lines(section + "\n") {
			line = strings.TrimPrefix(strings.TrimPrefix(line, "#"), " ")
			if name, _, found := strings.Cut(line, ":"); found && strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "   ") {
				name = strings.TrimSpace(name)
				kept = slices.Contains(keep, name) || name == "prefix" || name == "timeout"
			}
			if kept {
				text += line
			}
		}
		if r := w.mustParse(t, text+minimal).Redis; !r.Enabled() || r.Prefix != "gateway:" || r.Timeout != 250*time.Millisecond {
			t.Errorf("%s: the section is not the default one: %+v", form, r)
		}
	}
}
