package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// What an operator may ask of deliveries, and do with them. A delivery belongs
// to one merchant, and its id finds it only there.

// Delivery returns one delivery with its whole log.
func (g *Gateway) Delivery(ctx context.Context, merchantID, id string) (Delivery, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Delivery{}, err
	}
	return inBudget(ctx, g, func() (Delivery, error) { return g.delivery(ctx, m, id) })
}

func (g *Gateway) delivery(ctx context.Context, m Merchant, id string) (Delivery, error) {
	d, err := g.ledger.Delivery(ctx, m.ID, id)
	err = g.readable(err)
	if errors.Is(err, ErrNotFound) || (err == nil && d.LiveMode != m.LiveMode) {
		return Delivery{}, refuse(CodeNotFound, "no delivery with this id; what was told long ago is forgotten, or archived with its payment")
	}
	if err != nil {
		return Delivery{}, unavailable(err)
	}
	return d, nil
}

// Deliveries returns a page, newest first, and whether there are more.
func (g *Gateway) Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, bool, error) {
	m, err := g.merchant(f.MerchantID)
	if err != nil {
		return nil, false, err
	}
	f.LiveMode = m.LiveMode
	return readPage(ctx, g, f.Limit, func(limit int) ([]Delivery, error) {
		f.Limit = limit
		page, err := g.ledger.Deliveries(ctx, f)
		return page, g.readable(err)
	})
}

// Replay sends one delivery again, under the id of its event. What its payment
// has behind it follows in order.
func (g *Gateway) Replay(ctx context.Context, merchantID string, by Actor, id string) (Delivery, error) {
	return g.decideDelivery(ctx, merchantID, by, id, func(d Delivery) (Delivery, error) { return replayed(d, by.String(), g.clock()) })
}

// Skip gives one delivery up: the subscriber is never told of that event, and
// what its payment has behind it goes on.
func (g *Gateway) Skip(ctx context.Context, merchantID string, by Actor, id, note string) (Delivery, error) {
	return g.decideDelivery(ctx, merchantID, by, id, func(d Delivery) (Delivery, error) { return skipped(d, by.String(), note, g.clock()) })
}

// decideDelivery carries a person's decision out. One that is under way meanwhile
// is decided anew.
func (g *Gateway) decideDelivery(ctx context.Context, merchantID string, by Actor, id string, decide func(Delivery) (Delivery, error)) (Delivery, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Delivery{}, err
	}
	return inBudget(ctx, g, func() (Delivery, error) {
		d, err := g.delivery(ctx, m, id)
		if err != nil {
			return Delivery{}, err
		}
		if d.underWay(g.clock()) {
			return Delivery{}, refuse(CodeInProgress, "this delivery is under way; decide when its attempt has ended").retry(askAgain)
		}
		next, err := decide(d)
		if err != nil {
			return Delivery{}, err
		}
		if err := g.writeDecision(ctx, m, by, d, next); err != nil {
			return Delivery{}, err
		}
		g.attendDelivery(ctx, next, Verdict{})
		last := next.Log[len(next.Log)-1]
		g.log.Warn("delivery.decided", "merchant", m.ID, "subscriber", d.Subscriber, "delivery", d.ID, "payment", d.Event.PaymentID,
			"decision", last.Outcome, "by", last.By, "note", last.Detail)
		g.telling.wake(m.ID, d.Subscriber)
		return next, nil
	})
}

func (g *Gateway) writeDecision(ctx context.Context, m Merchant, by Actor, before, next Delivery) error {
	save := g.ledger.DecideDelivery
	if before.Status == DeliveryDone {
		save = g.ledger.ReplayDelivery
	}
	err := save(ctx, next, decidedDelivery(m, by, next))
	if errors.Is(err, ErrStale) && before.Status == DeliveryDone {
		return refuse(CodeNotReplayable, "the subscriber has been told of a newer state of this payment, or is about to be; replay the newest of its deliveries instead")
	}
	if err != nil && !errors.Is(err, ErrStale) {
		return unavailable(err)
	}
	return err
}

// decidedDelivery is the record of what the last entry of the delivery's log says.
func decidedDelivery(m Merchant, by Actor, next Delivery) AuditRecord {
	last := next.Log[len(next.Log)-1]
	r := AuditRecord{
		At: last.At, Actor: by, Action: AuditDeliveryReplayed, MerchantID: m.ID, LiveMode: m.LiveMode,
		Subject: AuditSubject{Kind: "delivery", ID: next.ID},
		Details: map[string]string{"subscriber": next.Subscriber, "event": next.Event.ID},
	}
	if last.Outcome == Skipped {
		r.Action = AuditDeliverySkipped
	}
	if next.Event.PaymentID != "" {
		r.Details["payment"] = next.Event.PaymentID
	}
	return r
}

// replayed is a delivery that a person sends again: its schedule begins anew.
func replayed(d Delivery, by string, now time.Time) (Delivery, error) {
	if d.Status == DeliverySkipped {
		return d, refuse(CodeNotReplayable, "this delivery was skipped, and newer ones of its payment may have been told since")
	}
	next := d.noted(Attempt{At: now, Outcome: Replayed, By: by})
	next.Status, next.Due, next.Failures = DeliveryPending, now, 0
	return next, nil
}

func skipped(d Delivery, by, note string, now time.Time) (Delivery, error) {
	if d.Status.Ended() {
		return d, refuse(CodeNotReplayable, "this delivery is %s already", d.Status)
	}
	next := d.noted(Attempt{At: now, Outcome: Skipped, By: by, Detail: note})
	next.Status, next.Due = DeliverySkipped, time.Time{}
	return next, nil
}

// ReplayRange selects what is sent again.
type ReplayRange struct {
	// Subscriber is one of the merchant's; empty means all.
	Subscriber  string
	CreatedFrom time.Time // inclusive
	CreatedTo   time.Time // exclusive
	// Delivered sends the newest delivery of each payment again too, for a
	// subscriber that has lost what it was told.
	Delivered bool
	// Before is where the call before has stopped.
	Before string
}

// Replays is what came of a ReplayRange.
type Replays struct {
	Replayed int
	// Left counts deliveries that were not sent again: a newer one of their
	// payment has been told, or is about to be.
	Left int
	// Next is the Before of the next call, empty when the range is done.
	Next string
}

// replayAtMost is how many deliveries one call looks at.
const replayAtMost = 200

// ReplayRange sends the dead letters of a time again. One call goes through a
// part of the range and says where the next one begins.
func (g *Gateway) ReplayRange(ctx context.Context, merchantID string, by Actor, r ReplayRange) (Replays, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Replays{}, err
	}
	f := DeliveryFilter{
		MerchantID: m.ID, LiveMode: m.LiveMode, Subscriber: r.Subscriber, Statuses: []DeliveryStatus{DeliveryDead},
		CreatedFrom: r.CreatedFrom, CreatedTo: r.CreatedTo, Before: r.Before, Limit: replayAtMost,
	}
	if r.Delivered {
		f.Statuses = append(f.Statuses, DeliveryDone)
	}
	return inBudget(ctx, g, func() (Replays, error) { return g.replayAll(ctx, m, by, f) })
}

func (g *Gateway) replayAll(ctx context.Context, m Merchant, by Actor, f DeliveryFilter) (Replays, error) {
	page, err := g.ledger.Deliveries(ctx, f)
	if err = g.readable(err); err != nil {
		return Replays{}, unavailable(err)
	}
	var done Replays
	for _, d := range page {
		if ctx.Err() != nil && done.Next != "" {
			return done, nil // the next call goes on
		}
		_, err := g.Replay(ctx, m.ID, by, d.ID)
		switch {
		case codeIs(err, CodeNotReplayable):
			done.Left++
		case err != nil:
			return done, err
		default:
			done.Replayed++
		}
		done.Next = d.ID
	}
	if len(page) < f.Limit {
		done.Next = ""
	}
	return done, nil
}

func codeIs(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// SubscriberStanding is how one subscriber stands, for an operator.
type SubscriberStanding struct {
	MerchantID string
	Name       string
	// Configured says that the subscriber is in this process's configuration, or
	// in that of another which was heard of lately. What is owed to one that is
	// not waits.
	Configured bool
	State      SubscriberState
	Owed       DeliveryBacklog
	// PausedUntil is when this process tries again, zero while it does. PausedAt is
	// since when it has left the subscriber alone, but for tries that failed, and
	// PausedReason what came of the last.
	PausedUntil  time.Time
	PausedAt     time.Time
	PausedReason string
}

// Subscribers tells how the merchant's subscribers stand, by name.
func (g *Gateway) Subscribers(ctx context.Context, merchantID string) ([]SubscriberStanding, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return nil, err
	}
	return inBudget(ctx, g, func() ([]SubscriberStanding, error) {
		k, err := g.known(ctx)
		if err != nil {
			return nil, unavailable(err)
		}
		return g.standings(m, k), nil
	})
}

// Standings tells how the subscribers of all merchants stand, for metrics.
func (g *Gateway) Standings(ctx context.Context) ([]SubscriberStanding, error) {
	k, err := g.known(ctx)
	if err != nil {
		return nil, err
	}
	var all []SubscriberStanding
	for _, m := range g.merchants {
		all = append(all, g.standings(m, k)...)
	}
	return all, nil
}

// merchantMode is a merchant in one of its modes.
type merchantMode struct {
	merchantID string
	liveMode   bool
}

// known is what the ledger knows of all merchants' subscribers. It is asked once
// for all: one question for each took 0.2 s of 4,000.
type known struct {
	owed   map[merchantMode][]DeliveryBacklog
	seen   map[merchantMode][]Subscription
	states map[merchantMode]map[string]SubscriberState
}

func (g *Gateway) known(ctx context.Context) (known, error) {
	k := known{owed: map[merchantMode][]DeliveryBacklog{}, seen: map[merchantMode][]Subscription{}, states: map[merchantMode]map[string]SubscriberState{}}
	owed, err := g.ledger.DeliveryBacklog(ctx)
	for _, b := range owed {
		of := merchantMode{b.MerchantID, b.LiveMode}
		k.owed[of] = append(k.owed[of], b)
	}
	if err != nil {
		return known{}, err
	}
	seen, err := g.ledger.Subscriptions(ctx, g.clock().Add(-seenFor))
	for _, s := range seen {
		of := merchantMode{s.MerchantID, s.LiveMode}
		k.seen[of] = append(k.seen[of], s)
	}
	if err != nil {
		return known{}, err
	}
	states, err := g.ledger.SubscriberStates(ctx)
	for _, s := range states {
		of := merchantMode{s.MerchantID, s.LiveMode}
		if k.states[of] == nil {
			k.states[of] = map[string]SubscriberState{}
		}
		k.states[of][s.Subscriber] = s
	}
	return k, err
}

func (g *Gateway) standings(m Merchant, k known) []SubscriberStanding {
	here := merchantMode{m.ID, m.LiveMode}
	standings := map[string]SubscriberStanding{}
	for _, b := range k.owed[here] {
		standings[b.Subscriber] = SubscriberStanding{Owed: b}
	}
	for _, s := range k.seen[here] {
		if standing, owed := standings[s.Name]; owed {
			standing.Configured = true
			standings[s.Name] = standing
		}
	}
	for _, t := range g.telling.of(m.ID) {
		s := standings[t.Name]
		s.Configured = true
		s.PausedUntil, s.PausedAt, s.PausedReason = t.health.pause(g.clock())
		standings[t.Name] = s
	}
	var list []SubscriberStanding
	for name, s := range standings {
		s.MerchantID, s.Name = m.ID, name
		var saved bool
		if s.State, saved = k.states[here][name]; !saved {
			s.State = SubscriberState{MerchantID: m.ID, LiveMode: m.LiveMode, Subscriber: name}
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b SubscriberStanding) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// EnableSubscriber tells a subscriber again that had said it was gone.
func (g *Gateway) EnableSubscriber(ctx context.Context, merchantID string, by Actor, name string) error {
	m, err := g.merchant(merchantID)
	if err != nil {
		return err
	}
	_, err = inBudget(ctx, g, func() (struct{}, error) {
		state, err := g.ledger.SubscriberState(ctx, m.ID, m.LiveMode, name)
		if err != nil {
			return struct{}{}, unavailable(err)
		}
		if state.DisabledAt.IsZero() {
			return struct{}{}, refuse(CodeNotFound, "no disabled subscriber with this name")
		}
		state.DisabledAt, state.Reason, state.Version = time.Time{}, "", state.Version+1
		err = g.ledger.DecideSubscriber(ctx, state, AuditRecord{
			At: g.clock(), Actor: by, Action: AuditSubscriberEnabled, MerchantID: m.ID, LiveMode: m.LiveMode,
			Subject: AuditSubject{Kind: "subscriber", ID: name},
		})
		if errors.Is(err, ErrStale) {
			return struct{}{}, err // decided anew
		}
		if err != nil {
			return struct{}{}, unavailable(err)
		}
		g.log.Warn("subscriber.enabled", "merchant", m.ID, "subscriber", name, "by", by.String())
		for _, t := range g.telling.of(m.ID) {
			t.forget()
		}
		g.telling.wake(m.ID, name)
		return struct{}{}, nil
	})
	return err
}
