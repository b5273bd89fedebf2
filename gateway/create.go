package gateway

import (
	"context"
)

// CreatePayment asks for a sale, an authorization or a verification.
type CreatePayment struct {
	Intent     Intent
	Amount     Money
	Currency   string
	OrderID    string
	StoreCode  string
	Source     SourceRecords
	CustomerID string
	Method     PaymentMethod
	Billing    *Address
	Shipping   *Address
	Metadata   map[string]string
	// Enhanced is what the bank of a purchasing card is told besides.
	Enhanced *EnhancedData
	// AcceptPartial takes an approval of a part.
	AcceptPartial bool
}

// canonical is what the fingerprint is taken of: everything that makes two
// requests different, and neither card number nor CSC. It is written out here,
// name by name, since fingerprints outlive releases: a member that is added
// later has to be left out when it is empty.
func (c CreatePayment) canonical(secret []byte) any {
	card, account := c.Method.fingerprints(secret)
	return struct {
		Intent        Intent            `json:"intent"`
		Amount        Money             `json:"amount"`
		Currency      string            `json:"currency"`
		OrderID       string            `json:"orderId,omitempty"`
		StoreCode     string            `json:"storeCode,omitempty"`
		Source        SourceRecords     `json:"source,omitzero"`
		CustomerID    string            `json:"customerId,omitempty"`
		HostedFields  *HostedFields     `json:"hostedFields,omitempty"`
		EncryptedCard *EncryptedCard    `json:"encryptedCard,omitempty"`
		Vault         *VaultChoice      `json:"vault,omitempty"`
		Card          string            `json:"card,omitempty"`
		Billing       *Address          `json:"billing,omitempty"`
		Shipping      *Address          `json:"shipping,omitempty"`
		Metadata      map[string]string `json:"metadata,omitempty"`
		// What was added since is left out of every request that has none of it.
		BankAccount          string                `json:"bankAccount,omitempty"`
		EncryptedBankAccount *EncryptedBankAccount `json:"encryptedBankAccount,omitempty"`
		Enhanced             *EnhancedData         `json:"enhanced,omitempty"`
		AcceptPartial        bool                  `json:"acceptPartial,omitempty"`
	}{
		c.Intent, c.Amount, c.Currency, c.OrderID, c.StoreCode, c.Source, c.CustomerID,
		c.Method.HostedFields, c.Method.EncryptedCard, c.Method.Vault, card, c.Billing, c.Shipping, c.Metadata,
		account, c.Method.EncryptedBankAccount, c.Enhanced, c.AcceptPartial,
	}
}

// CreatePayment makes a payment. It returns when the payment is decided or
// when ctx is done, whichever is first; the work goes on either way.
//
// A card in cmd is the gateway's from here on, and wiped on every path: as soon
// as the call to the processor has ended, or when it is clear that none is made.
func (g *Gateway) CreatePayment(ctx context.Context, caller Caller, cmd CreatePayment) (Answer, error) {
	v, err := g.creation(caller, &cmd)
	if err != nil {
		return Answer{}, err
	}
	return g.run(ctx, v)
}

// creation is the verb of a new payment. It is no part of CreatePayment, whose
// stack stands for as long as the processor takes.
func (g *Gateway) creation(caller Caller, cmd *CreatePayment) (verb, error) {
	handedOn := false
	defer func() {
		if !handedOn {
			cmd.Method.wipe()
		}
	}()
	merchant, err := g.merchant(caller.MerchantID)
	if err != nil {
		return verb{}, err
	}
	if cmd.Currency == "" {
		cmd.Currency = merchant.Currency
	}
	v := verb{
		merchant:    merchant,
		key:         caller.Key,
		fingerprint: fingerprint(g.secret, "create", "", cmd.canonical(g.secret)),
		forget:      cmd.Method.wipe,
		creates:     true,
	}
	var stored storedChoice
	v.decide = func(ctx context.Context, again *KeyRecord) (Change, error) {
		if err := cmd.check(merchant); err != nil {
			return Change{}, err
		}
		if again == nil {
			if stored, err = g.storedMethod(ctx, merchant, cmd.Method.Vault, ""); err != nil {
				return Change{}, err
			}
			if err := cmd.onlyCardsAreVerified(stored.method); err != nil {
				return Change{}, err
			}
			if err := cmd.onlyCardsAreGivenInPart(stored.method); err != nil {
				return Change{}, err
			}
			return stored.charged(newPayment(v, caller, *cmd, stored.method, g.moment())), nil
		}
		p, err := again.payment(merchant)
		if err != nil {
			return Change{}, err
		}
		if cmd.Method.Vault != nil && p.CustomerVaultID == "" {
			// Who has the customer's id by now may be somebody else.
			return Change{}, refuse(CodeMethodNotFound,
				"the customer whose card this payment was for has been erased; nothing was sent").on("paymentMethod.vault.customerId")
		}
		// The card that the payment shows, whatever the default is by now.
		if stored, err = g.storedMethod(ctx, merchant, cmd.Method.Vault, p.PaymentMethodID); err != nil {
			return Change{}, err
		}
		change, err := chargeAgain(p, again, merchant, g.moment())
		return stored.charged(change), err
	}
	v.call = func(ctx context.Context, to Processor, p *Payment, op *Operation) Result {
		return seeGranted(ctx, to, p, to.Charge(ctx, Charge{
			Intent: p.Intent, Amount: p.Amount, AcceptPartial: p.AcceptPartial, OrderID: p.OrderID, Reference: p.Reference,
			Method: cmd.Method, CustomerID: stored.method.ProfileID, ACH: p.ACH(),
			Billing: cmd.Billing, Shipping: cmd.Shipping, Metadata: p.Metadata,
			TaxAmount: p.Enhancement.tax(), PurchaseOrder: p.Enhancement.purchaseOrder(),
			SendBefore: op.SendBefore,
		}))
	}
	handedOn = true
	return v, nil
}

func (c CreatePayment) check(m Merchant) error {
	if c.Currency != m.Currency {
		return refuse(CodeCurrency, "this merchant takes %s only; nothing was sent", m.Currency).on("currencyCode")
	}
	if c.AcceptPartial && !c.mayBeGivenInPart() {
		return refuse(CodeAmount, "only a sale or an authorization of a card, without tax and order lines, can be approved in part; leave acceptPartial out").on("acceptPartial")
	}
	if c.Intent == IntentVerify {
		return c.checkVerification()
	}
	if c.Amount <= 0 || c.Amount > MaxMoney {
		return refuse(CodeAmount, "the amount must be between 0.01 and %s", MaxMoney).on("amount")
	}
	if c.Enhanced == nil {
		return nil
	}
	_, err := c.Enhanced.summed(c.Amount)
	return err
}

// newPayment is the first intent of a payment.
func newPayment(v verb, caller Caller, cmd CreatePayment, stored VaultMethod, at moment) Change {
	op := at.intent(Operation{
		ID:     NewOperationID(at.now),
		Kind:   OperationKind(cmd.Intent),
		Origin: OriginAPI, Channel: caller.Channel,
		Amount: cmd.Amount, Key: v.key, CreatedAt: at.now,
	}, v.merchant)
	p := Payment{
		ID: NewPaymentID(at.now), MerchantID: v.merchant.ID, LiveMode: v.merchant.LiveMode,
		Status: Sending, Intent: cmd.Intent, Amount: cmd.Amount, Currency: cmd.Currency,
		AcceptPartial: cmd.AcceptPartial, OrderID: cmd.OrderID, StoreCode: cmd.StoreCode, CustomerID: cmd.CustomerID,
		Channel: caller.Channel, Source: cmd.Source, Metadata: cmd.Metadata,
		Method: cmd.Method.Kind(), Card: cmd.Method.summary(), Bank: cmd.bank(stored),
		Reference: NewReference(at.now), CreatedAt: at.now,
	}
	if cmd.Method.Vault != nil {
		p.CustomerVaultID, p.PaymentMethodID = cmd.Method.Vault.CustomerID, stored.ID
	}
	p.Enhancement = cmd.enhancement(v.merchant, p.ACH())
	return Change{Payment: p.next(op, at.now), Operation: op.ID, Binds: v.binding(nil)}
}

// chargeAgain continues a payment whose charge certainly did nothing. The
// reference stays: it names this payment, and nothing at PayTrace bears it.
func chargeAgain(p Payment, again *KeyRecord, m Merchant, at moment) (Change, error) {
	op, err := begin(p, again, at.now, p.First)
	if err != nil {
		return Change{}, err
	}
	op = at.intent(op, m)
	next := p.next(op, at.now)
	if err := next.move(Sending); err != nil {
		return Change{}, err
	}
	return Change{Payment: next, Base: p.Version, Operation: op.ID}, nil
}
