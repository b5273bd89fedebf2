package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// SecretKey keys the hashes of the secrets of clients that are kept in the
// ledger: whoever copies the ledger cannot even try secrets against it.
type SecretKey []byte

const (
	keyedPrefix = "hmac-sha256"
	// secretPrefix lets a search for lost secrets find ours.
	secretPrefix = "pgcs_"
)

// NewSecret draws a client's secret: 256 bits, in characters that need no
// encoding anywhere.
func NewSecret() string { return secretPrefix + rand.Text() + rand.Text() }

// Hash is the form in which a client's secret is kept: which key it was made
// with, and the keyed hash. It is base64 because hexadecimal digits can look
// like a card number.
func (k SecretKey) Hash(secret string) string {
	return k.name() + "." + base64.RawURLEncoding.EncodeToString(k.sum("secret\x00"+secret))
}

// Knows reports whether the hash was made with this key. One that was made with
// another secret of the gateway matches nothing.
func (k SecretKey) Knows(hash string) bool {
	name, sum, _ := strings.Cut(hash, ".")
	raw, err := base64.RawURLEncoding.DecodeString(sum)
	return name == k.name() && err == nil && len(raw) == sha256.Size
}

// name tells keys apart and says nothing of them.
func (k SecretKey) name() string {
	return keyedPrefix + ":" + base64.RawURLEncoding.EncodeToString(k.sum("name")[:6])
}

func (k SecretKey) sum(text string) []byte {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// sameHash compares in a time that does not depend on the hashes.
func sameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
