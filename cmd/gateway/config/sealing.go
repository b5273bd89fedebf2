package config

import (
	"encoding/base64"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// maxCommand bounds the words of a command.
const maxCommand = 40

// Sealing has the master keys of the secrets in the ledger. The zero value is
// none.
type Sealing struct {
	// Key seals, and opens what it has sealed. PreviousKey only opens, until
	// everything is sealed under Key.
	Key         SealingKey `yaml:"key,omitempty"`
	PreviousKey SealingKey `yaml:"previousKey,omitempty"`
}

// SealingKey is a master key, or the command that prints it.
type SealingKey struct {
	Secret  Secret
	Command []string
}

// IsZero reports that there is no key.
func (k SealingKey) IsZero() bool { return k.Secret.IsZero() && len(k.Command) == 0 }

// MarshalYAML shows neither the key nor the words of the command, among which
// somebody may have put a secret.
func (k SealingKey) MarshalYAML() (any, error) {
	if len(k.Command) > 0 {
		return map[string]string{"command": k.Command[0]}, nil
	}
	return k.Secret, nil
}

// Sealed is a place of the file that names a secret in the ledger.
type Sealed struct {
	MerchantID string
	LiveMode   bool
	Name       string
	// Path is that of the place.
	Path string
	// Overlaps says that the value before is used too while a rotation lasts.
	Overlaps bool
	// Fits says what is wrong with a value, or nothing.
	Fits func(value string) string
}

// Values give the newest value of a secret in the ledger, and the one before it
// while that is good too.
type Values = func(merchantID string, liveMode bool, name string) (newest, before string)

// unsealed is shared by all sealed secrets of a configuration.
type unsealed struct{ values Values }

// Unseal has the sealed secrets of the configuration ask there for what they are,
// each time.
func (c *Config) Unseal(values Values) { c.unsealed.values = values }

var (
	secretName = kind[string]{expected: "1 to 64 lower-case letters, digits and dashes, no dash first", text: true, parse: matching(`^[a-z0-9][a-z0-9-]{0,63}$`)}
	magentoKey = regexp.MustCompile(`^[A-Za-z0-9_-]{32}$`)
)

// IsSecretName says whether a secret in the ledger may have this name.
func IsSecretName(name string) bool {
	_, ok := secretName.parse(name)
	return ok
}

// credential reads a secret that may also be kept in the ledger. fits says what
// is wrong with a value from there, overlaps whether the one before is used too
// while a rotation lasts.
func (o object) credential(name string, fits func(string) string, overlaps bool) Secret {
	if secret, sealed := o.sealed(name, fits, overlaps); sealed {
		return secret
	}
	return o.secret(name)
}

func (o object) requiredCredential(name string, fits func(string) string, overlaps bool) Secret {
	if !o.has(name) {
		o.fault(name, "is missing; expected ${NAME}, {file: path} or {sealed: name}")
	}
	return o.credential(name, fits, overlaps)
}

// sealed reads {sealed: name}, and says whether that is what stands there.
func (o object) sealed(name string, fits func(string) string, overlaps bool) (secret Secret, is bool) {
	node, path := o.members[name], join(o.path, name)
	if node == nil || node.Kind != yaml.MappingNode || !hasMember(node, "sealed") {
		return Secret{}, false
	}
	named := require(o.r.object(node, path, "sealed"), "sealed", secretName)
	if named == "" {
		return Secret{}, true
	}
	s := Sealed{MerchantID: o.r.merchantID, LiveMode: o.r.liveMode, Name: named, Path: path, Overlaps: overlaps, Fits: fits}
	o.r.sealed = append(o.r.sealed, s)
	shared := o.r.unsealed
	return Secret{func() held {
		h := held{source: "sealed as " + s.Name, sealedAs: s.Name}
		if shared.values != nil {
			h.text, h.before = shared.values(s.MerchantID, s.LiveMode, s.Name)
		}
		return h
	}}, true
}

func hasMember(node *yaml.Node, name string) bool {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return true
		}
	}
	return false
}

// sealing reads the master keys.
func (o object) sealing() Sealing {
	s := o.child("sealing", "sealing")
	keys := Sealing{Key: s.sealingKey("key"), PreviousKey: s.sealingKey("previousKey")}
	if keys.Key.IsZero() && s.has("previousKey") {
		s.fault("key", "is missing; expected the key that seals: ${NAME}, {file: path} or {command: [program, argument]}")
	}
	return keys
}

func (o object) sealingKey(name string) SealingKey {
	node := o.members[name]
	if node == nil || node.Kind != yaml.MappingNode || !hasMember(node, "command") {
		secret := o.secret(name)
		if !secret.IsZero() && !isSealingKey(secret.Reveal()) {
			o.fault(name, "expected 32 random bytes in base64; `openssl rand -base64 32` makes them")
		}
		return SealingKey{Secret: secret}
	}
	c := o.r.object(node, join(o.path, name), "command")
	if c.empty("command") {
		c.fault("command", "is missing; expected a list: the program, and its arguments")
	}
	var words []string
	c.list("command", maxCommand, func(word *yaml.Node, path string) {
		words = append(words, scan(o.r, word, path, commandWord))
	})
	return SealingKey{Command: words}
}

func isSealingKey(text string) bool {
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil && len(key) == 32
}

var commandWord = kind[string]{expected: "a word of the command", text: true, parse: matching(`^[^\x00]{1,1000}$`)}

// judgeSealed takes over the places that name a secret in the ledger.
func (o object) judgeSealed(c *Config) {
	c.Sealed, c.unsealed = o.r.sealed, o.r.unsealed
	if len(c.Sealed) > 0 && !o.has("sealing") {
		o.fault("sealing", "is missing; "+c.Sealed[0].Path+" is sealed, which needs sealing.key: `openssl rand -base64 32` makes one")
	}
}

// fitsPassword keeps what is printed in documentation from a live account.
func fitsPassword(live bool) func(string) string {
	return func(text string) string {
		if live && isDemo(text) {
			return demoValue
		}
		return unfit(text)
	}
}

func fitsMagento(text string) string {
	if !magentoKey.MatchString(text) {
		return "expected the 32 letters and digits that Magento shows when the integration is activated"
	}
	return ""
}
