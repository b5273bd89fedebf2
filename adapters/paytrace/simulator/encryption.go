package simulator

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
)

// key is the account's RSA-2048 key, made when it is first wanted: most tests
// want none, and making one takes a tenth of a second.
func (s *Simulator) key() *rsa.PrivateKey {
	if s.privateKey != nil {
		return s.privateKey
	}
	key, err := x509.ParsePKCS1PrivateKey(s.books.EncryptionKey)
	if err != nil {
		if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err) // crypto/rand does not fail.
		}
		s.books.EncryptionKey = x509.MarshalPKCS1PrivateKey(key)
		s.changed()
	}
	s.privateKey = key
	return key
}

// publicKeyPEM is what a merchant downloads from PayTrace's screens.
func (s *Simulator) publicKeyPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(&s.key().PublicKey)
	if err != nil {
		panic(err) // An RSA key can always be written.
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// decrypt reads an encrypted_number or encrypted_csc: 344 base64 characters. It
// is empty for what cannot be read.
func (s *Simulator) decrypt(encrypted string) string {
	ciphertext, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil {
		return ""
	}
	var plain []byte
	switch s.settings.EncryptionPadding {
	case "oaep-sha1":
		plain, err = rsa.DecryptOAEP(sha1.New(), nil, s.key(), ciphertext, nil)
	case "oaep-sha256":
		plain, err = rsa.DecryptOAEP(sha256.New(), nil, s.key(), ciphertext, nil)
	default:
		plain, err = rsa.DecryptPKCS1v15(nil, s.key(), ciphertext)
	}
	if err != nil {
		return ""
	}
	return string(plain)
}
