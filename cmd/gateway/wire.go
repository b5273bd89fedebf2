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
	"strings"
	"time"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/api/auth"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// The configuration's words, turned into what each part takes.

func merchantsOf(cfg *config.Config) []gateway.Merchant {
	var merchants []gateway.Merchant
	for _, m := range cfg.Merchants {
		merchants = append(merchants, gateway.Merchant{
			ID: m.ID, LiveMode: m.LiveMode, Currency: m.Currency,
			SendWindow: m.PayTrace.SendWindow, CallDeadline: m.PayTrace.CallDeadline,
			ProcessorUser: m.PayTrace.Username,
		})
	}
	return merchants
}

func clientConfig(m config.Merchant, log *slog.Logger) paytrace.Config {
	p := m.PayTrace
	return paytrace.Config{
		BaseURL: p.BaseURL, Username: p.Username, Password: p.Password.Reveal(), IntegratorID: p.IntegratorID,
		LiveMode: m.LiveMode, ReferenceField: p.ReferenceField, InvoiceSuffix: p.InvoiceSuffix,
		DiscretionaryData: p.DiscretionaryData, TimeZone: p.ExportTimeZone.String(),
		CallTimeout: p.CallDeadline, MaxConnections: p.MaxConnections,
		Log: log.With("merchant", m.ID),
	}
}

// gatewaySecret is the key of the fingerprints, derived from the configured
// secret or from one that is made once and kept beside the ledger.
func gatewaySecret(cfg *config.Config) ([]byte, error) {
	master := cfg.Secret.Reveal()
	if master == "" {
		made, err := ownSecret(cfg.SecretPath())
		if err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		master = made
	}
	return hkdf.Key(sha256.New, []byte(master), nil, "fingerprint", sha256.Size)
}

// ownSecret reads the file, or makes it. Losing it loses no payment, but a
// repeat of an old request would be taken for another one and refused.
func ownSecret(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(content)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	var b [32]byte
	rand.Read(b[:])
	made := hex.EncodeToString(b[:])
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(made + "\n")
	return made, errors.Join(err, file.Sync(), file.Close())
}

// authOf knows the clients, and signs and checks their tokens.
func authOf(cfg *config.Config) (*auth.Issuer, *auth.Verifier, error) {
	keys, err := signingKeys(cfg)
	if err != nil {
		return nil, nil, err
	}
	var list []auth.Client
	for _, m := range cfg.Merchants {
		for _, c := range m.Clients {
			list = append(list, clientOf(m, c))
		}
	}
	clients, err := auth.NewClients(list)
	if err != nil {
		return nil, nil, err
	}
	common := auth.Config{
		Issuer: cfg.PublicURL, Lifetime: cfg.TokenLifetime, Keys: keys, Clients: clients, Now: time.Now,
	}
	return auth.NewIssuer(common), auth.NewVerifier(common), nil
}

func signingKeys(cfg *config.Config) (*auth.Keys, error) {
	if len(cfg.SigningKeys) == 0 {
		return auth.LoadOrCreate(cfg.SigningKeyPath())
	}
	var paths []string
	for _, key := range cfg.SigningKeys {
		paths = append(paths, key.File)
	}
	return auth.LoadKeys(paths...)
}

func clientOf(m config.Merchant, c config.Client) auth.Client {
	client := auth.Client{
		ID: c.ID, MerchantID: m.ID, LiveMode: m.LiveMode, Channel: c.Channel, SecretHash: c.SecretHash.Reveal(),
	}
	if secret := c.Secret.Reveal(); secret != "" {
		client.SecretHash = auth.HashSecret(secret)
	}
	for _, scope := range c.Scopes {
		client.Scopes = append(client.Scopes, auth.Scope(scope))
	}
	for _, certificate := range c.Certificates {
		client.Certificates = append(client.Certificates, certificate.Certificate)
	}
	return client
}
