package gateway

import (
	"context"
	"errors"
	"time"
)

// flyVault sends the operation and records what became of it. The caller waits
// until then, if a time is given, and perhaps no more.
func (g *Gateway) flyVault(ctx context.Context, v vaultVerb, intent VaultAnswer, until time.Time) (VaultCustomer, VaultOperation) {
	op := intent.Operation
	result := g.sendVault(ctx, v, op)
	if result.Outcome == Approved && op.Verb != VaultRemove && !op.AddressOnly && op.hiddenDigits(result) {
		shown := g.readBack(ctx, v.merchant, op, until)
		result.Card, result.Bank = shown.Card.over(result.Card), shown.Bank
	}
	customer, recorded := g.recordVault(ctx, intent.Customer, op, result)
	g.logVault(recorded, result)
	g.observeVault(recorded, ByAnswer)
	if recorded.Status == OpUnknown && op.Verb != VaultRemove && time.Now().Before(until) {
		customer, recorded = g.lookAtProfile(ctx, v.merchant, customer, recorded, time.Until(until))
	}
	return customer, recorded
}

func (g *Gateway) sendVault(ctx context.Context, v vaultVerb, op VaultOperation) Result {
	result, _ := station(ctx, g, StageProcessor, op.MerchantID, func(ctx context.Context) (r Result, _ error) {
		sheltered(ctx, v.merchant.CallDeadline, &r, func(ctx context.Context) { r = v.call(ctx, g.processors[op.MerchantID], op) })
		return r, r.failure()
	})
	return op.outcome(result)
}

// readBackAtMost bounds the reading of a card that was just stored. What is not
// read then is read by the comparison.
const readBackAtMost = 5 * time.Second

// readBack asks PayTrace which card it has stored: the gateway has not seen it. A
// caller who waits is left half of the time.
func (g *Gateway) readBack(ctx context.Context, m Merchant, op VaultOperation, until time.Time) ProfileSummary {
	within := readBackAtMost
	if left := time.Until(until) / 2; left > 0 {
		within = min(within, left)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	defer g.survive(func() {}) // that the card is stored has to be recorded
	shown, err := g.profile(ctx, m, op.ProfileID)
	if err != nil {
		g.log.Warn("vault.card_not_read", "merchant", m.ID, "customer", op.CustomerID, "method", op.MethodID, "operation", op.ID, "error", err)
	}
	return shown
}

// profile looks at one profile. That there is none is an answer too, and no
// failure that an observer counts.
func (g *Gateway) profile(ctx context.Context, m Merchant, profileID string) (ProfileSummary, error) {
	absent := false
	shown, err := station(ctx, g, StageLook, m.ID, func(ctx context.Context) (ProfileSummary, error) {
		shown, err := g.processors[m.ID].Profile(ctx, profileID)
		if absent = errors.Is(err, ErrNotFound); absent {
			err = nil
		}
		return shown, err
	})
	if absent {
		err = ErrNotFound
	}
	return shown, err
}

// recordVault makes the answer durable, as record does with a payment's. It
// returns customer and operation as they are known to stand in the ledger.
func (g *Gateway) recordVault(ctx context.Context, c VaultCustomer, sent VaultOperation, r Result) (VaultCustomer, VaultOperation) {
	op := sent
	for stale, failed := 0, 0; ; {
		change, err := concludeVault(c, op, sent, r, g.clock())
		if errors.Is(err, errDecided) {
			return c, op
		}
		if err = g.ledger.ApplyVault(ctx, change); err == nil {
			if change.Customer != nil {
				c = *change.Customer
			}
			return c, change.Operations[0]
		}
		switch {
		case errors.Is(err, ErrStale) && stale < vaultTries:
			giveWay(stale)
			stale++
		case failed < len(recordDelays):
			time.Sleep(recordDelays[failed])
			failed++
		default:
			g.log.Error("vault.not_recorded", "merchant", op.MerchantID, "customer", op.CustomerID, "method", op.MethodID,
				"operation", op.ID, "profile", op.ProfileID, "outcome", r.Outcome, "error", err,
				"consequence", "the operation stays unknown until its profile is looked for at PayTrace")
			return c, op
		}
		if there, now, err := g.vaultState(ctx, op); err == nil {
			c, op = there, now
		}
	}
}

// vaultState reads an operation and its customer, who may have gone.
func (g *Gateway) vaultState(ctx context.Context, op VaultOperation) (VaultCustomer, VaultOperation, error) {
	fresh, err := g.ledger.VaultOperation(ctx, op.MerchantID, op.ID)
	if err != nil {
		return VaultCustomer{}, op, err
	}
	c, err := g.ledger.Customer(ctx, op.MerchantID, op.LiveMode, op.CustomerID)
	if errors.Is(err, ErrNotFound) && !fresh.changesCustomer() {
		err = nil
	}
	return c, fresh, err
}

// takeVaultBack takes an intent back that the ledger may have kept, or may keep yet,
// as takeBack does with a payment's: by writing what it becomes in its place. Who is
// told that the place is taken has waited for the end of the intent's own
// transaction, so that what is to be seen then is all that will ever be.
func (g *Gateway) takeVaultBack(ctx context.Context, lost VaultChange) {
	intent := lost.Operations[0]
	var err error
	for _, delay := range recordDelays {
		time.Sleep(delay)
		if err = g.ledger.ApplyVault(ctx, inVaultPlaceOf(lost)); err == nil {
			return
		}
		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrKeyTaken) {
			continue
		}
		var there VaultCustomer
		var op VaultOperation
		there, op, err = g.vaultState(ctx, intent)
		switch {
		case errors.Is(err, ErrNotFound):
			return // another request has the key
		case err == nil && op.IntentID != intent.IntentID:
			return
		case err == nil:
			g.recordVault(ctx, there, op, Result{Outcome: NotSent, Detail: "its intent could not be written"})
			return
		}
	}
	g.log.Error("vault.not_recorded", "merchant", intent.MerchantID, "customer", intent.CustomerID, "method", intent.MethodID,
		"operation", intent.ID, "profile", intent.ProfileID, "outcome", NotSent, "error", err,
		"consequence", "if the ledger has kept its intent, the operation stays unknown until its profile is looked for at PayTrace")
}

// inVaultPlaceOf is what becomes of an intent in its place: the operation, with its
// key. The customer never had it under way, and stays as it is.
func inVaultPlaceOf(lost VaultChange) VaultChange {
	op := lost.Operations[0]
	op.Status, op.Due = OpNotSent, time.Time{}
	return VaultChange{Operations: []VaultOperation{op}, Binds: lost.Binds}
}

func (g *Gateway) logVault(op VaultOperation, r Result) {
	level := g.log.Info
	if r.Outcome != Approved {
		level = g.log.Warn
	}
	level("vault.operation", "merchant", op.MerchantID, "customer", op.CustomerID, "method", op.MethodID,
		"operation", op.ID, "verb", op.Verb, "outcome", r.Outcome, "status", op.Status, "detail", r.Detail,
		"took", g.clock().Sub(op.SentAt))
}
