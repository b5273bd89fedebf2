package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const maxTracingHeaders = 20

var (
	collector = kind[string]{expected: `a collector's address such as http://127.0.0.1:4318, without user, query or fragment, or "" for none`, parse: parseCollector}
	share     = kind[float64]{expected: "a number from 0 to 1, such as 0.25", parse: parseShare}
)

func (o object) tracing() Tracing {
	t := o.child("tracing", "tracing")
	tracing := Tracing{
		Endpoint: read(t, "endpoint", collector, ""),
		Sample:   read(t, "sample", share, 1),
		Headers:  t.headers(),
	}
	t.judgeHeaders(tracing)
	return tracing
}

// judgeHeaders lets no secret leave this machine in the clear.
func (o object) judgeHeaders(t Tracing) {
	u, err := url.Parse(t.Endpoint)
	if err == nil && u.Scheme == "http" && len(t.Headers) > 0 && !isThisMachine(u.Hostname()) {
		o.fault("headers", "are secrets, and would leave this machine in the clear; use an endpoint that begins with https://")
	}
}

func parseCollector(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	return parseURL(s)
}

var plainShare = regexp.MustCompile(`^[01](\.[0-9]{1,9})?$`)

// parseShare takes plain digits alone: strconv knows of infinities too.
func parseShare(s string) (float64, bool) {
	if !plainShare.MatchString(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && f <= 1
}

// headers are secrets, as they are there to let the gateway in.
func (o object) headers() map[string]Secret {
	path := join(o.path, "headers")
	entries := o.r.entries(o.members["headers"], path, func(string) string { return "" })
	if len(entries) > maxTracingHeaders {
		o.fault("headers", fmt.Sprintf("expected at most %d headers", maxTracingHeaders))
	}
	names := object{r: o.r, path: path, members: entries}
	headers, taken := map[string]Secret{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if first, twice := taken[strings.ToLower(name)]; twice {
			names.fault(name, "is the same header as "+first)
		}
		taken[strings.ToLower(name)], headers[name] = name, names.secret(name)
	}
	return headers
}
