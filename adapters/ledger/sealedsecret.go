package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

var _ gateway.SecretStore = (*Ledger)(nil)

const (
	sealedSecretsSQL        = `SELECT merchant_id, live_mode, name, body, version FROM sealed_secrets ORDER BY merchant_id, live_mode, name`
	sealedSecretsVersionSQL = `SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM sealed_secrets`
	insertSealedSecretSQL   = `INSERT INTO sealed_secrets (merchant_id, live_mode, name, body, version) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode, name) DO NOTHING`
	updateSealedSecretSQL = `UPDATE sealed_secrets SET body = ?, version = ? WHERE merchant_id = ? AND live_mode = ? AND name = ? AND version = ?`
)

// sealedSecretBody is a secret as it stands in its row, beside what has a column.
type sealedSecretBody struct {
	Values     []sealedValueBody `json:"values,omitempty"`
	LastNumber int64             `json:"lastNumber"`
	RemovedAt  time.Time         `json:"removedAt,omitzero"`
	RemovedBy  string            `json:"removedBy,omitempty"`
}

type sealedValueBody struct {
	Number int64     `json:"number"`
	KeyID  string    `json:"keyId"`
	Sealed []byte    `json:"sealed"`
	SetAt  time.Time `json:"setAt"`
	SetBy  string    `json:"setBy"`
	Until  time.Time `json:"until,omitzero"`
}

func bodyOfSealedSecret(s gateway.SealedSecret) sealedSecretBody {
	b := sealedSecretBody{LastNumber: s.LastNumber, RemovedAt: s.RemovedAt, RemovedBy: s.RemovedBy}
	for _, v := range s.Values {
		b.Values = append(b.Values, sealedValueBody(v))
	}
	return b
}

func (b sealedSecretBody) into(s *gateway.SealedSecret) {
	s.LastNumber, s.RemovedAt, s.RemovedBy = b.LastNumber, b.RemovedAt, b.RemovedBy
	for _, v := range b.Values {
		s.Values = append(s.Values, gateway.SealedValue(v))
	}
}

// SealedSecrets implements gateway.SecretStore. One that cannot be read is told
// of: whoever needs it must not take it for one that was never set.
func (l *Ledger) SealedSecrets(ctx context.Context) ([]gateway.SealedSecret, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.sealedSecrets.QueryContext(ctx)
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var all []gateway.SealedSecret
	var bad []gateway.Unreadable
	for rows.Next() {
		var s gateway.SealedSecret
		var text string
		if err := rows.Scan(&s.MerchantID, &s.LiveMode, &s.Name, &text, &s.Version); err != nil {
			return nil, l.explain(err)
		}
		var body sealedSecretBody
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			bad = append(bad, gateway.Unreadable{ID: s.Name, MerchantID: s.MerchantID, LiveMode: s.LiveMode, Err: unreadableBody(err)})
			continue
		}
		body.into(&s)
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		return nil, l.explain(err)
	}
	return all, unreadable(bad)
}

// SealedSecretsVersion implements gateway.SecretStore.
func (l *Ledger) SealedSecretsVersion(ctx context.Context) (version int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	err = l.reads.sealedSecretsVersion.QueryRowContext(ctx).Scan(&version)
	return version, l.explain(err)
}

// SaveSealedSecrets implements gateway.SecretStore.
func (l *Ledger) SaveSealedSecrets(ctx context.Context, all []gateway.SealedSecret, records []gateway.AuditRecord) error {
	bodies := make([]string, len(all))
	for i, s := range all {
		if s.MerchantID == "" || s.Name == "" || s.Version < 1 {
			return errors.New("a sealed secret that the ledger cannot take: it needs a merchant, a name, and a version above zero")
		}
		body, err := json.Marshal(bodyOfSealedSecret(s))
		if err != nil {
			return fmt.Errorf("the sealed secret %s cannot be written as JSON: %w", s.Name, err)
		}
		bodies[i] = string(body)
	}
	return l.write(ctx, "sealed secrets", func(session *session) error {
		for i, s := range all {
			if err := saveSealedSecret(session, s, bodies[i]); err != nil {
				return err
			}
		}
		for _, r := range records {
			if err := session.audit(r); err != nil {
				return err
			}
		}
		return nil
	})
}

func saveSealedSecret(session *session, s gateway.SealedSecret, body string) error {
	if s.Version == 1 {
		return session.one(gateway.ErrStale, insertSealedSecretSQL, s.MerchantID, s.LiveMode, s.Name, body, s.Version)
	}
	return session.one(gateway.ErrStale, updateSealedSecretSQL, body, s.Version, s.MerchantID, s.LiveMode, s.Name, s.Version-1)
}
