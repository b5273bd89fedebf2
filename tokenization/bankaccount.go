package tokenization

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"paytrace-gateway/gateway"
)

// The methods with which the standard library asks how an account wants to be
// shown are those of a Card, for the same reasons.
var (
	_ gateway.BankAccount = (*BankAccount)(nil)
	_ fmt.Formatter       = BankAccount{}
	_ fmt.Stringer        = BankAccount{}
	_ slog.LogValuer      = BankAccount{}
	_ json.Marshaler      = BankAccount{}
)

// The members of the contract's paymentMethod.bankAccount whose digits are
// checked here.
const (
	fieldAccount = "paymentMethod.bankAccount.accountNumber"
	fieldRouting = "paymentMethod.bankAccount.routingNumber"
)

// The shortest and the longest account number that goes into an ACH file.
const (
	minAccount = 4
	maxAccount = 17
)

// BankAccount is an account number on its way to an ACH payment. As of a [Card],
// nothing is ever shown of it but its summary, a function leads to the digits,
// and a copy shares, and is wiped with, the original.
type BankAccount struct {
	summary gateway.BankSummary
	reveal  func() *bankSecret
}

// bankSecret is what may not be seen. Its lock is there for what that of a card's
// secret is.
type bankSecret struct {
	mu              sync.RWMutex
	wiped           bool
	account         []byte
	routing, holder string
}

// BankDetails are what goes with an account number. The routing number and the
// holder's name are told to the processor and not kept.
type BankDetails struct {
	RoutingNumber string
	AccountType   gateway.AccountType
	HolderType    gateway.HolderType
	HolderName    string
}

// NewBankAccount checks the numbers of an account. The error is of type
// [FieldErrors]. The account keeps a copy of the number; what was handed in is the
// caller's to wipe.
func NewBankAccount[T text](account T, with BankDetails) (*BankAccount, error) {
	var wrong FieldErrors
	if fault := accountFault(account); fault != "" {
		wrong = append(wrong, FieldError{fieldAccount, fault})
	}
	if !RoutingNumber(with.RoutingNumber) {
		wrong = append(wrong, FieldError{fieldRouting, "must be the nine digits of an ABA routing number; the last one is its check digit"})
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	secret := &bankSecret{
		account: append([]byte(nil), account...),
		routing: strings.Clone(with.RoutingNumber), holder: strings.Clone(with.HolderName),
	}
	return &BankAccount{
		summary: gateway.BankSummary{
			LastFour: strings.Clone(string(account[len(account)-tellable(len(account)):])), AccountType: with.AccountType, HolderType: with.HolderType,
		},
		reveal: func() *bankSecret { return secret },
	}, nil
}

// tellable is how many of the last digits of an account number are shown: four
// at most, and so few that four stay hidden. A card number is never so short.
func tellable(digits int) int { return min(4, max(0, digits-4)) }

func accountFault[T text](account T) string {
	switch {
	case len(account) == 0:
		return "is required"
	case !allDigits(account):
		return "must be digits only, without spaces or dashes"
	case len(account) < minAccount || len(account) > maxAccount:
		return fmt.Sprintf("must have %d to %d digits", minAccount, maxAccount)
	}
	return ""
}

// RoutingNumber says whether these are the nine digits of an ABA routing number,
// whose sum, weighted by 3, 7 and 1, is a multiple of ten.
func RoutingNumber(number string) bool {
	if len(number) != 9 || !allDigits(number) || number == "000000000" {
		return false
	}
	sum := 0
	for i, weight := range []int{3, 7, 1, 3, 7, 1, 3, 7, 1} {
		sum += weight * int(number[i]-'0')
	}
	return sum%10 == 0
}

// Summary is what may be kept of the account. It outlives Wipe.
func (a BankAccount) Summary() gateway.BankSummary { return a.summary }

// Fingerprint is a keyed hash of all that makes two accounts different. The key
// has to be a real secret: account numbers are short. After Wipe there is none.
func (a BankAccount) Fingerprint(key []byte) []byte {
	s := a.reveal()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.wiped {
		return nil
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(s.account)
	fmt.Fprintf(mac, "|%s|%s|%s|%s", s.routing, a.summary.AccountType, a.summary.HolderType, s.holder)
	fingerprint := mac.Sum(nil)
	// What the hash keeps is overwritten, as that of a card is.
	mac.Reset()
	mac.Write(make([]byte, mac.BlockSize()-1))
	return fingerprint
}

// Open lends the account number to use, which must neither keep nor change it,
// nor call Wipe. After Wipe use is not called.
func (a BankAccount) Open(use func(account []byte, with BankDetails)) {
	s := a.reveal()
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.wiped {
		use(s.account, BankDetails{s.routing, a.summary.AccountType, a.summary.HolderType, s.holder})
	}
}

// Wipe overwrites the account number. It waits for an Open under way.
func (a BankAccount) Wipe() {
	s := a.reveal()
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.account)
	s.wiped = true
}

// String gives the type and the last digits. It is also what a panic prints.
func (a BankAccount) String() string {
	return string(a.summary.AccountType) + " ****" + a.summary.LastFour
}

// Format prints the same under every verb.
func (a BankAccount) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// LogValue logs the type and the last digits.
func (a BankAccount) LogValue() slog.Value {
	return slog.GroupValue(slog.String("accountType", string(a.summary.AccountType)), slog.String("lastFour", a.summary.LastFour))
}

// MarshalJSON writes the summary.
func (a BankAccount) MarshalJSON() ([]byte, error) { return json.Marshal(a.summary) }

// MarshalText writes the type and the last digits.
func (a BankAccount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// GobEncode refuses: an account that could be read back would be a stored one.
func (a BankAccount) GobEncode() ([]byte, error) {
	return nil, errors.New("a bank account cannot be encoded: account numbers are never stored")
}
