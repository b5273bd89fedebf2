package auth

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TokenPath is where, below the issuer's URL, tokens are to be had.
const TokenPath = "/oauth/token"

// DefaultLifetime is that of access tokens, where the configuration has none.
const DefaultLifetime = 15 * time.Minute

// The grants that are taken.
const (
	grantClientCredentials = "client_credentials"
	grantAssertion         = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	clientAssertionType    = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// Config is what the Issuer and the Verifier have in common.
type Config struct {
	// Issuer is the gateway's public URL, without a slash at its end. Our
	// tokens come from it and are for it; clients name it as their audience.
	Issuer string
	// Lifetime is that of access tokens; zero means DefaultLifetime.
	Lifetime time.Duration
	Keys     *Keys
	Clients  *Clients
	Now      func() time.Time
}

// Issuer gives access tokens to clients.
type Issuer struct {
	url      string
	lifetime time.Duration
	keys     *Keys
	clients  *Clients
	now      func() time.Time
	parser   *jwt.Parser
	guesses  *guesses
	spent    *spent
}

// NewIssuer makes an Issuer.
func NewIssuer(c Config) *Issuer {
	if c.Lifetime == 0 {
		c.Lifetime = DefaultLifetime
	}
	return &Issuer{
		url:      c.Issuer,
		lifetime: c.Lifetime,
		keys:     c.Keys,
		clients:  c.Clients,
		now:      c.Now,
		parser:   newParser(c.Now, c.Issuer, c.Issuer+TokenPath),
		guesses:  newGuesses(),
		spent:    newSpent(),
	}
}

// JWKS is the public half of the signing keys.
func (i *Issuer) JWKS() []byte { return i.keys.JWKS() }

// TokenResponse is the answer to a good token request (RFC 6749 §5.1). It must
// not be cached.
type TokenResponse struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

// Token answers a token request. The context is for clients that are kept in a
// store; those of a configuration are at hand.
func (i *Issuer) Token(_ context.Context, r TokenRequest) (TokenResponse, *OAuthError) {
	client, refusal := i.client(r)
	if refusal != nil {
		return TokenResponse{}, refusal
	}
	if err := client.checkBound(r.Certificate); err != nil {
		return TokenResponse{}, i.tried(r, wrongClient(r.basic()).because(err))
	}
	scopes := client.Scopes
	if asked := parseScopes(r.Scope); len(asked) > 0 {
		if scopes = client.Scopes.within(asked); len(asked.within(client.Scopes)) < len(asked) {
			return TokenResponse{}, badRequest(invalidScope, "The client may not have all of these scopes.")
		}
	}
	token, err := i.sign(claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: client.ID},
		ClientID:         client.ID,
		Scope:            scopes.String(),
		Confirmation:     client.confirm(r.Certificate),
	}, i.lifetime)
	if err != nil {
		return TokenResponse{}, &OAuthError{
			Code:        serverError,
			Description: "The token could not be signed.",
			Status:      http.StatusInternalServerError,
		}
	}
	return TokenResponse{
		AccessToken: token,
		TokenType:   "Bearer",
		ExpiresIn:   int(i.lifetime / time.Second),
		Scope:       scopes.String(),
	}, nil
}

// client finds out, by the grant, who asks.
func (i *Issuer) client(r TokenRequest) (Client, *OAuthError) {
	switch r.GrantType {
	case grantClientCredentials:
		return i.authenticate(r)
	case grantAssertion:
		return i.fromGrant(r)
	case "":
		return Client{}, badRequest(invalidRequest, "grant_type is missing.")
	default:
		return Client{}, badRequest(unsupportedGrantType, "Use client_credentials or "+grantAssertion+".")
	}
}

// authenticate takes exactly one proof of who the client is: HTTP Basic, a
// secret in the form or a signed assertion.
func (i *Issuer) authenticate(r TokenRequest) (Client, *OAuthError) {
	if r.proofs() > 1 {
		return Client{}, badRequest(invalidRequest, "Prove who the client is in one way only.")
	}
	if r.ClientAssertion != "" && r.ClientAssertionType != clientAssertionType {
		return Client{}, badRequest(invalidRequest, "client_assertion_type must be "+clientAssertionType+".")
	}
	client, wait, err := i.prove(r)
	if wait > 0 {
		return Client{}, i.tried(r, tooManyGuesses(wait))
	}
	if err == nil && r.ClientID != "" && r.ClientID != client.ID {
		err = refuse("client_id is another client's")
	}
	if err != nil {
		return Client{}, i.tried(r, wrongClient(r.basic()).because(err))
	}
	return client, nil
}

// prove says how long to wait where too many secrets were wrong. Assertions can
// be tried as often as one likes: nobody guesses a signature.
func (i *Issuer) prove(r TokenRequest) (Client, time.Duration, error) {
	if r.ClientAssertion != "" {
		client, said, err := i.asserted(r.ClientAssertion)
		if err == nil && said.Subject != client.ID {
			err = refuse("the assertion's sub is not the client")
		}
		return client, 0, err
	}
	id, secret, now := r.ClientID, r.ClientSecret, i.now()
	if r.basic() {
		id, secret = r.BasicID, r.BasicSecret
	}
	var client Client
	wait, err := i.guesses.try(id, i.clients.who(id), r.Address, now, func() (err error) {
		client, err = i.clients.authenticate(id, secret, now)
		return err
	})
	return client, wait, err
}

// tried notes for the log which client it was, if there is such a one.
func (i *Issuer) tried(r TokenRequest, refusal *OAuthError) *OAuthError {
	for _, id := range []string{r.BasicID, r.ClientID} {
		if client, ok := i.clients.find(id); ok {
			refusal.Client = client.ID
			break
		}
	}
	return refusal
}

// fromGrant takes an assertion for the whole of the request. The client need
// not prove itself besides, but if it does, it must be the same.
func (i *Issuer) fromGrant(r TokenRequest) (Client, *OAuthError) {
	if r.Assertion == "" {
		return Client{}, badRequest(invalidRequest, "assertion is missing.")
	}
	client, _, err := i.asserted(r.Assertion)
	if err != nil {
		return Client{}, badRequest(invalidGrant, "The assertion is expired or not valid.").because(err)
	}
	if r.proofs() == 0 && (r.ClientID == "" || r.ClientID == client.ID) {
		return client, nil
	}
	proven, refusal := i.authenticate(r)
	if refusal == nil && proven.ID != client.ID {
		refusal = badRequest(invalidGrant, "The assertion is another client's.")
	}
	return proven, refusal
}

// asserted reads a JWT that a client has signed for this endpoint.
func (i *Issuer) asserted(assertion string) (Client, *claims, error) {
	now := i.now()
	said, err := inspect(i.parser, assertion, now, func(t *jwt.Token, said *claims) (any, error) {
		return i.clients.signedByClient(t, said, now)
	})
	if err == nil {
		err = checkAssertion(said, now)
	}
	if err == nil && !i.spent.first(said, now) {
		err = refuse("the assertion has been used before")
	}
	if err != nil {
		return Client{}, nil, err
	}
	client, _ := i.clients.find(said.Issuer)
	return client, said, nil
}

// sign makes a token of ours, good from now on for as long as life.
func (i *Issuer) sign(says claims, life time.Duration) (string, error) {
	now := i.now()
	says.Issuer, says.Audience, says.ID = i.url, jwt.ClaimStrings{i.url}, rand.Text()
	says.IssuedAt, says.ExpiresAt = jwt.NewNumericDate(now), jwt.NewNumericDate(now.Add(life))
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, says)
	key := i.keys.signer(now)
	token.Header["typ"] = ownType
	token.Header["kid"] = key.ID
	return token.SignedString(key.private)
}
