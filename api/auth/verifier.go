package auth

import (
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Verifier tells who shows a token. It takes our own access tokens and JWTs
// that a client has signed with one of its certificates.
type Verifier struct {
	issuer  string
	keys    *Keys
	clients *Clients
	now     func() time.Time
	parser  *jwt.Parser
	seen    *cache
}

// NewVerifier makes a Verifier.
func NewVerifier(c Config) *Verifier {
	return &Verifier{
		issuer:  c.Issuer,
		keys:    c.Keys,
		clients: c.Clients,
		now:     c.Now,
		parser:  newParser(c.Now, c.Issuer),
		seen:    newCache(cacheSize),
	}
}

// grant is what a good token says.
type grant struct {
	clientID string
	// keyID is the key of ours that signed it.
	keyID string
	// certificate is the one that it goes with, empty for any.
	certificate string
	// scopes narrow what the client may do; none means all of it.
	scopes  Scopes
	expires time.Time
	// operator is who shows an operator's token, nil with a client's.
	operator *Principal
}

// Verify is VerifyFrom a connection without a certificate.
func (v *Verifier) Verify(bearer string) (Principal, error) { return v.VerifyFrom(bearer, "") }

// VerifyFrom takes the token that followed "Bearer", with the thumbprint of the
// certificate that was shown, and tells whose it is. Every error is a *TokenError.
func (v *Verifier) VerifyFrom(bearer, certificate string) (Principal, error) {
	now := v.now()
	g, ok := v.seen.get(bearer, now)
	// A key that was retired takes the tokens along that were seen to be good.
	if !ok || v.keys.known(g.keyID) == nil {
		var err error
		if g, err = v.open(bearer, now); err != nil {
			return Principal{}, err
		}
	}
	if g.certificate != "" && g.certificate != certificate {
		return Principal{}, refuse("the token goes with a TLS certificate that was not shown")
	}
	return v.principal(g, certificate, now)
}

// open checks a token that has not been seen. Only our own are remembered: a
// certificate can expire before the tokens signed with it.
func (v *Verifier) open(bearer string, now time.Time) (grant, error) {
	said, err := inspect(v.parser, bearer, now, v.chooseKey)
	if err != nil {
		return grant{}, err
	}
	g := grant{clientID: said.Issuer, scopes: parseScopes(said.Scope), expires: said.ExpiresAt.Time}
	if said.Issuer == v.issuer {
		g.clientID, g.keyID = said.ClientID, said.signedBy
		if said.Confirmation != nil {
			g.certificate = said.Confirmation.Certificate
		}
		if g.operator, err = operator(said, now); err != nil {
			return grant{}, err
		}
		v.seen.put(bearer, g)
		return g, nil
	}
	return g, checkAssertion(said, now)
}

func (v *Verifier) chooseKey(t *jwt.Token, said *claims) (any, error) {
	if said.Issuer != v.issuer {
		return v.clients.signedByClient(t, said, v.now())
	}
	if !strings.EqualFold(headerWord(t, "typ"), ownType) {
		return nil, refuse("the token is of the wrong type")
	}
	if t.Method.Alg() != ownAlgorithm {
		return nil, refuse("our keys do not sign with this algorithm")
	}
	key := v.keys.known(headerWord(t, "kid"))
	if key == nil {
		return nil, refuse("the token was signed with an unknown key")
	}
	said.signedBy = headerWord(t, "kid")
	return key, nil
}

// principal looks the client up at every request, so that a client which is
// disabled, or loses a scope, loses it at once.
func (v *Verifier) principal(g grant, certificate string, now time.Time) (Principal, error) {
	if g.operator != nil {
		return *g.operator, nil
	}
	client, ok := v.clients.active(g.clientID)
	if !ok {
		return Principal{}, refuse("the client is unknown or disabled")
	}
	if err := client.checkBound(certificate); err != nil {
		return Principal{}, err
	}
	client.use(now)
	scopes := client.Scopes
	if len(g.scopes) > 0 {
		scopes = g.scopes.within(client.Scopes)
	}
	return Principal{
		ClientID:   client.ID,
		MerchantID: client.MerchantID,
		LiveMode:   client.LiveMode,
		Scopes:     scopes,
		Channel:    client.Channel,
	}, nil
}
