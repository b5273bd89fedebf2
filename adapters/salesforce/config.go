package salesforce

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"paytrace-gateway/adapters/mapping"
	"paytrace-gateway/egress"
)

// The defaults of a Config.
const (
	DefaultLoginURL   = "https://login.salesforce.com"
	DefaultAPIVersion = "v67.0"
	DefaultObject     = "Payment__c"
	// DefaultExternalID holds our payment's id, DefaultOperationID our
	// operation's: PayTrace's own id is not known while an outcome is not.
	DefaultExternalID   = "GatewayPaymentID__c"
	DefaultOperationID  = "GatewayOperationID__c"
	DefaultTokenTimeout = 15 * time.Second
)

// minKeyBits is the least that is still considered safe.
const minKeyBits = 2048

// Config is one merchant's org. ClientID and either Username with PrivateKey or
// ClientSecret have no default.
type Config struct {
	// LoginURL is scheme and host that give tokens: https://login.salesforce.com,
	// https://test.salesforce.com for a sandbox, or the org's My Domain, which
	// client credentials need. Plain HTTP is taken for a loopback address only.
	LoginURL string
	// ClientID is the consumer key of the external client app.
	ClientID string
	// ClientSecret chooses the client credentials flow.
	ClientSecret string
	// Username and PrivateKey, a PEM of at least 2048 bits, choose the JWT bearer
	// flow.
	Username   string
	PrivateKey string
	// Audience is the aud of the JWT. None means LoginURL at login and test, and
	// https://login.salesforce.com at a My Domain.
	Audience string

	// APIVersion is the REST API's, such as v67.0.
	APIVersion string
	// Object is the API name of the record, ExternalID that of its field for our
	// id, which must be unique there.
	Object     string
	ExternalID string
	// PerOperation keeps a record for each operation instead of each payment.
	PerOperation bool
	// SequenceField takes the version of the payment, which only rises. None
	// means that it is not written.
	SequenceField string
	// CustomerVaultField takes the id of a customer of the vault, on the account
	// and the contact that it was made with. None means that it is not written.
	CustomerVaultField string
	// PlatformEvent is the API name of an event that is published after each
	// upsert. None means that none is.
	PlatformEvent string
	// Rules are laid over DefaultRules, EventFields over the fields of
	// DefaultEventRules. The statuses of Rules hold for both.
	Rules       mapping.Rules
	EventFields map[string]string

	// LiveMode asks for https.
	LiveMode bool
	// AllowNetworks and AllowHosts (host:port) may be reached although they are
	// not public, as an org behind a proxy on the merchant's own network and one
	// on a test's loopback address.
	AllowNetworks []netip.Prefix
	AllowHosts    []string
	TokenTimeout  time.Duration
	// RootCAs replaces the system's certificate authorities, for tests.
	RootCAs *x509.CertPool
	Now     func() time.Time
}

// String keeps the secrets of a configuration out of logs and errors.
func (c Config) String() string {
	return fmt.Sprintf("salesforce.Config{LoginURL: %q, Object: %q, secrets hidden}", c.LoginURL, c.Object)
}

// GoString is String, for %#v.
func (c Config) GoString() string { return c.String() }

// LogValue is String, for package slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

func (c Config) withDefaults() Config {
	setDefault(&c.LoginURL, DefaultLoginURL)
	c.LoginURL = strings.TrimSuffix(c.LoginURL, "/")
	if c.Audience == "" {
		c.Audience = audienceOf(c.LoginURL)
	}
	setDefault(&c.APIVersion, DefaultAPIVersion)
	setDefault(&c.Object, DefaultObject)
	if c.PerOperation {
		setDefault(&c.ExternalID, DefaultOperationID)
	}
	setDefault(&c.ExternalID, DefaultExternalID)
	setDefault(&c.TokenTimeout, DefaultTokenTimeout)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// audienceOf is what the platform expects as aud. A My Domain belongs to a
// sandbox when it says so.
func audienceOf(loginURL string) string {
	u, err := url.Parse(loginURL)
	switch {
	case err != nil, u.Host == "login.salesforce.com":
		return DefaultLoginURL
	case u.Host == "test.salesforce.com", strings.HasSuffix(u.Host, ".sandbox.my.salesforce.com"):
		return "https://test.salesforce.com"
	case u.Scheme == "http":
		return loginURL
	}
	return DefaultLoginURL
}

var (
	versionName = regexp.MustCompile(`^v[1-9][0-9]{1,2}\.0$`)
	apiName     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)
)

// minAPIVersion is the first that answers an upsert with 200 and a body, see
// docs/salesforce.md.
const minAPIVersion = "v46.0"

// check names every fault at once, so that an operator mends them in one go.
// It never quotes a secret.
func (c Config) check() error {
	faults := []error{checkLogin(c), checkFlow(c)}
	fault := func(broken bool, format string, args ...any) {
		if broken {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(c.ClientID == "", "clientID: the consumer key of the external client app is missing")
	fault(!versionName.MatchString(c.APIVersion) || (len(c.APIVersion) <= len(minAPIVersion) && c.APIVersion < minAPIVersion),
		"apiVersion: expected one from %s on, such as %s", minAPIVersion, DefaultAPIVersion)
	fault(!apiName.MatchString(c.Object), "object: %q is no API name such as %s", c.Object, DefaultObject)
	fault(!apiName.MatchString(c.ExternalID), "externalID: %q is no API name such as %s", c.ExternalID, DefaultExternalID)
	fault(c.CustomerVaultField != "" && !apiName.MatchString(c.CustomerVaultField),
		"customerVaultField: %q is no API name such as CustomerVaultID__c", c.CustomerVaultField)
	fault(c.SequenceField != "" && !apiName.MatchString(c.SequenceField), "sequenceField: %q is no API name such as EventSequence__c", c.SequenceField)
	fault(c.PlatformEvent != "" && (!apiName.MatchString(c.PlatformEvent) || !strings.HasSuffix(c.PlatformEvent, "__e")),
		"platformEvent: %q is no API name of a platform event such as Payment_Update__e", c.PlatformEvent)
	fault(c.TokenTimeout < 0, "tokenTimeout: must not be negative")
	return errors.Join(faults...)
}

func checkLogin(c Config) error {
	u, err := url.Parse(c.LoginURL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return errors.New("loginURL: expected scheme and host alone, such as https://login.salesforce.com")
	case u.Scheme == "https", u.Scheme == "http" && !c.LiveMode && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("loginURL: must be https (http is taken for a loopback address outside live mode only)")
}

// checkFlow says whether exactly one way to a token is configured.
func checkFlow(c Config) error {
	byJWT, bySecret := c.Username != "" || c.PrivateKey != "", c.ClientSecret != ""
	switch {
	case byJWT && bySecret:
		return errors.New("clientSecret and privateKey: one of the two flows, client credentials or JWT bearer, not both")
	case bySecret:
		return checkMyDomain(c.LoginURL)
	case !byJWT:
		return errors.New("clientSecret or privateKey: there is neither a secret for client credentials nor a key for JWT bearer")
	case c.Username == "":
		return errors.New("username: the JWT bearer flow needs the user name of the integration user")
	}
	_, err := c.signingKey()
	return err
}

// checkMyDomain refuses what Salesforce refuses, before it does.
func checkMyDomain(loginURL string) error {
	if u, err := url.Parse(loginURL); err == nil && slices.Contains([]string{"login.salesforce.com", "test.salesforce.com"}, u.Host) {
		return errors.New("loginURL: client credentials need the org's My Domain, such as https://example.my.salesforce.com")
	}
	return nil
}

func (c Config) signingKey() (*rsa.PrivateKey, error) {
	if c.PrivateKey == "" {
		return nil, errors.New("privateKey: the JWT bearer flow needs the key of the certificate that was uploaded to the app")
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(c.PrivateKey))
	if err != nil {
		// The cause may quote the key.
		return nil, errors.New("privateKey: expected an RSA key as PEM, without a pass phrase")
	}
	if key.N.BitLen() < minKeyBits {
		return nil, fmt.Errorf("privateKey: it has %d bits; at least %d are needed", key.N.BitLen(), minKeyBits)
	}
	return key, nil
}

// door is the way out, which knows what must not be shown.
func (c Config) door() (*egress.Door, error) {
	return egress.New(egress.Config{
		LiveMode: c.LiveMode, AllowNetworks: c.AllowNetworks, AllowHosts: c.AllowHosts, RootCAs: c.RootCAs, Secrets: []string{c.ClientSecret, c.PrivateKey},
	})
}

// mappings checks the rules for the record and for the event.
func (c Config) mappings() (record, event *mapping.Mapping, err error) {
	defaults := DefaultRules(c.PerOperation)
	if c.SequenceField != "" {
		defaults.Without(c.SequenceField)
		defaults.Fields[c.SequenceField] = "version"
	}
	// A custom id field may have the name of a default.
	defaults.Without(c.ExternalID)
	record, err = mapping.Compile(defaults, c.Rules)
	faults := prefixed("fields: ", err, checkNames(record.Names(), c.ExternalID))
	if c.PlatformEvent != "" {
		event, err = mapping.Compile(DefaultEventRules(), mapping.Rules{Fields: c.EventFields, Statuses: c.Rules.Statuses})
		faults = append(faults, prefixed("eventFields: ", err, checkNames(event.Names(), ""))...)
	}
	return record, event, errors.Join(faults...)
}

// prefixed puts the setting before each fault, so that each stands by itself.
func prefixed(place string, errs ...error) (faults []error) {
	for _, err := range errs {
		switch several, joined := err.(interface{ Unwrap() []error }); {
		case err == nil:
		case joined:
			faults = append(faults, prefixed(place, several.Unwrap()...)...)
		default:
			faults = append(faults, fmt.Errorf("%s%w", place, err))
		}
	}
	return faults
}

func checkNames(names []string, externalID string) error {
	var faults []error
	for _, name := range names {
		switch {
		case !apiName.MatchString(name):
			faults = append(faults, fmt.Errorf("field %s: is no API name such as Amount__c", name))
		case strings.EqualFold(name, externalID):
			faults = append(faults, fmt.Errorf("field %s: is the external id and is written by itself; leave it out", name))
		case strings.EqualFold(name, "Id"), strings.EqualFold(name, "attributes"):
			faults = append(faults, fmt.Errorf("field %s: cannot be written", name))
		}
	}
	return errors.Join(faults...)
}
