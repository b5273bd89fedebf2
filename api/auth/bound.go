package auth

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
)

// Thumbprint names a certificate as RFC 8705 has it: x5t#S256.
func Thumbprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// confirmation says what the bearer of a token has to prove to have (RFC 7800).
type confirmation struct {
	Certificate string `json:"x5t#S256"`
}

// confirm binds the tokens of a client that has TLS certificates of its own. All
// others may be shown anywhere, though a certificate was shown when they were got.
func (c Client) confirm(certificate string) *confirmation {
	if len(c.BoundTo) == 0 {
		return nil
	}
	return &confirmation{certificate}
}

// checkBound refuses a client that has TLS certificates of its own on every
// connection that shows none of them, whatever token it has.
func (c Client) checkBound(certificate string) error {
	if len(c.BoundTo) > 0 && !slices.Contains(c.BoundTo, certificate) {
		return refuse("the client's TLS certificate was not shown")
	}
	return nil
}
