package webhook

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"paytrace-gateway/egress"
	"paytrace-gateway/gateway"
)

// Config is one subscriber. URL, Secret and Body have no default.
type Config struct {
	// URL is https in live mode. It may hold a secret in its path or query, and
	// is never shown.
	URL string
	// Secret signs, as whsec_ and 24 to 64 random bytes in base64. During a
	// rotation PreviousSecret signs beside it.
	Secret         string
	PreviousSecret string
	// Body writes what is told of an event, the envelope's `data`, as JSON. It
	// bears being called at once by several.
	Body     func(gateway.Event) ([]byte, error)
	LiveMode bool
	// AllowNetworks and AllowHosts (host:port) may be reached although they are
	// not on the internet.
	AllowNetworks []netip.Prefix
	AllowHosts    []string

	// RootCAs replaces the system's certificate authorities, Resolver its
	// look-up of names.
	RootCAs  *x509.CertPool
	Resolver *net.Resolver
	Now      func() time.Time
}

// bodyTimeout is how long the rest of an answer is waited for, once its status
// has said everything.
const bodyTimeout = time.Second

// New names every fault of the configuration at once.
func New(config Config) (*Sink, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	secrets, fault := parseSecrets(config.Secret, config.PreviousSecret)
	faults := []error{fault}
	if config.Body == nil {
		faults = append(faults, errors.New("body: missing, so that there is nothing to tell"))
	}
	door, err := egress.New(egress.Config{
		LiveMode: config.LiveMode, AllowNetworks: config.AllowNetworks, AllowHosts: config.AllowHosts,
		Secrets: unshown(config), BodyTimeout: bodyTimeout, RootCAs: config.RootCAs, Resolver: config.Resolver,
	})
	if err != nil {
		return nil, errors.Join(append(faults, err)...)
	}
	target, err := door.ParseURL(config.URL)
	if err != nil {
		faults = append(faults, fmt.Errorf("url: %w", err))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &Sink{client: client{door: door, url: target, now: config.Now}, secrets: secrets, body: config.Body, now: config.Now}, nil
}

// The shortest parts of a URL that are taken for secrets. Shorter ones are
// words that occur everywhere.
const (
	secretSegment = 16
	secretValue   = 8
)

// unshown are the texts that must not come back to a person when a receiver
// says them: the signing secrets, and those that a URL can hold.
func unshown(config Config) []string {
	all := []string{config.Secret, config.PreviousSecret, strings.TrimPrefix(config.Secret, mark), strings.TrimPrefix(config.PreviousSecret, mark)}
	u, err := url.Parse(config.URL)
	if err != nil {
		return all
	}
	for _, segment := range append(strings.Split(u.Path, "/"), strings.Split(u.EscapedPath(), "/")...) {
		if len(segment) >= secretSegment {
			all = append(all, segment)
		}
	}
	for _, values := range u.Query() {
		for _, value := range values {
			if len(value) >= secretValue {
				all = append(all, value, url.QueryEscape(value))
			}
		}
	}
	return all
}
