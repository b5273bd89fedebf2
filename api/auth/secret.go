package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// minLiveSecret makes a random secret too long to be guessed, so that one fast
// hash protects it and no slow one is needed at every token request.
const minLiveSecret = 20

var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// CheckSecret says what is wrong with a client's secret. Its characters are
// those that percent-encoding leaves alone: callers disagree on whether a
// secret in HTTP Basic has to be encoded.
func CheckSecret(secret string, live bool) error {
	if !unreserved.MatchString(secret) {
		return errors.New("a client secret must be of A-Z a-z 0-9 . _ ~ -")
	}
	if live && len(secret) < minLiveSecret {
		return fmt.Errorf("a live client's secret must have at least %d characters, drawn at random", minLiveSecret)
	}
	return nil
}

// HashSecret is the form in which a client's secret is kept.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// noSecret is compared with when there is nothing to compare with, so that an
// unknown client takes as long as a wrong secret. It is the hash of nothing
// that could be sent.
var noSecret = "sha256:" + strings.Repeat("0", 2*sha256.Size)

// authenticate finds the client with this id and secret.
func (c *Clients) authenticate(id, secret string) (Client, error) {
	client, ok := c.active(id)
	want := client.SecretHash
	if want == "" {
		want, ok = noSecret, false
	}
	same := subtle.ConstantTimeCompare([]byte(HashSecret(secret)), []byte(want)) == 1
	if !ok || !same {
		return Client{}, refuse("the client is unknown or disabled, or its secret is wrong")
	}
	return client, nil
}
