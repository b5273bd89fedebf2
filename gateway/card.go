package gateway

// Brand is a card's network, in the lower-case words of the contract.
type Brand string

// The brands that PayTrace's batch break-down knows.
const (
	Visa       Brand = "visa"
	Mastercard Brand = "mastercard"
	Amex       Brand = "amex"
	Discover   Brand = "discover"
	Diners     Brand = "diners"
	JCB        Brand = "jcb"
)

// CardSummary is all that the gateway keeps of a card.
type CardSummary struct {
	Brand           Brand  `json:"brand,omitempty"`
	LastFour        string `json:"lastFour,omitempty"`
	ExpirationMonth string `json:"expirationMonth,omitempty"`
	ExpirationYear  string `json:"expirationYear,omitempty"`
}

// Card is a card number on its way to a keyed sale. Only package tokenization
// implements it and only the processor's client may open it; everyone else
// sees brand and last four.
type Card interface {
	Summary() CardSummary
	// Fingerprint is a keyed hash of number and expiry, never of the CSC.
	Fingerprint(key []byte) []byte
	// Wipe overwrites number and CSC. It may be called more than once.
	Wipe()
}

// HostedFields are the single-use tokens PayTrace's browser script returns.
type HostedFields struct {
	Token         string `json:"hpfToken"`
	EncryptionKey string `json:"encKey"`
}

// EncryptedCard is a card encrypted in the shopper's browser to PayTrace's
// key; nobody but PayTrace can open it.
type EncryptedCard struct {
	Number          string `json:"cardNumber"`
	CSC             string `json:"-"`
	ExpirationMonth string `json:"expirationMonth"`
	ExpirationYear  string `json:"expirationYear"`
}

// VaultChoice names a stored payment method; without PaymentMethodID the
// customer's default is meant.
type VaultChoice struct {
	CustomerID      string `json:"customerId"`
	PaymentMethodID string `json:"paymentMethodId,omitempty"`
}

// PaymentMethod carries exactly one of its members.
type PaymentMethod struct {
	HostedFields         *HostedFields
	EncryptedCard        *EncryptedCard
	Vault                *VaultChoice
	Card                 Card
	BankAccount          BankAccount
	EncryptedBankAccount *EncryptedBankAccount
}

// MethodKind says how a payment was paid.
type MethodKind string

// The ways to pay.
const (
	ByHostedFields  MethodKind = "hostedFields"
	ByEncryptedCard MethodKind = "encryptedCard"
	ByVault         MethodKind = "vault"
	ByCard          MethodKind = "card"
	// ByBankAccount is an account told in the clear or encrypted.
	ByBankAccount MethodKind = "bankAccount"
)

// wipe forgets the digits of a card, or of an account, that were told in the
// clear.
func (m PaymentMethod) wipe() {
	if m.Card != nil {
		m.Card.Wipe()
	}
	if m.BankAccount != nil {
		m.BankAccount.Wipe()
	}
}

// Kind names the member that is set.
func (m PaymentMethod) Kind() MethodKind {
	switch {
	case m.HostedFields != nil:
		return ByHostedFields
	case m.EncryptedCard != nil:
		return ByEncryptedCard
	case m.Vault != nil:
		return ByVault
	case m.BankAccount != nil, m.EncryptedBankAccount != nil:
		return ByBankAccount
	default:
		return ByCard
	}
}

// empty says that no way to pay is given.
func (m PaymentMethod) empty() bool {
	return m == PaymentMethod{}
}

// summary is what the method itself tells of its card.
func (m PaymentMethod) summary() CardSummary {
	switch {
	case m.Card != nil:
		return m.Card.Summary()
	case m.EncryptedCard != nil:
		return CardSummary{
			ExpirationMonth: m.EncryptedCard.ExpirationMonth,
			ExpirationYear:  m.EncryptedCard.ExpirationYear,
		}
	}
	return CardSummary{}
}
