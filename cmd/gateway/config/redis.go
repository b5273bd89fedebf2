package config

import (
	"net"
	"net/url"
	"strings"
	"time"
)

const (
	defaultPrefix       = "gateway:"
	defaultRedisTimeout = 250 * time.Millisecond
	maxAddresses        = 32
)

var (
	redisServer = kind[string]{expected: "host:port, such as 10.0.0.5:6379", text: true, parse: parseServer}
	masterName  = kind[string]{expected: "the name that the sentinels know the master by, 1 to 100 characters without blanks", text: true, parse: matching(`^[[:graph:]]{1,100}$`)}
	redisUser   = kind[string]{expected: "the name of a Redis user, 1 to 100 characters without blanks", text: true, parse: matching(`^[[:graph:]]{1,100}$`)}
	database    = number(0, 1023)
	// Braces would say which part of a key chooses its place in a cluster.
	keyPrefix = kind[string]{expected: "1 to 40 of A-Z a-z 0-9 . _ : -", text: true, parse: matching(`^[A-Za-z0-9._:-]{1,40}$`)}
)

const redisURLExpected = "expected redis://user:password@host:6379/0, or rediss:// for TLS, a password with every user, and no query"

// redis reads the whole section, which may be absent.
func (o object) redis() Redis {
	r := o.child("redis", "redis")
	if !o.has("redis") && !r.has("url") {
		return Redis{}
	}
	redis := Redis{
		URL:      r.secret("url"),
		Sentinel: r.sentinel(),
		Cluster:  r.cluster(),
		TLS:      r.tls(),
		Prefix:   read(r, "prefix", keyPrefix, defaultPrefix),
		Timeout:  read(r, "timeout", between(50*time.Millisecond, 2*time.Second), defaultRedisTimeout),
	}
	r.judgeForm()
	r.judgeRedisURL(redis.URL)
	return redis
}

// judgeForm sees to it that there is one way to reach Redis, and no second.
func (o object) judgeForm() {
	first := ""
	for _, form := range []string{"url", "sentinel", "cluster"} {
		switch {
		case !o.has(form):
		case first == "":
			first = form
		default:
			o.fault(form, "stands beside "+first+"; keep one of them")
		}
	}
	switch {
	case first == "":
		o.fault("url", "is missing; expected url, sentinel or cluster")
	case first != "url" && o.has("tls"):
		o.fault("tls", "belongs to url; put it into "+first)
	}
}

func (o object) judgeRedisURL(address Secret) {
	if address.IsZero() {
		return // absent, or a fault of its own
	}
	u, ok := parseRedisURL(address.Reveal())
	switch {
	case !ok:
		o.fault("url", redisURLExpected)
	case u.Scheme == "redis" && o.has("tls"):
		o.fault("tls", "stands beside a redis:// url, which is without TLS; begin the url with rediss://")
	}
}

// parseRedisURL refuses a query: it could lengthen timeouts and switch on the
// repeating of commands, both of which are the gateway's to decide.
func parseRedisURL(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || !isHost(u.Hostname()) || !hasGoodPort(u) ||
		u.ForceQuery || u.RawQuery != "" || strings.Contains(s, "#") {
		return nil, false
	}
	if password, _ := u.User.Password(); u.User.Username() != "" && password == "" {
		return nil, false
	}
	if number := strings.TrimPrefix(u.Path, "/"); number != "" {
		_, ok := database.parse(number)
		return u, ok
	}
	return u, true
}

func (o object) sentinel() *Sentinel {
	if !o.has("sentinel") {
		return nil
	}
	s := o.child("sentinel", "sentinel")
	return &Sentinel{
		MasterName:       require(s, "masterName", masterName),
		Addresses:        s.distinct("addresses", maxAddresses, redisServer),
		Username:         s.user("username", "password"),
		Password:         s.secret("password"),
		DB:               read(s, "db", database, 0),
		SentinelUsername: s.user("sentinelUsername", "sentinelPassword"),
		SentinelPassword: s.secret("sentinelPassword"),
		TLS:              s.tls(),
	}
}

func (o object) cluster() *Cluster {
	if !o.has("cluster") {
		return nil
	}
	c := o.child("cluster", "cluster")
	return &Cluster{
		Addresses: c.distinct("addresses", maxAddresses, redisServer),
		Username:  c.user("username", "password"),
		Password:  c.secret("password"),
		TLS:       c.tls(),
	}
}

// user reads a name that means nothing to Redis without its password.
func (o object) user(name, password string) string {
	if o.has(name) && !o.has(password) {
		o.fault(name, "stands without "+password)
	}
	return read(o, name, redisUser, "")
}

// parseServer takes what can be dialled, which has a host and a port.
func parseServer(s string) (string, bool) {
	host, port, err := net.SplitHostPort(s)
	_, ok := parseAddress(s)
	return s, err == nil && ok && host != "" && port != "0"
}
