package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
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

// authenticate finds the client with this id and secret. Whatever the client
// is, as much is hashed and compared.
func (c *Clients) authenticate(id, secret string, now time.Time) (Client, error) {
	client, ok := c.active(id)
	plain, keyed := HashSecret(secret), c.secretKey.Hash(secret)
	same := sameHash(plain, orNone(client.SecretHash))
	for i := range maxSecrets {
		hash := noSecret
		if i < len(client.Secrets) && client.Secrets[i].Good(now) {
			hash = client.Secrets[i].Hash
		}
		same = sameHash(keyed, hash) || same
	}
	if !ok || !same {
		return Client{}, refuse("the client is unknown or disabled, or its secret is wrong")
	}
	return client, nil
}

func orNone(hash string) string {
	if hash == "" {
		return noSecret
	}
	return hash
}
