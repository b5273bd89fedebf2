package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// What a person does to clients by command. A client of another merchant is not
// found.

// KnownClient is a client as a person sees it.
type KnownClient struct {
	gateway.APIClient
	// Configured clients stand in the configuration file, which alone changes
	// them. The counts are theirs; of others the secrets themselves are known.
	Configured                    bool
	SecretCount, CertificateCount int
}

// List is the merchant's clients of both kinds.
func (r *Roster) List(ctx context.Context, merchantID string, liveMode bool) ([]KnownClient, error) {
	var list []KnownClient
	for _, c := range r.Clients.configured {
		if c.MerchantID == merchantID && c.LiveMode == liveMode {
			list = append(list, c.known())
		}
	}
	kept, _, err := r.stored(ctx)
	if err != nil {
		return nil, gateway.LedgerFailed(err)
	}
	for _, c := range kept {
		if c.MerchantID == merchantID && c.LiveMode == liveMode {
			list = append(list, KnownClient{APIClient: c})
		}
	}
	return list, nil
}

// Add keeps a new client. Its secret, if it has one, was hashed by whoever drew
// it; it is not known here.
func (r *Roster) Add(ctx context.Context, by gateway.Actor, c gateway.APIClient) (gateway.APIClient, error) {
	if err := r.changeable(c.ID); err != nil {
		return gateway.APIClient{}, err
	}
	for _, s := range c.Secrets {
		if err := r.knows(s.Hash); err != nil {
			return gateway.APIClient{}, err
		}
	}
	if _, err := r.client(c); err != nil {
		return gateway.APIClient{}, &gateway.Error{Code: codeInvalidRequest, Message: err.Error()}
	}
	known, err := r.List(ctx, c.MerchantID, c.LiveMode)
	if err != nil {
		return gateway.APIClient{}, err
	}
	calling := 0
	for _, k := range known {
		if !k.Configured && k.RevokedAt.IsZero() {
			calling++
		}
	}
	if calling >= MaxKept {
		return gateway.APIClient{}, &gateway.Error{
			Code: gateway.CodeTooManyClients, Message: "the merchant has as many clients as it may have; revoke those that are not needed"}
	}
	c.Version, c.AddedBy = 1, by.String()
	for i := range c.Secrets {
		c.Secrets[i].MadeBy = c.AddedBy
	}
	return c, r.save(ctx, c, r.decided(gateway.AuditClientAdded, by, c))
}

// Rotate gives a client one more secret; the old one stays good until oldUntil.
func (r *Roster) Rotate(ctx context.Context, merchantID string, liveMode bool, id, hash string, by gateway.Actor, oldUntil time.Time) (gateway.APIClient, error) {
	if err := r.knows(hash); err != nil {
		return gateway.APIClient{}, err
	}
	return r.change(ctx, merchantID, liveMode, id, gateway.AuditClientRotated, by, func(c gateway.APIClient) (gateway.APIClient, error) {
		return c.Rotate(hash, by.String(), r.Now(), oldUntil)
	})
}

// FinishRotation ends the old one of a client's two secrets.
func (r *Roster) FinishRotation(ctx context.Context, merchantID string, liveMode bool, id string, by gateway.Actor) (gateway.APIClient, error) {
	return r.change(ctx, merchantID, liveMode, id, gateway.AuditClientRotationFinished, by, func(c gateway.APIClient) (gateway.APIClient, error) {
		return c.FinishRotation(r.Now())
	})
}

// Revoke keeps a client from calling, for good.
func (r *Roster) Revoke(ctx context.Context, merchantID string, liveMode bool, id string, by gateway.Actor) (gateway.APIClient, error) {
	return r.change(ctx, merchantID, liveMode, id, gateway.AuditClientRevoked, by, func(c gateway.APIClient) (gateway.APIClient, error) {
		return c.Revoke(by.String(), r.Now())
	})
}

// change saves what decide makes of the client.
func (r *Roster) change(ctx context.Context, merchantID string, liveMode bool, id string, action gateway.AuditAction, by gateway.Actor,
	decide func(gateway.APIClient) (gateway.APIClient, error)) (gateway.APIClient, error) {
	if c, ok := r.Clients.configured[id]; ok && c.MerchantID == merchantID {
		return gateway.APIClient{}, r.changeable(id)
	}
	known, err := r.List(ctx, merchantID, liveMode)
	if err != nil {
		return gateway.APIClient{}, err
	}
	for _, c := range known {
		if c.ID != id || c.Configured {
			continue
		}
		after, err := decide(c.APIClient)
		if err != nil {
			return gateway.APIClient{}, err
		}
		return after, r.save(ctx, after, r.decided(action, by, after))
	}
	return gateway.APIClient{}, &gateway.Error{Code: gateway.CodeNotFound, Message: "the merchant has no client with this id"}
}

// decided is the record of what was decided about a client, without its secrets.
func (r *Roster) decided(action gateway.AuditAction, by gateway.Actor, after gateway.APIClient) gateway.AuditRecord {
	record := gateway.AuditRecord{
		At: r.Now(), Actor: by, Action: action, MerchantID: after.MerchantID, LiveMode: after.LiveMode,
		Subject: gateway.AuditSubject{Kind: "client", ID: after.ID},
	}
	switch action {
	case gateway.AuditClientAdded:
		record.Details = map[string]string{"scopes": strings.Join(after.Scopes, " "), "proof": "certificate"}
		if len(after.Secrets) > 0 {
			record.Details["proof"] = "secret"
		}
	case gateway.AuditClientRotated:
		if old := after.Secrets[0].Until; !old.IsZero() {
			record.Details = map[string]string{"oldSecretUntil": old.UTC().Format(time.RFC3339)}
		}
	}
	return record
}

// save writes the client, and has it known here at once.
func (r *Roster) save(ctx context.Context, c gateway.APIClient, record gateway.AuditRecord) error {
	err := r.Store.SaveAPIClient(ctx, c, record)
	switch {
	case errors.Is(err, gateway.ErrStale) && c.Version == 1:
		return &gateway.Error{Code: gateway.CodeClientExists, Message: "a client has or had this id, be it another merchant's; choose another one"}
	case errors.Is(err, gateway.ErrStale):
		return &gateway.Error{Code: gateway.CodeInProgress, Message: "somebody else has just changed the client; look at it, then try again", Retryable: true}
	case err != nil:
		return gateway.LedgerFailed(err)
	}
	// It is kept whatever comes of this; Run reads it again.
	_ = r.refresh(ctx)
	return nil
}

// changeable refuses what stands in the configuration.
func (r *Roster) changeable(id string) error {
	if _, ok := r.Clients.configured[id]; ok {
		return &gateway.Error{Code: gateway.CodeClientConfigured,
			Message: "the client stands in the configuration file; change it there and start the gateway again"}
	}
	return nil
}

func (r *Roster) knows(hash string) error {
	if !r.SecretKey.Knows(hash) {
		return &gateway.Error{Code: codeInvalidRequest, Field: "secretHash",
			Message: "expected a hash made with this gateway's `secret`; is the command's configuration the gateway's?"}
	}
	return nil
}

// codeInvalidRequest is package api's.
const codeInvalidRequest gateway.Code = "invalid_request"

// known is a client of the configuration as a person sees it.
func (c Client) known() KnownClient {
	k := KnownClient{Configured: true, CertificateCount: len(c.Certificates), APIClient: gateway.APIClient{
		ID: c.ID, MerchantID: c.MerchantID, LiveMode: c.LiveMode, Scopes: words(c.Scopes), Channel: c.Channel, Quota: c.Quota,
	}}
	if c.SecretHash != "" {
		k.SecretCount = 1
	}
	return k
}

func words(s Scopes) []string {
	var list []string
	for _, scope := range s {
		list = append(list, string(scope))
	}
	return list
}
