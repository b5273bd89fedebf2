package auth

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxTokenSize is far above any real token: one under a key of 4096 bits has
	// less than 2 KiB.
	maxTokenSize = 4 << 10
	// leeway is how far another machine's clock may be ahead of ours.
	leeway = 30 * time.Second
	// ownAlgorithm signs our tokens, and no other is taken for them.
	ownAlgorithm = "RS256"
	// ownType tells our access tokens from all other JWTs (RFC 9068).
	ownType = "at+jwt"
)

// TokenError says why a token was refused. The reason is a fixed phrase and
// safe to log; a caller is told no more than [TokenError.Public].
type TokenError struct{ Reason string }

func (e *TokenError) Error() string { return e.Reason }

// Public is the one sentence for callers, whatever the reason.
func (e *TokenError) Public() string {
	return "The access token is missing, expired or not valid."
}

func refuse(reason string) *TokenError { return &TokenError{reason} }

// newParser leaves nothing to golang-jwt's defaults, which take a token without
// exp and any algorithm.
func newParser(now func() time.Time, audiences ...string) *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256", "RS512"}),
		jwt.WithAudience(audiences...),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(now),
		jwt.WithStrictDecoding(),
	)
}

// keyChooser names the keys that may have signed a token, or refuses it.
type keyChooser func(*jwt.Token, *claims) (any, error)

// inspect checks all that every token has to fulfil.
func inspect(p *jwt.Parser, token string, now time.Time, choose keyChooser) (*claims, error) {
	if token == "" {
		return nil, refuse("there is no token")
	}
	if len(token) > maxTokenSize {
		return nil, refuse("the token is too long")
	}
	if !wellFormed(token) {
		return nil, refuse(reasonMalformed)
	}
	var c claims
	_, err := p.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		// crit names extensions that must be understood, and b64 is one of them
		// (RFC 7797); we know none.
		for _, name := range []string{"crit", "b64"} {
			if _, ok := t.Header[name]; ok {
				return nil, refuse("the token has a " + name + " header")
			}
		}
		return choose(t, &c)
	})
	if err != nil {
		return nil, refuse(reasonOf(err))
	}
	// The leeway is for clocks ahead of ours, not for tokens past their end.
	if !now.Before(c.ExpiresAt.Time) {
		return nil, refuse(reasonExpired)
	}
	return &c, nil
}

const (
	reasonExpired   = "the token has expired"
	reasonMalformed = "the token is not a well-formed JWT"
)

// wellFormed leaves out what golang-jwt overlooks: line breaks, which Go's base64
// skips, and a header that says something twice, of which it takes the last.
func wellFormed(token string) bool {
	if strings.ContainsAny(token, "\r\n") {
		return false
	}
	encoded, _, _ := strings.Cut(token, ".")
	header, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	return err == nil && jsontext.Value(header).IsValid() && jsontext.Value(header).Kind() == '{'
}

// reasonOf puts golang-jwt's errors, which may quote the token, into words of
// our own.
func reasonOf(err error) string {
	var own *TokenError
	if errors.As(err, &own) {
		return own.Reason
	}
	for _, row := range []struct {
		cause  error
		reason string
	}{
		{jwt.ErrTokenMalformed, reasonMalformed},
		{jwt.ErrTokenSignatureInvalid, "the signature or its algorithm is not valid"},
		{jwt.ErrTokenExpired, reasonExpired},
		{jwt.ErrTokenRequiredClaimMissing, "the token lacks exp or aud"},
		{jwt.ErrTokenInvalidAudience, "the token is for another audience"},
		{jwt.ErrTokenUsedBeforeIssued, "the token was issued in the future"},
		{jwt.ErrTokenNotValidYet, "the token is not valid yet"},
	} {
		if errors.Is(err, row.cause) {
			return row.reason
		}
	}
	return "the token cannot be verified"
}

// headerWord is a string of the token's header, "" when absent. A value of
// another type is no value that anything here accepts.
func headerWord(t *jwt.Token, name string) string {
	value, present := t.Header[name]
	word, ok := value.(string)
	if present && !ok {
		return "?"
	}
	return word
}
