package paytrace

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"
	_ "time/tzdata" // The zone of PayTrace's dates must be known in an empty container too.
)

// The fields of a charge that can carry our reference.
const (
	ReferenceInCustomerReference = "customer_reference_id"
	ReferenceInDescription       = "description"
)

// The defaults of a Config.
const (
	DefaultTimeZone = "America/Los_Angeles"
	// DefaultEncryptedAccountField is by analogy with the member for a card.
	DefaultEncryptedAccountField = "encrypted_account_number"
	DefaultConnectTimeout        = 5 * time.Second
	DefaultCallTimeout           = 60 * time.Second
	DefaultTokenTimeout          = 20 * time.Second
	DefaultIdleTimeout           = 15 * time.Second
	DefaultMaxConnections        = 64
	// DefaultMaxLookConnections is small, since looks can wait.
	DefaultMaxLookConnections = 8
)

// scripts are the addresses of PayTrace's script for its hosted fields, by the
// API that they belong to. Merchants' public pages load them from there.
var scripts = map[string]string{
	"https://api.paytrace.com":         "https://protect.paytrace.com/js/protect.min.js",
	"https://api.sandbox.paytrace.com": "https://protect.sandbox.paytrace.com/js/protect.min.js",
}

// maxIntegratorID is the length of the ids that PayTrace issues.
const maxIntegratorID = 12

// Config is one merchant's account at PayTrace. BaseURL, Username, Password
// and IntegratorID have no default.
type Config struct {
	// BaseURL is scheme and host, such as https://api.paytrace.com. Plain HTTP
	// is taken for a loopback address only.
	BaseURL      string
	Username     string
	Password     string
	IntegratorID string
	// LiveMode says that real money moves. PayTrace's TEST approvals then count
	// for nothing.
	LiveMode bool

	// ReferenceField is the field that carries our reference and is searched
	// for it.
	ReferenceField string
	// InvoiceSuffix adds the reference's first characters to the invoice, for
	// merchants who take equal instalments: PayTrace's duplicate filter
	// compares card, amount and invoice.
	InvoiceSuffix bool
	// DiscretionaryData maps names of our metadata to names that are configured
	// in the merchant's virtual terminal. Other metadata is not sent.
	DiscretionaryData map[string]string
	// ApprovedAmountField is the member of an answer that tells how much of a charge
	// was approved, empty where none is known; BalanceField the one that tells what
	// is left on the card. A member of an object is named with it: a.b.
	ApprovedAmountField string
	BalanceField        string
	// EncryptedAccountField is the member of a check that takes an encrypted account
	// number. PayTrace does not document it.
	EncryptedAccountField string
	// TimeZone is that of the dates in exports. PayTrace does not document it.
	TimeZone string

	// ConnectTimeout bounds name look-up, connection and TLS handshake.
	ConnectTimeout time.Duration
	// CallTimeout bounds a call whose context has no earlier deadline. PayTrace
	// has been measured at 19 s.
	CallTimeout  time.Duration
	TokenTimeout time.Duration
	// IdleTimeout is short because a connection that PayTrace closes at the
	// moment of a charge makes that charge's outcome unknown.
	IdleTimeout time.Duration
	// HostedFieldsScript is the address of PayTrace's script for a shopper's
	// browser; empty takes the one that belongs to BaseURL, if it is known.
	HostedFieldsScript string

	// MaxConnections is for what moves money, and again for client keys. Exports
	// and requests for tokens have MaxLookConnections of their own.
	MaxConnections     int
	MaxLookConnections int

	// LogIn keeps requests for a token from PayTrace while they keep failing,
	// and lets no call wait for one meanwhile; nil is none.
	LogIn Breaker

	// RootCAs replaces the system's certificate authorities, for tests.
	RootCAs *x509.CertPool
	// Dial makes the connections below TLS; nil takes the system's network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Now  func() time.Time
	Log  *slog.Logger
}

// Breaker is a circuit breaker. What it does not let through it refuses with an
// error of its own.
type Breaker interface {
	Do(call func() error) error
	// State is "closed", "half-open" or "open".
	State() string
}

func (c Config) withDefaults() Config {
	setDefault(&c.ReferenceField, ReferenceInCustomerReference)
	setDefault(&c.TimeZone, DefaultTimeZone)
	setDefault(&c.EncryptedAccountField, DefaultEncryptedAccountField)
	setDefault(&c.ConnectTimeout, DefaultConnectTimeout)
	setDefault(&c.CallTimeout, DefaultCallTimeout)
	setDefault(&c.TokenTimeout, DefaultTokenTimeout)
	setDefault(&c.IdleTimeout, DefaultIdleTimeout)
	setDefault(&c.MaxConnections, DefaultMaxConnections)
	setDefault(&c.MaxLookConnections, DefaultMaxLookConnections)
	setDefault(&c.HostedFieldsScript, scripts[strings.TrimSuffix(c.BaseURL, "/")])
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	setDefault(&c.Log, slog.New(slog.DiscardHandler))
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// check names every fault at once, so that an operator mends them in one go.
func (c Config) check() error {
	faults := []error{checkBaseURL(c.BaseURL, c.LiveMode)}
	fault := func(broken bool, format string, args ...any) {
		if broken {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(c.Username == "", "username: the PayTrace API user's name is missing")
	fault(c.Password == "", "password: the PayTrace API user's password is missing")
	fault(c.IntegratorID == "" || len(c.IntegratorID) > maxIntegratorID,
		"integratorId: expected the 1 to %d characters that PayTrace issued to the integration", maxIntegratorID)
	fault(c.ReferenceField != ReferenceInCustomerReference && c.ReferenceField != ReferenceInDescription,
		"referenceField: expected %s or %s", ReferenceInCustomerReference, ReferenceInDescription)
	for name, wait := range map[string]time.Duration{
		"connectTimeout": c.ConnectTimeout, "callTimeout": c.CallTimeout,
		"tokenTimeout": c.TokenTimeout, "idleTimeout": c.IdleTimeout,
	} {
		fault(wait < 0, "%s: must not be negative", name)
	}
	fault(c.MaxConnections < 0, "maxConnections: must not be negative")
	fault(c.MaxLookConnections < 0, "maxLookConnections: must not be negative")
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		fault(true, "timeZone: %q is no zone like America/Los_Angeles", c.TimeZone)
	}
	return errors.Join(faults...)
}

// checkBaseURL never quotes the address: somebody may have put a password
// into it.
func checkBaseURL(base string, live bool) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/"):
		return errors.New("baseURL: expected scheme and host alone, such as https://api.paytrace.com")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && !live && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("baseURL: must be https (http is taken for a loopback address outside live mode only)")
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
