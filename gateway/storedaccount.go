package gateway

import "encoding/hex"

// ProfileSummary is what may be shown of a profile of the processor's vault: of
// its card or of its bank account, of which the processor tells no more than the
// last digits. Somebody may have put both into one at the processor's screens.
type ProfileSummary struct {
	Card CardSummary
	Bank BankSummary
}

// ACH says that the method is a bank account, and no card.
func (m VaultMethod) ACH() bool { return m.Bank != BankSummary{} }

// ach says that the operation is about a bank account.
func (o VaultOperation) ach() bool { return o.Bank != BankSummary{} }

// readable says that nothing more of the method can be learned from its profile.
func (m VaultMethod) readable() bool {
	if m.ACH() {
		return m.Bank.LastFour != ""
	}
	return m.Card.readable()
}

// hiddenDigits says that the last digits of what is stored are not known, and
// PayTrace can be asked for them.
func (o VaultOperation) hiddenDigits(r Result) bool {
	if o.ach() {
		return o.Bank.LastFour == ""
	}
	return !r.Card.over(o.Card).known()
}

// over is the account with its last digits as the first one knows them. The
// rest of it was told by whoever stored it, and nothing else shows it.
func (b BankSummary) over(before BankSummary) BankSummary {
	if b.LastFour != "" {
		before.LastFour = b.LastFour
	}
	return before
}

// fingerprints are what a canonical request has of a card and of an account that
// it tells in the clear, empty without one.
func (m PaymentMethod) fingerprints(secret []byte) (card, account string) {
	if m.Card != nil {
		card = hex.EncodeToString(m.Card.Fingerprint(secret))
	}
	if m.BankAccount != nil {
		account = hex.EncodeToString(m.BankAccount.Fingerprint(secret))
	}
	return card, account
}

// bank is the account that is drawn on, told or stored; nil for a card.
func (c CreatePayment) bank(stored VaultMethod) *BankSummary {
	if stored.ACH() {
		bank := stored.Bank // by itself, so that a card's method stays on the stack
		return &bank
	}
	return c.Method.bankSummary()
}

// stores is the account of a method that is to be stored, nothing of a card.
func (m PaymentMethod) stores() BankSummary {
	if b := m.bankSummary(); b != nil {
		return *b
	}
	return BankSummary{}
}

// sameKind refuses to put a card in the place of a bank account, or the other way
// round: a profile at PayTrace keeps both then, and nobody could say which one
// is charged.
func sameKind(method VaultMethod, by PaymentMethod) error {
	if by.empty() || method.ACH() == (by.bankSummary() != nil) {
		return nil
	}
	is, field := "a card", "paymentMethod.bankAccount"
	if method.ACH() {
		is, field = "a bank account", "paymentMethod"
	}
	return refuse(CodeOtherKind,
		"this payment method is %s and stays one; add another method and remove this one. Nothing was stored", is).on(field)
}
