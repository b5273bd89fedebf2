package gateway

// A verification asks a card's bank whether the card is good, and what it says of
// the address and the security code, by an authorization of nothing. It is a
// payment like any other, with a key, a reference, an unknown outcome and a look for
// it, and no money is ever behind it: it is not captured, voided or refunded, it
// holds nothing, and nothing of it settles.

// holdsNoMoney refuses what could only be done to money.
const holdsNoMoney = "this is the verification of a card: it holds no money, so there is nothing to %s"

func (c CreatePayment) checkVerification() error {
	if c.Amount != 0 {
		return refuse(CodeAmount, `a verification takes no money: its amount must be "0.00"`).on("amount")
	}
	if c.Enhanced != nil {
		return wrongSum("a verification takes no money: tax, purchase order and lines belong to the payment").on("lineItems")
	}
	return nil
}

// onlyCardsAreVerified refuses a verification of a bank account, which PayTrace
// knows none of.
func (c CreatePayment) onlyCardsAreVerified(stored VaultMethod) error {
	if c.Intent == IntentVerify && (c.Method.bankSummary() != nil || stored.ACH()) {
		return refuse(CodeNotVerifiable, "only a card can be verified, and this is a bank account; nothing was sent").on("paymentMethod")
	}
	return nil
}
