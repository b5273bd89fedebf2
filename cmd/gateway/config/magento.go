package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"paytrace-gateway/gateway"
)

const (
	maxMethodCodes = 10
	maxStores      = 100
	// subscribers' own names: what is owed to them is kept under these.
	MagentoName    = "magento"
	SalesforceName = "salesforce"
)

// Magento is the shop that is told of its orders' payments. What is empty has
// the adapter's own default.
type Magento struct {
	BaseURL string `yaml:"baseURL"`
	// SigningURL is the shop's address as Magento itself sees it, when that is
	// another one.
	SigningURL        string `yaml:"signingURL,omitempty"`
	ConsumerKey       Secret `yaml:"consumerKey"`
	ConsumerSecret    Secret `yaml:"consumerSecret"`
	AccessToken       Secret `yaml:"accessToken"`
	AccessTokenSecret Secret `yaml:"accessTokenSecret"`
	// Way is module or core.
	Way         string           `yaml:"way"`
	MethodCodes []string         `yaml:"methodCodes,omitempty"`
	Channel     string           `yaml:"channel"`
	Stores      map[string]int64 `yaml:"stores,omitempty"`
	OrderWait   time.Duration    `yaml:"orderWait"`
	// UndoWithoutOrder gives the money back of an order that never came.
	UndoWithoutOrder bool `yaml:"undoWithoutOrder"`
	// CallerBudget is how long the shop waits for the gateway's answer.
	CallerBudget time.Duration `yaml:"callerBudget"`
	// LeaveReview lets the core way save an order's state.
	LeaveReview bool                      `yaml:"leaveReview"`
	Declined    string                    `yaml:"declined"`
	Statuses    map[gateway.Status]string `yaml:"statuses,omitempty"`
	Egress      `yaml:",inline"`
	Calls       `yaml:",inline"`
}

// Calls bound what goes to one subscriber.
type Calls struct {
	Timeout time.Duration `yaml:"timeout"`
	AtOnce  int           `yaml:"atOnce"`
}

var (
	shopURL     = kind[string]{expected: "the shop's address, such as https://shop.example.com, without /rest", text: true, parse: parseURL}
	way         = oneOf("module", "core")
	declined    = oneOf("cancel", "review")
	methodCode  = kind[string]{expected: "a payment method's code, such as paytrace_gateway", text: true, parse: matching(`^[a-z][a-z0-9_]{0,63}$`)}
	storeNumber = number(1, 65535)
	orderStatus = kind[string]{expected: "a status of the shop, such as awaiting_capture", text: true, parse: matching(`^[a-z0-9_]{1,32}$`)}
)

// magento reads the shop, nil when there is none.
func (o object) magento(live bool) *Magento {
	if !o.has(MagentoName) {
		return nil
	}
	m := o.child(MagentoName, "magento")
	shop := Magento{
		BaseURL:           require(m, "baseURL", shopURL),
		SigningURL:        read(m, "signingURL", shopURL, ""),
		ConsumerKey:       m.requiredCredential("consumerKey", fitsMagento, false),
		ConsumerSecret:    m.requiredCredential("consumerSecret", fitsMagento, false),
		AccessToken:       m.requiredCredential("accessToken", fitsMagento, false),
		AccessTokenSecret: m.requiredCredential("accessTokenSecret", fitsMagento, false),
		Way:               require(m, "way", way),
		Channel:           read(m, "channel", channel, "magento"),
		Stores:            m.stores(),
		OrderWait:         read(m, "orderWait", between(time.Minute, 24*time.Hour), 15*time.Minute),
		UndoWithoutOrder:  read(m, "undoWithoutOrder", truth, false),
		CallerBudget:      read(m, "callerBudget", between(time.Second, 55*time.Second), 9*time.Second),
		LeaveReview:       read(m, "leaveReview", truth, false),
		Declined:          read(m, "declined", declined, "cancel"),
		Statuses:          m.statuses(orderStatus),
		Egress:            m.egress(),
		Calls:             m.calls(),
	}
	if m.has("methodCodes") {
		shop.MethodCodes = m.distinct("methodCodes", maxMethodCodes, methodCode)
	}
	if live && strings.HasPrefix(shop.BaseURL, "http://") {
		m.fault("baseURL", "has to begin with https:// in live mode")
	}
	return &shop
}

func (o object) stores() map[string]int64 {
	path := join(o.path, "stores")
	entries := o.r.entries(o.members["stores"], path, func(string) string { return "" })
	if len(entries) > maxStores {
		o.fault("stores", fmt.Sprintf("expected at most %d stores", maxStores))
	}
	names := object{r: o.r, path: path, members: entries}
	stores := map[string]int64{}
	for _, code := range slices.Sorted(maps.Keys(entries)) {
		stores[code] = int64(require(names, code, storeNumber))
	}
	return stores
}

// statuses reads the other side's names for the states of our payments.
func (o object) statuses(theirs kind[string]) map[gateway.Status]string {
	path := join(o.path, "statuses")
	entries := o.r.entries(o.members["statuses"], path, func(name string) string {
		if gateway.KnownStatus(gateway.Status(name)) {
			return ""
		}
		return "is no state of a payment; known are those of payment.* events"
	})
	names := object{r: o.r, path: path, members: entries}
	statuses := map[gateway.Status]string{}
	for _, ours := range slices.Sorted(maps.Keys(entries)) {
		statuses[gateway.Status(ours)] = require(names, ours, theirs)
	}
	return statuses
}

func (o object) calls() Calls {
	return Calls{
		Timeout: read(o, "timeout", between(time.Second, 30*time.Second), defaultTimeout),
		AtOnce:  read(o, "atOnce", number(1, 64), defaultAtOnce),
	}
}

// texts reads a mapping of names to texts.
func (o object) texts(name string, limit int, k kind[string]) map[string]string {
	path := join(o.path, name)
	entries := o.r.entries(o.members[name], path, func(string) string { return "" })
	if len(entries) > limit {
		o.fault(name, fmt.Sprintf("expected at most %d members", limit))
	}
	names := object{r: o.r, path: path, members: entries}
	texts := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		texts[key] = require(names, key, k)
	}
	return texts
}

// egress reads what may be reached although it is not on the internet.
func (o object) egress() Egress {
	var e Egress
	o.list("allowNetworks", maxNetworks, func(node *yaml.Node, path string) {
		e.AllowNetworks = append(e.AllowNetworks, scan(o.r, node, path, network))
	})
	if o.has("allowHosts") {
		e.AllowHosts = o.distinct("allowHosts", maxNetworks, hostPort)
	}
	return e
}
