package auth

import (
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// operatorPrefix marks a person at the gateway's own machine. A client's id
	// holds no colon, so no client can be taken for one.
	operatorPrefix = "operator:"
	// operatorLife is short: a command needs its token for one call.
	operatorLife = 2 * time.Minute
)

// operatorScopes are the most that an operator may do. Taking money is not
// among it.
func operatorScopes() Scopes {
	return Scopes{PaymentsRead, ReportsRead, CallbacksRead, CallbacksWrite, Admin}
}

// OperatorToken lets the holder of the signing key act for one merchant as a
// person, who is no configured client. The name is 1 to 64 of A-Z a-z 0-9 . _ @ -.
func (i *Issuer) OperatorToken(name, merchantID string, liveMode bool) (string, error) {
	if !clientID.MatchString(name) {
		return "", fmt.Errorf("an operator's name must be 1 to 64 of A-Z a-z 0-9 . _ @ -")
	}
	id := operatorPrefix + name
	return i.sign(claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: id},
		ClientID:         id,
		Scope:            operatorScopes().String(),
		MerchantID:       merchantID,
		LiveMode:         liveMode,
	}, operatorLife)
}

// operator reads a token of ours as an operator's, nil when it is a client's.
func operator(said *claims, now time.Time) (*Principal, error) {
	if !strings.HasPrefix(said.ClientID, operatorPrefix) {
		return nil, nil
	}
	if said.ExpiresAt.Sub(now) > operatorLife+leeway {
		return nil, refuse("the token lives too long")
	}
	return &Principal{
		ClientID:   said.ClientID,
		MerchantID: said.MerchantID,
		LiveMode:   said.LiveMode,
		Scopes:     parseScopes(said.Scope).within(operatorScopes()),
	}, nil
}
