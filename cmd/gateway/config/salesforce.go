package config

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"paytrace-gateway/gateway"
)

// maxFields bounds the fields of one record.
const maxFields = 100

// Salesforce is the org that keeps a record of each payment. What is empty has
// the adapter's own default.
type Salesforce struct {
	LoginURL string `yaml:"loginURL,omitempty"`
	ClientID string `yaml:"clientID"`
	// ClientSecret chooses client credentials, Username and PrivateKey the JWT
	// bearer flow.
	ClientSecret Secret `yaml:"clientSecret,omitempty"`
	Username     string `yaml:"username,omitempty"`
	PrivateKey   Secret `yaml:"privateKey,omitempty"`
	Audience     string `yaml:"audience,omitempty"`

	APIVersion    string `yaml:"apiVersion,omitempty"`
	Object        string `yaml:"object,omitempty"`
	ExternalID    string `yaml:"externalID,omitempty"`
	PerOperation  bool   `yaml:"perOperation"`
	SequenceField string `yaml:"sequenceField,omitempty"`
	// CustomerVaultField is on accounts and contacts.
	CustomerVaultField string `yaml:"customerVaultField,omitempty"`
	PlatformEvent      string `yaml:"platformEvent,omitempty"`
	// Fields and EventFields are expressions, by the fields that take them.
	Fields      map[string]string         `yaml:"fields,omitempty"`
	EventFields map[string]string         `yaml:"eventFields,omitempty"`
	Statuses    map[gateway.Status]string `yaml:"statuses,omitempty"`
	Egress      `yaml:",inline"`
	Calls       `yaml:",inline"`
}

var (
	loginURL   = kind[string]{expected: "https://login.salesforce.com, https://test.salesforce.com, or the org's My Domain", text: true, parse: parseURL}
	consumer   = kind[string]{expected: "the consumer key of the external client app", text: true, parse: matching(`^[[:graph:]]{1,255}$`)}
	orgUser    = kind[string]{expected: "the user name of the integration user", text: true, parse: matching(`^[[:graph:]]{1,80}$`)}
	apiVersion = kind[string]{expected: "a version such as v67.0", text: true, parse: matching(`^v[1-9][0-9]{1,2}\.0$`)}
	apiName    = kind[string]{expected: "an API name such as Payment__c", text: true, parse: matching(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)}
	picklist   = kind[string]{expected: "a value of the picklist, such as Completed", text: true, parse: matching(`^[[:print:]]{1,255}$`)}
	// No expression at all takes a field of the defaults away.
	expression = kind[string]{expected: "an expression such as metadata[\"po\"], at most 1000 characters, or '' for a field that is not written", text: true, parse: matching(`^.{0,1000}$`)}
)

// salesforce reads the org, nil when there is none.
func (o object) salesforce() *Salesforce {
	if !o.has(SalesforceName) {
		return nil
	}
	s := o.child(SalesforceName, "salesforce")
	org := Salesforce{
		LoginURL:           read(s, "loginURL", loginURL, "https://login.salesforce.com"),
		ClientID:           require(s, "clientID", consumer),
		ClientSecret:       s.credential("clientSecret", unfit, false),
		Username:           read(s, "username", orgUser, ""),
		PrivateKey:         s.privateKey("privateKey"),
		Audience:           read(s, "audience", loginURL, ""),
		APIVersion:         read(s, "apiVersion", apiVersion, ""),
		Object:             read(s, "object", apiName, ""),
		ExternalID:         read(s, "externalID", apiName, ""),
		PerOperation:       read(s, "perOperation", truth, false),
		SequenceField:      read(s, "sequenceField", apiName, ""),
		CustomerVaultField: read(s, "customerVaultField", apiName, ""),
		PlatformEvent:      read(s, "platformEvent", apiName, ""),
		Fields:             s.texts("fields", maxFields, expression),
		EventFields:        s.texts("eventFields", maxFields, expression),
		Statuses:           s.statuses(picklist),
		Egress:             s.egress(),
		Calls:              s.calls(),
	}
	if s.has("clientSecret") == s.has("privateKey") {
		s.fault("clientSecret", "expected either clientSecret, or username and privateKey")
	}
	return &org
}

// privateKey reads a key in PEM form from a file of its own, which holds more
// than a secret's one line, or from the ledger.
func (o object) privateKey(name string) Secret {
	node := o.members[name]
	if node == nil {
		return Secret{}
	}
	if secret, sealed := o.sealed(name, fitsPrivateKey, false); sealed {
		return secret
	}
	file, data, ok := o.r.privateFile(node, join(o.path, name))
	if !ok {
		return Secret{}
	}
	if fault := fitsPrivateKey(string(data)); fault != "" {
		o.fault(name, file+" "+fault)
		return Secret{}
	}
	return newSecret(string(data), "file "+file)
}

// minOrgKeyBits is the adapter's bound. A sealed key that fits here and not there
// would be kept, and no start would succeed with it.
const minOrgKeyBits = 2048

// fitsPrivateKey says what is wrong with a key. What the parsers say might quote
// it.
func fitsPrivateKey(text string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return "holds no private key in PEM form"
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
		key, _ = parsed.(*rsa.PrivateKey)
	}
	switch {
	case key == nil:
		return "holds no RSA key without a pass phrase (BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY)"
	case key.N.BitLen() < minOrgKeyBits:
		return fmt.Sprintf("holds a key of %d bits; at least %d are needed", key.N.BitLen(), minOrgKeyBits)
	}
	return ""
}
