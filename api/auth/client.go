package auth

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"sync/atomic"
	"time"

	"paytrace-gateway/gateway"
)

// Client is a system that may call: a shop, an org, a terminal.
type Client struct {
	ID         string
	MerchantID string
	LiveMode   bool
	Scopes     Scopes
	Channel    string
	// SecretHash is what HashSecret made of the secret; a client with
	// certificates may do without.
	SecretHash string
	// Certificates are those under which the client signs its own JWTs.
	Certificates []*x509.Certificate
	Disabled     bool
	// BoundTo are the thumbprints of the TLS certificates of which the client has
	// to show one with every request; none where it need not.
	BoundTo []string
	// Quota is the client's own limit, the zero value none.
	Quota gateway.Quota
	// Secrets are those of a client that is kept in the ledger, which has no
	// SecretHash. Two of them are good while one takes the other's place.
	Secrets []gateway.APISecret
	// used is when a kept client last called, in Unix seconds.
	used *atomic.Int64
}

// maxSecrets is how many secrets of one client are good at a time.
const maxSecrets = 2

// maxCertificates allows for a rotation, and bounds the signatures that one
// token can make us check.
const maxCertificates = 4

// minRSABits is the shortest RSA key that is trusted.
const minRSABits = 2048

// A client's id holds no colon, which HTTP Basic splits at, and so cannot be
// mistaken for an issuer's URL.
var (
	clientID   = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,64}$`)
	secretHash = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// Clients are all the clients by their ids. Those of the configuration do not
// change; those that are kept in the ledger are put in their place by a Roster,
// so that to find one costs a look into memory.
type Clients struct {
	configured map[string]Client
	kept       atomic.Pointer[map[string]Client]
	secretKey  SecretKey
}

// NewClients checks the clients of the configuration and names every fault at
// once.
func NewClients(clients []Client) (*Clients, error) {
	c := &Clients{configured: make(map[string]Client, len(clients))}
	c.kept.Store(&map[string]Client{})
	var faults []error
	for _, client := range clients {
		if _, taken := c.configured[client.ID]; taken {
			faults = append(faults, fmt.Errorf("client %q: the id is used twice", client.ID))
		}
		faults = append(faults, client.check())
		c.configured[client.ID] = client
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return c, nil
}

func (c Client) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("client %q: "+format, append([]any{c.ID}, args...)...))
	}
	if !clientID.MatchString(c.ID) {
		fault("the id must be 1 to 64 of A-Z a-z 0-9 . _ @ -")
	}
	if c.MerchantID == "" {
		fault("the merchant is missing")
	}
	if len(c.Scopes) == 0 {
		fault("it has no scopes; give it those that it needs: %s", AllScopes())
	}
	for _, scope := range c.Scopes {
		if !AllScopes().Has(scope) {
			fault("there is no scope %q; the scopes are: %s", scope, AllScopes())
		}
	}
	if c.SecretHash == "" && len(c.Secrets) == 0 && len(c.Certificates) == 0 && !c.Disabled {
		fault("it has neither a secret nor a certificate")
	}
	if c.SecretHash != "" && !secretHash.MatchString(c.SecretHash) {
		fault(`the secret's hash must be "sha256:" and 64 lower-case hexadecimal digits`)
	}
	if len(c.Certificates) > maxCertificates {
		fault("it has %d certificates; %d are allowed", len(c.Certificates), maxCertificates)
	}
	for i, certificate := range c.Certificates {
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() < minRSABits {
			fault("certificate %d must hold an RSA key of at least %d bits", i+1, minRSABits)
		}
	}
	return errors.Join(faults...)
}

// find knows disabled clients too. Where the configuration and the ledger have
// the same id, the configuration's is meant.
func (c *Clients) find(id string) (Client, bool) {
	client, ok := c.configured[id]
	if !ok {
		client, ok = (*c.kept.Load())[id]
	}
	return client, ok
}

// who says how well the client's secrets are hidden. Those that are kept in the
// ledger were drawn by the command, and nobody chooses them.
func (c *Clients) who(id string) who {
	if _, ok := c.configured[id]; ok {
		return guessable
	}
	if _, ok := c.find(id); ok {
		return unguessable
	}
	return stranger
}

// active finds a client that is not disabled.
func (c *Clients) active(id string) (Client, bool) {
	client, ok := c.find(id)
	return client, ok && !client.Disabled
}

// Quota is the client's own limit, and whether it has one.
func (c *Clients) Quota(id string) (gateway.Quota, bool) {
	client, _ := c.find(id)
	return client.Quota, client.Quota.Requests > 0
}

// usedEvery is how exactly it is known when a client last called.
const usedEvery = 5 * time.Minute

// use notes that the client calls. It writes rarely, since many requests would
// otherwise wait for one word of memory.
func (c Client) use(now time.Time) {
	if c.used == nil {
		return
	}
	if at := now.Unix(); at-c.used.Load() >= int64(usedEvery/time.Second) {
		c.used.Store(at)
	}
}

// keys are those of the certificates that are valid at that time.
func (c Client) keys(at time.Time) []*rsa.PublicKey {
	var keys []*rsa.PublicKey
	for _, certificate := range c.Certificates {
		if at.Before(certificate.NotBefore) || at.After(certificate.NotAfter) {
			continue
		}
		keys = append(keys, certificate.PublicKey.(*rsa.PublicKey))
	}
	return keys
}

// ParseCertificates reads the certificates of a PEM file, such as Salesforce's
// "Download Certificate" gives.
func ParseCertificates(text []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("the PEM text holds a %s where only certificates are expected", block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(certificates)+1, err)
		}
		certificates = append(certificates, certificate)
	}
	if len(certificates) == 0 {
		return nil, errors.New("no certificate found: expected PEM text with BEGIN CERTIFICATE")
	}
	return certificates, nil
}
