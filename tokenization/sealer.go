package tokenization

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// A sealed secret is: version, length of the key's id, the id, then the nonce,
// ciphertext and tag of AES-256-GCM. All that stands before the nonce is
// authenticated together with the caller's associated data.
const sealVersion = 1

// SealKeySize is the length of a sealing key.
const SealKeySize = 32

// maxKeyID is what the one byte that holds the length can say.
const maxKeyID = 255

// ErrSealed says that a sealed secret cannot be opened: it was damaged, sealed
// for another place or under a key that is not configured. Which of these it
// was is not told.
var ErrSealed = errors.New("the sealed secret cannot be opened with the configured keys")

// SealKey is a key with the name under which sealed secrets remember it.
type SealKey struct {
	ID     string
	Secret []byte
}

// Sealer encrypts secrets for storage. It seals under its newest key and opens
// what was sealed under any of its keys, so that keys can be changed without
// reading everything again.
type Sealer struct {
	newest string
	keys   map[string]cipher.AEAD
}

// NewSealer takes the newest key first. A key may seal 2³² secrets at most, as
// nonces are random.
func NewSealer(newest SealKey, older ...SealKey) (*Sealer, error) {
	s := &Sealer{newest: newest.ID, keys: make(map[string]cipher.AEAD)}
	for _, key := range append([]SealKey{newest}, older...) {
		if key.ID == "" || len(key.ID) > maxKeyID {
			return nil, fmt.Errorf("a sealing key's id must have 1 to %d bytes", maxKeyID)
		}
		if s.keys[key.ID] != nil {
			return nil, fmt.Errorf("two sealing keys have the id %q", key.ID)
		}
		if len(key.Secret) != SealKeySize {
			return nil, fmt.Errorf("sealing key %q must have %d bytes, not %d", key.ID, SealKeySize, len(key.Secret))
		}
		block, err := aes.NewCipher(key.Secret)
		if err != nil {
			return nil, fmt.Errorf("sealing key %q: %w", key.ID, err)
		}
		if s.keys[key.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("sealing key %q: %w", key.ID, err)
		}
	}
	return s, nil
}

// Seal encrypts a secret. The associated data says where it belongs (merchant
// and field, say): sealed text that is moved elsewhere does not open there.
func (s *Sealer) Seal(secret, associated []byte) []byte {
	header := append([]byte{sealVersion, byte(len(s.newest))}, s.newest...)
	return s.keys[s.newest].Seal(header, nil, secret, bind(header, associated))
}

// Open decrypts what Seal returned for the same associated data.
func (s *Sealer) Open(sealed, associated []byte) ([]byte, error) {
	if len(sealed) < 2 || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	size := 2 + int(sealed[1])
	if len(sealed) < size {
		return nil, ErrSealed
	}
	header, body := sealed[:size], sealed[size:]
	key := s.keys[string(header[2:])]
	if key == nil {
		return nil, ErrSealed
	}
	secret, err := key.Open(nil, nil, body, bind(header, associated))
	if err != nil {
		return nil, ErrSealed
	}
	return secret, nil
}

// bind needs no separator: the header tells its own length.
func bind(header, associated []byte) []byte {
	return append(header[:len(header):len(header)], associated...)
}
