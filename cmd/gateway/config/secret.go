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
	held func() (text, source string)
}

func newSecret(text, source string) Secret {
	return Secret{func() (string, string) { return text, source }}
}

// Reveal returns the secret itself, or "" when there is none.
func (s Secret) Reveal() string {
	if s.held == nil {
		return ""
	}
	text, _ := s.held()
	return text
}

// IsZero reports that no secret is set.
func (s Secret) IsZero() bool { return s.held == nil }

// String describes the secret without showing it.
func (s Secret) String() string {
	if s.held == nil {
		return "not set"
	}
	_, source := s.held()
	return fmt.Sprintf("set (%d characters, from %s)", s.length(), source)
}

func (s Secret) length() int { return utf8.RuneCountInString(s.Reveal()) }

// Format keeps the secret out of every verb of package fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText keeps the secret out of JSON, YAML, XML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps the secret out of log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
