package gateway

import (
	"context"
	"errors"
)

// StoredCard says where the card of a new payment method comes from: exactly
// one member.
type StoredCard struct {
	Method           PaymentMethod // hostedFields, encryptedCard, card or a bank account
	TransactionID    string        // an approved payment of ours: PayTrace's id or pay_...
	ProcessorProfile string        // a profile that is at PayTrace already
}

// canonical is written out as that of CreatePayment is, for the same reason.
func (c StoredCard) canonical(secret []byte) any {
	card, account := c.Method.fingerprints(secret)
	return struct {
		HostedFields     *HostedFields  `json:"hostedFields,omitempty"`
		EncryptedCard    *EncryptedCard `json:"encryptedCard,omitempty"`
		Card             string         `json:"card,omitempty"`
		TransactionID    string         `json:"transactionId,omitempty"`
		ProcessorProfile string         `json:"processorProfile,omitempty"`
		// What was added since is left out of every request that has none of it.
		BankAccount          string                `json:"bankAccount,omitempty"`
		EncryptedBankAccount *EncryptedBankAccount `json:"encryptedBankAccount,omitempty"`
	}{c.Method.HostedFields, c.Method.EncryptedCard, card, c.TransactionID, c.ProcessorProfile, account, c.Method.EncryptedBankAccount}
}

// cardSource is a stored card with what has been found out about it. It is found
// out once, however often a request decides anew.
type cardSource struct {
	StoredCard
	resolved bool
	summary  CardSummary
	// verified is the verification of the card, nil when there was none.
	verified *Payment
	// transactionID is PayTrace's id of the transaction whose card is stored.
	transactionID string
}

func (c *cardSource) resolve(ctx context.Context, g *Gateway, m Merchant) error {
	if c.resolved {
		return nil
	}
	var err error
	switch {
	case c.verified != nil:
		c.summary, c.transactionID = c.verified.Card.over(c.Method.summary()), c.verified.TransactionID
		c.Method = PaymentMethod{}
	case c.TransactionID != "":
		c.summary, c.transactionID, err = g.storable(ctx, m, c.TransactionID)
	case c.ProcessorProfile != "":
		c.summary, err = g.adoptable(ctx, m, c.ProcessorProfile)
	default:
		c.summary = c.Method.summary()
	}
	c.resolved = err == nil
	return err
}

// storable is the card of a payment, and PayTrace's id of it.
func (g *Gateway) storable(ctx context.Context, m Merchant, id string) (CardSummary, string, error) {
	p, err := g.find(ctx, m, id)
	var refused *Error
	if errors.As(err, &refused) && refused.Code == CodeNotFound {
		return CardSummary{}, "", notStorable("no payment with this id")
	}
	if err != nil {
		return CardSummary{}, "", err
	}
	switch {
	case p.ACH():
		return CardSummary{}, "", notStorable("this payment was drawn on a bank account, which PayTrace stores from its number alone")
	case p.Method == ByVault:
		return CardSummary{}, "", notStorable("the card of this payment is stored already")
	case p.TransactionID == "" || p.First().Status != OpApproved || p.First().Cancel != "" || p.Status == Voided || p.Status == Expired:
		return CardSummary{}, "", notStorable("only the card of an approved payment can be stored; this one is " + string(p.Status))
	case p.TransactionID != id && p.ID != id:
		return CardSummary{}, "", notStorable("this is the transaction of a refund; name the payment's own")
	}
	return p.Card, p.TransactionID, nil
}

func notStorable(why string) *Error {
	return refuse(CodeNotStorable, "%s; nothing was stored", why).on("paymentMethod.earlierPayment.transactionId")
}

// adoptable is the card in a profile that nobody here has made.
func (g *Gateway) adoptable(ctx context.Context, m Merchant, profileID string) (CardSummary, error) {
	ctx, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	shown, err := g.profile(ctx, m, profileID)
	if errors.Is(err, ErrNotFound) {
		return CardSummary{}, refuse(CodeProfileNotFound, "PayTrace has no profile with this id").on("paymentMethod.processorProfile.profileId")
	}
	if err != nil {
		return CardSummary{}, refuse(CodeProcessorUnavailable,
			"PayTrace could not be asked for the profile and nothing was stored; repeat with the same key").retry(askAgain).because(err)
	}
	if shown.Card == (CardSummary{}) && shown.Bank != (BankSummary{}) {
		return CardSummary{}, refuse(CodeNotStorable,
			"this profile has a bank account and no card; store the account as bankAccount. Nothing was stored").on("paymentMethod.processorProfile.profileId")
	}
	return shown.Card, nil
}
