package gateway

import "context"

// CreateCustomer asks for a customer with a first payment method.
type CreateCustomer struct {
	// CustomerID is made when the caller gives none.
	CustomerID        string
	Source            SourceRecords
	Card              StoredCard
	Billing, Shipping *Address
}

// UpdateCustomer asks for another default method, or for other Salesforce
// records. What is empty stays as it is.
type UpdateCustomer struct {
	CustomerID      string
	DefaultMethodID string
	Source          *SourceRecords
}

// VaultAnswer is what a change of the vault returns: the customer as it stands,
// the method, and the operation that the caller's key made. Operation is empty
// when PayTrace had not to be asked and no key was used. How an operation ended
// that was not approved is told by its Status and Rejection, and by no error.
type VaultAnswer struct {
	Customer  VaultCustomer
	MethodID  string
	Operation VaultOperation
	// Replayed says that the key had been used before.
	Replayed bool
}

// Method is the answer's method as the customer has it, or, of one that has been
// removed since, as it was added.
func (a VaultAnswer) Method() VaultMethod {
	if m, ok := a.Customer.Choose(a.MethodID); ok && a.MethodID != "" {
		return m
	}
	return VaultMethod{ID: a.MethodID, Card: a.Operation.Card, CreatedAt: a.Operation.CreatedAt, UpdatedAt: a.Operation.UpdatedAt}
}

// CreateCustomer makes a customer with a first payment method. It returns when
// that is decided or when ctx is done; the work goes on either way.
func (g *Gateway) CreateCustomer(ctx context.Context, caller Caller, cmd CreateCustomer) (VaultAnswer, error) {
	panic("not built yet")
}

// UpdateCustomer changes what PayTrace knows nothing of.
func (g *Gateway) UpdateCustomer(ctx context.Context, caller Caller, cmd UpdateCustomer) (VaultCustomer, error) {
	panic("not built yet")
}

// RemoveCustomer removes a customer with all its methods. PayTrace's profiles
// are deleted afterwards.
func (g *Gateway) RemoveCustomer(ctx context.Context, caller Caller, customerID string) error {
	panic("not built yet")
}

// Customer returns one customer.
func (g *Gateway) Customer(ctx context.Context, merchantID, customerID string) (VaultCustomer, error) {
	panic("not built yet")
}

// Customers returns a page in the order of ids, and whether there are more.
func (g *Gateway) Customers(ctx context.Context, f CustomerFilter) ([]VaultCustomer, bool, error) {
	panic("not built yet")
}
