package gateway

import (
	"context"
)

// AddMethod asks for another payment method of a customer.
type AddMethod struct {
	CustomerID        string
	Card              StoredCard
	Default           bool
	Billing, Shipping *Address
}

func (c AddMethod) canonical(secret []byte) any {
	return struct {
		Card     any      `json:"card"`
		Default  bool     `json:"default,omitempty"`
		Billing  *Address `json:"billing,omitempty"`
		Shipping *Address `json:"shipping,omitempty"`
	}{c.Card.canonical(secret), c.Default, c.Billing, c.Shipping}
}

// UpdateMethod asks for another card in a payment method, for other addresses,
// or for it to be the default. What is empty stays as it is.
type UpdateMethod struct {
	CustomerID, MethodID string
	Card                 PaymentMethod
	Default              bool
	Billing, Shipping    *Address
}

func (c UpdateMethod) canonical(secret []byte) any {
	return AddMethod{Card: StoredCard{Method: c.Card}, Default: c.Default, Billing: c.Billing, Shipping: c.Shipping}.canonical(secret)
}

// AddMethod adds a payment method. It returns as CreateCustomer does.
func (g *Gateway) AddMethod(ctx context.Context, caller Caller, cmd AddMethod) (VaultAnswer, error) {
	merchant, err := g.merchant(caller.MerchantID)
	if err != nil {
		return VaultAnswer{}, err
	}
	v := vaultVerb{
		merchant: merchant, key: caller.Key,
		fingerprint: fingerprint(g.secret, "vault-add", cmd.CustomerID, cmd.canonical(g.secret)),
	}
	card := &cardSource{StoredCard: cmd.Card}
	v.decide = func(ctx context.Context, again *VaultOperation) (VaultChange, error) {
		customer, err := g.customer(ctx, merchant, cmd.CustomerID)
		if err != nil {
			return VaultChange{}, err
		}
		at := g.moment()
		op := v.operation(VaultAdd, again, at)
		op.CustomerID, op.MakeDefault = customer.ID, cmd.Default
		return g.decideAdd(ctx, v, customer, op, card, at)
	}
	v.call = callAdd(card, cmd.Billing, cmd.Shipping)
	return g.storeVerified(ctx, v, caller, card, cmd.Billing)
}

// maxMethods bounds the methods of one customer, which are all read and written
// with it.
const maxMethods = 100

// decideAdd is the intent of a new method, or, of a profile that is at PayTrace
// already, the method itself.
func (g *Gateway) decideAdd(ctx context.Context, v vaultVerb, c VaultCustomer, op VaultOperation, from *cardSource, at moment) (VaultChange, error) {
	if len(c.Methods)+len(c.Pending) >= maxMethods {
		return VaultChange{}, refuse(CodeTooManyMethods, "a customer has at most %d payment methods; remove one first", maxMethods)
	}
	if err := from.resolve(ctx, g, v.merchant); err != nil {
		return VaultChange{}, err
	}
	op.Card, op.Bank = from.summary, from.Method.stores()
	if op.MethodID == "" {
		op.MethodID, op.ProfileID = NewMethodID(at.now), NewProfileID()
	}
	if from.ProcessorProfile != "" {
		op.ProfileID, op.Status = from.ProcessorProfile, OpApproved
		return approved(c, op, Result{Card: from.summary}, at.now), nil
	}
	next := c.next(at.now)
	next.setPending(op.MethodID, op.ID)
	return VaultChange{Customer: &next, Operations: []VaultOperation{at.vaultIntent(op, v.merchant)}}, nil
}

func callAdd(from *cardSource, billing, shipping *Address) vaultCall {
	return func(ctx context.Context, to Profiles, op VaultOperation) Result {
		return to.CreateProfile(ctx, SaveProfile{
			ProfileID: op.ProfileID, Method: from.Method, SourceTransactionID: from.transactionID,
			Billing: billing, Shipping: shipping, SendBefore: op.SendBefore,
		})
	}
}

// UpdateMethod changes a payment method. It returns as CreateCustomer does.
// Without a card the caller needs no key.
func (g *Gateway) UpdateMethod(ctx context.Context, caller Caller, cmd UpdateMethod) (VaultAnswer, error) {
	merchant, err := g.merchant(caller.MerchantID)
	if err != nil {
		return VaultAnswer{}, err
	}
	if cmd.Card.empty() && cmd.Billing == nil && cmd.Shipping == nil {
		return g.updateDefault(ctx, merchant, cmd)
	}
	v := vaultVerb{
		merchant: merchant, key: caller.Key,
		fingerprint: fingerprint(g.secret, "vault-replace", cmd.CustomerID+"/"+cmd.MethodID, cmd.canonical(g.secret)),
	}
	v.decide = func(ctx context.Context, again *VaultOperation) (VaultChange, error) {
		customer, err := g.customer(ctx, merchant, cmd.CustomerID)
		if err != nil {
			return VaultChange{}, err
		}
		return decideReplace(v, customer, cmd, again, g.moment())
	}
	v.call = func(ctx context.Context, to Profiles, op VaultOperation) Result {
		return to.UpdateProfile(ctx, SaveProfile{
			ProfileID: op.ProfileID, Method: cmd.Card, Billing: cmd.Billing, Shipping: cmd.Shipping, SendBefore: op.SendBefore,
		})
	}
	return g.replaceVerified(ctx, v, caller, cmd)
}

func decideReplace(v vaultVerb, c VaultCustomer, cmd UpdateMethod, again *VaultOperation, at moment) (VaultChange, error) {
	method, err := c.target(cmd.MethodID)
	if err != nil {
		return VaultChange{}, err
	}
	if err := sameKind(method, cmd.Card); err != nil {
		return VaultChange{}, err
	}
	if err := v.merchant.notUsedUp(cmd.Card); err != nil {
		return VaultChange{}, err
	}
	op := v.operation(VaultReplace, again, at)
	op.CustomerID, op.MethodID, op.ProfileID = c.ID, method.ID, method.ProfileID
	op.MakeDefault, op.AddressOnly = cmd.Default, cmd.Card.empty()
	op.Before, op.Card = method.Card, cmd.Card.summary()
	op.BankBefore, op.Bank = method.Bank, cmd.Card.stores()
	next := c.next(at.now)
	next.setPending(op.MethodID, op.ID)
	return VaultChange{Customer: &next, Operations: []VaultOperation{at.vaultIntent(op, v.merchant)}}, nil
}

// updateDefault makes the method the default, or does nothing.
func (g *Gateway) updateDefault(ctx context.Context, m Merchant, cmd UpdateMethod) (VaultAnswer, error) {
	customer, err := g.changeCustomer(ctx, m.ID, cmd.CustomerID, func(c VaultCustomer, at moment) (VaultChange, error) {
		if _, ok := c.method(cmd.MethodID); !ok {
			return VaultChange{}, noMethod()
		}
		next := c.next(at.now)
		if cmd.Default {
			next.setDefault(cmd.MethodID, at.now)
		}
		return VaultChange{Customer: &next, Events: vaultEvents(c, next, OriginAPI, "", at.now)}, nil
	})
	return VaultAnswer{Customer: customer, MethodID: cmd.MethodID}, err
}

// RemoveMethod removes a payment method: from now on it cannot be charged.
// PayTrace's profile is deleted afterwards.
func (g *Gateway) RemoveMethod(ctx context.Context, caller Caller, customerID, methodID string) error {
	_, err := g.changeCustomer(ctx, caller.MerchantID, customerID, func(c VaultCustomer, at moment) (VaultChange, error) {
		method, err := c.target(methodID)
		if err != nil {
			return VaultChange{}, err
		}
		next := c.next(at.now)
		next.remove(methodID, at.now)
		op := removal(c, method, at)
		return VaultChange{
			Customer: &next, Operations: []VaultOperation{op}, Events: vaultEvents(c, next, OriginAPI, op.ID, at.now),
		}, nil
	})
	return err
}

// target is the method that is to be changed, of which no other change may be
// under way.
func (c VaultCustomer) target(methodID string) (VaultMethod, error) {
	method, ok := c.method(methodID)
	switch {
	case c.Pending[methodID] != "":
		return VaultMethod{}, methodInProgress()
	case !ok:
		return VaultMethod{}, noMethod()
	}
	return method, nil
}

func noMethod() *Error {
	return refuse(CodeMethodNotFound, "the customer has no such payment method")
}

func methodInProgress() *Error {
	return refuse(CodeInProgress, "a change of the payment method is not decided yet; try again once it is").retry(askAgain)
}
