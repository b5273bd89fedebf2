package ledger

import (
	"context"
	"errors"

	"paytrace-gateway/gateway"
)

var _ gateway.SecretCheckStore = (*Ledger)(nil)

const (
	secretCheckSQL = `SELECT COALESCE((SELECT value FROM marks WHERE name = 'secret'), ''),
		EXISTS (SELECT 1 FROM idempotency_keys) OR EXISTS (SELECT 1 FROM audit_entries)`
	secretMarkSQL       = `SELECT value FROM marks WHERE name = 'secret'`
	insertSecretMarkSQL = `INSERT INTO marks (name, value) VALUES ('secret', ?) ON CONFLICT (name) DO NOTHING`
)

// SecretCheck implements gateway.SecretCheckStore.
func (l *Ledger) SecretCheck(ctx context.Context) (c gateway.SecretCheck, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	err = l.reads.db.QueryRowContext(ctx, secretCheckSQL).Scan(&c.Value, &c.Used)
	return c, l.explain(err)
}

// KeepSecretCheck implements gateway.SecretCheckStore.
func (l *Ledger) KeepSecretCheck(ctx context.Context, value string) (kept string, err error) {
	if value == "" {
		return "", errors.New("a check of a secret that the ledger cannot take: it is empty")
	}
	err = l.write(ctx, "mark secret", func(s *session) error {
		if err := s.put(insertSecretMarkSQL, value); err != nil {
			return err
		}
		return s.row(gateway.ErrNotFound, secretMarkSQL, nil, &kept)
	})
	return kept, err
}
