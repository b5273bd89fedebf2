package config

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/url"
	"slices"
	"strings"
)

const (
	sandboxURL    = "https://api.sandbox.paytrace.com"
	productionURL = "https://api.paytrace.com"

	minLiveSecret = 20
)

// system is what answers at an address.
type system int

const (
	elsewhere  system = iota // a host that says nothing about itself
	sandbox                  // moves no money
	production               // charges cards
)

// systemAt judges by the host, whatever its spelling: `API.PayTrace.com.` is
// production too. What answers on this machine is a simulator.
func systemAt(host string) system {
	host = strings.TrimRight(strings.ToLower(host), ".")
	ip := net.ParseIP(host)
	switch {
	case strings.Contains(host, "sandbox"), host == "localhost", strings.HasSuffix(host, ".localhost"), ip != nil && (ip.IsLoopback() || ip.IsUnspecified()):
		return sandbox
	case host == "paytrace.com", strings.HasSuffix(host, ".paytrace.com"):
		return production
	default:
		return elsewhere
	}
}

// judgeAccount keeps tests and real cards apart: a copied configuration must
// never charge one.
func (o object) judgeAccount(p PayTrace, live bool) {
	u, err := url.Parse(p.BaseURL)
	if err != nil || p.BaseURL == "" {
		return // a fault of its own
	}
	at := systemAt(u.Hostname())
	switch {
	case !live && at == production:
		o.fault("baseURL", "is PayTrace's production, which charges cards, but liveMode is false; use "+sandboxURL+" or set liveMode: true")
	case live && at == sandbox:
		o.fault("baseURL", "is a sandbox or a simulator, but liveMode is true; use "+productionURL+" or set liveMode: false")
	case live && u.Scheme != "https":
		o.fault("baseURL", "has to begin with https:// in live mode")
	case u.Scheme != "https" && !isThisMachine(u.Hostname()):
		o.fault("baseURL", "has to begin with https://; http:// is taken for this machine alone (127.0.0.1, [::1] or localhost)")
	}
	if live && strings.HasPrefix(p.HostedFieldsScript, "http://") {
		o.fault("hostedFieldsScript", "has to begin with https:// in live mode")
	}
	if live && isDemo(p.Username) {
		o.fault("username", demoValue)
	}
	if live && isDemo(p.Password.Reveal()) {
		o.fault("password", demoValue)
	}
}

// isThisMachine is stricter than systemAt: no password leaves it in the clear.
func isThisMachine(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// judgeClient keeps guessable secrets away from real cards.
func (o object) judgeClient(c Client, live bool) {
	switch {
	case !live:
		return
	case isDemo(c.Secret.Reveal()):
		o.fault("secret", demoValue)
	case !c.Secret.IsZero() && c.Secret.length() < minLiveSecret:
		o.fault("secret", "the secret is shorter than 20 characters, which live mode asks for; `openssl rand -base64 32` makes one")
	}
	if isDemo(c.SecretHash.Reveal()) {
		o.fault("secretHash", demoValue)
	}
}

// judgePublic holds what live mode asks of the whole gateway.
func (o object) judgePublic(c *Config) {
	if !slices.ContainsFunc(c.Merchants, func(m Merchant) bool { return m.LiveMode }) {
		return
	}
	if c.PublicURL != "" && !strings.HasPrefix(c.PublicURL, "https://") {
		o.fault("publicURL", "has to be named and begin with https:// when a merchant is in live mode")
	}
	if isDemo(c.Secret.Reveal()) {
		o.fault("secret", demoValue)
	}
}

const (
	demoValue = "is a demo or example value, which live mode refuses; set one of your own"
	// demoSecret is printed in the documentation for everyone to paste.
	demoSecret = "demo-secret-change-me"
)

// isDemo recognises what is printed in documentation, PayTrace's old public
// demo account (demo123) among it, and the hash of our own demo secret.
func isDemo(value string) bool {
	hash := sha256.Sum256([]byte(demoSecret))
	if value == "sha256:"+hex.EncodeToString(hash[:]) {
		return true
	}
	value = strings.ToLower(value)
	for _, word := range []string{"change-me", "changeme", "demo-", "demo123", "example"} {
		if strings.Contains(value, word) {
			return true
		}
	}
	return value == "demo"
}
