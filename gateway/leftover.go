package gateway

import (
	"context"
	"slices"
)

// What is owed to a subscriber that is in no configuration any more waits for its
// coming back, and keeps payments from the archive and people from being
// forgotten. A person may give it up.

// Leftovers is what came of giving up what is owed to one subscriber.
type Leftovers struct {
	Skipped int
	// More says that something is owed to it still: the next call goes on.
	More bool
}

// skipAtMost is how many deliveries one call gives up.
const skipAtMost = 200

// SkipLeftovers gives up what is owed to a subscriber that no instance has in its
// configuration. One call gives up a part of it, each delivery as Skip does. To one
// that is configured nothing is given up by its name alone: it is being told
// meanwhile, and a mistyped name would cost it everything.
func (g *Gateway) SkipLeftovers(ctx context.Context, merchantID string, by Actor, subscriber, note string) (Leftovers, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Leftovers{}, err
	}
	return inBudget(ctx, g, func() (Leftovers, error) {
		configured, err := g.configured(ctx, m, subscriber)
		if err != nil {
			return Leftovers{}, unavailable(err)
		}
		if configured {
			return Leftovers{}, refuse(CodeNotReplayable,
				"a gateway has this subscriber in its configuration, or had it a quarter of an hour ago; skip single deliveries, or take it out first and wait for so long")
		}
		return g.skipLeftovers(ctx, m, by, subscriber, note)
	})
}

// configured says that the subscriber is in this process's configuration, or in
// that of another which was heard of lately.
func (g *Gateway) configured(ctx context.Context, m Merchant, subscriber string) (bool, error) {
	if slices.ContainsFunc(g.telling.of(m.ID), func(t *teller) bool { return t.Name == subscriber }) {
		return true, nil
	}
	seen, err := g.ledger.SubscriptionsOf(ctx, m.ID, g.clock().Add(-seenFor))
	return slices.ContainsFunc(seen, func(s Subscription) bool { return s.Name == subscriber && s.LiveMode == m.LiveMode }), err
}

func (g *Gateway) skipLeftovers(ctx context.Context, m Merchant, by Actor, subscriber, note string) (Leftovers, error) {
	page, err := g.ledger.Deliveries(ctx, DeliveryFilter{
		MerchantID: m.ID, LiveMode: m.LiveMode, Subscriber: subscriber,
		Statuses: []DeliveryStatus{DeliveryPending, DeliveryDead}, Limit: skipAtMost,
	})
	if err = g.readable(err); err != nil {
		return Leftovers{}, unavailable(err)
	}
	done := Leftovers{More: len(page) == skipAtMost}
	for _, d := range page {
		if ctx.Err() != nil && done.Skipped > 0 {
			done.More = true
			break
		}
		_, err := g.Skip(ctx, m.ID, by, d.ID, note)
		switch {
		case err == nil:
			done.Skipped++
		case !codeIs(err, CodeNotReplayable): // which another call has skipped meanwhile
			return done, err
		}
	}
	return done, nil
}
