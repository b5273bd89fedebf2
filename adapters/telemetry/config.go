package telemetry

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Config is all that a Telemetry needs at its start. What it asks at scrapes
// comes later, by Watch.
type Config struct {
	// Version and Instance name this process.
	Version  string
	Instance string
	// Merchants are the ids of the configured merchants.
	Merchants []string
	// Subscribers are the names of those that are told of each merchant's
	// payments.
	Subscribers map[string][]string
	Now         func() time.Time
	Log         *slog.Logger
	Tracing     Tracing
}

// Tracing says where spans go. The zero value is no tracing.
type Tracing struct {
	// Endpoint is the URL of a collector that takes OTLP over HTTP; without a
	// path, /v1/traces is meant. Empty is no tracing.
	Endpoint string
	// Sample is the share of traces that are recorded, from 0 to 1.
	Sample float64
	// Headers go with every export, such as the collector's key.
	Headers map[string]string
}

// check names every fault at once.
func (c Config) check() error {
	var faults []error
	named := append([]string{c.Version, c.Instance}, c.Merchants...)
	for name := range subscriberNames(c.Subscribers) {
		named = append(named, name)
	}
	for _, name := range named {
		if !utf8.ValidString(name) {
			faults = append(faults, errors.New("telemetry: a version, an instance, a merchant's id and a subscriber's name must be UTF-8"))
			break
		}
	}
	if c.Tracing.Endpoint != "" {
		faults = append(faults, c.Tracing.check())
	}
	return errors.Join(faults...)
}

func (t Tracing) check() error {
	var faults []error
	endpoint, err := url.Parse(t.Endpoint)
	switch {
	case err != nil || (endpoint.Scheme != "http" && endpoint.Scheme != "https") || endpoint.Host == "":
		faults = append(faults, errors.New("tracing.endpoint: expected a URL such as http://127.0.0.1:4318"))
	case endpoint.User != nil || endpoint.RawQuery != "" || endpoint.Fragment != "":
		faults = append(faults, errors.New("tracing.endpoint: expected scheme, host and path alone; a key belongs into tracing.headers"))
	case len(t.Headers) > 0 && endpoint.Scheme == "http" && !isLoopback(endpoint.Hostname()):
		faults = append(faults, errors.New("tracing.headers: a key may leave this machine by https only; change tracing.endpoint"))
	}
	if !(t.Sample >= 0 && t.Sample <= 1) { // not a number is refused, too
		faults = append(faults, errors.New("tracing.sample: expected a share from 0 to 1"))
	}
	for name, value := range t.Headers {
		if !headerName.MatchString(name) || strings.ContainsFunc(value, isControl) {
			faults = append(faults, fmt.Errorf("tracing.headers: %q cannot be sent as a header", name))
		}
	}
	return errors.Join(faults...)
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
