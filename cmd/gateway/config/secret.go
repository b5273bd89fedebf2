package config

import (
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"
)

// Secret is a text that must not be shown. Printed, logged or marshalled in any
// way it says only how long it is and where it came from; Reveal is the one way
// to read it.
type Secret struct {
	// The function matters: a Secret in an unexported field of another struct is
	// printed without its methods. Package fmt then follows even a pointer, when
	// the verb does not fit (%s), but of a function it shows only the address.
	held func() held
}

// held is what a Secret is at the moment. Of a sealed one the value before is
// there too, while a rotation lasts.
type held struct {
	text, before, source string
	sealedAs             string
}

func newSecret(text, source string) Secret {
	return Secret{func() held { return held{text: text, source: source} }}
}

// Reveal returns the secret itself, or "" when there is none. A sealed one is ""
// until it is unsealed, and may be another text after each rotation.
func (s Secret) Reveal() string { return s.now().text }

// Before returns the value that a sealed secret had before, while that is good
// too, and else "".
func (s Secret) Before() string { return s.now().before }

// SealedAs is the name of a secret that is kept in the ledger, and "" for others.
func (s Secret) SealedAs() string { return s.now().sealedAs }

func (s Secret) now() held {
	if s.held == nil {
		return held{}
	}
	return s.held()
}

// IsZero reports that no secret is set.
func (s Secret) IsZero() bool { return s.held == nil }

// String describes the secret without showing it.
func (s Secret) String() string {
	switch h := s.now(); {
	case s.held == nil:
		return "not set"
	case h.sealedAs != "":
		return h.source
	default:
		return fmt.Sprintf("set (%d characters, from %s)", s.length(), h.source)
	}
}

func (s Secret) length() int { return utf8.RuneCountInString(s.Reveal()) }

// Format keeps the secret out of every verb of package fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText keeps the secret out of JSON, YAML, XML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps the secret out of log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
