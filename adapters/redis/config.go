package redis

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// The defaults of a Config. The timeouts were measured: on a server that
// swallows everything, a call ends after DefaultCallTimeout.
const (
	DefaultPrefix          = "paytrace-gateway:"
	DefaultDialTimeout     = 200 * time.Millisecond
	DefaultReadTimeout     = 250 * time.Millisecond
	DefaultWriteTimeout    = 250 * time.Millisecond
	DefaultPoolTimeout     = 100 * time.Millisecond
	DefaultCallTimeout     = 250 * time.Millisecond
	DefaultConnections     = 64
	DefaultIdleConnections = 4
)

const defaultPort = "6379"

// Config is how Redis is reached. Addrs has no default.
type Config struct {
	// Addrs are host:port: of the server, or of some Sentinels, or of some
	// nodes of the Cluster.
	Addrs []string
	// MasterName, if given, says that Addrs are Sentinels, which know the
	// master by this name.
	MasterName string
	// Cluster says that Addrs are nodes of a Cluster.
	Cluster bool

	// Username is that of an ACL user; without it the password is the default
	// user's.
	Username string
	Password string
	// SentinelUsername and SentinelPassword are for the Sentinels themselves.
	SentinelUsername string
	SentinelPassword string
	// DB is the number of the database. A Cluster has number 0 only.
	DB int
	// TLS is nil for plain connections.
	TLS *TLS

	// Prefix begins every key, so that several systems can share a Redis.
	Prefix string

	// DialTimeout bounds name look-up, connection and TLS handshake.
	DialTimeout  time.Duration
	ReadTimeout  time.Duration
	WriteTimeout time.Duration
	// PoolTimeout bounds the wait for a connection while all are in use.
	PoolTimeout time.Duration
	// CallTimeout bounds a whole call, whatever its context allows.
	CallTimeout time.Duration
	// Connections is how many there may be to each server. IdleConnections are
	// kept open, so that a claim after a quiet hour need not connect first.
	Connections     int
	IdleConnections int

	Log *slog.Logger
}

// TLS is how servers prove who they are, and we to them.
type TLS struct {
	// CAFile holds the certificate authorities in PEM; without it the system's
	// are trusted.
	CAFile string
	// ServerName is the name in the server's certificate, if it is not the host
	// in the address.
	ServerName string
	// CertFile and KeyFile are our own certificate, where the server asks for one.
	CertFile string
	KeyFile  string
}

// Parse reads the address of one server, in the form
// redis://user:password@host:6379/0, or rediss:// for TLS. Errors never quote
// the address, which may hold a password.
func Parse(address string) (Config, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return Config{}, errors.New("the URL of Redis cannot be read: " +
			"it has the form redis://user:password@host:6379/0, or rediss:// for TLS, with special characters of the password as %XX")
	}
	var c Config
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	c.Addrs = []string{net.JoinHostPort(u.Hostname(), port)}
	if !isHostPort(c.Addrs[0]) {
		return Config{}, errors.New("the URL of Redis cannot be read: it names one server, as host or host:port")
	}
	c.Username = u.User.Username()
	c.Password, _ = u.User.Password()
	if db := strings.Trim(u.Path, "/"); db != "" {
		if c.DB, err = strconv.Atoi(db); err != nil {
			return Config{}, errors.New("the URL of Redis cannot be read: after the host stands the number of the database, such as /0")
		}
	}
	if u.Scheme == "rediss" {
		c.TLS = &TLS{}
	}
	return c, nil
}

func (c Config) withDefaults() Config {
	setDefault(&c.Prefix, DefaultPrefix)
	setDefault(&c.DialTimeout, DefaultDialTimeout)
	setDefault(&c.ReadTimeout, DefaultReadTimeout)
	setDefault(&c.WriteTimeout, DefaultWriteTimeout)
	setDefault(&c.PoolTimeout, DefaultPoolTimeout)
	setDefault(&c.CallTimeout, DefaultCallTimeout)
	setDefault(&c.Connections, DefaultConnections)
	setDefault(&c.IdleConnections, min(DefaultIdleConnections, c.Connections))
	setDefault(&c.Log, slog.New(slog.DiscardHandler))
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check names every fault at once, so that an operator mends them in one go.
func (c Config) check() error {
	var faults []error
	fault := func(broken bool, format string, args ...any) {
		if broken {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(len(c.Addrs) == 0, "addrs: name at least one host:port")
	for i, addr := range c.Addrs {
		fault(!isHostPort(addr), "addrs[%d]: expected host:port, such as redis.example.com:6379", i)
	}
	fault(len(c.Addrs) > 1 && !c.Cluster && c.MasterName == "",
		"addrs: a server that stands alone has one address; for several, set cluster, or masterName for Sentinel")
	fault(c.Cluster && c.MasterName != "", "cluster and masterName: Redis is behind Sentinel or in a Cluster, not both")
	fault(c.Cluster && c.DB != 0, "db: a Cluster has database 0 only")
	fault(c.DB < 0, "db: must not be negative")
	fault(c.Username != "" && c.Password == "", "password: the user's password is missing")
	fault(c.SentinelUsername != "" && c.SentinelPassword == "", "sentinelPassword: the Sentinel user's password is missing")
	fault(c.SentinelPassword != "" && c.MasterName == "", "masterName: is missing, though there is a password for Sentinels")
	fault(strings.ContainsAny(c.Prefix, "{}"), "prefix: must not contain braces, which choose the slot in a Cluster")
	for _, wait := range []struct {
		name  string
		value time.Duration
	}{
		{"dialTimeout", c.DialTimeout}, {"readTimeout", c.ReadTimeout}, {"writeTimeout", c.WriteTimeout},
		{"poolTimeout", c.PoolTimeout}, {"callTimeout", c.CallTimeout},
	} {
		fault(wait.value < 0, "%s: must not be negative", wait.name)
	}
	fault(c.Connections < 0, "connections: must not be negative")
	fault(c.Connections > 0 && (c.IdleConnections < 0 || c.IdleConnections > c.Connections),
		"idleConnections: expected 0 to %d, the number of connections", c.Connections)
	if c.TLS != nil {
		_, err := c.TLS.config()
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func isHostPort(addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	number, bad := strconv.ParseUint(port, 10, 16)
	isName := host != "" && !strings.ContainsAny(host, ":,/@ ")
	return err == nil && bad == nil && number != 0 && (isName || net.ParseIP(host) != nil)
}

// config reads the files. It is nil for plain connections.
func (t *TLS) config() (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	var faults []error
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		config.RootCAs = x509.NewCertPool()
		if err != nil {
			faults = append(faults, fmt.Errorf("tls.caFile: %w", err))
		} else if !config.RootCAs.AppendCertsFromPEM(pem) {
			faults = append(faults, fmt.Errorf("tls.caFile: %s holds no certificate in PEM", t.CAFile))
		}
	}
	switch {
	case (t.CertFile == "") != (t.KeyFile == ""):
		faults = append(faults, errors.New("tls.certFile and tls.keyFile: one is missing"))
	case t.CertFile != "":
		own, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			faults = append(faults, fmt.Errorf("tls.certFile and tls.keyFile: %w", err))
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, errors.Join(faults...)
}
