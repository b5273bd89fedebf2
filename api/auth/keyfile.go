package auth

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
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
		key, err := readKey(path)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key.private)
	}
	return NewKeys(keys[0], keys[1:]...)
}

// What stands above a key in its file, where the gateway has made it.
const (
	madeLine  = "made"
	byLine    = "by"
	signsLine = "signs"
	// These stand alone, in the place of a key that was removed before its time.
	keyLine       = "key"
	retiredLine   = "retired"
	retiredByLine = "retired by"
)

// readKey reads a key, and what its file says of it.
func readKey(path string) (SigningKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return SigningKey{}, fmt.Errorf("signing key: %w", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return SigningKey{}, fmt.Errorf("signing key: %w", err)
	}
	// A group is let in, as container tools mount secrets so.
	if runtime.GOOS != "windows" && info.Mode()&0o007 != 0 {
		return SigningKey{}, fmt.Errorf("signing key %s is open to everyone (mode %04o); run chmod 0600 on it", path, info.Mode().Perm())
	}
	key := SigningKey{File: path, MadeAt: info.ModTime()}
	if err := key.readLines(text); err != nil || !key.RetiredAt.IsZero() {
		return key, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemPrivateKey {
		return SigningKey{}, fmt.Errorf("signing key %s: expected a PKCS#8 key in PEM (BEGIN %s)", path, pemPrivateKey)
	}
	// The parser's own error could say something of the key.
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return SigningKey{}, fmt.Errorf("signing key %s: not a valid PKCS#8 key", path)
	}
	var ok bool
	if key.private, ok = parsed.(*rsa.PrivateKey); !ok {
		return SigningKey{}, fmt.Errorf("signing key %s: not an RSA key", path)
	}
	return key, nil
}

// readLines reads what stands above the key. Nothing stands above one that a
// person has made, or a gateway from before there was a rotation.
func (k *SigningKey) readLines(text []byte) error {
	above, _, _ := bytes.Cut(text, []byte("-----BEGIN"))
	for line := range strings.Lines(string(above)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		var err error
		switch name {
		case madeLine:
			k.MadeAt, err = time.Parse(time.RFC3339, value)
		case byLine:
			k.MadeBy = value
		case signsLine:
			k.SignsFrom, err = time.Parse(time.RFC3339, value)
		case keyLine:
			k.ID = value
		case retiredLine:
			k.RetiredAt, err = time.Parse(time.RFC3339, value)
		case retiredByLine:
			k.RetiredBy = value
		}
		if err != nil {
			return fmt.Errorf("signing key %s: the line %q above the key: expected a time such as 2026-01-02T15:04:05Z", k.File, name)
		}
	}
	return nil
}

// writeKey writes the key under another name first, so that nobody ever reads
// half a key, and gives it its own by a link, which does not replace the key of
// a faster process: then it is an error, fs.ErrExist.
func writeKey(key SigningKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key.private)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Signs the gateway's tokens. Whoever reads it can act as any client: keep it secret.\n%s: %s\n%s: %s\n%s: %s\n%s",
		madeLine, key.MadeAt.UTC().Format(time.RFC3339), byLine, key.MadeBy, signsLine, key.SignsFrom.UTC().Format(time.RFC3339),
		pem.EncodeToMemory(&pem.Block{Type: pemPrivateKey, Bytes: der}))
	return writeFile(key.File, text, os.Link)
}

// writeGrave puts what is to be known of a removed key in its place: who has
// removed it, and that its number has been given out.
func writeGrave(key SigningKey) error {
	return writeFile(key.File, fmt.Sprintf("%s: %s\n%s: %s\n%s: %s\n",
		keyLine, key.ID, retiredLine, key.RetiredAt.UTC().Format(time.RFC3339), retiredByLine, key.RetiredBy), os.Rename)
}

func writeFile(path, text string, place func(from, to string) error) error {
	// os.CreateTemp makes files of mode 0600.
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(text)
	if err == nil {
		err = adopt(file)
	}
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return place(file.Name(), path)
}
