package gateway

import "context"

// AddMethod asks for another payment method of a customer.
type AddMethod struct {
	CustomerID        string
	Card              StoredCard
	Default           bool
	Billing, Shipping *Address
}

// UpdateMethod asks for another card in a payment method, for other addresses,
// or for it to be the default. What is empty stays as it is.
type UpdateMethod struct {
	CustomerID, MethodID string
	Card                 PaymentMethod
	Default              bool
	Billing, Shipping    *Address
}

// AddMethod adds a payment method. It returns as CreateCustomer does.
func (g *Gateway) AddMethod(ctx context.Context, caller Caller, cmd AddMethod) (VaultAnswer, error) {
	panic("not built yet")
}

// UpdateMethod changes a payment method. It returns as CreateCustomer does.
// Without a card the caller needs no key.
func (g *Gateway) UpdateMethod(ctx context.Context, caller Caller, cmd UpdateMethod) (VaultAnswer, error) {
	panic("not built yet")
}

// RemoveMethod removes a payment method: from now on it cannot be charged.
// PayTrace's profile is deleted afterwards.
func (g *Gateway) RemoveMethod(ctx context.Context, caller Caller, customerID, methodID string) error {
	panic("not built yet")
}
