package auth

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"paytrace-gateway/gateway"
)

// PeopleConfig is what People needs.
type PeopleConfig struct {
	Store gateway.OperatorStore
	// Merchants are those of the gateway, and whether each is live.
	Merchants map[string]bool
	// Key keys what is made of sessions, and what a browser keeps during a log-in
	// at an identity provider.
	Key SecretKey
	// Provider knows people by OpenID Connect, nil without one.
	Provider gateway.IdentityProvider
	Now      func() time.Time
	Log      *slog.Logger
}

// People are the operators who may log in. They are kept in the ledger, and in
// memory for those who ask at every request.
type People struct {
	PeopleConfig
	guesses *guesses
	pace    pace
	codes   codes
	known   atomic.Pointer[map[string]gateway.Operator]

	mu      sync.Mutex
	read    bool // whether the ledger has been read yet
	version int64
	away    bool            // whether the last reading failed
	strange map[string]bool // what has been warned of
}

// NewPeople knows nobody until Load.
func NewPeople(c PeopleConfig) *People {
	p := &People{PeopleConfig: c, guesses: newGuesses(), pace: newPace(), codes: newCodes(), strange: map[string]bool{}}
	p.known.Store(&map[string]gateway.Operator{})
	return p
}

// Load reads the operators before the gateway serves.
func (p *People) Load(ctx context.Context) error { return p.refresh(ctx) }

// Run follows what other gateways change, until ctx ends.
func (p *People) Run(ctx context.Context) {
	for {
		select {
		case <-time.After(readEvery):
		case <-ctx.Done():
			return
		}
		p.follow(ctx)
	}
}

// follow leaves things as they are when the ledger cannot be read: without it no
// session is found either.
func (p *People) follow(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	err := p.refresh(within)
	if ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && !p.away {
		p.Log.Warn("operators.not_read", "error", err, "consequence", "what other gateways change about operators is not known here until the ledger can be read")
	}
	p.away = err != nil
}

// refresh puts what the ledger has in the place of what was known, if it has
// changed.
func (p *People) refresh(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	// The version is read first: what changes in between is read again.
	version, err := p.Store.OperatorsVersion(ctx)
	if err != nil || (p.read && version == p.version) {
		return err
	}
	all, bad, err := p.stored(ctx)
	if err != nil {
		return err
	}
	p.warn(bad)
	known := make(map[string]gateway.Operator, len(all))
	for _, o := range all {
		known[o.Name] = o
	}
	p.known.Store(&known)
	p.read, p.version = true, version
	return nil
}

// stored are the operators who can be read, and those who cannot. These may not
// log in, whether they were disabled or not, and keep nobody else out.
func (p *People) stored(ctx context.Context) ([]gateway.Operator, gateway.UnreadableError, error) {
	all, err := p.Store.Operators(ctx)
	var bad gateway.UnreadableError
	if errors.As(err, &bad) {
		return all, bad, nil
	}
	return all, nil, err
}

// warn says once of each operator that they cannot be read.
func (p *People) warn(bad gateway.UnreadableError) {
	for _, one := range bad {
		key := one.ID + " " + one.Err.Error()
		if p.strange[key] {
			continue
		}
		p.strange[key] = true
		p.Log.Warn("operators.left_out", "operator", one.ID, "reason", one.Err.Error(), "consequence", "the operator cannot log in, and has no session")
	}
}

func (p *People) find(name string) (gateway.Operator, bool) {
	o, ok := (*p.known.Load())[name]
	return o, ok
}

// taken reports whether an operator has or had the name, capitals aside.
func (p *People) taken(name string) bool {
	for other := range *p.known.Load() {
		if strings.EqualFold(other, name) {
			return true
		}
	}
	return false
}

// byIdentity finds who comes from an identity provider.
func (p *People) byIdentity(id gateway.Identity) (gateway.Operator, bool) {
	for _, o := range *p.known.Load() {
		if o.Subject != "" && o.Issuer == id.Issuer && o.Subject == id.Subject {
			return o, true
		}
	}
	return gateway.Operator{}, false
}

// Verify tells who shows a session. A refusal of the session is a *TokenError,
// what keeps a good one from its merchant a *gateway.Error.
func (p *People) Verify(ctx context.Context, shown, merchantID string) (Principal, error) {
	in, err := p.LoggedIn(ctx, shown)
	if err != nil {
		return Principal{}, err
	}
	who := in.Principal()
	who.MerchantID, err = p.merchantOf(in.Operator, merchantID)
	who.LiveMode = p.Merchants[who.MerchantID]
	return who, err
}

// LoggedIn finds the person of a session, which is used by that.
func (p *People) LoggedIn(ctx context.Context, shown string) (LoggedIn, error) {
	hash, err := p.Key.sessionHash(shown)
	if err != nil {
		return LoggedIn{}, err
	}
	s, err := p.Store.Session(ctx, hash)
	if err != nil && !errors.Is(err, gateway.ErrNotFound) {
		return LoggedIn{}, gateway.LedgerFailed(err)
	}
	now := p.Now()
	o, known := p.find(s.Operator)
	if err != nil || !known || !s.Good(o, SessionIdle, now) {
		return LoggedIn{}, refuse("the session has ended")
	}
	if now.Sub(s.UsedAt) >= usedWithin {
		// A use that is not kept ends the session early, never late.
		_ = p.Store.UseSession(ctx, hash, now)
	}
	return LoggedIn{Session: s, Operator: o}, nil
}

// LogOut ends the session.
func (p *People) LogOut(ctx context.Context, in LoggedIn) error {
	if err := p.Store.EndSession(ctx, in.Hash); err != nil {
		return gateway.LedgerFailed(err)
	}
	return nil
}

// merchantOf is the merchant that a request is about: the one that it names, or
// the only one that the operator works for.
func (p *People) merchantOf(o gateway.Operator, named string) (string, error) {
	works := p.worksFor(o)
	switch {
	case named != "" && slices.Contains(works, named):
		return named, nil
	case len(works) == 0:
		return "", &gateway.Error{Code: codeForbiddenRole, Message: "you work for no merchant of this gateway"}
	case named != "":
		return "", &gateway.Error{Code: gateway.CodeNotFound, Field: MerchantHeader, Message: "you work for no merchant of this name; expected one of: " + strings.Join(works, ", ")}
	case len(works) > 1:
		return "", &gateway.Error{Code: codeInvalidRequest, Field: MerchantHeader, Message: "say for which merchant, with this header; expected one of: " + strings.Join(works, ", ")}
	}
	return works[0], nil
}

// MerchantHeader names the merchant that a person's request is about.
const MerchantHeader = "X-Merchant-Id"

// worksFor leaves out merchants that the gateway has no longer.
func (p *People) worksFor(o gateway.Operator) []string { return p.served(o.MerchantIDs) }

func (p *People) served(merchantIDs []string) []string {
	return slices.DeleteFunc(slices.Clone(merchantIDs), func(id string) bool {
		_, served := p.Merchants[id]
		return !served
	})
}

// allMerchants are those of the gateway, in their order.
func (p *People) allMerchants() []string { return slices.Sorted(maps.Keys(p.Merchants)) }

// codeForbiddenRole is package api's.
const codeForbiddenRole gateway.Code = "insufficient_role"
