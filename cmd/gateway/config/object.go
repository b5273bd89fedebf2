package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"paytrace-gateway/spelling"
)

// members lists what may stand in each object of the file.
var members = map[string][]string{
	"gateway": {"listen", "operatorListen", "cardListener", "tlsListener", "publicURL", "clientAddressHeader", "dataDir", "ledger", "redis", "secret", "signingKeys", "signingKeyFolder", "signingKeyDays",
		"tokenLifetime", "sealing", "log", "tracing", "maxInFlight", "stopTimeout", "retention", "settlementFolder", "operators", "merchants"},
	"operators":    {"oidc"},
	"oidc":         {"issuer", "clientID", "clientSecret", "roleClaim", "roles"},
	"cardListener": {"listen", "certFile", "keyFile"},
	"tlsListener":  {"listen", "certFile", "keyFile", "caFile"},
	"ledger":       {"sqlite", "postgres"},
	"redis":        {"url", "sentinel", "cluster", "tls", "prefix", "timeout"},
	"sentinel":     {"masterName", "addresses", "username", "password", "db", "sentinelUsername", "sentinelPassword", "tls"},
	"cluster":      {"addresses", "username", "password", "tls"},
	"tls":          {"caFile", "serverName", "certFile", "keyFile"},
	"retention":    {"archiveAfterDays", "archiveFolder", "forgetAfterDays"},
	"log":          {"level", "format"},
	"tracing":      {"endpoint", "sample", "headers"},
	"ach":          {"returnWindow", "encryptedAccountField"},
	"merchant":     {"id", "liveMode", "currency", "timeZone", "tellUnmatched", "verifyCards", "rawCards", "rawBankAccounts", "ach", "paytrace", "clients", "callbacks"},
	"paytrace": {"baseURL", "username", "password", "integratorID", "callDeadline", "sendWindow", "referenceField", "approvedAmountField", "balanceField",
		"invoiceSuffix", "exportTimeZone", "exportRowCap", "hostedFieldsScript", "maxConnections", "maxLookConnections", "rateLimit", "watchEvery", "watchDays", "checkVaultEvery",
		"discretionaryData"},
	"client": {"id", "secret", "secretHash", "scopes", "channel", "quota", "certificates", "tlsCertificates"},
	"quota":  {"requests", "per"},
	"file":   {"file"},

	"sealing": {"key", "previousKey"},
	"command": {"command"},
	"sealed":  {"sealed"},

	"callbacks": {"magento", "salesforce", "webhooks"},
	"magento": {"baseURL", "signingURL", "consumerKey", "consumerSecret", "accessToken", "accessTokenSecret", "way", "methodCodes", "channel",
		"stores", "orderWait", "undoWithoutOrder", "callerBudget", "leaveReview", "declined", "statuses", "allowNetworks", "allowHosts", "timeout", "atOnce"},
	"salesforce": {"loginURL", "clientID", "clientSecret", "username", "privateKey", "audience", "apiVersion", "object", "externalID",
		"perOperation", "sequenceField", "customerVaultField", "platformEvent", "fields", "eventFields", "statuses", "allowNetworks", "allowHosts", "timeout", "atOnce"},
	"webhook": {"name", "url", "secret", "previousSecret", "events", "allowNetworks", "allowHosts", "timeout", "atOnce"},
}

// object is a mapping of the file whose members have been checked by name.
type object struct {
	r       *reader
	node    *yaml.Node // names the position of what is missing
	path    string
	members map[string]*yaml.Node
	// broken says that there is no mapping at all: that is one fault, and what
	// its members lack is none.
	broken bool
}

// object reads a mapping. What is no mapping, or absent, is taken for an empty
// one, so that the reading can go on and find the other faults.
func (r *reader) object(node *yaml.Node, path, kind string) object {
	o := object{r: r, node: node, path: path, broken: node != nil && node.Kind != yaml.MappingNode}
	o.members = r.entries(node, path, func(name string) string {
		if slices.Contains(members[kind], name) {
			return ""
		}
		return "is not known here" + cmp.Or(spelling.Meant(name, members[kind]), "; known are "+strings.Join(members[kind], ", "))
	})
	return o
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// entries reads a mapping's members, and records those that refuse has a
// message for and those that stand twice. Empty members are left out.
func (r *reader) entries(node *yaml.Node, path string, refuse func(name string) string) map[string]*yaml.Node {
	entries := map[string]*yaml.Node{}
	if node == nil {
		return entries
	}
	if node.Kind != yaml.MappingNode {
		r.faultAt(node, path, "expected members (name: value), found "+nameOf(node))
		return entries
	}
	first := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		// A name that does not look like one is not quoted: `password:x`
		// without its blank makes a name of a secret.
		if key.Kind != yaml.ScalarNode || !plainName.MatchString(key.Value) {
			r.faultAt(key, path, "expected a member's name of letters and digits, followed by a colon and a blank")
			continue
		}
		name := key.Value
		if message := refuse(name); message != "" {
			r.faultAt(key, join(path, name), message)
			continue
		}
		if line, twice := first[name]; twice {
			r.faultAt(key, join(path, name), fmt.Sprintf("stands twice, first in line %d; keep one", line))
			continue
		}
		first[name] = key.Line
		if !isNull(value) {
			entries[name] = value
			r.places[join(path, name)] = value
		}
	}
	return entries
}

// child reads the object that is a member of this one.
func (o object) child(name, kind string) object {
	node := o.members[name]
	c := o.r.object(node, join(o.path, name), kind)
	if node == nil {
		c.node = o.node
	}
	return c
}

// list calls read for each element of a list, with the element's path.
func (o object) list(name string, limit int, read func(node *yaml.Node, path string)) {
	node := o.members[name]
	switch {
	case node == nil:
		return
	case node.Kind != yaml.SequenceNode:
		o.fault(name, "expected a list (each element after a dash), found "+nameOf(node))
		return
	case len(node.Content) > limit:
		o.fault(name, fmt.Sprintf("expected at most %d elements", limit))
		return
	}
	for i, element := range node.Content {
		path := fmt.Sprintf("%s[%d]", join(o.path, name), i)
		o.r.places[path] = element
		read(element, path)
	}
}

// empty reports a list that is absent or has no elements.
func (o object) empty(name string) bool {
	node := o.members[name]
	return node == nil || (node.Kind == yaml.SequenceNode && len(node.Content) == 0)
}

// has reports whether a member is given, here or by the environment.
func (o object) has(name string) bool {
	_, _, overridden := o.r.override(join(o.path, name))
	return overridden || o.members[name] != nil
}

// fault records what is wrong with a member, where its value comes from: at
// the environment's variable, at the value, or, when it is absent, where the
// object begins.
func (o object) fault(name, message string) {
	if o.broken {
		return
	}
	path := join(o.path, name)
	if variable, _, ok := o.r.override(path); ok {
		o.r.environmentFault(variable, message)
		return
	}
	node := o.members[name]
	if node == nil {
		node = o.node
	}
	o.r.faultAt(node, path, message)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func nameOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "members (name: value)"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "a YAML alias (*name), which is not supported; write the value out, or put it in quotes"
	default:
		return "a single value"
	}
}
