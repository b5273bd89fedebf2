package tokenization

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"sync"

	"paytrace-gateway/gateway"
)

var _ gateway.Card = (*Card)(nil)

// Card is a card on its way to a keyed sale. What it shows of itself, however
// it is printed, logged or marshalled, is brand and last four.
//
// Package fmt calls no method of a value in another struct's unexported field,
// it walks into the value. One pointer does not stop it: a verb that does not
// fit, such as %s, prints what the pointer points at. Nothing can walk into a
// function, so a function leads to the digits. A copy of a Card shares, and is
// wiped with, the original.
type Card struct {
	brand    gateway.Brand
	lastFour string
	reveal   func() *secret
}

// secret is what may not be seen. The lock lets a caller wipe the card while a
// call to the processor that outlived it still reads the digits.
type secret struct {
	mu          sync.RWMutex
	wiped       bool
	number, csc []byte
	month, year string
}

// NewCard checks a card as the contract's paymentMethod.card has it: digits
// without spaces, the month as "01" to "12", the year in four digits. The error
// is of type [FieldErrors] and names every fault.
//
// The card keeps copies. What was handed in is the caller's to wipe, as far as
// it can be: a string cannot.
func NewCard[T text](number, csc, month, year T) (*Card, error) {
	brand, errs := validate(number, csc, month, year)
	if len(errs) > 0 {
		return nil, errs
	}
	digits := &secret{
		number: append([]byte(nil), number...),
		csc:    append([]byte(nil), csc...),
		month:  strings.Clone(string(month)),
		year:   strings.Clone(string(year)),
	}
	return &Card{
		brand:    brand,
		lastFour: strings.Clone(string(number[len(number)-4:])),
		reveal:   func() *secret { return digits },
	}, nil
}

// Summary is what may be kept of the card. It outlives Wipe.
func (c Card) Summary() gateway.CardSummary {
	s := c.reveal()
	s.mu.RLock()
	defer s.mu.RUnlock()
	return gateway.CardSummary{
		Brand:           c.brand,
		LastFour:        c.lastFour,
		ExpirationMonth: s.month,
		ExpirationYear:  s.year,
	}
}

// Fingerprint is a keyed hash of number and expiry, never of the CSC. The key
// has to be a real secret: card numbers are few enough to be tried one by one.
// After Wipe there is none.
func (c Card) Fingerprint(key []byte) []byte {
	s := c.reveal()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.wiped {
		return nil
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(s.number)
	mac.Write([]byte("|" + s.month + "|" + s.year))
	fingerprint := mac.Sum(nil)
	// The hash keeps what is not a whole block yet, the number that is. Nearly a
	// block of nothing takes its place.
	mac.Reset()
	mac.Write(make([]byte, mac.BlockSize()-1))
	return fingerprint
}

// Open lends the digits to use, which must neither keep nor change them, nor
// call Wipe. After Wipe use is not called.
func (c Card) Open(use func(number, csc []byte, month, year string)) {
	s := c.reveal()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.wiped {
		use(s.number, s.csc, s.month, s.year)
	}
}

// Wipe overwrites number and CSC. It waits for an Open under way.
func (c Card) Wipe() {
	s := c.reveal()
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.number)
	clear(s.csc)
	s.wiped = true
}
