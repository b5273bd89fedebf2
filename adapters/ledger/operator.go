package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

var _ gateway.OperatorStore = (*Ledger)(nil)

const (
	operatorsSQL        = `SELECT name, issuer, subject, body, version FROM operators ORDER BY name`
	operatorsVersionSQL = `SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM operators`
	// An operator may be there already by its name, or by its identity.
	insertOperatorSQL = `INSERT INTO operators (name, issuer, subject, body, version) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	updateOperatorSQL = `UPDATE operators SET body = ?, version = ? WHERE name = ? AND version = ?`
)

// operatorBody is an operator as it stands in its row, beside what has a column.
type operatorBody struct {
	Role         string    `json:"role"`
	MerchantIDs  []string  `json:"merchantIds"`
	PasswordHash string    `json:"passwordHash,omitempty"`
	OneTimeUntil time.Time `json:"oneTimeUntil,omitzero"`
	AddedAt      time.Time `json:"addedAt"`
	AddedBy      string    `json:"addedBy"`
	DisabledAt   time.Time `json:"disabledAt,omitzero"`
	DisabledBy   string    `json:"disabledBy,omitempty"`
	Generation   int64     `json:"generation"`
}

func bodyOfOperator(o gateway.Operator) operatorBody {
	return operatorBody{
		Role: o.Role, MerchantIDs: o.MerchantIDs, PasswordHash: o.PasswordHash, OneTimeUntil: o.OneTimeUntil,
		AddedAt: o.AddedAt, AddedBy: o.AddedBy, DisabledAt: o.DisabledAt, DisabledBy: o.DisabledBy, Generation: o.Generation,
	}
}

func (b operatorBody) operator(name, issuer, subject string, version int64) gateway.Operator {
	return gateway.Operator{
		Name: name, Issuer: issuer, Subject: subject, Role: b.Role, MerchantIDs: b.MerchantIDs,
		PasswordHash: b.PasswordHash, OneTimeUntil: b.OneTimeUntil,
		AddedAt: b.AddedAt, AddedBy: b.AddedBy, DisabledAt: b.DisabledAt, DisabledBy: b.DisabledBy,
		Generation: b.Generation, Version: version,
	}
}

// Operators implements gateway.OperatorStore. An operator whose body cannot be
// read is told of, and is nobody who may log in: it might be one who was disabled.
func (l *Ledger) Operators(ctx context.Context) ([]gateway.Operator, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.operators.QueryContext(ctx)
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var all []gateway.Operator
	var bad []gateway.Unreadable
	for rows.Next() {
		var name, issuer, subject, text string
		var version int64
		if err := rows.Scan(&name, &issuer, &subject, &text, &version); err != nil {
			return nil, l.explain(err)
		}
		var body operatorBody
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			bad = append(bad, gateway.Unreadable{ID: name, Err: unreadableBody(err)})
			continue
		}
		all = append(all, body.operator(name, issuer, subject, version))
	}
	if err := rows.Err(); err != nil {
		return nil, l.explain(err)
	}
	return all, unreadable(bad)
}

// OperatorsVersion implements gateway.OperatorStore. Versions only grow and no
// operator is ever removed, so that every change makes another sum.
func (l *Ledger) OperatorsVersion(ctx context.Context) (version int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	err = l.reads.operatorsVersion.QueryRowContext(ctx).Scan(&version)
	return version, l.explain(err)
}

// SaveOperator implements gateway.OperatorStore.
func (l *Ledger) SaveOperator(ctx context.Context, o gateway.Operator, r gateway.AuditRecord) error {
	if o.Name == "" || o.Role == "" || o.Version < 1 {
		return errors.New("an operator that the ledger cannot take: it needs a name, a role, and a version above zero")
	}
	body, err := json.Marshal(bodyOfOperator(o))
	if err != nil {
		return fmt.Errorf("operator %s cannot be written as JSON: %w", o.Name, err)
	}
	return l.write(ctx, "operator "+o.Name, audited(r, func(s *session) error {
		if o.Version == 1 {
			return s.one(gateway.ErrStale, insertOperatorSQL, o.Name, o.Issuer, o.Subject, string(body), o.Version)
		}
		return s.one(gateway.ErrStale, updateOperatorSQL, string(body), o.Version, o.Name, o.Version-1)
	}))
}
