package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

var _ gateway.ClientStore = (*Ledger)(nil)

const (
	apiClientsSQL        = `SELECT id, body, version, used_at FROM clients ORDER BY id`
	apiClientsVersionSQL = `SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM clients`
	insertAPIClientSQL   = `INSERT INTO clients (id, body, version) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`
	updateAPIClientSQL   = `UPDATE clients SET body = ?, version = ? WHERE id = ? AND version = ?`
	useAPIClientSQL      = `UPDATE clients SET used_at = ? WHERE id = ? AND used_at < ?`
)

// apiClientBody is a client as it stands in its row, beside what has a column.
type apiClientBody struct {
	MerchantID   string          `json:"merchantId"`
	LiveMode     bool            `json:"liveMode"`
	Scopes       []string        `json:"scopes"`
	Channel      string          `json:"channel,omitempty"`
	Requests     int             `json:"requests,omitempty"`
	Per          time.Duration   `json:"per,omitempty"`
	Secrets      []apiSecretBody `json:"secrets,omitempty"`
	Certificates []string        `json:"certificates,omitempty"`
	AddedAt      time.Time       `json:"addedAt"`
	AddedBy      string          `json:"addedBy"`
	RevokedAt    time.Time       `json:"revokedAt,omitzero"`
	RevokedBy    string          `json:"revokedBy,omitempty"`
}

type apiSecretBody struct {
	Hash   string    `json:"hash"`
	MadeAt time.Time `json:"madeAt"`
	MadeBy string    `json:"madeBy"`
	Until  time.Time `json:"until,omitzero"`
}

func bodyOfAPIClient(c gateway.APIClient) apiClientBody {
	b := apiClientBody{
		MerchantID: c.MerchantID, LiveMode: c.LiveMode, Scopes: c.Scopes, Channel: c.Channel,
		Requests: c.Quota.Requests, Per: c.Quota.Per, Certificates: c.Certificates,
		AddedAt: c.AddedAt, AddedBy: c.AddedBy, RevokedAt: c.RevokedAt, RevokedBy: c.RevokedBy,
	}
	for _, s := range c.Secrets {
		b.Secrets = append(b.Secrets, apiSecretBody(s))
	}
	return b
}

func (b apiClientBody) client(id string, version int64, usedAt time.Time) gateway.APIClient {
	c := gateway.APIClient{
		ID: id, MerchantID: b.MerchantID, LiveMode: b.LiveMode, Scopes: b.Scopes, Channel: b.Channel,
		Quota: gateway.Quota{Requests: b.Requests, Per: b.Per}, Certificates: b.Certificates,
		AddedAt: b.AddedAt, AddedBy: b.AddedBy, RevokedAt: b.RevokedAt, RevokedBy: b.RevokedBy,
		Version: version, UsedAt: usedAt,
	}
	for _, s := range b.Secrets {
		c.Secrets = append(c.Secrets, gateway.APISecret(s))
	}
	return c
}

// APIClients implements gateway.ClientStore.
func (l *Ledger) APIClients(ctx context.Context) ([]gateway.APIClient, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.apiClients.QueryContext(ctx)
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var all []gateway.APIClient
	var bad []gateway.Unreadable
	for rows.Next() {
		var id, text string
		var version, usedAt int64
		if err := rows.Scan(&id, &text, &version, &usedAt); err != nil {
			return nil, l.explain(err)
		}
		var body apiClientBody
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			bad = append(bad, gateway.Unreadable{ID: id, Err: unreadableBody(err)})
			continue
		}
		all = append(all, body.client(id, version, timeOf(usedAt)))
	}
	if err := rows.Err(); err != nil {
		return nil, l.explain(err)
	}
	return all, unreadable(bad)
}

// unreadableBody is said of a row that another program wrote, or nobody.
func unreadableBody(err error) error {
	return fmt.Errorf("what is stored of it cannot be read, was it written by a newer program? %w", err)
}

// APIClientsVersion implements gateway.ClientStore. Versions only grow and no
// client is ever removed, so that every change makes another sum.
func (l *Ledger) APIClientsVersion(ctx context.Context) (version int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	err = l.reads.apiClientsVersion.QueryRowContext(ctx).Scan(&version)
	return version, l.explain(err)
}

// SaveAPIClient implements gateway.ClientStore.
func (l *Ledger) SaveAPIClient(ctx context.Context, c gateway.APIClient, r gateway.AuditRecord) error {
	if c.ID == "" || c.MerchantID == "" || c.Version < 1 {
		return errors.New("a client that the ledger cannot take: it needs an id, a merchant, and a version above zero")
	}
	body, err := json.Marshal(bodyOfAPIClient(c))
	if err != nil {
		return fmt.Errorf("client %s cannot be written as JSON: %w", c.ID, err)
	}
	return l.write(ctx, "client "+c.ID, audited(r, func(s *session) error {
		if c.Version == 1 {
			return s.one(gateway.ErrStale, insertAPIClientSQL, c.ID, string(body), c.Version)
		}
		return s.one(gateway.ErrStale, updateAPIClientSQL, string(body), c.Version, c.ID, c.Version-1)
	}))
}

// UseAPIClient implements gateway.ClientStore.
func (l *Ledger) UseAPIClient(ctx context.Context, id string, at time.Time) error {
	return l.write(ctx, "client "+id, func(s *session) error {
		return s.put(useAPIClientSQL, at.UnixMicro(), id, at.UnixMicro())
	})
}
