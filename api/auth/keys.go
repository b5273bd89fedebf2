package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"sync/atomic"
	"time"
)

// Keys are the RSA keys that sign access tokens. One signs; tokens signed by any
// of them are good, so that keys can be changed while the tokens of an older one
// are still about. A KeyFolder puts others in their place while they are in use.
type Keys struct{ set atomic.Pointer[keySet] }

// SigningKey is one of the keys, and when it signs.
type SigningKey struct {
	// ID is its thumbprint, the kid of its tokens.
	ID string
	// File is where it lies; empty for one that was handed in.
	File   string
	MadeAt time.Time
	MadeBy string
	// SignsFrom is when its time begins. It ends with that of the next one.
	SignsFrom time.Time
	// RetiredBy and RetiredAt are of one that was removed before its time.
	RetiredBy string
	RetiredAt time.Time

	number  int // of its file
	private *rsa.PrivateKey
}

// keySet is the keys at one time, in the order in which they sign.
type keySet struct {
	keys   []SigningKey
	graves []SigningKey // of those that were removed before their time
	public map[string]*rsa.PublicKey
	jwks   []byte
}

// NewKeys takes the key that signs first.
func NewKeys(newest *rsa.PrivateKey, older ...*rsa.PrivateKey) (*Keys, error) {
	var keys []SigningKey
	for _, key := range append([]*rsa.PrivateKey{newest}, older...) {
		keys = append(keys, SigningKey{private: key})
	}
	slices.Reverse(keys)
	set, err := newKeySet(keys)
	if err != nil {
		return nil, err
	}
	all := &Keys{}
	all.set.Store(set)
	return all, nil
}

// newKeySet takes the keys in the order in which they sign, and names them.
func newKeySet(keys []SigningKey) (*keySet, error) {
	s := &keySet{keys: keys, public: make(map[string]*rsa.PublicKey)}
	var published []jwk
	for i, key := range keys {
		public := &key.private.PublicKey
		if public.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("signing key %s has %d bits; at least %d are needed", key.File, public.N.BitLen(), minRSABits)
		}
		shown := jwkOf(public)
		if s.public[shown.KeyID] != nil {
			return nil, fmt.Errorf("signing key %s %s is given twice", key.File, shown.KeyID)
		}
		keys[i].ID, s.public[shown.KeyID] = shown.KeyID, public
		published = append(published, shown)
	}
	slices.Reverse(published)
	var err error
	s.jwks, err = json.Marshal(map[string][]jwk{"keys": published})
	return s, err
}

// GenerateKey makes a signing key.
func GenerateKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, minRSABits) }

// JWKS is the public half of all keys, as /.well-known/jwks.json shows it.
func (k *Keys) JWKS() []byte { return k.set.Load().jwks }

// known is the public half of the key with this id, nil where there is none.
func (k *Keys) known(id string) *rsa.PublicKey { return k.set.Load().public[id] }

// signer is the key whose time it is.
func (k *Keys) signer(now time.Time) SigningKey { return k.set.Load().signer(now) }

// signer is the last key whose time has come. The first signs where the clock
// stands before them all: no token at all would be worse.
func (s *keySet) signer(now time.Time) SigningKey {
	for _, key := range slices.Backward(s.keys) {
		if !now.Before(key.SignsFrom) {
			return key
		}
	}
	return s.keys[0]
}

// jwk is an RSA public key as RFC 7517 writes it.
type jwk struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
}

func jwkOf(key *rsa.PublicKey) jwk {
	n := base64.RawURLEncoding.EncodeToString(key.N.Bytes())
	e := base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())
	return jwk{Type: "RSA", Use: "sig", Algorithm: ownAlgorithm, KeyID: thumbprint(n, e), Modulus: n, Exponent: e}
}

// thumbprint names a key by itself, as RFC 7638 has it: every instance calls
// the same key the same.
func thumbprint(n, e string) string {
	sum := sha256.Sum256([]byte(`{"e":"` + e + `","kty":"RSA","n":"` + n + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
