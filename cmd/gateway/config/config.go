package config

import (
	"log/slog"
	"path/filepath"
	"time"
)

// Config is the effective configuration of one gateway process.
type Config struct {
	// Listen is where shops call.
	Listen string `yaml:"listen"`
	// OperatorListen serves readiness. The same address as Listen puts both on
	// one listener.
	OperatorListen string `yaml:"operatorListen"`
	// PublicURL is how callers reach Listen, without a trailing slash: the
	// issuer and the audience of tokens.
	PublicURL string `yaml:"publicURL"`
	DataDir   string `yaml:"dataDir"`
	Ledger    Ledger `yaml:"ledger"`
	// Secret keys the fingerprints of requests. When it is not set, it is made
	// once, in SecretPath.
	Secret Secret `yaml:"secret,omitempty"`
	// SigningKeys are PEM files, newest first. When there are none, one is made
	// once, in SigningKeyPath.
	SigningKeys   []KeyFile     `yaml:"signingKeys,omitempty"`
	TokenLifetime time.Duration `yaml:"tokenLifetime"`
	Log           Log           `yaml:"log"`
	MaxInFlight   int           `yaml:"maxInFlight"`
	// StopTimeout is how long a stopping process waits for payments under way.
	StopTimeout time.Duration `yaml:"stopTimeout"`
	Merchants   []Merchant    `yaml:"merchants"`
}

// Ledger says where the payments are kept.
type Ledger struct {
	SQLite string `yaml:"sqlite,omitempty"`
	// Postgres is the URL of a database that several gateways may share; it
	// takes SQLite's place.
	Postgres Secret `yaml:"postgres,omitempty"`
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

// SigningKeyPath is the file for the signing key when none is configured.
func (c *Config) SigningKeyPath() string { return filepath.Join(c.DataDir, "signing-key.pem") }

// Merchant is one account at PayTrace and those who may use it.
type Merchant struct {
	ID       string   `yaml:"id"`
	LiveMode bool     `yaml:"liveMode"`
	Currency string   `yaml:"currency"`
	TimeZone Zone     `yaml:"timeZone"`
	PayTrace PayTrace `yaml:"paytrace"`
	Clients  []Client `yaml:"clients"`
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
	ExportTimeZone Zone   `yaml:"exportTimeZone"`
	// ExportRowCap is the number of rows at which PayTrace cuts an export, 0
	// when none is known.
	ExportRowCap int `yaml:"exportRowCap"`
	// MaxConnections is for what moves money; exports and requests for tokens
	// have MaxLookConnections of their own.
	MaxConnections     int `yaml:"maxConnections"`
	MaxLookConnections int `yaml:"maxLookConnections"`
	// RateLimit is how many requests a second may go to PayTrace, 0 without
	// limit.
	RateLimit int `yaml:"rateLimit"`
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
	Certificates []Certificate `yaml:"certificates,omitempty"`
}
