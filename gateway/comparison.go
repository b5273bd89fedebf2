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
	// answered, checkAgain when the profile is looked at again that it was asked
	// for. Until then others are: one that can never be read must not keep them.
	checkPause = 5 * time.Minute
	checkAgain = 30 * time.Minute
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
func (g *Gateway) compareDue(ctx context.Context, m Merchant, every time.Duration) (wait time.Duration) {
	defer g.survive(func() { wait = max(every, checkPause) })
	customers, err := g.ledger.DueChecks(ctx, m.ID, m.LiveMode, g.clock(), checksAtOnce)
	if err != nil {
		return every // a ledger that cannot be read is told by the due work
	}
	round := &comparison{Gateway: g, merchant: m}
	for _, c := range customers {
		err := round.compare(ctx, c)
		if err == nil || errors.Is(err, ErrStale) || ctx.Err() != nil {
			continue // what has changed meanwhile is due again
		}
		g.log.Warn("vault.not_compared", "merchant", m.ID, "customer", c.ID, "error", err,
			"consequence", "what was changed at PayTrace's screens is seen later")
		return max(every, checkPause)
	}
	return every
}

func (m Merchant) checkEvery() time.Duration {
	if m.CheckVaultEvery <= 0 {
		return DefaultCheckVaultEvery
	}
	return m.CheckVaultEvery
}

// comparison is one round of one merchant.
type comparison struct {
	*Gateway
	merchant Merchant
	// shown are the profiles that PayTrace has shown in this round, each of which
	// speaks for one that is gone; doubted says that it has shown none when asked.
	shown   int
	doubted bool
}

// compare looks at those profiles of a customer that are due, and takes over
// what they show. What was seen before PayTrace failed is taken over too.
func (r *comparison) compare(ctx context.Context, c VaultCustomer) error {
	looking, cancel := context.WithTimeout(ctx, watchPatience)
	defer cancel()
	now := r.clock()
	next := c.next(c.UpdatedAt)
	var failed error
	for _, method := range c.Methods {
		if method.CheckDue.IsZero() || method.CheckDue.After(now) {
			continue
		}
		if c.Pending[method.ID] != "" {
			// While an operation is under way, nobody knows what a profile should show.
			next.compare(method.ID, now.Add(checkAgain))
			continue
		}
		if failed = r.compareMethod(looking, &next, method, now); failed != nil {
			next.compare(method.ID, now.Add(checkAgain))
			break
		}
	}
	return errors.Join(r.writeVault(ctx, VaultChange{Customer: &next, Events: r.comparisonEvents(c, next, now)}), failed)
}

func (r *comparison) compareMethod(ctx context.Context, c *VaultCustomer, method VaultMethod, now time.Time) error {
	card, err := r.profile(ctx, r.merchant, method.ProfileID)
	switch {
	case err == nil:
		r.shown++
		c.seen(method.ID, card, r.merchant.checkEvery(), now)
		return nil
	case !errors.Is(err, ErrNotFound):
		return err
	}
	c.missed(method.ID, now)
	if m := c.stored(method.ID); m.Misses < missesAtMost {
		return nil
	}
	believed, err := r.believed(ctx, *c, method)
	if believed {
		c.remove(method.ID, now)
		c.UpdatedAt = now
	}
	return err
}

// seen takes the card over as PayTrace shows it.
func (c *VaultCustomer) seen(methodID string, card CardSummary, again time.Duration, now time.Time) {
	m := c.stored(methodID)
	m.Misses, m.CheckDue = 0, now.Add(again)
	if shown := card.over(m.Card); shown != m.Card {
		m.Card, m.UpdatedAt, c.UpdatedAt = shown, now, now
	}
}

// missed counts a look that has shown no profile.
func (c *VaultCustomer) missed(methodID string, now time.Time) {
	m := c.stored(methodID)
	m.Misses++
	m.CheckDue = now.Add(missedAgain)
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
