package tokenization

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

var (
	_ json.Unmarshaler = (*Digits)(nil)
	_ fmt.Formatter    = Digits{}
	_ fmt.Stringer     = Digits{}
	_ slog.LogValuer   = Digits{}
	_ json.Marshaler   = Digits{}
)

// Digits are a member of a card, or the number of a bank account, as it stands in
// a request: bytes that can be wiped, where a string of Go's stays in memory until
// it is collected. However they are shown, nothing is seen of them; as in [Card],
// a function leads to the bytes, since nothing can walk into one.
type Digits struct {
	reveal func() []byte
	other  bool
}

// UnmarshalJSON takes a JSON string as it is written. One with an escape in it
// stays escaped, and so is no digits. What is not a string is remembered as
// such, and nothing of it is kept: a fault of it must not come before the
// question whether a card may be told at all.
func (d *Digits) UnmarshalJSON(raw []byte) error {
	d.Wipe()
	*d = Digits{}
	switch {
	case string(raw) == "null":
	case len(raw) >= 2 && raw[0] == '"':
		kept := append([]byte(nil), raw[1:len(raw)-1]...)
		d.reveal = func() []byte { return kept }
	default:
		d.other = true
	}
	return nil
}

// Given says that the member stood in the request, whatever it is.
func (d Digits) Given() bool { return d.reveal != nil || d.other }

// BankAccount is the account whose number these digits are; see [NewBankAccount].
func (d Digits) BankAccount(with BankDetails) (*BankAccount, error) {
	if d.other {
		return nil, FieldErrors{{fieldAccount, notText}}
	}
	return NewBankAccount(d.bytes(), with)
}

// notText is the fault of digits that stand without quotes.
const notText = "must be a text of digits, in quotes"

// bytes are lent, not given.
func (d Digits) bytes() []byte {
	if d.reveal == nil {
		return nil
	}
	return d.reveal()
}

// Wipe overwrites the digits.
func (d Digits) Wipe() { clear(d.bytes()) }

// shown stands in place of digits, however they are printed.
const shown = "****"

func (d Digits) String() string { return shown }

// Format prints the same under every verb.
func (d Digits) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, shown) }

// LogValue logs that there are digits, and none of them.
func (d Digits) LogValue() slog.Value { return slog.StringValue(shown) }

// MarshalJSON writes nothing of the digits.
func (d Digits) MarshalJSON() ([]byte, error) { return []byte(`"` + shown + `"`), nil }

// Entry is a card as a caller has entered it, before it is known to be one. It
// is the contract's paymentMethod.card.
type Entry struct {
	CardNumber      Digits `json:"cardNumber"`
	CSC             Digits `json:"csc"`
	ExpirationMonth Digits `json:"expirationMonth"`
	ExpirationYear  Digits `json:"expirationYear"`
}

// Card checks the entry, as [NewCard] does.
func (e Entry) Card() (*Card, error) {
	var wrong FieldErrors
	for _, member := range []struct {
		name string
		Digits
	}{{fieldNumber, e.CardNumber}, {fieldCSC, e.CSC}, {fieldMonth, e.ExpirationMonth}, {fieldYear, e.ExpirationYear}} {
		if member.other {
			wrong = append(wrong, FieldError{member.name, notText})
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return NewCard(e.CardNumber.bytes(), e.CSC.bytes(), e.ExpirationMonth.bytes(), e.ExpirationYear.bytes())
}

// Wipe overwrites all that the entry holds.
func (e *Entry) Wipe() {
	if e == nil {
		return
	}
	for _, d := range []Digits{e.CardNumber, e.CSC, e.ExpirationMonth, e.ExpirationYear} {
		d.Wipe()
	}
}
