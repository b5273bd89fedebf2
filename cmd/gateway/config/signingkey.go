package config

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxSigningKeys = 10
	// defaultKeyDays is what is commonly asked of keys that sign tokens.
	defaultKeyDays = 90
	maxKeyDays     = 3650
)

// signingKeyFolder reads where keys are made that are not named one by one, and
// how often.
func (o object) signingKeyFolder(c *Config) {
	named := o.has("signingKeys")
	for _, member := range []string{"signingKeyFolder", "signingKeyDays"} {
		if named && o.has(member) {
			o.fault(member, "stands beside signingKeys, which are changed by hand; keep one of them")
			return
		}
	}
	if !named {
		c.SigningKeyFolder = o.filePath("signingKeyFolder", c.DataDir)
		c.SigningKeyDays = read(o, "signingKeyDays", number(0, maxKeyDays), defaultKeyDays)
	}
}

func (o object) signingKeys() []KeyFile {
	var files []KeyFile
	var keys []*rsa.PrivateKey
	o.list("signingKeys", maxSigningKeys, func(node *yaml.Node, path string) {
		file, data, ok := o.r.privateFile(node, path)
		if !ok {
			return
		}
		key, message := parseSigningKey(data)
		if message != "" {
			o.r.faultAt(node, path, file+" "+message)
			return
		}
		if slices.Contains(files, KeyFile{file}) {
			o.r.faultAt(node, path, file+" is named twice; keep one")
			return
		}
		if twin := slices.IndexFunc(keys, func(other *rsa.PrivateKey) bool { return key.Equal(other) }); twin >= 0 {
			o.r.faultAt(node, path, file+" holds the same key as "+files[twin].File+"; keep one")
			return
		}
		files, keys = append(files, KeyFile{file}), append(keys, key)
	})
	return files
}

// parseSigningKey takes what tokens can be signed with. It returns a message
// when there is none, and never the parser's own words, which could say
// something of the key.
func parseSigningKey(data []byte) (*rsa.PrivateKey, string) {
	block, _ := pem.Decode(data)
	if block == nil || !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return nil, "holds no private key in PEM form"
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil || block.Type != "PRIVATE KEY" {
		return nil, "holds a key that is not in the PKCS#8 form; `openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW` converts it"
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok || key.N.BitLen() < minKeyBits {
		return nil, "holds a key that is not RSA with at least 2048 bits"
	}
	return key, ""
}
