package gateway

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

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
// removed since, as it was stored.
func (a VaultAnswer) Method() VaultMethod {
	if m, ok := a.Customer.method(a.MethodID); ok {
		return m
	}
	return VaultMethod{ID: a.MethodID, Card: a.Operation.Card, Bank: a.Operation.Bank, CreatedAt: a.Operation.UpdatedAt, UpdatedAt: a.Operation.UpdatedAt}
}

type vaultCall func(ctx context.Context, to Profiles, op VaultOperation) Result

// vaultVerb is one change of a profile on its way down the road that verb goes
// with a payment.
type vaultVerb struct {
	merchant Merchant
	// key is empty for what may be done twice.
	key         string
	fingerprint []byte
	// decide is pure but for reading. When the key is bound to an operation that
	// may be continued, that operation is handed in.
	decide func(ctx context.Context, again *VaultOperation) (VaultChange, error)
	call   vaultCall
}

// operation is a fresh one, or the one that is continued, at the version before
// its next.
func (v vaultVerb) operation(does VaultVerb, again *VaultOperation, at moment) VaultOperation {
	if again != nil {
		return *again
	}
	return VaultOperation{
		ID: NewVaultOperationID(at.now), MerchantID: v.merchant.ID, LiveMode: v.merchant.LiveMode,
		Verb: does, Key: v.key, CreatedAt: at.now,
	}
}

// runVault is the road of one change of a profile, from its key to its durable
// answer.
func (g *Gateway) runVault(ctx context.Context, v vaultVerb) (VaultAnswer, error) {
	return inBudget(ctx, g, func() (VaultAnswer, error) {
		return settleVault(func() (VaultAnswer, error) { return g.attemptVault(ctx, v) })
	})
}

// vaultTries bounds how often a change of the vault is decided anew. Many changes
// of one customer meet more often than those of one payment do: each writes
// twice.
const vaultTries = 40

// settleVault tries again while somebody else was faster, each time after a
// moment that is another one for everybody.
func settleVault[T any](attempt func() (T, error)) (T, error) {
	for try := range vaultTries {
		answer, err := attempt()
		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrKeyTaken) {
			return answer, err
		}
		giveWay(try)
	}
	var none T
	return none, refuse(CodeInProgress, "the customer is changing too fast; repeat the request, with the same key if it has one").retry(askAgain)
}

func giveWay(try int) { time.Sleep(rand.N(time.Millisecond << min(try, 6))) }

func (g *Gateway) attemptVault(ctx context.Context, v vaultVerb) (VaultAnswer, error) {
	bound, err := station(ctx, g, StageKey, v.merchant.ID, func(ctx context.Context) (*VaultOperation, error) { return g.claimVault(ctx, v) })
	if err != nil {
		return VaultAnswer{}, err
	}
	if bound != nil && !bound.Continuable() {
		return g.repeatVault(ctx, *bound)
	}
	flight, err := g.flights.board() // bounded, before anything is written
	if err != nil {
		return VaultAnswer{}, notSent(err)
	}
	defer flight.leaveUnlessDeparted()
	change, err := station(ctx, g, StageDecide, v.merchant.ID, func(ctx context.Context) (VaultChange, error) { return v.decide(ctx, bound) })
	if err != nil && bound == nil && g.boundSince(ctx, v) {
		return VaultAnswer{}, ErrKeyTaken
	}
	if err != nil {
		return VaultAnswer{}, notSent(err)
	}
	if bound == nil && v.key != "" {
		change.Binds = &Binding{Key: v.key, Fingerprint: v.fingerprint}
	}
	op := change.Operations[0]
	if err := g.writeVaultIntent(ctx, v, change, flight); err != nil {
		if op.Status != OpSending {
			return VaultAnswer{}, uncertain(err) // if the ledger has kept it, it is done
		}
		return VaultAnswer{}, notSent(err)
	}
	answer := VaultAnswer{Customer: *change.Customer, MethodID: op.MethodID, Operation: op, Replayed: bound != nil}
	if op.Status != OpSending {
		return answer, nil
	}
	return g.awaitVault(ctx, v, answer, flight), nil
}

// claimVault looks the key up: nil when it is free or there is none, an error
// when it was given up or belongs to another request.
func (g *Gateway) claimVault(ctx context.Context, v vaultVerb) (*VaultOperation, error) {
	if v.key == "" {
		return nil, nil
	}
	record, err := g.ledger.Key(ctx, v.merchant.ID, v.key)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, uncertain(unavailable(err))
	case record.Closed():
		return nil, refuse(CodeKeyCancelled, "this idempotency key was given up before the request came; use a new key")
	case !bytes.Equal(record.Fingerprint, v.fingerprint):
		return nil, keyReused()
	}
	op, err := g.ledger.VaultOperation(ctx, v.merchant.ID, record.OperationID)
	if err != nil {
		return nil, uncertain(unavailable(err))
	}
	if op.LiveMode != v.merchant.LiveMode {
		return nil, keyReused()
	}
	return &op, nil
}

// boundSince says that the same key was bound after it was looked up: what a
// decision was refused for may be that request's own doing, such as the customer
// it has made.
func (g *Gateway) boundSince(ctx context.Context, v vaultVerb) bool {
	if v.key == "" {
		return false
	}
	_, err := g.ledger.Key(ctx, v.merchant.ID, v.key)
	return err == nil
}

// writeVaultIntent makes the intent durable, as writeIntent does with a
// payment's.
func (g *Gateway) writeVaultIntent(ctx context.Context, v vaultVerb, change VaultChange, f *flight) error {
	_, err := station(ctx, g, StageIntent, v.merchant.ID, func(ctx context.Context) (VaultChange, error) {
		return change, g.ledger.ApplyVault(ctx, change)
	})
	op := change.Operations[0]
	switch {
	case err == nil, errors.Is(err, ErrStale), errors.Is(err, ErrKeyTaken):
		return err
	case errors.Is(err, ErrProfileTaken):
		return refuse(CodeProfileTaken, "this profile belongs to a payment method already").on("paymentMethod.processorProfile.profileId")
	}
	if op.Status == OpSending {
		f.depart(op.ID)
		go func() {
			defer f.leave()
			defer g.survive(f.abandon)
			g.takeVaultBack(context.WithoutCancel(ctx), change)
			f.abandon()
		}()
	}
	return unavailable(err)
}

// awaitVault lets the operation fly, and gives what became of it, or the answer
// as it stood when the caller's budget ended.
func (g *Gateway) awaitVault(ctx context.Context, v vaultVerb, answer VaultAnswer, f *flight) VaultAnswer {
	f.depart(answer.Operation.ID)
	landed := answer
	until, _ := ctx.Deadline()
	go func() {
		defer f.leave()
		defer g.survive(f.abandon)
		landed.Customer, landed.Operation = g.flyVault(context.WithoutCancel(ctx), v, answer, until)
		f.abandon()
	}()
	select {
	case <-f.landed:
		return landed
	case <-ctx.Done():
		return answer
	}
}

// repeatVault answers a key that was used before for the same request, as repeat
// does.
func (g *Gateway) repeatVault(ctx context.Context, op VaultOperation) (VaultAnswer, error) {
	g.watchUntil(ctx, op.ID, func() bool { return !op.Undecided() }, func() {
		if fresh, err := g.ledger.VaultOperation(ctx, op.MerchantID, op.ID); err == nil {
			op = fresh
		}
	})
	// The caller may have no time left, and this is all that is missing.
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	customer, err := g.ledger.Customer(reading, op.MerchantID, op.LiveMode, op.CustomerID)
	if errors.Is(err, ErrNotFound) || (err == nil && op.ofEarlier(customer)) {
		customer, err = VaultCustomer{MerchantID: op.MerchantID, LiveMode: op.LiveMode, ID: op.CustomerID, CreatedAt: op.CreatedAt, UpdatedAt: op.UpdatedAt}, nil
	}
	if err != nil {
		return VaultAnswer{}, uncertain(unavailable(err))
	}
	return VaultAnswer{Customer: customer, MethodID: op.MethodID, Operation: op, Replayed: true}, nil
}

// writeVault writes a change that no flight follows.
func (g *Gateway) writeVault(ctx context.Context, change VaultChange) error {
	err := g.ledger.ApplyVault(ctx, change)
	if err == nil || errors.Is(err, ErrStale) {
		return err
	}
	return unavailable(err)
}
