package config

import (
	"log/slog"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"
)

// Config is the effective configuration of one gateway process.
type Config struct {
	// Listen is where shops call.
	Listen string `yaml:"listen"`
	// OperatorListen serves readiness. The same address as Listen puts both on
	// one listener.
	OperatorListen string `yaml:"operatorListen"`
	// Cards is where cards may be told in the clear, nil when nowhere.
	Cards *CardListener `yaml:"cardListener,omitempty"`
	// Mutual is where callers prove themselves by certificates, nil when nowhere.
	Mutual *TLSListener `yaml:"tlsListener,omitempty"`
	// PublicURL is how callers reach Listen, without a trailing slash: the
	// issuer and the audience of tokens.
	PublicURL string `yaml:"publicURL"`
	// ClientAddressHeader is where a proxy on this machine says from whom a request
	// comes. Empty, nobody says so, and it comes from the connection's other end.
	ClientAddressHeader string `yaml:"clientAddressHeader,omitempty"`
	DataDir             string `yaml:"dataDir"`
	Ledger              Ledger `yaml:"ledger"`
	Redis               Redis  `yaml:"redis,omitempty"`
	// Secret keys the fingerprints of requests. When it is not set, it is made
	// once, in SecretPath.
	Secret Secret `yaml:"secret,omitempty"`
	// SigningKeys are PEM files, newest first. When there are none, they are made
	// in SigningKeyFolder, a new one every SigningKeyDays, 0 for never.
	SigningKeys      []KeyFile     `yaml:"signingKeys,omitempty"`
	SigningKeyFolder string        `yaml:"signingKeyFolder,omitempty"`
	SigningKeyDays   int           `yaml:"signingKeyDays"`
	TokenLifetime    time.Duration `yaml:"tokenLifetime"`
	Log              Log           `yaml:"log"`
	Tracing          Tracing       `yaml:"tracing"`
	MaxInFlight      int           `yaml:"maxInFlight"`
	// Sealing has the keys of the secrets that are kept in the ledger.
	Sealing Sealing `yaml:"sealing,omitempty"`
	// StopTimeout is how long a stopping process waits for payments under way.
	StopTimeout time.Duration `yaml:"stopTimeout"`
	Retention   Retention     `yaml:"retention"`
	// SettlementFolder is where settlement files go, empty for none.
	SettlementFolder string     `yaml:"settlementFolder,omitempty"`
	Operators        Operators  `yaml:"operators,omitempty"`
	Merchants        []Merchant `yaml:"merchants"`
	// Sealed are the places that name a secret in the ledger.
	Sealed []Sealed `yaml:"-"`

	unsealed *unsealed
	// file and places say where a member stands.
	file   string
	places map[string]*yaml.Node
}

// Operators is how people may log in, beside their passwords.
type Operators struct {
	OIDC *OIDC `yaml:"oidc,omitempty"`
}

// OIDC is an identity provider that people come from by OpenID Connect. Roles
// gives a role to what the claim says.
type OIDC struct {
	Issuer       string            `yaml:"issuer"`
	ClientID     string            `yaml:"clientID"`
	ClientSecret Secret            `yaml:"clientSecret"`
	RoleClaim    string            `yaml:"roleClaim"`
	Roles        map[string]string `yaml:"roles"`
}

// CardListener takes card numbers, of the merchants that have RawCards, and numbers
// of bank accounts, of those that have RawBankAccounts. Without
// a certificate it is reached from this machine alone.
type CardListener struct {
	Listen   string `yaml:"listen"`
	CertFile string `yaml:"certFile,omitempty"`
	KeyFile  string `yaml:"keyFile,omitempty"`
}

// TLSListener asks each caller for a certificate that CAFile's have signed.
type TLSListener struct {
	Listen   string `yaml:"listen"`
	CertFile string `yaml:"certFile,omitempty"`
	KeyFile  string `yaml:"keyFile,omitempty"`
	CAFile   string `yaml:"caFile,omitempty"`
}

// Ledger says where the payments are kept.
type Ledger struct {
	SQLite string `yaml:"sqlite,omitempty"`
	// Postgres is the URL of a database that several gateways may share; it
	// takes SQLite's place.
	Postgres Secret `yaml:"postgres,omitempty"`
}

// Redis is where several gateways meet: their claims on idempotency keys and
// the quotas of their clients. The zero value is none. Of URL, Sentinel and
// Cluster exactly one is set.
type Redis struct {
	// URL is redis:// or, with TLS, rediss://. It carries no options.
	URL      Secret    `yaml:"url,omitempty"`
	Sentinel *Sentinel `yaml:"sentinel,omitempty"`
	Cluster  *Cluster  `yaml:"cluster,omitempty"`
	// TLS is what a rediss:// URL does not say. Sentinel and Cluster have their
	// own.
	TLS *TLS `yaml:"tls,omitempty"`
	// Prefix begins every key, for those who share a Redis with others.
	Prefix string `yaml:"prefix,omitempty"`
	// Timeout bounds one command.
	Timeout time.Duration `yaml:"timeout,omitempty"`
}

// Enabled reports that there is a Redis. Without one, claims and quotas are
// those of this process alone.
func (r Redis) Enabled() bool { return !r.URL.IsZero() || r.Sentinel != nil || r.Cluster != nil }

// Sentinel is a Redis whose master is named by sentinels.
type Sentinel struct {
	MasterName string `yaml:"masterName"`
	// Addresses are the sentinels'.
	Addresses []string `yaml:"addresses"`
	Username  string   `yaml:"username,omitempty"`
	Password  Secret   `yaml:"password,omitempty"`
	DB        int      `yaml:"db"`
	// SentinelUsername and SentinelPassword are for the sentinels themselves.
	SentinelUsername string `yaml:"sentinelUsername,omitempty"`
	SentinelPassword Secret `yaml:"sentinelPassword,omitempty"`
	// TLS is for the sentinels and for the servers that they name, nil without.
	TLS *TLS `yaml:"tls,omitempty"`
}

// Cluster is a Redis Cluster, found by some of its nodes.
type Cluster struct {
	Addresses []string `yaml:"addresses"`
	Username  string   `yaml:"username,omitempty"`
	Password  Secret   `yaml:"password,omitempty"`
	TLS       *TLS     `yaml:"tls,omitempty"` // nil without
}

// TLS is how a server is recognised, and how the gateway proves itself to it.
// Without a CAFile, the machine's own authorities decide; without a ServerName,
// the host that is dialled has to stand in the certificate. The files have been
// found to hold what they should.
type TLS struct {
	CAFile     string `yaml:"caFile,omitempty"`
	ServerName string `yaml:"serverName,omitempty"`
	CertFile   string `yaml:"certFile,omitempty"`
	KeyFile    string `yaml:"keyFile,omitempty"`
}

// Tracing is where spans go by OTLP over HTTP. An empty Endpoint is nowhere.
type Tracing struct {
	Endpoint string `yaml:"endpoint"`
	// Sample is the share of requests that are traced, from 0 to 1.
	Sample  float64           `yaml:"sample"`
	Headers map[string]Secret `yaml:"headers,omitempty"`
}

// KeyFile names a PEM file that holds a private key.
type KeyFile struct {
	File string `yaml:"file"`
}

// Log says what is logged, and how: Format is "json" or "text".
type Log struct {
	Level  slog.Level `yaml:"level"`
	Format string     `yaml:"format"`
}

// SecretPath is the file for the gateway's own secret when none is configured.
func (c *Config) SecretPath() string { return filepath.Join(c.DataDir, "secret.key") }

// SigningKeyPath is the file of the first signing key when none is configured.
func (c *Config) SigningKeyPath() string { return filepath.Join(c.SigningKeyFolder, "signing-key.pem") }

// Merchant is one account at PayTrace and those who may use it.
type Merchant struct {
	ID       string `yaml:"id"`
	LiveMode bool   `yaml:"liveMode"`
	Currency string `yaml:"currency"`
	TimeZone Zone   `yaml:"timeZone"`
	// TellUnmatched makes an event of every transaction at PayTrace that belongs
	// to no payment.
	TellUnmatched bool `yaml:"tellUnmatched"`
	// VerifyCards has every card verified before it is stored.
	VerifyCards bool `yaml:"verifyCards"`
	// RawCards lets shoppers' cards be told in the clear, on Cards.
	RawCards bool `yaml:"rawCards"`
	// RawBankAccounts lets their bank accounts be told in the clear, on Cards too.
	RawBankAccounts bool     `yaml:"rawBankAccounts"`
	ACH             ACH      `yaml:"ach"`
	PayTrace        PayTrace `yaml:"paytrace"`
	Clients         []Client `yaml:"clients"`
	// Callbacks are who is told of the merchant's payments.
	Callbacks Callbacks `yaml:"callbacks,omitempty"`
}

// PayTrace is how the merchant's account at PayTrace is reached and used.
type PayTrace struct {
	// BaseURL has neither a path nor a trailing slash.
	BaseURL      string `yaml:"baseURL"`
	Username     string `yaml:"username"`
	Password     Secret `yaml:"password"`
	IntegratorID string `yaml:"integratorID"`
	// CallDeadline ends the waiting for PayTrace's answer, SendWindow the time
	// in which a request may still leave.
	CallDeadline time.Duration `yaml:"callDeadline"`
	SendWindow   time.Duration `yaml:"sendWindow"`
	// ReferenceField is PayTrace's field that carries our reference.
	ReferenceField string `yaml:"referenceField"`
	InvoiceSuffix  bool   `yaml:"invoiceSuffix"`
	// ApprovedAmountField and BalanceField are the members of PayTrace's answers that
	// tell how much of a charge was approved, and what is left on the card.
	ApprovedAmountField string `yaml:"approvedAmountField,omitempty"`
	BalanceField        string `yaml:"balanceField"`
	ExportTimeZone      Zone   `yaml:"exportTimeZone"`
	// ExportRowCap is the number of rows at which PayTrace cuts an export, 0
	// when none is known.
	ExportRowCap int `yaml:"exportRowCap"`
	// HostedFieldsScript is the address of PayTrace's script for a shopper's
	// browser, empty for the one that belongs to BaseURL.
	HostedFieldsScript string `yaml:"hostedFieldsScript,omitempty"`
	// MaxConnections is for what moves money, and again for client keys; exports and requests for tokens
	// have MaxLookConnections of their own.
	MaxConnections     int `yaml:"maxConnections"`
	MaxLookConnections int `yaml:"maxLookConnections"`
	// RateLimit is how many requests a second may go to PayTrace, 0 without
	// limit.
	RateLimit int `yaml:"rateLimit"`
	// WatchEvery is how often the export is read, and WatchDays the days of it
	// that are read each time.
	WatchEvery time.Duration `yaml:"watchEvery"`
	WatchDays  int           `yaml:"watchDays"`
	// CheckVaultEvery is how often each stored card is compared with PayTrace's
	// profile.
	CheckVaultEvery time.Duration `yaml:"checkVaultEvery"`
	// DiscretionaryData maps names in a payment's metadata to PayTrace's.
	DiscretionaryData map[string]string `yaml:"discretionaryData,omitempty"`
}

// Client is a caller of the gateway, and belongs to one merchant. It proves
// itself by Secret or SecretHash, by one of its certificates, or by either.
type Client struct {
	ID     string `yaml:"id"`
	Secret Secret `yaml:"secret,omitempty"`
	// SecretHash is "sha256:" and 64 hex digits. It is kept as a Secret because
	// a short secret could be guessed from it.
	SecretHash   Secret        `yaml:"secretHash,omitempty"`
	Scopes       []string      `yaml:"scopes"`
	Channel      string        `yaml:"channel,omitempty"`
	Quota        Quota         `yaml:"quota"`
	Certificates []Certificate `yaml:"certificates,omitempty"`
	// TLSCertificates are those of which the client shows one with every request.
	TLSCertificates []Certificate `yaml:"tlsCertificates,omitempty"`
}

// Quota is how many requests a client may make per period, over all gateways
// that share a Redis. 0 is without limit.
type Quota struct {
	Requests int           `yaml:"requests"`
	Per      time.Duration `yaml:"per"`
}
