package egress

import (
	"crypto/x509"
	"net"
	"net/netip"
	"time"
)

// The defaults of a Config.
const (
	DefaultConnectTimeout = 10 * time.Second
	// DefaultIdleTimeout is below the five seconds of Node's servers, the
	// shortest that is widespread: a connection that the other side closes at
	// the moment of a request makes that request fail.
	DefaultIdleTimeout = 4 * time.Second
)

// Config is what a Door needs. All of it has a default.
type Config struct {
	// LiveMode asks for https.
	LiveMode bool
	// AllowNetworks and AllowHosts are the allow-list: networks such as
	// 10.1.0.0/16, and hosts with their port such as hooks.internal:8443, which
	// may be anywhere and have any port.
	AllowNetworks []netip.Prefix
	AllowHosts    []string
	// Secrets are never shown, wherever the other side says them.
	Secrets []string

	// ConnectTimeout bounds name look-up and connection, and then the TLS
	// handshake once more.
	ConnectTimeout time.Duration
	IdleTimeout    time.Duration
	// BodyTimeout bounds the reading of a body whose head has come. None means
	// the request's context alone.
	BodyTimeout time.Duration

	// RootCAs replaces the system's certificate authorities.
	RootCAs *x509.CertPool
	// Resolver replaces the system's.
	Resolver *net.Resolver
}

func (c Config) withDefaults() Config {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = DefaultConnectTimeout
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = DefaultIdleTimeout
	}
	return c
}
