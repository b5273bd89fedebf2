package gateway

import (
	"context"
	"errors"
)

// CreateCustomer asks for a customer with a first payment method.
type CreateCustomer struct {
	// CustomerID is made when the caller gives none.
	CustomerID        string
	Source            SourceRecords
	Card              StoredCard
	Billing, Shipping *Address
}

func (c CreateCustomer) canonical(secret []byte) any {
	return struct {
		CustomerID string        `json:"customerId,omitempty"`
		Source     SourceRecords `json:"source,omitzero"`
		Card       any           `json:"card"`
		Billing    *Address      `json:"billing,omitempty"`
		Shipping   *Address      `json:"shipping,omitempty"`
	}{c.CustomerID, c.Source, c.Card.canonical(secret), c.Billing, c.Shipping}
}

// UpdateCustomer asks for another default method, or for other Salesforce
// records. What is empty stays as it is.
type UpdateCustomer struct {
	CustomerID      string
	DefaultMethodID string
	Source          *SourceRecords
}

// CreateCustomer makes a customer with a first payment method. It returns when
// that is decided or when ctx is done; the work goes on either way.
func (g *Gateway) CreateCustomer(ctx context.Context, caller Caller, cmd CreateCustomer) (VaultAnswer, error) {
	merchant, err := g.merchant(caller.MerchantID)
	if err != nil {
		return VaultAnswer{}, err
	}
	v := vaultVerb{
		merchant: merchant, key: caller.Key,
		fingerprint: fingerprint(g.secret, "vault-create", "", cmd.canonical(g.secret)),
	}
	card := &cardSource{StoredCard: cmd.Card}
	v.decide = func(ctx context.Context, again *VaultOperation) (VaultChange, error) {
		at := g.moment()
		if card.verified != nil && cmd.CustomerID == "" {
			cmd.CustomerID = card.verified.CustomerID // the id that was made for the verification
		}
		customer, err := g.newCustomer(ctx, merchant, cmd, again, at)
		if err != nil {
			return VaultChange{}, err
		}
		op := v.operation(VaultAdd, again, at)
		op.CustomerID, op.MakesCustomer = customer.ID, true
		return g.decideAdd(ctx, v, customer, op, card, at)
	}
	v.call = callAdd(card, cmd.Billing, cmd.Shipping)
	return g.storeVerified(ctx, v, caller, card, cmd.Billing)
}

// newCustomer is the customer before its first version. An operation that did
// nothing took its customer with it, unless that has got another method since;
// such a one was made at the very moment at which the operation was.
func (g *Gateway) newCustomer(ctx context.Context, m Merchant, cmd CreateCustomer, again *VaultOperation, at moment) (VaultCustomer, error) {
	fresh := VaultCustomer{MerchantID: m.ID, LiveMode: m.LiveMode, ID: cmd.CustomerID, Source: cmd.Source, CreatedAt: at.now}
	switch {
	case again != nil:
		fresh.ID, fresh.CreatedAt = again.CustomerID, again.CreatedAt
	case cmd.CustomerID == "":
		fresh.ID = NewCustomerID(at.now)
		return fresh, nil
	}
	there, err := g.ledger.Customer(ctx, m.ID, m.LiveMode, fresh.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		return g.goingOn(ctx, fresh)
	case err != nil:
		return VaultCustomer{}, unavailable(err)
	case again != nil && there.CreatedAt.Equal(again.CreatedAt):
		return there, nil
	}
	return VaultCustomer{}, refuse(CodeCustomerExists,
		"there is a customer with this id already; add a payment method to it, or take another id").on("customerId")
}

// goingOn has the customer's versions go on from the last one of its id: who
// keeps the highest must not take the new one's news for old.
func (g *Gateway) goingOn(ctx context.Context, fresh VaultCustomer) (VaultCustomer, error) {
	last, err := g.ledger.LastCustomer(ctx, fresh.MerchantID, fresh.LiveMode, fresh.ID)
	if err != nil {
		return VaultCustomer{}, unavailable(err)
	}
	fresh.Version, fresh.Last = last.Version, last
	return fresh, nil
}

// UpdateCustomer changes what PayTrace knows nothing of.
func (g *Gateway) UpdateCustomer(ctx context.Context, caller Caller, cmd UpdateCustomer) (VaultCustomer, error) {
	return g.changeCustomer(ctx, caller.MerchantID, cmd.CustomerID, func(c VaultCustomer, at moment) (VaultChange, error) {
		next := c.next(at.now)
		if cmd.Source != nil {
			next.Source = *cmd.Source
		}
		if cmd.DefaultMethodID != "" {
			if _, ok := c.Choose(cmd.DefaultMethodID); !ok {
				return VaultChange{}, noMethod().on("defaultPaymentMethodId")
			}
			next.setDefault(cmd.DefaultMethodID, at.now)
		}
		return VaultChange{Customer: &next, Events: vaultEvents(c, next, OriginAPI, "", at.now)}, nil
	})
}

// RemoveCustomer removes a customer with all its methods. PayTrace's profiles
// are deleted afterwards.
func (g *Gateway) RemoveCustomer(ctx context.Context, caller Caller, customerID string) error {
	_, err := g.changeCustomer(ctx, caller.MerchantID, customerID, func(c VaultCustomer, at moment) (VaultChange, error) {
		if len(c.Pending) > 0 {
			return VaultChange{}, methodInProgress()
		}
		next := c.next(at.now)
		next.Methods = nil
		change := VaultChange{Customer: &next, Removes: true, Events: vaultEvents(c, next, OriginAPI, "", at.now)}
		for _, m := range c.Methods {
			change.Operations = append(change.Operations, removal(c, m, at))
		}
		return change, nil
	})
	return err
}

// Customer returns one customer.
func (g *Gateway) Customer(ctx context.Context, merchantID, customerID string) (VaultCustomer, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return VaultCustomer{}, err
	}
	return inBudget(ctx, g, func() (VaultCustomer, error) { return g.customer(ctx, m, customerID) })
}

// Customers returns a page in the order of ids, and whether there are more.
func (g *Gateway) Customers(ctx context.Context, f CustomerFilter) ([]VaultCustomer, bool, error) {
	m, err := g.merchant(f.MerchantID)
	if err != nil {
		return nil, false, err
	}
	f.LiveMode = m.LiveMode
	return readPage(ctx, g, f.Limit, func(limit int) ([]VaultCustomer, error) {
		f.Limit = limit
		return g.ledger.Customers(ctx, f)
	})
}

func (g *Gateway) customer(ctx context.Context, m Merchant, id string) (VaultCustomer, error) {
	c, err := g.ledger.Customer(ctx, m.ID, m.LiveMode, id)
	if errors.Is(err, ErrNotFound) {
		return VaultCustomer{}, refuse(CodeCustomerNotFound, "no customer with this id is in the vault")
	}
	if err != nil {
		return VaultCustomer{}, unavailable(err)
	}
	g.visitors.put(c, g.clock())
	return c, nil
}

// changeCustomer changes what needs no call of PayTrace, or has it called
// later. A change that tells nothing new is not written.
func (g *Gateway) changeCustomer(ctx context.Context, merchantID, customerID string,
	decide func(VaultCustomer, moment) (VaultChange, error)) (VaultCustomer, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return VaultCustomer{}, err
	}
	return inBudget(ctx, g, func() (VaultCustomer, error) {
		return settleVault(func() (VaultCustomer, error) {
			c, err := g.customer(ctx, m, customerID)
			if err != nil {
				return VaultCustomer{}, err
			}
			change, err := decide(c, g.moment())
			if err != nil {
				return VaultCustomer{}, err
			}
			if !change.Removes && len(change.Operations) == 0 && sameToReaders(c, *change.Customer) {
				return c, nil
			}
			return *change.Customer, g.writeVault(ctx, change)
		})
	})
}
