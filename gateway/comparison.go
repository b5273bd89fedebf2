package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// The comparison of the vault with PayTrace's profiles: cards are changed and
// deleted at PayTrace's own screens too, and nobody is told of it there.

const (
	// checksAtOnce bounds the customers of one merchant that one round looks at.
	checksAtOnce = 32
	// missedAgain is the wait between two looks that show no profile. One alone
	// may be PayTrace's mistake, and a card that is taken out is gone.
	missedAgain  = time.Hour
	missesAtMost = 2
	// checkPause is how long a merchant's comparison rests when PayTrace has not
	// answered.
	checkPause = 5 * time.Minute
	// checkFailures in a row end a round. Fewer are about one profile, which shall
	// not keep the others from being looked at.
	checkFailures = 3
)

// RunComparison compares the stored payment methods with PayTrace's profiles
// when they are due, until ctx is done. It asks at every interval whether some
// are.
func (g *Gateway) RunComparison(ctx context.Context, every time.Duration) {
	var work sync.WaitGroup
	for _, m := range g.merchants {
		work.Go(func() {
			for ctx.Err() == nil {
				wait := g.compareDue(ctx, m, every)
				select {
				case <-time.After(wait):
				case <-ctx.Done():
				}
			}
		})
	}
	work.Wait()
}

// compareDue looks at what is due of one merchant. It returns how long to wait
// before the next round.
func (g *Gateway) compareDue(ctx context.Context, m Merchant, every time.Duration) time.Duration {
	defer g.survive(func() {})
	customers, err := g.ledger.DueChecks(ctx, m.ID, m.LiveMode, g.clock(), checksAtOnce)
	if err != nil {
		return every // a ledger that cannot be read is told by the due work
	}
	wait, failed := every, 0
	for _, c := range customers {
		err := g.compare(ctx, m, c)
		if err == nil || errors.Is(err, ErrStale) || ctx.Err() != nil {
			failed = 0
			continue // what has changed meanwhile is due again
		}
		g.log.Warn("vault.not_compared", "merchant", m.ID, "customer", c.ID, "error", err,
			"consequence", "what was changed at PayTrace's screens is seen later")
		wait = max(every, checkPause)
		if failed++; failed == checkFailures {
			break
		}
	}
	return wait
}

func (m Merchant) checkEvery() time.Duration {
	if m.CheckVaultEvery <= 0 {
		return DefaultCheckVaultEvery
	}
	return m.CheckVaultEvery
}

// compare looks at those profiles of a customer that are due, and takes over
// what they show.
func (g *Gateway) compare(ctx context.Context, m Merchant, c VaultCustomer) error {
	ctx, cancel := context.WithTimeout(ctx, watchPatience)
	defer cancel()
	now := g.clock()
	next := c.next(c.UpdatedAt)
	for _, method := range c.Methods {
		// While an operation is under way, nobody knows what a profile should show.
		if method.CheckDue.IsZero() || method.CheckDue.After(now) || c.Pending[method.ID] != "" {
			continue
		}
		card, err := g.profile(ctx, m, method.ProfileID)
		switch {
		case errors.Is(err, ErrNotFound):
			next.missed(method.ID, now)
		case err != nil:
			return err
		default:
			next.seen(method.ID, card, m.checkEvery(), now)
		}
	}
	return g.writeVault(ctx, VaultChange{Customer: &next, Events: g.comparisonEvents(c, next, now)})
}

// seen takes the card over as PayTrace shows it.
func (c *VaultCustomer) seen(methodID string, card CardSummary, again time.Duration, now time.Time) {
	m := c.stored(methodID)
	m.Misses, m.CheckDue = 0, now.Add(again)
	if shown := card.over(m.Card); shown != m.Card {
		m.Card, m.UpdatedAt, c.UpdatedAt = shown, now, now
	}
}

// missed removes the method of a profile that is gone.
func (c *VaultCustomer) missed(methodID string, now time.Time) {
	m := c.stored(methodID)
	m.Misses++
	m.CheckDue = now.Add(missedAgain)
	if m.Misses >= missesAtMost {
		c.remove(methodID, now)
		c.UpdatedAt = now
	}
}

// stored is the method with that id, which is there, to be changed.
func (c *VaultCustomer) stored(methodID string) *VaultMethod {
	return &c.Methods[slices.IndexFunc(c.Methods, func(m VaultMethod) bool { return m.ID == methodID })]
}

// comparisonEvents tell what was taken over. What had not been read before was
// changed by nobody.
func (g *Gateway) comparisonEvents(before, after VaultCustomer, now time.Time) []Event {
	events := vaultEvents(before, after, OriginExternal, "", now)
	for i, e := range events {
		old, _ := before.Choose(e.Vault.Method.ID)
		if e.Type == EventMethodUpdated && !old.Card.readable() {
			events[i].Vault.Origin = OriginGateway
		}
		g.log.Info("vault.compared", "merchant", after.MerchantID, "customer", after.ID, "method", old.ID, "told", e.Type)
	}
	return events
}
