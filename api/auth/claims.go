package auth

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
)

// claims are what a token says, ours or a client's.
type claims struct {
	jwt.RegisteredClaims
	ClientID string `json:"client_id,omitempty"`
	Scope    string `json:"scope,omitempty"`
	// MerchantID and LiveMode stand in an operator's token; a client's are known.
	MerchantID string `json:"merchant_id,omitempty"`
	LiveMode   bool   `json:"live_mode,omitempty"`
	// Confirmation is the certificate that a token of ours goes with.
	Confirmation *confirmation `json:"cnf,omitempty"`
	// signedBy is the key of ours that the token names.
	signedBy string
}

// latest is the last second that a token may name, that of the year 9999.
const latest = 253402300799

// UnmarshalJSON takes each claim once, under its exact name and in its own type.
// encoding/json would take "EXP" for "exp", the last one of two, and "1" for 1,
// so that two readers could take one token for two different ones.
func (c *claims) UnmarshalJSON(text []byte) error {
	var read struct {
		Issuer       string           `json:"iss"`
		Subject      string           `json:"sub"`
		Audience     jwt.ClaimStrings `json:"aud"`
		ExpiresAt    *float64         `json:"exp"`
		NotBefore    *float64         `json:"nbf"`
		IssuedAt     *float64         `json:"iat"`
		ID           string           `json:"jti"`
		ClientID     string           `json:"client_id"`
		Scope        string           `json:"scope"`
		MerchantID   string           `json:"merchant_id"`
		LiveMode     bool             `json:"live_mode"`
		Confirmation *confirmation    `json:"cnf"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	*c = claims{
		RegisteredClaims: jwt.RegisteredClaims{Issuer: read.Issuer, Subject: read.Subject, Audience: read.Audience, ID: read.ID},
		ClientID:         read.ClientID, Scope: read.Scope, MerchantID: read.MerchantID, LiveMode: read.LiveMode,
		Confirmation: read.Confirmation,
	}
	for _, date := range []struct {
		seconds *float64
		into    **jwt.NumericDate
	}{{read.ExpiresAt, &c.ExpiresAt}, {read.NotBefore, &c.NotBefore}, {read.IssuedAt, &c.IssuedAt}} {
		if date.seconds == nil {
			continue
		}
		if *date.seconds < 0 || *date.seconds > latest {
			return errors.New("a date lies outside the years 1970 to 9999")
		}
		*date.into = jwt.NewNumericDate(time.Unix(int64(*date.seconds), 0))
	}
	return nil
}
