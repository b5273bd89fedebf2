package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
)

// Keys are the RSA keys that sign access tokens. The newest signs; tokens
// signed by any of them are good, so that keys can be changed while the tokens
// of the older one are still about.
type Keys struct {
	signer   *rsa.PrivateKey
	signerID string
	public   map[string]*rsa.PublicKey
	jwks     []byte
}

// NewKeys takes the key that signs first.
func NewKeys(newest *rsa.PrivateKey, older ...*rsa.PrivateKey) (*Keys, error) {
	keys := &Keys{signer: newest, public: make(map[string]*rsa.PublicKey)}
	var set []jwk
	for i, key := range append([]*rsa.PrivateKey{newest}, older...) {
		if key.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("signing key %d has %d bits; at least %d are needed", i+1, key.N.BitLen(), minRSABits)
		}
		public := jwkOf(&key.PublicKey)
		if keys.public[public.KeyID] != nil {
			return nil, fmt.Errorf("signing key %d is given twice", i+1)
		}
		keys.public[public.KeyID] = &key.PublicKey
		set = append(set, public)
	}
	keys.signerID = set[0].KeyID
	var err error
	keys.jwks, err = json.Marshal(map[string][]jwk{"keys": set})
	return keys, err
}

// GenerateKey makes a signing key.
func GenerateKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, minRSABits) }

// JWKS is the public half of all keys, as /.well-known/jwks.json shows it.
func (k *Keys) JWKS() []byte { return k.jwks }

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
