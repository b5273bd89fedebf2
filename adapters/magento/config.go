package magento

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// Way is how the shop is told.
type Way string

// The two ways in.
const (
	// WayModule is the endpoint of the gateway's own module.
	WayModule Way = "module"
	// WayCore is Magento's own REST API.
	WayCore Way = "core"
)

// DeclineRule is what becomes of an order under review whose payment is
// declined.
type DeclineRule string

// The rules for declined orders.
const (
	// DeclineCancels cancels the order.
	DeclineCancels DeclineRule = "cancel"
	// DeclineStaysInReview leaves it in payment_review with a comment, until a
	// person accepts or denies it.
	DeclineStaysInReview DeclineRule = "review"
)

// The defaults of a Config.
const (
	DefaultChannel = "magento"
	// DefaultOrderWait is how long a missing order is nobody's failure: Magento
	// saves an order after its payment.
	DefaultOrderWait = 15 * time.Minute
	// DefaultCallerBudget is how long the gateway's API keeps a caller that
	// names no time of its own.
	DefaultCallerBudget = 9 * time.Second
)

// DefaultMethodCodes are the module's payment method and its saved cards.
var DefaultMethodCodes = []string{"paytrace_gateway", "paytrace_gateway_vault"}

// Config is one merchant's shop. BaseURL, the four credentials and Way have no
// default.
type Config struct {
	// BaseURL is the shop's address, without /rest: https://shop.example.com.
	BaseURL string
	// SigningURL is the shop's address as Magento itself sees it, when a proxy in
	// front of it changes scheme, host or port; every signature is made of it.
	// None means BaseURL.
	SigningURL string
	// The credentials of the integration, System > Extensions > Integrations.
	ConsumerKey       string
	ConsumerSecret    string
	AccessToken       string
	AccessTokenSecret string
	// LiveMode asks for https.
	LiveMode bool

	Way Way
	// MethodCodes are the payment methods whose orders are this gateway's.
	MethodCodes []string
	// Channel is that of the shop's own calls to the gateway.
	Channel string
	// Stores maps store codes to Magento's numbers of store views. When it is
	// given, an order is looked for in its own store only, and that of a payment
	// without a store code in all.
	Stores map[string]int64
	// OrderWait is how long after an event its order may be missing before
	// anybody is troubled.
	OrderWait time.Duration
	// UndoWithoutOrder gives the charge of an order back that has not come after
	// OrderWait, if the shop itself had asked for the charge.
	UndoWithoutOrder bool
	// CallerBudget is how long the shop waits for the gateway's answer. What was
	// decided later than that, the shop has not heard.
	CallerBudget time.Duration
	// LeaveReview lets the core way take an order out of payment_review by
	// saving its state, which needs the right Magento_Sales::create.
	LeaveReview bool
	Declined    DeclineRule
	// Statuses are the shop's own names for the orders of payments in a state,
	// such as authorized: awaiting_capture. Each must be assigned, in Magento,
	// to the state that the mapping leads to; see StateOf.
	Statuses map[gateway.Status]string

	// AllowNetworks and AllowHosts (host:port) may be reached although they are
	// not on the internet.
	AllowNetworks []netip.Prefix
	AllowHosts    []string
	// RootCAs replaces the system's certificate authorities.
	RootCAs *x509.CertPool
	Now     func() time.Time
}

func (c Config) withDefaults() Config {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	c.SigningURL = strings.TrimRight(c.SigningURL, "/")
	setDefault(&c.SigningURL, c.BaseURL)
	setDefault(&c.Channel, DefaultChannel)
	setDefault(&c.OrderWait, DefaultOrderWait)
	setDefault(&c.CallerBudget, DefaultCallerBudget)
	setDefault(&c.Declined, DeclineCancels)
	if len(c.MethodCodes) == 0 {
		c.MethodCodes = DefaultMethodCodes
	}
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

// secrets are what is never shown.
func (c Config) secrets() []string {
	return []string{c.ConsumerKey, c.ConsumerSecret, c.AccessToken, c.AccessTokenSecret}
}

// String keeps the secrets out of whatever prints a Config.
func (c Config) String() string { return fmt.Sprintf("magento %s by %s", hostOf(c.BaseURL), c.Way) }

// GoString is String, for %#v.
func (c Config) GoString() string { return c.String() }

// check names every fault at once, so that an operator mends them in one go.
func (c Config) check() error {
	faults := []error{checkURL("baseURL", c.BaseURL, c.LiveMode), checkURL("signingURL", c.SigningURL, false)}
	fault := func(broken bool, format string, args ...any) {
		if broken {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	for name, value := range map[string]string{
		"consumerKey": c.ConsumerKey, "consumerSecret": c.ConsumerSecret,
		"accessToken": c.AccessToken, "accessTokenSecret": c.AccessTokenSecret,
	} {
		fault(!isCredential(value), "%s: expected the 32 letters and digits that Magento shows when the integration is activated", name)
	}
	fault(c.Way != WayModule && c.Way != WayCore, "way: expected %s or %s", WayModule, WayCore)
	fault(c.Declined != DeclineCancels && c.Declined != DeclineStaysInReview, "declined: expected %s or %s", DeclineCancels, DeclineStaysInReview)
	fault(c.OrderWait < 0 || c.OrderWait > giveUpAfter, "orderWait: expected at most %s", giveUpAfter)
	fault(c.CallerBudget < 0, "callerBudget: must not be negative")
	for code, id := range c.Stores {
		fault(code == "" || id < 1, "stores: expected a store code and the number of its store view, above zero")
	}
	for of, name := range c.Statuses {
		faults = append(faults, checkStatus(of, name))
	}
	slices.SortFunc(faults, byText)
	return errors.Join(faults...)
}

// byText gives the same faults in the same order each time.
func byText(a, b error) int {
	words := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	return strings.Compare(words(a), words(b))
}

// checkURL never quotes the address: somebody may have put a password into it.
// What the signature is made of takes few characters, since servers differ in
// how they read all others.
func checkURL(setting, address string, live bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("%s: expected the shop's address alone, such as https://shop.example.com", setting)
	case strings.HasSuffix(u.Path, "/rest") || strings.Contains(u.Path+"/", "/rest/"):
		return fmt.Errorf("%s: leave /rest out, it is added", setting)
	case !plainPath.MatchString(u.EscapedPath()):
		return fmt.Errorf("%s: a path may have letters, digits, dots, dashes and underscores only; Magento's versions sign others differently", setting)
	case u.Host != strings.ToLower(u.Host) || u.Port() == defaultPort[u.Scheme]:
		return fmt.Errorf("%s: write the host in lower case and leave a port out that the scheme has anyway; newer versions of Magento sign them differently", setting)
	case u.Scheme == "https", u.Scheme == "http" && !live:
		return nil
	}
	return fmt.Errorf("%s: must be https (http is taken outside live mode only)", setting)
}

var (
	plainPath   = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)
	credential  = regexp.MustCompile(`^[A-Za-z0-9_-]{32}$`)
	statusName  = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)
	defaultPort = map[string]string{"https": "443", "http": "80"}
)

func isCredential(s string) bool { return credential.MatchString(s) }

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if _, _, err := net.SplitHostPort(u.Host); err != nil {
		return u.Hostname()
	}
	return u.Host
}
