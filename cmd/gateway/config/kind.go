package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// kind is one sort of scalar: how to read it, and what to tell an operator who
// wrote something else.
type kind[T any] struct {
	expected string
	parse    func(string) (T, bool)
	// text kinds take no bare number, date or truth value, whose spelling YAML
	// leaves open: they have to be put in quotes.
	text bool
}

// lookup reads a member, here and in the environment, which wins. The file's
// value is read even then, so that a fault in it does not hide until later.
func lookup[T any](o object, name string, k kind[T]) (value T, found bool) {
	if node := o.members[name]; node != nil {
		found = true
		value = scan(o.r, node, join(o.path, name), k)
	}
	if variable, text, ok := o.r.override(join(o.path, name)); ok {
		found = true
		parsed, fits := k.parse(text)
		if !fits {
			o.r.environmentFault(variable, "expected "+k.expected)
			return *new(T), true
		}
		value = parsed
	}
	return value, found
}

// require reads a member that has to be there.
func require[T any](o object, name string, k kind[T]) T {
	value, found := lookup(o, name, k)
	if !found {
		o.fault(name, "is missing; expected "+k.expected)
	}
	return value
}

// read reads a member that has a default.
func read[T any](o object, name string, k kind[T], fallback T) T {
	if value, found := lookup(o, name, k); found {
		return value
	}
	return fallback
}

// scan reads one scalar, and returns the zero value after recording a fault.
func scan[T any](r *reader, node *yaml.Node, path string, k kind[T]) (value T) {
	if node.Kind != yaml.ScalarNode {
		r.faultAt(node, path, "expected "+k.expected+", found "+nameOf(node))
		return value
	}
	if tag := node.ShortTag(); k.text && tag != "!!str" {
		r.faultAt(node, path, "expected "+k.expected+"; put the value in quotes")
		return value
	}
	text, ok := r.expand(node, path, false)
	if !ok {
		return value
	}
	parsed, ok := k.parse(text)
	if !ok {
		r.faultAt(node, path, "expected "+k.expected)
		return value
	}
	return parsed
}

// distinct reads a list of texts, at least one and none of them twice.
func (o object) distinct(name string, limit int, k kind[string]) []string {
	var texts []string
	o.list(name, limit, func(node *yaml.Node, path string) {
		s := scan(o.r, node, path, k)
		if s != "" && slices.Contains(texts, s) {
			o.r.faultAt(node, path, "stands twice; keep one")
		}
		texts = append(texts, s)
	})
	if o.empty(name) {
		o.fault(name, "is missing; expected a list of "+k.expected)
	}
	return texts
}

// filePath reads a member that names a file or folder. The file's own relative
// paths start at its folder, those of the environment at the working directory.
func (o object) filePath(name, fallback string) string {
	text, found := lookup(o, name, pathName)
	if !found || text == "" {
		return fallback
	}
	if _, _, overridden := o.r.override(join(o.path, name)); overridden {
		return text
	}
	return o.r.inFolder(text)
}

var (
	truth     = kind[bool]{expected: "true or false", parse: parseTruth}
	zone      = kind[Zone]{expected: "a time zone's name, such as " + pacific, parse: parseZone}
	address   = kind[string]{expected: "host:port, such as 127.0.0.1:8080 or :8080", parse: parseAddress}
	publicURL = kind[string]{expected: "an address such as https://pay.example.com, without user, query or fragment", parse: parseURL}
	// One of Forwarded's form holds more than an address.
	addressHeader = kind[string]{expected: "the name of a header that holds an address and nothing else, such as X-Real-IP", text: true, parse: parseAddressHeader}
	baseURL       = kind[string]{expected: "PayTrace's address without a path: " + sandboxURL + " to test, " + productionURL + " to charge cards", parse: parseBaseURL}
	scriptURL     = kind[string]{expected: "the https:// address of PayTrace's script, without a query (http:// for this machine alone)", parse: parseScriptURL}
	pathName      = kind[string]{expected: "a path", text: true, parse: matching(`^[^\x00]+$`)}
	merchantID    = kind[string]{expected: "1 to 32 lower-case letters, digits and dashes, no dash first", text: true, parse: matching(`^[a-z0-9][a-z0-9-]{0,31}$`)}
	clientID      = kind[string]{expected: "1 to 64 of A-Z a-z 0-9 . _ @ -", text: true, parse: matching(`^[A-Za-z0-9._@-]{1,64}$`)}
	channel       = kind[string]{expected: "1 to 32 lower-case letters, digits, dashes and underscores", text: true, parse: matching(`^[a-z0-9_-]{1,32}$`)}
	secretHash    = kind[string]{expected: "sha256: and 64 lower-case hex digits", text: true, parse: matching(`^sha256:[0-9a-f]{64}$`)}
	username      = kind[string]{expected: "the name of a PayTrace user, at most 100 characters", text: true, parse: matching(`^[[:graph:]]([[:print:]]{0,98}[[:graph:]])?$`)}
	integrator    = kind[string]{expected: "the integrator id from PayTrace, 1 to 12 letters and digits", text: true, parse: matching(`^[A-Za-z0-9]{1,12}$`)}
	theirName     = kind[string]{expected: "the name that PayTrace knows, 1 to 64 characters without blanks", text: true, parse: matching(`^[[:graph:]]{1,64}$`)}
	currency      = oneOf("USD")
	scope         = oneOf("payments:write", "payments:read", "vault:write", "vault:read", "reports:read",
		"callbacks:read", "callbacks:write", "disputes:write", "admin")
	referenceField = oneOf("customer_reference_id", "description")
	answerField    = kind[string]{expected: "the name of a member of PayTrace's answers, or of one in an object, such as discretionary_data.BALANCEAMOUNT", text: true, parse: matching(`^[A-Za-z0-9_]{1,64}(\.[A-Za-z0-9_]{1,64})?$`)}
	logFormat      = oneOf("json", "text")
	logLevel       = kind[slog.Level]{expected: "debug, info, warn or error", parse: parseLevel}
)

func parseAddressHeader(s string) (string, bool) {
	_, named := matching(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)(s)
	return s, named && !strings.EqualFold(s, "Forwarded")
}

func matching(pattern string) func(string) (string, bool) {
	re := regexp.MustCompile(pattern)
	return func(s string) (string, bool) { return s, re.MatchString(s) }
}

func oneOf(words ...string) kind[string] {
	last := len(words) - 1
	expected := words[last]
	if last > 0 {
		expected = strings.Join(words[:last], ", ") + " or " + expected
	}
	return kind[string]{expected: expected, parse: func(s string) (string, bool) { return s, slices.Contains(words, s) }}
}

func between(low, high time.Duration) kind[time.Duration] {
	return kind[time.Duration]{
		expected: fmt.Sprintf("a time from %s to %s, with its unit", brief(low), brief(high)),
		parse: func(s string) (time.Duration, bool) {
			d, err := time.ParseDuration(s)
			return d, err == nil && d >= low && d <= high
		},
	}
}

// brief writes a duration as people do: 10m, not 10m0s.
func brief(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "m0s")
	if s != d.String() {
		s += "m"
	}
	return strings.Replace(s, "h0m", "h", 1)
}

func number(low, high int) kind[int] {
	return kind[int]{
		expected: fmt.Sprintf("a whole number from %d to %d", low, high),
		parse: func(s string) (int, bool) {
			n, err := strconv.Atoi(s)
			return n, err == nil && n >= low && n <= high
		},
	}
}

func parseTruth(s string) (value, ok bool) { return s == "true", s == "true" || s == "false" }

// parseLevel takes capitals too, which is how Redacted prints a level.
func parseLevel(s string) (level slog.Level, ok bool) {
	switch strings.ToLower(s) {
	case "debug", "info", "warn", "error":
		return level, level.UnmarshalText([]byte(s)) == nil
	}
	return level, false
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9.])?$`)

func parseAddress(s string) (string, bool) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return s, err == nil && strconv.FormatUint(n, 10) == port && (host == "" || isHost(host))
}

func isHost(s string) bool { return net.ParseIP(s) != nil || hostName.MatchString(s) }

// parseURL returns the address without its trailing slash, so that paths can
// be appended and issuers compared.
func parseURL(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || !isHost(u.Hostname()) || u.User != nil ||
		u.ForceQuery || u.RawQuery != "" || strings.Contains(s, "#") {
		return "", false
	}
	return strings.TrimRight(s, "/"), hasGoodPort(u)
}

// hasGoodPort takes an address without a port too, which means the usual one.
func hasGoodPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n != 0
}

func parseBaseURL(s string) (string, bool) {
	trimmed, ok := parseURL(s)
	if !ok {
		return "", false
	}
	u, err := url.Parse(trimmed)
	return trimmed, err == nil && u.Path == ""
}

// parseScriptURL refuses plain HTTP to other machines: whoever can change the
// script reads the card.
func parseScriptURL(s string) (string, bool) {
	trimmed, ok := parseURL(s)
	if !ok {
		return "", false
	}
	u, err := url.Parse(trimmed)
	return trimmed, err == nil && u.Path != "" && (u.Scheme == "https" || isThisMachine(u.Hostname()))
}
