package config

import (
	"net"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	defaultListen         = "127.0.0.1:8080"
	defaultOperatorListen = "127.0.0.1:9090"
	defaultDataDir        = "var/gateway"
	defaultTokenLifetime  = 15 * time.Minute
	defaultMaxInFlight    = 1024
	// stopMargin is what the default stop allows beyond the longest call.
	stopMargin = 5 * time.Second

	minSecret    = 32
	maxMerchants = 100
)

// gateway reads the whole file.
func (r *reader) gateway(root *yaml.Node) *Config {
	o := r.object(root, "", "gateway")
	c := &Config{
		Listen:         read(o, "listen", address, defaultListen),
		OperatorListen: read(o, "operatorListen", address, defaultOperatorListen),
		DataDir:        o.filePath("dataDir", r.inFolder(defaultDataDir)),
		Secret:         o.gatewaySecret(),
		SigningKeys:    o.signingKeys(),
		TokenLifetime:  read(o, "tokenLifetime", between(time.Minute, 24*time.Hour), defaultTokenLifetime),
		Redis:          o.redis(),
		Log:            o.log(),
		Tracing:        o.tracing(),
		MaxInFlight:    read(o, "maxInFlight", number(1, 100_000), defaultMaxInFlight),
	}
	o.signingKeyFolder(c)
	c.Cards = o.cardListener()
	r.cards = o.has("cardListener")
	c.Mutual = o.tlsListener()
	r.mutual = c.Mutual != nil
	c.PublicURL = read(o, "publicURL", publicURL, localURL(c.Listen))
	c.ClientAddressHeader = read(o, "clientAddressHeader", addressHeader, "")
	c.Ledger = o.ledger(c)
	c.Retention = o.retention(c)
	c.SettlementFolder = o.filePath("settlementFolder", "")
	c.Sealing = o.sealing()
	c.Operators = o.operators()
	c.Merchants = o.merchants()
	o.judgeSealed(c)
	c.StopTimeout = read(o, "stopTimeout", between(time.Second, 10*time.Minute), longestCall(c.Merchants)+stopMargin)
	o.judgePublic(c)
	o.judgeCards(c)
	o.judgeTLS(c)
	return c
}

// ledger is one file, or one database that several gateways share. Those have
// to share the secrets too, so that each knows the others' keys and tokens.
func (o object) ledger(c *Config) Ledger {
	l := o.child("ledger", "ledger")
	postgres := l.secret("postgres")
	if postgres.IsZero() {
		return Ledger{SQLite: l.filePath("sqlite", filepath.Join(c.DataDir, "ledger.db"))}
	}
	if l.members["sqlite"] != nil {
		l.fault("sqlite", "stands beside postgres; keep one of them")
	}
	if c.Secret.IsZero() {
		o.fault("secret", "is missing; gateways that share a PostgreSQL ledger have to share the secret: `openssl rand -base64 32` makes one")
	}
	if !o.has("signingKeys") && !o.has("signingKeyFolder") {
		o.fault("signingKeyFolder", "is missing; gateways that share a PostgreSQL ledger have to share the folder of the keys that sign tokens, "+
			"or name the same signingKeys")
	}
	return Ledger{Postgres: postgres}
}

// localURL is the address for callers on this machine, which is who can reach
// a gateway whose public address nobody has named.
func localURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func longestCall(merchants []Merchant) time.Duration {
	var longest time.Duration
	for _, m := range merchants {
		longest = max(longest, m.PayTrace.CallDeadline)
	}
	return longest
}

// gatewaySecret takes the text as it stands for a key: whether it is base64,
// hex or words makes no difference to a keyed hash.
func (o object) gatewaySecret() Secret {
	secret := o.secret("secret")
	if !secret.IsZero() && secret.length() < minSecret {
		o.fault("secret", "the secret is shorter than 32 characters; `openssl rand -base64 32` makes one")
	}
	return secret
}

func (o object) log() Log {
	l := o.child("log", "log")
	return Log{
		Level:  read(l, "level", logLevel, 0),
		Format: read(l, "format", logFormat, "json"),
	}
}

func (o object) merchants() []Merchant {
	var merchants []Merchant
	o.list("merchants", maxMerchants, func(node *yaml.Node, path string) {
		merchants = append(merchants, o.r.object(node, path, "merchant").merchant())
	})
	if o.empty("merchants") {
		o.fault("merchants", "is missing; expected at least one merchant")
	}
	return merchants
}
