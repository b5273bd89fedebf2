package gateway

import (
	"context"
	"errors"
)

// storedChoice is the stored card of a payment, with its customer as it was
// read; both are zero for a payment that brings its card.
type storedChoice struct {
	customer VaultCustomer
	method   VaultMethod
}

// charged is the intent, which holds for the customer as it was read alone. It
// shows the card that is charged: that of a payment which is sent again may have
// been replaced.
func (s storedChoice) charged(c Change) Change {
	if s.method.ID != "" {
		c.Charges, c.Payment.Card = &s.customer, s.method.Card
		if bank := s.method.Bank; s.method.ACH() {
			c.Payment.Bank = &bank
		}
	}
	return c
}

// storedMethod is the method that the caller chose, or the one that was fixed
// when the payment was made.
func (g *Gateway) storedMethod(ctx context.Context, m Merchant, choice *VaultChoice, fixed string) (storedChoice, error) {
	if choice == nil {
		return storedChoice{}, nil
	}
	if fixed == "" {
		fixed = choice.PaymentMethodID
	}
	if c, known := g.visitors.get(customerName{m.ID, m.LiveMode, choice.CustomerID}, g.clock()); known {
		if stored, ok := chosen(c, fixed); ok {
			return stored, nil
		}
	}
	customer, err := g.ledger.Customer(ctx, m.ID, m.LiveMode, choice.CustomerID)
	if errors.Is(err, ErrNotFound) {
		return storedChoice{}, refuse(CodeCustomerNotFound,
			"no customer with this id is in the vault").on("paymentMethod.vault.customerId")
	}
	if err != nil {
		return storedChoice{}, unavailable(err)
	}
	g.visitors.put(customer, g.clock())
	stored, ok := chosen(customer, fixed)
	if !ok {
		return storedChoice{}, refuse(CodeMethodNotFound,
			"the customer has no such payment method").on("paymentMethod.vault.paymentMethodId")
	}
	return stored, nil
}

func chosen(c VaultCustomer, methodID string) (storedChoice, bool) {
	method, ok := c.Choose(methodID)
	if c.Pending[method.ID] != "" {
		method.Card = CardSummary{} // it is being replaced: PayTrace knows which one it charges, and is asked
		method.Bank.LastFour = ""   // as an account may be, of which PayTrace says nothing later
	}
	return storedChoice{customer: c, method: method}, ok
}
