package gateway

// AccountType is what a bank calls an account.
type AccountType string

// The two types of account that an ACH payment can draw on.
const (
	Checking AccountType = "checking"
	Savings  AccountType = "savings"
)

// HolderType says whose account it is.
type HolderType string

// The two types of holder.
const (
	Personal HolderType = "personal"
	Business HolderType = "business"
)

// BankSummary is all that the gateway keeps of a bank account.
type BankSummary struct {
	LastFour    string      `json:"lastFour,omitempty"`
	AccountType AccountType `json:"accountType,omitempty"`
	HolderType  HolderType  `json:"holderType,omitempty"`
}

// BankAccount is an account number on its way to an ACH payment, as Card is a
// card number. Only package tokenization implements it and only the processor's
// client may open it.
type BankAccount interface {
	Summary() BankSummary
	// Fingerprint is a keyed hash of routing number and account number.
	Fingerprint(key []byte) []byte
	// Wipe overwrites the account number. It may be called more than once.
	Wipe()
}

// EncryptedBankAccount has the account number encrypted in the shopper's browser
// to PayTrace's key. The routing number is told in the clear, and neither it nor
// the holder's name is kept.
type EncryptedBankAccount struct {
	AccountNumber string      `json:"accountNumber"`
	RoutingNumber string      `json:"routingNumber"`
	AccountType   AccountType `json:"accountType"`
	HolderType    HolderType  `json:"holderType"`
	HolderName    string      `json:"holderName"`
}

// bankSummary is what the method itself tells of its bank account, nil when it
// pays with none.
func (m PaymentMethod) bankSummary() *BankSummary {
	switch {
	case m.BankAccount != nil:
		s := m.BankAccount.Summary()
		return &s
	case m.EncryptedBankAccount != nil:
		return &BankSummary{AccountType: m.EncryptedBankAccount.AccountType, HolderType: m.EncryptedBankAccount.HolderType}
	}
	return nil
}

// ACH says that the payment draws on a bank account.
func (p Payment) ACH() bool { return p.Bank != nil }
