package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Subscription is what an instance has to know of a subscriber to make its
// deliveries. It is kept in the ledger for those whose configuration lacks it:
// what they spread is owed to it all the same.
type Subscription struct {
	MerchantID string
	LiveMode   bool
	Name       string
	// Events are patterns, as those of a Subscriber.
	Events []string
	// SeenAt is when an instance that has the subscriber in its configuration
	// was last heard of.
	SeenAt time.Time
}

const (
	// seeEvery is how often an instance says that it has its subscribers, and
	// seenFor how long that is believed.
	seeEvery = 5 * time.Minute
	seenFor  = 3 * seeEvery
	// keptFor is how long deliveries are made for a subscriber that no instance
	// has any more. It outlasts a release that is rolled back over a weekend.
	keptFor = 7 * 24 * time.Hour
)

// Subscribe has all instances on the ledger make deliveries for the subscribers
// of this one. It comes before this one serves: what it writes from then on may
// be spread by another.
func (g *Gateway) Subscribe(ctx context.Context) error {
	return g.telling.each(func(t *teller) error {
		if err := g.ledger.Subscribe(ctx, t.subscription(g.clock())); err != nil {
			return fmt.Errorf("subscriber %s of merchant %s cannot be kept in the ledger: %w", t.Name, t.MerchantID, err)
		}
		return nil
	})
}

// seenAtOnce bounds the subscribers that are written of at once. The ledger
// keeps them by one commit: one after the other, 4,000 took as many commits.
const seenAtOnce = 64

// each does something for each subscriber, and returns the first failure, after
// which no more begin.
func (t telling) each(do func(*teller) error) error {
	var mu sync.Mutex
	var failed error
	var work sync.WaitGroup
	room := make(chan struct{}, seenAtOnce)
	for _, one := range t.to {
		room <- struct{}{}
		mu.Lock()
		over := failed != nil
		mu.Unlock()
		if over {
			break
		}
		work.Go(func() {
			defer func() { <-room }()
			if err := do(one); err != nil {
				mu.Lock()
				failed = cmp.Or(failed, err)
				mu.Unlock()
			}
		})
	}
	work.Wait()
	return failed
}

// see says that this instance has its subscribers still, and looks whether
// anything waits for nothing.
func (g *Gateway) see(ctx context.Context) {
	_ = g.telling.each(func(t *teller) error {
		err := cmp.Or(g.ledger.SeeSubscription(ctx, t.subscription(g.clock())), g.ledger.BringForward(ctx, t.Subscriber))
		if ctx.Err() == nil {
			g.turn(part{partSee, t.MerchantID}, t.Name, err, "if this goes on for a week, instances without these subscribers stop making their deliveries")
		}
		return err
	})
}

func (s Subscriber) subscription(now time.Time) Subscription {
	return Subscription{MerchantID: s.MerchantID, LiveMode: s.LiveMode, Name: s.Name, Events: s.Events, SeenAt: now}
}

// Wants says whether the subscriber is told of events of that type.
func (s Subscriber) Wants(kind string) bool { return matches(s.Events, kind) }

func matches(patterns []string, kind string) bool {
	for _, pattern := range patterns {
		group, all := strings.CutSuffix(pattern, "*")
		if pattern == kind || (all && strings.HasPrefix(kind, group)) {
			return true
		}
	}
	return len(patterns) == 0
}

// deliveriesOf are one for each subscriber that wants the event, by this
// instance's configuration or by another's: while they differ, it is told of
// more rather than of less.
func (g *Gateway) deliveriesOf(e Event, kept []Subscription) []Delivery {
	now := g.clock()
	var deliveries []Delivery
	add := func(s Subscription, lane string, laned bool) {
		deliveries = append(deliveries, Delivery{
			MerchantID: e.MerchantID, LiveMode: s.LiveMode, Subscriber: s.Name, Lane: lane, Unlaned: !laned,
			Event: e, Status: DeliveryPending, Due: now, Version: 1, CreatedAt: now, UpdatedAt: now,
		})
	}
	kept = slices.DeleteFunc(slices.Clone(kept), func(s Subscription) bool { return !g.concerns(e, s) || !matches(s.Events, e.Type) })
	for _, t := range g.telling.of(e.MerchantID) {
		own := t.subscription(now)
		same := func(s Subscription) bool { return s.Name == own.Name && s.LiveMode == own.LiveMode }
		if g.concerns(e, own) && (t.Wants(e.Type) || slices.ContainsFunc(kept, same)) {
			add(own, t.laneOf(e), true)
		}
		kept = slices.DeleteFunc(kept, same)
	}
	for _, s := range kept {
		add(s, "", false)
	}
	return deliveries
}

// concerns leaves out what was made in the merchant's other mode. An event of a
// transaction that belongs to no payment is of the mode that the merchant has
// here.
func (g *Gateway) concerns(e Event, s Subscription) bool {
	mode := g.merchants[e.MerchantID].LiveMode
	switch {
	case e.Vault != nil:
		mode = e.Vault.LiveMode
	case e.PaymentID != "":
		mode = e.Payment.LiveMode
	}
	return s.MerchantID == e.MerchantID && s.LiveMode == mode
}

// laneOf survives a mistake in one sink: no subscriber's event stands in front of
// everybody else's. The event's own payment is its lane then.
func (t *teller) laneOf(e Event) (lane string) {
	defer t.gateway.survive(func() { lane = "" })
	return t.Sink.Lane(e)
}
