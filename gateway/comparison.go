package gateway

import (
	"context"
	"errors"
	"maps"
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
	// checkAgain is when this process looks again at a profile that could not be
	// shown, or that is being changed. It goes on being due, for all to see, and
	// others are looked at instead, for as many as restingAtMost.
	checkAgain    = 30 * time.Minute
	restingAtMost = 1000
)

// RunComparison compares the stored payment methods with PayTrace's profiles
// when they are due, until ctx is done. It asks at every interval whether some
// are.
func (g *Gateway) RunComparison(ctx context.Context, every time.Duration) {
	var work sync.WaitGroup
	for _, m := range g.merchants {
		work.Go(func() {
			round := &comparison{Gateway: g, merchant: m, resting: map[string]time.Time{}}
			for ctx.Err() == nil {
				wait := round.compareDue(ctx, every)
				select {
				case <-time.After(wait):
				case <-ctx.Done():
				}
			}
		})
	}
	work.Wait()
}

// comparison is one merchant's, round after round.
type comparison struct {
	*Gateway
	merchant Merchant
	// resting are the methods that are left alone, and until when.
	resting map[string]time.Time
	// shown are the profiles that PayTrace has shown in this round, each of which
	// speaks for one that is gone; doubted says that it has shown none when asked.
	shown   int
	doubted bool
}

// compareDue looks at what is due of one merchant. It returns how long to wait
// before the next round.
func (r *comparison) compareDue(ctx context.Context, every time.Duration) (wait time.Duration) {
	defer r.survive(func() { wait = max(every, checkPause) })
	now, m := r.clock(), r.merchant
	r.shown, r.doubted = 0, false
	maps.DeleteFunc(r.resting, func(_ string, until time.Time) bool { return !until.After(now) })
	customers, err := r.ledger.DueChecks(ctx, m.ID, m.LiveMode, now, checksAtOnce+len(r.resting))
	if err = r.workable(part{partChecks, m.ID}, err); err != nil {
		return every // a ledger that cannot be read is told by the due work
	}
	wait, failed := every, 0
	for _, c := range customers {
		err := r.compare(ctx, c)
		if err == nil || errors.Is(err, ErrStale) || ctx.Err() != nil {
			failed = 0
			continue // what has changed meanwhile is due again
		}
		r.log.Warn("vault.not_compared", "merchant", m.ID, "customer", c.ID, "error", err,
			"consequence", "what was changed at PayTrace's screens is seen later")
		wait = max(every, checkPause)
		if failed++; failed == checkFailures {
			break
		}
	}
	return wait
}

// rest leaves a method alone for a while.
func (r *comparison) rest(methodID string, now time.Time) {
	if len(r.resting) < restingAtMost {
		r.resting[methodID] = now.Add(checkAgain)
	}
}

func (m Merchant) checkEvery() time.Duration {
	if m.CheckVaultEvery <= 0 {
		return DefaultCheckVaultEvery
	}
	return m.CheckVaultEvery
}

// compare looks at those profiles of a customer that are due, and takes over
// what they show. What was seen before PayTrace failed is taken over too.
func (r *comparison) compare(ctx context.Context, c VaultCustomer) error {
	looking, cancel := context.WithTimeout(ctx, watchPatience)
	defer cancel()
	now := r.clock()
	next := c.next(c.UpdatedAt)
	looked := false
	var failed error
	for _, method := range c.Methods {
		if _, rests := r.resting[method.ID]; rests || method.CheckDue.IsZero() || method.CheckDue.After(now) {
			continue
		}
		if c.Pending[method.ID] != "" {
			r.rest(method.ID, now) // while it is under way, nobody knows what a profile should show
			continue
		}
		if failed = r.compareMethod(looking, &next, method, now); failed != nil {
			r.rest(method.ID, now)
			break
		}
		looked = true
	}
	if !looked {
		return failed
	}
	return errors.Join(r.writeVault(ctx, VaultChange{Customer: &next, Events: r.comparisonEvents(c, next, now)}), failed)
}

func (r *comparison) compareMethod(ctx context.Context, c *VaultCustomer, method VaultMethod, now time.Time) error {
	shown, err := r.profile(ctx, r.merchant, method.ProfileID)
	switch {
	case err == nil:
		r.shown++
		c.seen(method.ID, shown, r.merchant.checkEvery(), now)
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

// seen takes the card, or the account, over as PayTrace shows it.
func (c *VaultCustomer) seen(methodID string, shown ProfileSummary, again time.Duration, now time.Time) {
	m := c.stored(methodID)
	m.Misses, m.CheckDue = 0, now.Add(again)
	before := *m
	if m.ACH() {
		m.Bank = shown.Bank.over(m.Bank)
	} else {
		m.Card = shown.Card.over(m.Card)
	}
	if m.Card != before.Card || m.Bank != before.Bank {
		m.UpdatedAt, c.UpdatedAt = now, now
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
		if e.Type == EventMethodUpdated && !old.readable() {
			events[i].Vault.Origin = OriginGateway
		}
		g.log.Info("vault.compared", "merchant", after.MerchantID, "customer", after.ID, "method", old.ID, "told", e.Type)
	}
	return events
}
