package gateway

import (
	"context"
	"errors"
	"time"
)

// lookAtProfile looks once for what became of an unknown operation, and records
// what it saw.
func (g *Gateway) lookAtProfile(ctx context.Context, m Merchant, c VaultCustomer, op VaultOperation, within time.Duration) (VaultCustomer, VaultOperation) {
	looking, cancel := context.WithTimeout(ctx, min(within, m.CallDeadline))
	defer cancel()
	from, looks := g.clock(), op.Looks+1
	shown, err := g.profile(looking, m, op.ProfileID)
	absent := errors.Is(err, ErrNotFound)
	if err != nil && !absent {
		g.log.Warn("vault.look_failed", "merchant", m.ID, "customer", op.CustomerID, "method", op.MethodID, "operation", op.ID, "error", err)
	}
	switch {
	case err == nil && op.shownBy(shown):
		c, op = g.recordVault(ctx, c, op, Result{Outcome: Approved, Card: shown.Card, Bank: shown.Bank, Detail: "found at PayTrace"})
	case (err == nil || absent) && op.Misses+1 >= missesNeeded && !from.Before(op.unheard(m)):
		c, op = g.recordVault(ctx, c, op, op.notStored())
	default:
		op = g.lookAgain(ctx, op, err == nil || absent)
	}
	if !op.Undecided() {
		g.observeVault(op, ByLook)
	}
	g.log.Info("vault.looked", "merchant", m.ID, "customer", op.CustomerID, "method", op.MethodID, "operation", op.ID,
		"verb", op.Verb, "looks", looks, "misses", op.Misses, "status", op.Status)
	return c, op
}

// lookAgain counts a look that decided nothing.
func (g *Gateway) lookAgain(ctx context.Context, op VaultOperation, missed bool) VaultOperation {
	next := op.next(g.clock())
	next.Looks++
	if missed {
		next.Misses++
	}
	next.Due = next.UpdatedAt.Add(nextLook(next.Looks))
	if err := g.writeVault(ctx, VaultChange{Operations: []VaultOperation{next}}); err != nil {
		return op // it stays due
	}
	return next
}

// shownBy says that what is in the operation's profile tells that the operation
// was done. A card, or an account, that is the same as before tells nothing.
func (o VaultOperation) shownBy(shown ProfileSummary) bool {
	switch {
	case o.Verb == VaultAdd:
		return true
	case o.ach():
		return o.BankBefore.LastFour != "" && shown.Bank.LastFour != "" && shown.Bank.LastFour != o.BankBefore.LastFour
	}
	return o.Before.LastFour != "" && shown.Card.differs(o.Before)
}

// differs says that two summaries cannot be of one card.
func (c CardSummary) differs(other CardSummary) bool {
	apart := func(a, b string) bool { return a != "" && b != "" && a != b }
	return apart(c.LastFour, other.LastFour) || apart(string(c.Brand), string(other.Brand)) ||
		apart(c.ExpirationMonth, other.ExpirationMonth) || apart(c.ExpirationYear, other.ExpirationYear)
}
