package config

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"paytrace-gateway/gateway"
)

const (
	maxWebhooks       = 20
	maxEvents         = 20
	maxNetworks       = 20
	defaultTimeout    = 15 * time.Second
	defaultAtOnce     = 8
	webhookSecretMark = "whsec_"
)

// Callbacks are who is told of a merchant's payments.
type Callbacks struct {
	Magento    *Magento    `yaml:"magento,omitempty"`
	Salesforce *Salesforce `yaml:"salesforce,omitempty"`
	Webhooks   []Webhook   `yaml:"webhooks,omitempty"`
}

// Egress is what may be reached although it is not on the internet.
type Egress struct {
	AllowNetworks []netip.Prefix `yaml:"allowNetworks,omitempty"`
	// AllowHosts are host:port.
	AllowHosts []string `yaml:"allowHosts,omitempty"`
}

// Webhook is an endpoint that gets signed events.
type Webhook struct {
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
	// Secret signs. During a rotation PreviousSecret signs beside it.
	Secret         Secret `yaml:"secret"`
	PreviousSecret Secret `yaml:"previousSecret,omitempty"`
	// Events are types of event; none means all.
	Events []string `yaml:"events,omitempty"`
	Egress `yaml:",inline"`
	Calls  `yaml:",inline"`
}

var (
	subscriberName = kind[string]{expected: "1 to 32 lower-case letters, digits and dashes, no dash first", text: true, parse: matching(`^[a-z0-9][a-z0-9-]{0,31}$`)}
	hookURL        = kind[string]{expected: "an address such as https://erp.example.com/hooks, without user or fragment", text: true, parse: parseHookURL}
	eventType      = kind[string]{expected: "a type of event such as payment.approved, or payment.* for all of them; known are " +
		strings.Join(gateway.EventTypes(), ", "), text: true, parse: parseEventType}
	hostPort = kind[string]{expected: "host:port, such as erp.internal:8443", text: true, parse: parseHostPort}
	network  = kind[netip.Prefix]{expected: "a network such as 10.1.0.0/16", text: true, parse: parseNetwork}
)

func parseHookURL(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || !isHost(u.Hostname()) || u.User != nil || strings.Contains(s, "#") {
		return "", false
	}
	return s, hasGoodPort(u)
}

func parseEventType(s string) (string, bool) {
	group, all := strings.CutSuffix(s, ".*")
	return s, slices.ContainsFunc(gateway.EventTypes(), func(known string) bool {
		return known == s || (all && strings.HasPrefix(known, group+"."))
	})
}

func parseHostPort(s string) (string, bool) {
	_, ok := parseAddress(s)
	return s, ok && !strings.HasPrefix(s, ":")
}

func parseNetwork(s string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s)
	return p, err == nil && p == p.Masked()
}

// callbacks reads who is told of the merchant's payments.
func (o object) callbacks(live bool) Callbacks {
	c := o.child("callbacks", "callbacks")
	names := map[string]string{MagentoName: join(c.path, MagentoName), SalesforceName: join(c.path, SalesforceName)}
	callbacks := Callbacks{Magento: c.magento(live), Salesforce: c.salesforce()}
	c.list("webhooks", maxWebhooks, func(node *yaml.Node, path string) {
		callbacks.Webhooks = append(callbacks.Webhooks, o.r.object(node, path, "webhook").webhook(live, names))
	})
	return callbacks
}

func (o object) webhook(live bool, names map[string]string) Webhook {
	w := Webhook{
		Name:           o.subscriber(names),
		URL:            require(o, "url", hookURL),
		Secret:         o.requiredCredential("secret", fitsWebhook, true),
		PreviousSecret: o.secret("previousSecret"),
		Egress:         o.egress(),
		Calls:          o.calls(),
	}
	if o.has("events") {
		w.Events = o.distinct("events", maxEvents, eventType)
	}
	for member, secret := range map[string]Secret{"secret": w.Secret, "previousSecret": w.PreviousSecret} {
		if !secret.IsZero() && secret.SealedAs() == "" && fitsWebhook(secret.Reveal()) != "" {
			o.fault(member, fitsWebhook(secret.Reveal()))
		}
	}
	if w.Secret.SealedAs() != "" && o.has("previousSecret") {
		o.fault("previousSecret", "stands beside a sealed secret, which has the one before with it while a rotation lasts; leave it out")
	}
	o.judgeHook(w, live)
	return w
}

// subscriber reads a name under which somebody is told of events. What is still
// owed is kept under it.
func (o object) subscriber(names map[string]string) string {
	name := require(o, "name", subscriberName)
	if first, twice := names[name]; twice && name != "" {
		o.fault("name", fmt.Sprintf("is the name of %s too; it has to be unique in its merchant", first))
	}
	names[name] = o.path
	return name
}

// fitsWebhook says what is wrong with a secret that signs. Go's base64 passes
// over line breaks, which no receiver does.
func fitsWebhook(s string) string {
	text, marked := strings.CutPrefix(s, webhookSecretMark)
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if marked && err == nil && !strings.ContainsAny(text, "\r\n") && len(key) >= 24 && len(key) <= 64 {
		return ""
	}
	return "expected " + webhookSecretMark + " and 24 to 64 random bytes as base64; `echo " + webhookSecretMark + "$(openssl rand -base64 32)` makes one"
}

// judgeHook keeps payments of real cards from crossing a network in the clear.
func (o object) judgeHook(w Webhook, live bool) {
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme != "http" {
		return
	}
	if live {
		o.fault("url", "has to begin with https:// in live mode")
	} else if !isThisMachine(u.Hostname()) && len(w.AllowNetworks) == 0 && len(w.AllowHosts) == 0 {
		o.fault("url", "has to begin with https://; http:// is taken for this machine, and for what allowNetworks or allowHosts names")
	}
}
