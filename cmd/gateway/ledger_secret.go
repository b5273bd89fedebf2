package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/cmd/gateway/config"
	"paytrace-gateway/gateway"
)

// A ledger and the gateway's secret belong together: with another secret no
// request is known for a repeat, and the secrets of added clients, sessions and
// the audit trail cannot be checked.

// secretIsMissing says that the gateway has no secret, neither in the
// configuration nor beside its ledger.
func secretIsMissing(cfg *config.Config) bool {
	return cfg.Secret.IsZero() && isMissing(cfg.SecretPath())
}

// makeSecretFor makes the secret of a ledger with which none has been used.
func makeSecretFor(ctx context.Context, cfg *config.Config, store gateway.SecretCheckStore) error {
	known, err := store.SecretCheck(ctx)
	if err != nil {
		return err
	}
	found, mend, err := judgeSecret(cfg, known)
	if found != "" {
		return fmt.Errorf("%s: %s", found, mend)
	}
	if err == nil {
		_, err = gatewaySecret(cfg, fingerprintKey)
	}
	return err
}

// keepSecretCheck leaves a check of the secret in a ledger that has none, and
// refuses a secret that is not the one of the ledger's.
func keepSecretCheck(ctx context.Context, cfg *config.Config, store gateway.SecretCheckStore) error {
	check, err := secretCheck(cfg)
	if err != nil {
		return err
	}
	kept, err := store.KeepSecretCheck(ctx, check)
	if err != nil {
		return err
	}
	found, mend, err := judgeSecret(cfg, gateway.SecretCheck{Value: kept})
	if found != "" {
		return fmt.Errorf("%s: %s", found, mend)
	}
	return err
}

// secretCheck tells the secret from another. Who reads it in the ledger knows
// nothing of the keys, which are derived apart.
func secretCheck(cfg *config.Config) (string, error) {
	key, err := gatewaySecret(cfg, ledgerCheckKey)
	return base64.RawURLEncoding.EncodeToString(key), err
}

// judgeSecret says what is wrong between the gateway's secret and what a ledger
// knows of it, and nothing where all is well.
func judgeSecret(cfg *config.Config, known gateway.SecretCheck) (found, mend string, err error) {
	const (
		because = "with another one repeats of requests are refused, so that shops may pay them anew, and added clients cannot call"
		lost    = "if it is lost for good, docs/operating.md says under A secret that is lost how to go on"
	)
	place := "the ledger " + cfg.Ledger.SQLite
	if !cfg.Ledger.Postgres.IsZero() {
		place = "the PostgreSQL ledger"
	}
	if secretIsMissing(cfg) {
		if known == (gateway.SecretCheck{}) {
			return "", "", nil
		}
		return fmt.Sprintf("%s has been used with a secret, and there is none: neither %s nor secret in the configuration", place, cfg.SecretPath()),
			fmt.Sprintf("restore %s from its backup, since a new one is not made for a ledger in use: %s; %s", cfg.SecretPath(), because, lost), nil
	}
	check, err := secretCheck(cfg)
	if err != nil || known.Value == "" || known.Value == check {
		return "", "", err
	}
	source := cfg.SecretPath()
	if !cfg.Secret.IsZero() {
		source = "the setting secret, " + cfg.Secret.String()
	}
	return fmt.Sprintf("%s has been used with another secret than that of %s", place, source),
		fmt.Sprintf("bring the secret of before back, which any other gateway on this ledger has: %s; if another ledger is meant, mend ledger in the configuration; %s", because, lost), nil
}

// examineSecretOfLedger is for the doctor. What keeps the ledger from being read
// is said of the ledger itself.
func examineSecretOfLedger(ctx context.Context, cfg *config.Config) []gateway.Finding {
	known, err := peekIntoLedger(ctx, cfg)
	if err != nil || known == (gateway.SecretCheck{}) {
		return nil
	}
	f := gateway.Finding{Grade: gateway.Well, Tried: "ledger secret", Found: "is the one that the ledger has been used with"}
	found, mend, err := judgeSecret(cfg, known)
	switch {
	case err != nil:
		f.Grade, f.Found, f.Mend = gateway.Broken, err.Error(), "mend the file, or secret in the configuration"
	case found != "":
		f.Grade, f.Found, f.Mend = gateway.Broken, found, mend
	case known.Value == "":
		return nil // the next start notes it
	}
	return []gateway.Finding{f}
}

func peekIntoLedger(ctx context.Context, cfg *config.Config) (gateway.SecretCheck, error) {
	if url := cfg.Ledger.Postgres.Reveal(); url != "" {
		return ledger.PeekPostgres(ctx, url)
	}
	if isMissing(cfg.Ledger.SQLite) {
		return gateway.SecretCheck{}, errors.New("there is no ledger yet")
	}
	return ledger.PeekSQLite(ctx, cfg.Ledger.SQLite)
}
