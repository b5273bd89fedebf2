package main

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/guard"
)

// The configuration's words, turned into what each part takes.

func merchantsOf(cfg *config.Config) []gateway.Merchant {
	var merchants []gateway.Merchant
	for _, m := range cfg.Merchants {
		merchants = append(merchants, gateway.Merchant{
			ID: m.ID, LiveMode: m.LiveMode, Currency: m.Currency, Zone: m.TimeZone.Location,
			SendWindow: m.PayTrace.SendWindow, CallDeadline: m.PayTrace.CallDeadline,
			ProcessorUser: m.PayTrace.Username, ExportRowCap: m.PayTrace.ExportRowCap,
			WatchEvery: m.PayTrace.WatchEvery, WatchDays: m.PayTrace.WatchDays, TellUnmatched: m.TellUnmatched, VerifyCards: m.VerifyCards,
			CheckVaultEvery:          m.PayTrace.CheckVaultEvery,
			ChargeBearsPurchaseOrder: m.PayTrace.ReferenceField == paytrace.ReferenceInDescription,
			ReturnWindow:             m.ACH.ReturnWindow,
		})
	}
	return merchants
}

func clientConfig(m config.Merchant, log *slog.Logger) paytrace.Config {
	p := m.PayTrace
	return paytrace.Config{
		BaseURL: p.BaseURL, Username: p.Username, Password: p.Password.Reveal(), IntegratorID: p.IntegratorID,
		LiveMode: m.LiveMode, ReferenceField: p.ReferenceField, InvoiceSuffix: p.InvoiceSuffix,
		ApprovedAmountField: p.ApprovedAmountField, BalanceField: p.BalanceField,
		DiscretionaryData: p.DiscretionaryData, TimeZone: p.ExportTimeZone.String(), HostedFieldsScript: p.HostedFieldsScript,
		EncryptedAccountField: m.ACH.EncryptedAccountField,
		CallTimeout:           p.CallDeadline, MaxConnections: p.MaxConnections, MaxLookConnections: p.MaxLookConnections,
		Log: log.With("merchant", m.ID),
	}
}

// guardConfig leaves the breaker and the repeats to the guard's own defaults.
func guardConfig(m config.Merchant, log *slog.Logger) guard.Config {
	return guard.Config{
		RatePerSecond: m.PayTrace.RateLimit, CallDeadline: m.PayTrace.CallDeadline,
		Now: time.Now, Log: log.With("merchant", m.ID),
	}
}

// The keys that are derived from the gateway's secret, by what they are for.
const (
	fingerprintKey   = "fingerprint"
	clientSecretsKey = "client secrets"
	sessionsKey      = "sessions"
	auditKey         = "audit trail"
	ledgerCheckKey   = "ledger check"
)

// gatewaySecret is a key derived from the configured secret, or from one that is
// made once and kept beside the ledger.
func gatewaySecret(cfg *config.Config, purpose string) ([]byte, error) {
	master := cfg.Secret.Reveal()
	if master == "" {
		made, err := ownSecret(cfg.SecretPath())
		if err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		master = made
	}
	return hkdf.Key(sha256.New, []byte(master), nil, purpose, sha256.Size)
}

// minSecret is how many bytes a secret of our own has at least.
const minSecret = 32

// ownSecret reads the file, which is made when there is none: takeLedger lets
// nobody come here without it who has a ledger that knows a secret.
func ownSecret(path string) (string, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = makeSecret(path)
	}
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(content))
	if len(secret) < minSecret {
		return "", fmt.Errorf("%s holds %d bytes, expected at least %d: the file was cut off; restore it from a backup, "+
			"and where there is none see A secret that is lost in docs/operating.md", path, len(secret), minSecret)
	}
	return secret, nil
}

// makeSecret writes the secret under another name first, so that a crash
// leaves no half of it, and gives it its own by a link, which does not replace
// the secret of a faster process.
func makeSecret(path string) error {
	var b [minSecret]byte
	rand.Read(b[:])
	// os.CreateTemp makes files of mode 0600.
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(hex.EncodeToString(b[:]) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// configuredClients are those that stand in the file.
func configuredClients(cfg *config.Config) (*auth.Clients, error) {
	var list []auth.Client
	for _, m := range cfg.Merchants {
		for _, c := range m.Clients {
			list = append(list, clientOf(m, c))
		}
	}
	return auth.NewClients(list)
}

// namedKeys are the signing keys that the configuration names one by one.
func namedKeys(cfg *config.Config) (*auth.Keys, error) {
	var paths []string
	for _, key := range cfg.SigningKeys {
		paths = append(paths, key.File)
	}
	return auth.LoadKeys(paths...)
}

func clientOf(m config.Merchant, c config.Client) auth.Client {
	client := auth.Client{
		ID: c.ID, MerchantID: m.ID, LiveMode: m.LiveMode, Channel: c.Channel, SecretHash: c.SecretHash.Reveal(),
		Quota: gateway.Quota(c.Quota),
	}
	if secret := c.Secret.Reveal(); secret != "" {
		client.SecretHash = auth.HashSecret(secret)
	}
	for _, scope := range c.Scopes {
		client.Scopes = append(client.Scopes, auth.Scope(scope))
	}
	for _, certificate := range c.TLSCertificates {
		client.BoundTo = append(client.BoundTo, auth.Thumbprint(certificate.Certificate))
	}
	for _, certificate := range c.Certificates {
		client.Certificates = append(client.Certificates, certificate.Certificate)
	}
	return client
}
