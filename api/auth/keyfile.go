package auth

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const pemPrivateKey = "PRIVATE KEY"

// LoadKeys reads signing keys from PEM files, the one that signs first.
//
// With several instances a rotation takes two steps, since an instance must
// know a key before another signs with it: first old, new everywhere; then new,
// old; and without old once its last token has expired.
func LoadKeys(paths ...string) (*Keys, error) {
	if len(paths) == 0 {
		return nil, errors.New("no signing key is configured")
	}
	var keys []*rsa.PrivateKey
	for _, path := range paths {
		key, err := loadKey(path)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return NewKeys(keys[0], keys[1:]...)
}

// LoadOrCreate reads the one signing key at path and makes it when there is
// none, readable by its owner alone. Of two processes that make it at once both
// get the same key.
func LoadOrCreate(path string) (*Keys, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = createKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", path, err)
	}
	return LoadKeys(path)
}

func loadKey(path string) (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemPrivateKey {
		return nil, fmt.Errorf("signing key %s: expected a PKCS#8 key in PEM (BEGIN %s)", path, pemPrivateKey)
	}
	// The parser's own error could say something of the key.
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: not a valid PKCS#8 key", path)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing key %s: not an RSA key", path)
	}
	return key, nil
}

// createKey writes the key under another name first, so that nobody ever reads
// half a key, and gives it its own by a link, which does not replace the key of
// a faster process.
func createKey(path string) error {
	key, err := GenerateKey()
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	// os.CreateTemp makes files of mode 0600.
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	err = errors.Join(pem.Encode(file, &pem.Block{Type: pemPrivateKey, Bytes: der}), file.Sync(), file.Close())
	if err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
