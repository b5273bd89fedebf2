package tokenization

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// The methods here are all the ways in which the standard library asks a value
// how it wants to be shown. They have value receivers so that a dereferenced
// Card is as discreet as a pointer to it.
var (
	_ fmt.Formatter  = Card{}
	_ fmt.Stringer   = Card{}
	_ slog.LogValuer = Card{}
	_ json.Marshaler = Card{}
)

// String gives brand and last four. It is also what a panic prints.
func (c Card) String() string { return string(c.brand) + " ****" + c.lastFour }

// Format prints the same under every verb, %#v and %x included.
func (c Card) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue logs brand and last four.
func (c Card) LogValue() slog.Value {
	return slog.GroupValue(slog.String("brand", string(c.brand)), slog.String("lastFour", c.lastFour))
}

// MarshalJSON writes brand and last four.
func (c Card) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"brand": string(c.brand), "lastFour": c.lastFour})
}

// MarshalText writes brand and last four.
func (c Card) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// GobEncode refuses: a card that could be read back would be a stored card.
func (c Card) GobEncode() ([]byte, error) {
	return nil, errors.New("a card cannot be encoded: card data is never stored")
}
