package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"paytrace-gateway/gateway"
)

const (
	// readEvery is how often the ledger is asked whether its clients have changed,
	// and readWithin how long that may take: what one gateway revokes, every other
	// refuses within the sum of both.
	readEvery  = 2 * time.Second
	readWithin = 2 * time.Second
	// MaxKept bounds the clients of one merchant that are kept in the ledger and
	// may call.
	MaxKept = 200
)

// RosterConfig is what a Roster needs.
type RosterConfig struct {
	Store gateway.ClientStore
	// Clients are those that the roster adds to, and what Issuer and Verifier ask.
	Clients *Clients
	// SecretKey is the key of the clients' secrets.
	SecretKey SecretKey
	// Serves says whether the gateway has the merchant, and in that environment.
	Serves func(merchantID string, liveMode bool) bool
	Now    func() time.Time
	Log    *slog.Logger
}

// Roster keeps the clients that are managed by command: in the ledger, and in
// memory for those who ask at every request.
type Roster struct {
	RosterConfig

	mu      sync.Mutex
	read    bool // whether the ledger has been read yet
	version int64
	away    bool             // whether the last reading failed
	strange map[string]bool  // what has been warned of
	written map[string]int64 // when each client's last use was kept
}

// NewRoster makes a Roster. It knows nobody until Load.
func NewRoster(c RosterConfig) *Roster {
	c.Clients.secretKey = c.SecretKey
	return &Roster{RosterConfig: c, strange: map[string]bool{}, written: map[string]int64{}}
}

// Load reads the clients before the gateway serves, and refuses a configuration
// that has an id which the ledger has too.
func (r *Roster) Load(ctx context.Context) error {
	all, _, err := r.stored(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if _, twice := r.Clients.configured[c.ID]; twice {
			return fmt.Errorf("client %s stands in the configuration, and was added by `gateway clients add` %s by %s: "+
				"give the one in the configuration another id", c.ID, c.AddedAt.UTC().Format(time.DateOnly), c.AddedBy)
		}
	}
	return r.refresh(ctx)
}

// Run follows what other gateways change, and keeps when clients last called,
// until ctx ends.
func (r *Roster) Run(ctx context.Context) {
	for {
		select {
		case <-time.After(readEvery):
		case <-ctx.Done():
			r.keepUses(context.WithoutCancel(ctx))
			return
		}
		r.follow(ctx)
		r.keepUses(ctx)
	}
}

// follow leaves things as they are when the ledger cannot be read: without it
// nobody can pay either.
func (r *Roster) follow(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	err := r.refresh(ctx)
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && !r.away {
		r.Log.Warn("clients.not_read", "error", err, "consequence", "what other gateways add or revoke is not known here until the ledger can be read")
	}
	r.away = err != nil
}

// stored are the clients that can be read, and those that cannot. These are
// strangers here, whether they were revoked or not, and keep nobody else away.
func (r *Roster) stored(ctx context.Context) ([]gateway.APIClient, gateway.UnreadableError, error) {
	all, err := r.Store.APIClients(ctx)
	var bad gateway.UnreadableError
	if errors.As(err, &bad) {
		return all, bad, nil
	}
	return all, nil, err
}

// refresh puts what the ledger has in the place of what was known, if it has
// changed.
func (r *Roster) refresh(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	// The version is read first: what changes in between is read again.
	version, err := r.Store.APIClientsVersion(ctx)
	if err != nil || (r.read && version == r.version) {
		return err
	}
	all, bad, err := r.stored(ctx)
	if err != nil {
		return err
	}
	for _, one := range bad {
		r.warn(gateway.APIClient{ID: one.ID}, one.Err)
	}
	before, kept := *r.Clients.kept.Load(), make(map[string]Client, len(all))
	for _, c := range all {
		client, err := r.client(c)
		if err != nil {
			r.warn(c, err)
			continue
		}
		if known := before[c.ID]; known.used != nil {
			client.used = known.used
		}
		kept[c.ID] = client
	}
	r.Clients.kept.Store(&kept)
	r.read, r.version = true, version
	return nil
}

// client is a kept client as the one who may call. One whom something keeps
// from calling is an error; one who was revoked is known, and disabled.
func (r *Roster) client(c gateway.APIClient) (Client, error) {
	client := Client{
		ID: c.ID, MerchantID: c.MerchantID, LiveMode: c.LiveMode, Channel: c.Channel, Quota: c.Quota,
		Secrets: c.Secrets, Scopes: parseScopes(strings.Join(c.Scopes, " ")),
		Disabled: !c.RevokedAt.IsZero(), used: &atomic.Int64{},
	}
	client.used.Store(unixOf(c.UsedAt))
	for _, text := range c.Certificates {
		certificates, err := ParseCertificates([]byte(text))
		if err != nil {
			return Client{}, err
		}
		client.Certificates = append(client.Certificates, certificates...)
	}
	if err := client.check(); err != nil {
		return Client{}, err
	}
	if _, twice := r.Clients.configured[c.ID]; twice {
		return Client{}, errors.New("its id stands in the configuration, and the configuration's client is meant")
	}
	if !r.Serves(c.MerchantID, c.LiveMode) {
		return Client{}, errors.New("its merchant is not in the configuration, or is of the other environment")
	}
	for _, s := range c.Secrets {
		if !r.SecretKey.Knows(s.Hash) {
			return Client{}, errors.New("its secret was made under another `secret` of the gateway and cannot be checked")
		}
	}
	return client, nil
}

// warn says once of each client why it cannot call.
func (r *Roster) warn(c gateway.APIClient, why error) {
	key := c.ID + " " + why.Error()
	if r.strange[key] || !c.RevokedAt.IsZero() {
		return
	}
	r.strange[key] = true
	r.Log.Warn("clients.left_out", "client", c.ID, "merchant", c.MerchantID, "reason", why.Error(), "consequence", "the client cannot call this gateway")
}

// keepUses writes when clients last called, for those of whom it has changed.
// What cannot be written now is written later.
func (r *Roster) keepUses(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	for id, client := range *r.Clients.kept.Load() {
		at := client.used.Load()
		if at == 0 || at == r.written[id] {
			continue
		}
		if r.Store.UseAPIClient(ctx, id, time.Unix(at, 0).UTC()) != nil {
			return
		}
		r.written[id] = at
	}
}

func unixOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
