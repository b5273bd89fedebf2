package sealing

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
)

// keySize is the length of a master key.
const keySize = 32

// What is derived from a master key. Its name says nothing of the rest.
const (
	wrappingPurpose = "paytrace-gateway sealing: wrap data keys"
	namingPurpose   = "paytrace-gateway sealing: name of the key"
	nameSize        = 4
)

// Key is a master key. It seals the data keys of values, and never a value
// itself.
type Key struct {
	id       string
	envelope *aead.KMSEnvelopeAEAD
}

// ParseKey reads a master key as `openssl rand -base64 32` writes it. The error
// never quotes it.
func ParseKey(text string) (Key, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return Key{}, errors.New("expected 32 random bytes in base64; `openssl rand -base64 32` makes them")
	}
	wrapping, err := hkdf.Key(sha256.New, key, nil, wrappingPurpose, keySize)
	if err != nil {
		return Key{}, err
	}
	name, err := hkdf.Key(sha256.New, key, nil, namingPurpose, nameSize)
	if err != nil {
		return Key{}, err
	}
	wrap, err := subtle.NewAESGCM(wrapping)
	if err != nil {
		return Key{}, err
	}
	return Key{id: hex.EncodeToString(name), envelope: aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), wrap)}, nil
}

// ID names the key, and says nothing else of it.
func (k Key) ID() string { return k.id }

// Place is where a value belongs. A sealed value opens in its own alone.
type Place struct {
	MerchantID string
	LiveMode   bool
	Name       string
	// Number is that of the value, so that an old one cannot be put back in the
	// place of a newer one.
	Number int64
}

// bytes are written as JSON, in which no two places are the same.
func (p Place) bytes() ([]byte, error) {
	return json.Marshal([]any{"sealed secret 1", p.MerchantID, p.LiveMode, p.Name, p.Number})
}

// Keys are the master keys: the first seals, every one opens.
type Keys []Key

// ErrUnopened says that a sealed value was damaged, or belongs to another place.
var ErrUnopened = errors.New("the sealed value is damaged, or was sealed for another place")

// Seal seals a value for its place, and names the key.
func (k Keys) Seal(p Place, value string) (keyID string, sealed []byte, err error) {
	if len(k) == 0 {
		return "", nil, errors.New("there is no sealing key")
	}
	place, err := p.bytes()
	if err != nil {
		return "", nil, err
	}
	sealed, err = k[0].envelope.Encrypt([]byte(value), place)
	return k[0].id, sealed, err
}

// Open opens what Seal made. The error names no more than the key.
func (k Keys) Open(p Place, keyID string, sealed []byte) (string, error) {
	place, err := p.bytes()
	if err != nil {
		return "", err
	}
	for _, key := range k {
		if key.id != keyID {
			continue
		}
		value, err := key.envelope.Decrypt(sealed, place)
		if err != nil {
			return "", ErrUnopened
		}
		return string(value), nil
	}
	return "", fmt.Errorf("it is sealed under the master key %s, and the configuration has %s", keyID, k.names())
}

func (k Keys) names() string {
	if len(k) == 0 {
		return "none"
	}
	var names []string
	for _, key := range k {
		names = append(names, key.id)
	}
	return strings.Join(names, " and ")
}
