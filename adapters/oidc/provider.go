package oidc

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"paytrace-gateway/gateway"
)

var _ gateway.IdentityProvider = (*Provider)(nil)

// Provider is an identity provider. It is asked for its addresses and keys when
// the first person comes, so that a gateway starts without it.
type Provider struct {
	Config
	client *http.Client

	// turn is held by whoever reads or writes what follows.
	turn  chan struct{}
	found *oidc.Provider
	// awayUntil is when it may be asked again, after it has not answered.
	awayUntil time.Time
}

// New makes a Provider. It calls nobody.
func New(c Config) *Provider {
	return &Provider{Config: c, client: newClient(), turn: make(chan struct{}, 1)}
}

// Begin implements gateway.IdentityProvider.
func (p *Provider) Begin(ctx context.Context, s gateway.SignIn) (string, error) {
	found, err := p.discovered(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(found).AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier)), nil
}

// Finish implements gateway.IdentityProvider.
func (p *Provider) Finish(ctx context.Context, s gateway.SignIn, code string) (gateway.Identity, error) {
	found, err := p.discovered(ctx)
	if err != nil {
		return gateway.Identity{}, err
	}
	token, err := p.oauth(found).Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(s.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError:
		return gateway.Identity{}, gateway.NotLoggedIn("the identity provider refuses the code")
	case err != nil:
		return gateway.Identity{}, gateway.IdentityProviderAway("the identity provider does not give a token for the code")
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return gateway.Identity{}, gateway.NotLoggedIn("the identity provider sent no ID token")
	}
	return p.identity(ctx, found, raw, s.Nonce)
}

// identity reads an ID token. Its audience is checked here, so that the reason
// can be told.
func (p *Provider) identity(ctx context.Context, found *oidc.Provider, raw, nonce string) (id gateway.Identity, err error) {
	said, err := found.VerifierContext(oidc.ClientContext(ctx, p.client), &oidc.Config{SkipClientIDCheck: true, Now: p.Now}).Verify(ctx, raw)
	var expired *oidc.TokenExpiredError
	if errors.As(err, &expired) {
		return id, gateway.NotLoggedIn("the ID token has expired")
	}
	if err != nil {
		return id, gateway.NotLoggedIn("the ID token is not signed by the issuer's keys, or is another issuer's")
	}
	var claims map[string]any
	if err := said.Claims(&claims); err != nil {
		return id, gateway.NotLoggedIn("the ID token cannot be read")
	}
	party, _ := claims["azp"].(string)
	switch {
	case !slices.Contains(said.Audience, p.ClientID), party != "" && party != p.ClientID, party == "" && len(said.Audience) > 1:
		return id, gateway.NotLoggedIn("the ID token is for another client")
	case said.Nonce != nonce:
		return id, gateway.NotLoggedIn("the nonce is another log-in's")
	case said.Subject == "":
		return id, gateway.NotLoggedIn("the ID token names nobody")
	}
	role := p.role(claims)
	if role == "" {
		return id, gateway.NotLoggedIn("no role here is given to what the identity provider says of the person")
	}
	return gateway.Identity{Issuer: said.Issuer, Subject: said.Subject, Name: nameIn(claims), Role: role}, nil
}

// role is, of the roles that the claim is given, the one that may do most.
func (p *Provider) role(claims map[string]any) string {
	var given []string
	for _, value := range values(claims, p.RoleClaim) {
		given = append(given, p.Roles[value])
	}
	for _, role := range byRank {
		if slices.Contains(given, role) {
			return role
		}
	}
	return ""
}

// values are the words of a claim, which is one or a list, and may lie within
// others.
func values(claims map[string]any, name string) []string {
	claim, there := claims[name]
	if !there {
		outer, inner, dotted := strings.Cut(name, ".")
		if within, is := claims[outer].(map[string]any); dotted && is {
			return values(within, inner)
		}
	}
	switch claim := claim.(type) {
	case string:
		return []string{claim}
	case []any:
		var words []string
		for _, word := range claim {
			if text, is := word.(string); is {
				words = append(words, text)
			}
		}
		return words
	}
	return nil
}

// named is a name that decisions can bear.
var named = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,64}$`)

func nameIn(claims map[string]any) string {
	for _, claim := range []string{"preferred_username", "email"} {
		if name, _ := claims[claim].(string); named.MatchString(name) {
			return name
		}
	}
	return ""
}

func (p *Provider) oauth(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.RedirectURL,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
}

// discovered asks for addresses and keys once, in a context of its own: the keys
// are asked for again when others have come. While one asks the others wait, as
// long as each may; once it has not answered nobody asks again for a while.
func (p *Provider) discovered(ctx context.Context) (*oidc.Provider, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, gateway.IdentityProviderAway("the identity provider has not told its addresses in time")
	}
	switch {
	case p.found != nil:
		return p.found, nil
	case p.Now().Before(p.awayUntil):
		return nil, gateway.IdentityProviderAway("the identity provider has just not told its addresses")
	}
	found, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.client), p.Issuer)
	if err != nil {
		p.awayUntil = p.Now().Add(respite)
		return nil, gateway.IdentityProviderAway("the identity provider does not tell its addresses")
	}
	p.found = found
	return found, nil
}
