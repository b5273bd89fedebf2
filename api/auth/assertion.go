package auth

import (
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxAssertionLife bounds how far ahead a client may set its own tokens' end.
// Salesforce sets two minutes.
const maxAssertionLife = 10 * time.Minute

// signedByClient chooses the certificates of the client that the token names
// as its issuer. What the token's kid says is the client's own name for the
// certificate, which we do not know, so it decides nothing.
func (c *Clients) signedByClient(t *jwt.Token, said *claims, now time.Time) (any, error) {
	if typ := headerWord(t, "typ"); typ != "" && !strings.EqualFold(typ, "JWT") {
		return nil, refuse("the token is of the wrong type")
	}
	client, ok := c.active(said.Issuer)
	if !ok {
		return nil, refuse("the issuer is no active client")
	}
	var set jwt.VerificationKeySet
	for _, key := range client.keys(now) {
		set.Keys = append(set.Keys, key)
	}
	if len(set.Keys) == 0 {
		return nil, refuse("the issuing client has no valid certificate")
	}
	return set, nil
}

// checkAssertion checks what is asked of clients' tokens beyond the common.
func checkAssertion(said *claims, now time.Time) error {
	if said.Subject == "" {
		return refuse("the token lacks sub")
	}
	if said.ExpiresAt.Sub(now) > maxAssertionLife+leeway {
		return refuse("the token lives too long")
	}
	return nil
}
