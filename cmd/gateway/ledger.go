package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/cmd/gateway/config"
)

// takeLedger opens the ledger for a program that writes to it, and makes it, and
// the gateway's secret, where a first start finds neither. A ledger that is not
// where it was knows of no payment, and every key that is repeated would be
// charged again: what can be told from a first start is refused, and the log
// says of all others that they were one. So is a ledger that was used with
// another secret, in which no repeat would be known.
//
// The secret is made after the ledger, in which its derived keys are used:
// however a first start ends, the next one finds no secret without a ledger.
func takeLedger(ctx context.Context, cfg *config.Config, log *slog.Logger) (*ledger.Ledger, error) {
	if found, mend := examineLoss(cfg); found != "" {
		return nil, fmt.Errorf("%s: %s", found, mend)
	}
	l, err := openLedger(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	tellOfNewLedger(l, cfg, log)
	if secretIsMissing(cfg) {
		// Opened again it has the key that is derived from the secret.
		if err := errors.Join(makeSecretFor(ctx, cfg, l), l.Close()); err != nil {
			return nil, err
		}
		if l, err = openLedger(ctx, cfg, log); err != nil {
			return nil, err
		}
	}
	if err := keepSecretCheck(ctx, cfg, l); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// takeLedgerAsItIs is takeLedger for a command. It leaves it to a start to bring the
// tables of a PostgreSQL ledger up to date: gateways of the release before may be at
// work on them. A file of SQLite's no gateway has open when it is taken.
func takeLedgerAsItIs(ctx context.Context, cfg *config.Config, log *slog.Logger) (*ledger.Ledger, error) {
	if !cfg.Ledger.Postgres.IsZero() {
		switch l, err := lookIntoLedger(ctx, cfg); {
		case err == nil:
			l.Close()
		case errors.Is(err, ledger.ErrOlder):
			return nil, err
		}
	}
	return takeLedger(ctx, cfg, log)
}

// openLedger gives the ledger the key of its audit trail where this machine has
// the gateway's secret.
func openLedger(ctx context.Context, cfg *config.Config, log *slog.Logger) (*ledger.Ledger, error) {
	key, err := ledgerKey(cfg)
	if err != nil {
		return nil, err
	}
	opts := ledger.Options{Archive: cfg.Retention.ArchiveFolder, AuditKey: key, Log: log}
	if url := cfg.Ledger.Postgres.Reveal(); url != "" {
		return ledger.OpenPostgres(ctx, url, opts)
	}
	return ledger.OpenSQLite(ctx, cfg.Ledger.SQLite, opts)
}

// examineLoss finds the secret of a ledger that is not there: a gateway has run
// with it. It says nothing where all is well.
func examineLoss(cfg *config.Config) (found, mend string) {
	if !cfg.Secret.IsZero() || !cfg.Ledger.Postgres.IsZero() || !isMissing(cfg.Ledger.SQLite) || isMissing(cfg.SecretPath()) {
		return "", ""
	}
	return fmt.Sprintf("there is no ledger %s, and %s is the secret of one", cfg.Ledger.SQLite, cfg.SecretPath()),
		fmt.Sprintf("mount its disk, mend ledger.sqlite, or restore the ledger from its backup, since a new one knows of no payment and would charge "+
			"repeated requests again; if a new one is meant, move %s away too", cfg.SecretPath())
}

func isMissing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// tellOfNewLedger warns where money is real: somebody should know whether this
// is the first start.
func tellOfNewLedger(l *ledger.Ledger, cfg *config.Config, log *slog.Logger) {
	if !l.Made() {
		return
	}
	level, place := log.Info, cfg.Ledger.SQLite
	if slices.ContainsFunc(cfg.Merchants, func(m config.Merchant) bool { return m.LiveMode }) {
		level = log.Warn
	}
	if !cfg.Ledger.Postgres.IsZero() {
		place = "PostgreSQL"
	}
	level("ledger.new", "ledger", place,
		"consequence", "no payment is known: a request whose key was used with another ledger is charged again")
}
