package gateway

import (
	"context"
	"encoding/hex"
	"errors"
)

// A merchant may have every card verified before it is stored. The verification is
// a payment of its own, under a key that is made of the request's, so that whoever
// repeats the request meets the same verification. A token of hosted fields is good
// once, and the verification uses it up: the card is stored from the transaction.

// verifies says that the method brings a card which the merchant has verified first.
func (m Merchant) verifies(method PaymentMethod) bool {
	return m.VerifyCards && (method.HostedFields != nil || method.EncryptedCard != nil || method.Card != nil)
}

// storeVerified verifies the card that is to be stored, unless the merchant does
// without, and then stores it.
func (g *Gateway) storeVerified(ctx context.Context, v vaultVerb, caller Caller, card *cardSource, billing *Address) (VaultAnswer, error) {
	if v.merchant.verifies(card.Method) {
		verified, err := g.verifyFirst(ctx, v, caller, card.Method, billing)
		if err != nil {
			return VaultAnswer{}, err
		}
		*card = cardSource{StoredCard: card.StoredCard, verified: verified}
	}
	return g.runVault(ctx, v)
}

// unverified is what the ledger has of a request before its card is verified.
type unverified struct {
	// decided says that the request has its answer, and before is the verification
	// that it had then, nil if it had none.
	decided bool
	before  *Payment
	// customerID is whose the card will be.
	customerID string
}

// verifyFirst returns the verified payment, or why the card is not to be stored. A
// request that was decided before has the verification that it had then, or none.
func (g *Gateway) verifyFirst(ctx context.Context, v vaultVerb, caller Caller, method PaymentMethod, billing *Address) (*Payment, error) {
	caller.Key += "/verify"
	stands, err := inBudget(ctx, g, func() (unverified, error) { return g.beforeVerifying(ctx, v, caller.Key) })
	if err != nil || stands.decided {
		return stands.before, err
	}
	verification := CreatePayment{
		Intent: IntentVerify, Method: method, Billing: billing,
		// The same for a repeat, and another for another request.
		OrderID: "verify-" + hex.EncodeToString(v.fingerprint[:8]),
	}
	asks, err := g.creation(caller, &verification)
	if err != nil {
		return nil, err
	}
	// Whoever erases the customer erases this too. It is no part of the fingerprint: an
	// id that the gateway makes is another one for each repeat.
	verification.CustomerID = stands.customerID
	answer, err := g.run(ctx, asks)
	if err != nil {
		return nil, err
	}
	return &answer.Payment, notVerified(answer.Operation(), answer.Payment)
}

// beforeVerifying only reads. What was not stored yet may have come before cards
// were to be verified, and what could not be stored, however good, is not verified.
func (g *Gateway) beforeVerifying(ctx context.Context, v vaultVerb, key string) (unverified, error) {
	bound, err := g.claimVault(ctx, v)
	if err != nil {
		return unverified{}, err
	}
	if bound != nil && !bound.Continuable() {
		before, err := g.verifiedBefore(ctx, v.merchant, key)
		return unverified{decided: true, before: before}, err
	}
	would, err := v.decide(ctx, bound)
	if err != nil {
		return unverified{}, notSent(err)
	}
	return unverified{customerID: would.Customer.ID}, nil
}

func (g *Gateway) verifiedBefore(ctx context.Context, m Merchant, key string) (*Payment, error) {
	record, err := g.ledger.Key(ctx, m.ID, key)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, uncertain(unavailable(err))
	}
	p, err := record.payment(m)
	return &p, err
}

// notVerified is why a card is not stored, nil when it is good.
func notVerified(op Operation, p Payment) error {
	switch {
	case p.Status == Verified:
		return nil
	case op.Undecided():
		return refuse(CodeVerificationUndecided,
			"it is not known yet whether the card is good, and nothing was stored; repeat with the same key").retry(askAgain)
	case op.Status == OpNotSent:
		e := refuse(CodeProcessorUnavailable, "PayTrace could not be reached, and nothing was stored; repeat with the same key").retry(askAgain)
		e.Outcome = NotSent
		return e
	case op.Status == OpRejected && op.Rejection.Credentials:
		e := refuse(CodeProcessorCredentials, "PayTrace refuses the gateway's credentials or set-up, and nothing was stored; the operator has to mend them")
		if e.Outcome = Rejected; op.Rejection.Again {
			e.retry(askAgain)
		}
		return e
	case op.Status == OpRejected:
		e := refuse(CodeProcessorRejected, "PayTrace refused the data and nothing was stored: %s", op.Rejection.Message).on(op.Rejection.Field)
		e.Outcome = Rejected
		return e
	case p.Status == StatusDeclined && op.Decline != nil:
		e := refuse(CodeVerificationDeclined, "the card was not verified (%s) and nothing was stored: %s", op.Decline.Category, op.Decline.Message).on("paymentMethod")
		e.Outcome = Declined
		return e
	}
	return refuse(CodeNotStored, "PayTrace has not said that the card is good, and nothing was stored: repeat the request with a new key, and with new tokens if it had any")
}

// replaceVerified is storeVerified for a card that takes the place of another.
func (g *Gateway) replaceVerified(ctx context.Context, v vaultVerb, caller Caller, cmd UpdateMethod) (VaultAnswer, error) {
	if v.merchant.verifies(cmd.Card) {
		if _, err := g.verifyFirst(ctx, v, caller, cmd.Card, cmd.Billing); err != nil {
			return VaultAnswer{}, err
		}
	}
	return g.runVault(ctx, v)
}

// notUsedUp refuses a card that its verification would use up. PayTrace puts only a
// card itself into a profile that is there, which a token is not any more by then.
func (m Merchant) notUsedUp(card PaymentMethod) error {
	if !m.verifies(card) || card.EncryptedCard != nil {
		return nil
	}
	return refuse(CodeNotStorable, "cards are verified before they are stored, which uses this one up, and PayTrace replaces a card by a card alone; "+
		"add it as a new payment method, with makeDefault if the old one is the default, then remove the old one").on("paymentMethod")
}
