package gateway

import (
	"context"
	"errors"
	"time"
)

// removalsAtMost is how often the removal of a profile is tried before an
// operator is called.
const removalsAtMost = 8

// beginVaultDue takes up the changes of the vault that are due.
func (g *Gateway) beginVaultDue(ctx context.Context) error {
	operations, err := g.ledger.DueVaultOperations(ctx, g.clock(), dueLimit)
	if err = g.workable(part{name: partVaultDue}, err); err != nil {
		return err
	}
	for _, op := range operations {
		g.beginWork(ctx, op.ID, crew{merchantID: op.MerchantID, removes: op.Verb == VaultRemove}, func() {
			if err := g.doVaultDue(ctx, op); err != nil && !errors.Is(err, ErrStale) && ctx.Err() == nil {
				g.log.Warn("due.vault", "merchant", op.MerchantID, "customer", op.CustomerID, "method", op.MethodID, "operation", op.ID, "error", err)
			}
		})
	}
	return nil
}

func (g *Gateway) doVaultDue(ctx context.Context, op VaultOperation) error {
	m, known := g.merchants[op.MerchantID]
	switch {
	case g.flights.find(op.ID) != nil:
		return nil
	case !known || op.LiveMode != m.LiveMode:
		_, err := g.takeVault(ctx, op, time.Hour)
		return errors.Join(errors.New("its merchant is not in the configuration any more, or is in the other mode"), err)
	case op.Verb == VaultRemove:
		return g.removeProfile(ctx, m, op)
	case op.Status == OpSending:
		return g.giveUpHearingVault(ctx, op)
	}
	op, err := g.takeVault(ctx, op, m.CallDeadline+nextLook(op.Looks))
	if err != nil {
		return err
	}
	c, _, err := g.vaultState(ctx, op)
	if err != nil {
		return err
	}
	g.lookAtProfile(ctx, m, c, op, m.CallDeadline)
	return nil
}

// takeVault moves the operation's Due ahead, as take does with a payment's.
func (g *Gateway) takeVault(ctx context.Context, op VaultOperation, ahead time.Duration) (VaultOperation, error) {
	op = op.next(g.clock())
	op.Due = op.UpdatedAt.Add(ahead)
	return op, g.writeVault(ctx, VaultChange{Operations: []VaultOperation{op}})
}

// giveUpHearingVault makes an operation unknown whose sender has not recorded an
// answer by any deadline.
func (g *Gateway) giveUpHearingVault(ctx context.Context, op VaultOperation) error {
	c, op, err := g.vaultState(ctx, op)
	if err != nil {
		return err
	}
	change, err := concludeVault(c, op, op, Result{Outcome: Unknown}, g.clock())
	if err != nil {
		return err
	}
	if err := g.writeVault(ctx, change); err != nil {
		return err
	}
	g.observeVault(change.Operations[0], ByLook)
	g.log.Warn("vault.unknown", "merchant", op.MerchantID, "customer", op.CustomerID, "method", op.MethodID, "operation", op.ID,
		"verb", op.Verb, "sender", op.Sender, "detail", "the process that sent it has not recorded an answer")
	return nil
}

// removeProfile has PayTrace delete a profile. It may be asked twice: deleting
// twice is deleting once.
func (g *Gateway) removeProfile(ctx context.Context, m Merchant, op VaultOperation) error {
	used, err := g.ledger.ProfileUsed(ctx, m.ID, m.LiveMode, op.ProfileID)
	if err != nil {
		return unavailable(err) // it stays due
	}
	if used {
		return g.keepProfile(ctx, op)
	}
	flight, err := g.flights.board()
	if err != nil {
		return err // it stays due
	}
	defer flight.leaveUnlessDeparted()
	op = g.moment().vaultIntent(op, m)
	if err := g.writeVault(ctx, VaultChange{Operations: []VaultOperation{op}}); err != nil {
		return err
	}
	flight.depart(op.ID)
	defer flight.leave()
	v := vaultVerb{merchant: m, call: func(ctx context.Context, to Profiles, op VaultOperation) Result {
		return to.DeleteProfile(ctx, RemoveProfile{ProfileID: op.ProfileID, SendBefore: op.SendBefore})
	}}
	_, op = g.flyVault(context.WithoutCancel(ctx), v, VaultAnswer{Operation: op}, time.Time{})
	if op.Status != OpApproved && op.Looks >= removalsAtMost {
		g.log.Error("vault.not_removed", "merchant", m.ID, "customer", op.CustomerID, "method", op.MethodID, "operation", op.ID,
			"profile", op.ProfileID, "status", op.Status, "tries", op.Looks,
			"consequence", "the card is not charged any more, but PayTrace keeps it until a try succeeds")
	}
	return nil
}

// keepProfile ends the removal of a profile that a method has again: one that
// was made at PayTrace's screens can be put under a customer, removed, and put
// under another one before PayTrace is asked.
func (g *Gateway) keepProfile(ctx context.Context, op VaultOperation) error {
	op = op.next(g.clock())
	op.Status, op.Rejection, op.SentAt, op.Due = OpApproved, nil, op.UpdatedAt, time.Time{}
	if err := g.writeVault(ctx, VaultChange{Operations: []VaultOperation{op}}); err != nil {
		return err
	}
	g.logVault(op, Result{Outcome: Approved, Detail: "another payment method has the profile by now, so PayTrace keeps it"})
	return nil
}
