package gateway

import (
	"context"
	"slices"
	"time"
)

// APIClient is a client that was added by command. It is kept for good: who is
// revoked stays known, so that its id never becomes somebody else's.
type APIClient struct {
	ID         string
	MerchantID string
	LiveMode   bool
	Scopes     []string
	Channel    string
	// Quota is the client's own limit, the zero value none.
	Quota Quota
	// Secrets are the hashes of those that it may show, the newest last; what
	// has ended may still be among them.
	Secrets []APISecret
	// Certificates are those under which it signs its own tokens, as PEM.
	Certificates []string

	AddedAt   time.Time
	AddedBy   string
	RevokedAt time.Time // zero while it may call
	RevokedBy string
	// Version is one above that of the client which was read.
	Version int64
	// UsedAt is roughly when it last called, zero when never. It is kept beside
	// the client and has no part in its Version.
	UsedAt time.Time
}

// APISecret is a secret of a client, of which only a keyed hash is known.
type APISecret struct {
	Hash   string
	MadeAt time.Time
	MadeBy string
	// Until is when it stops being good, zero for not yet known.
	Until time.Time
}

// Good reports whether the secret may be shown at that time.
func (s APISecret) Good(at time.Time) bool { return s.Until.IsZero() || at.Before(s.Until) }

// ClientStore keeps the clients that were added by command.
type ClientStore interface {
	// APIClients are all of them, by id. Beside an UnreadableError there may be
	// others.
	APIClients(ctx context.Context) ([]APIClient, error)
	// APIClientsVersion changes whenever SaveAPIClient changes any of them. It is
	// cheap enough to be asked every second.
	APIClientsVersion(ctx context.Context) (int64, error)
	// SaveAPIClient keeps c with the record of the decision, or returns ErrStale
	// unless its Version is one above the kept one's (zero where there is none).
	SaveAPIClient(ctx context.Context, c APIClient, r AuditRecord) error
	// UseAPIClient notes that the client called at that time. An earlier time
	// than the one that is kept changes nothing.
	UseAPIClient(ctx context.Context, id string, at time.Time) error
}

// Rotate gives the client one more secret. The one that it has stays good until
// the time given, or until Finish.
func (c APIClient) Rotate(hash, by string, now, oldUntil time.Time) (APIClient, error) {
	if err := c.rotatable(); err != nil {
		return APIClient{}, err
	}
	good := c.goodSecrets(now)
	if len(good) > 1 {
		return APIClient{}, refuse(CodeNotRotatable,
			"a rotation is under way: the old secret is good until %s; finish it first, once everybody has the new one", good[0].Until.UTC().Format(time.RFC3339))
	}
	for i := range good {
		good[i].Until = oldUntil
	}
	c.Secrets = append(good, APISecret{Hash: hash, MadeAt: now, MadeBy: by})
	c.Version++
	return c, nil
}

// FinishRotation ends the old secret at once.
func (c APIClient) FinishRotation(now time.Time) (APIClient, error) {
	if err := c.rotatable(); err != nil {
		return APIClient{}, err
	}
	good := c.goodSecrets(now)
	if len(good) < 2 {
		return APIClient{}, refuse(CodeNotRotatable, "no rotation is under way: the client has one secret")
	}
	c.Secrets = good[len(good)-1:]
	c.Version++
	return c, nil
}

func (c APIClient) rotatable() error {
	if !c.RevokedAt.IsZero() {
		return refuse(CodeClientRevoked, "the client has been revoked, which is for good; add another one")
	}
	if len(c.Secrets) == 0 {
		return refuse(CodeNotRotatable, "the client has no secret, only certificates; add another client with the new certificate")
	}
	return nil
}

// goodSecrets leaves out what has ended, in a list of its own.
func (c APIClient) goodSecrets(now time.Time) []APISecret {
	return slices.DeleteFunc(slices.Clone(c.Secrets), func(s APISecret) bool { return !s.Good(now) })
}

// Revoke keeps the client from calling, for good. Its secrets are forgotten.
func (c APIClient) Revoke(by string, now time.Time) (APIClient, error) {
	if !c.RevokedAt.IsZero() {
		return APIClient{}, refuse(CodeClientRevoked, "the client has been revoked already, %s by %s",
			c.RevokedAt.UTC().Format(time.RFC3339), c.RevokedBy)
	}
	c.Secrets, c.RevokedAt, c.RevokedBy = nil, now, by
	c.Version++
	return c, nil
}

// LedgerFailed is the refusal of what the ledger could not read or write.
func LedgerFailed(cause error) *Error {
	return refuse(CodeLedgerUnavailable, "the ledger cannot be read or written at the moment; wait, then try again").
		retry(askAgain).because(cause)
}
