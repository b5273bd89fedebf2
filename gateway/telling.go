package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Telling goes two steps. What is written with a change of state is one event,
// however many want to hear of it, so that a payment costs the same with one
// subscriber or with twenty. Afterwards the events are spread: each becomes a
// delivery for every subscriber, and from there on goes its own way. Events of a
// merchant that this instance does not know are left to one that does.

const (
	// spreadAtOnce bounds the payments whose events are spread in one write.
	spreadAtOnce = 64
	// many events in one round say that more are coming, so that it pays to gather
	// them for as long before the next round: there are at most 50 rounds a second
	// then. One by itself is spread at once.
	many   = 2
	gather = 20 * time.Millisecond
	// deliveriesAtOnce bounds the deliveries that are made in one write of several
	// payments: it is carried out whole, and a payment waits behind it.
	deliveriesAtOnce = 128
	// defaultAtOnce and defaultDeadline are those of a subscriber that does not
	// say.
	defaultAtOnce   = 8
	defaultDeadline = 15 * time.Second
)

// telling is the dispatcher's part of a Gateway.
type telling struct {
	events chan struct{}
	to     []*teller
	// byMerchant are the same tellers.
	byMerchant map[string][]*teller
	// merchants are those whose events are spread here.
	merchants []string
	// unreadables are the rows in the way that the log has told of.
	unreadables *unreadables
	// refused is when something could not be made as taken, in microseconds.
	refused *atomic.Int64
}

// teller tells one subscriber.
type teller struct {
	Subscriber
	gateway *Gateway
	due     chan struct{}
	health  health
	ahead   prefetch

	mu       sync.Mutex
	underWay int
	// unwritten are the calls that are over and not written down.
	unwritten int
	work      sync.WaitGroup
	// disabled is the subscriber's state as it was last read.
	disabled bool
	readAt   time.Time
}

func newTelling(g *Gateway, subscribers []Subscriber) telling {
	t := telling{
		events: make(chan struct{}, 1), byMerchant: map[string][]*teller{}, refused: &atomic.Int64{},
		unreadables: &unreadables{},
	}
	for _, s := range subscribers {
		if s.AtOnce == 0 {
			s.AtOnce = defaultAtOnce
		}
		if s.Deadline == 0 {
			s.Deadline = defaultDeadline
		}
		if s.Schedule == nil {
			s.Schedule = DefaultSchedule
		}
		one := &teller{Subscriber: s, gateway: g, due: make(chan struct{}, 1), ahead: prefetch{lanes: map[string]bool{}, look: true}}
		t.to = append(t.to, one)
		t.byMerchant[s.MerchantID] = append(t.byMerchant[s.MerchantID], one)
	}
	return t
}

// of are the merchant's tellers.
func (t telling) of(merchantID string) []*teller { return t.byMerchant[merchantID] }

// nudge wakes one subscriber that has something to tell, and nobody else: who is
// woken asks the ledger. When every event woke everybody, a payment cost 45 times
// its own processor time with 200 merchants of 20 subscribers.
func (t telling) nudge(merchantID, subscriber string) {
	for _, s := range t.of(merchantID) {
		if s.Name == subscriber {
			s.ahead.lookAgain()
			nudge(s.due)
		}
	}
}

// wake lets a subscriber be told at once of what is due, even if it was paused:
// a person has decided so.
func (t telling) wake(merchantID, subscriber string) {
	for _, s := range t.of(merchantID) {
		if s.Name == subscriber {
			s.health.tryNow()
			s.ahead.lookAgain()
			nudge(s.due)
		}
	}
}

// nudge wakes whoever waits on the channel, and never waits itself.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// loud is a ledger that wakes the dispatcher when it has written events, and has
// those customers forgotten that are not as they were.
type loud struct {
	Ledger
	telling  *telling
	visitors *visitors
	clock    func() time.Time
}

// Apply has the events of a merchant who tells nobody spread as they are written:
// to find them afterwards and to mark them cost a tenth of a payment. Whoever has
// subscribed before an event was written is in the ledger by then (Subscribe), and
// what is left for such a one is found by the next round.
func (l loud) Apply(ctx context.Context, c Change) error {
	heard := len(l.telling.of(c.Payment.MerchantID)) > 0
	if !heard {
		c.HeardSince = l.clock().Add(-keptFor)
	}
	err := l.Ledger.Apply(ctx, c)
	if c.Charges != nil && errors.Is(err, ErrStale) {
		l.visitors.forget(nameOf(*c.Charges))
	}
	if err == nil && len(c.Events) > 0 && heard {
		nudge(l.telling.events)
	}
	return err
}

func (l loud) ApplyVault(ctx context.Context, c VaultChange) error {
	err := l.Ledger.ApplyVault(ctx, c)
	if c.Customer != nil {
		l.visitors.forget(nameOf(*c.Customer))
	}
	if err == nil && len(c.Events) > 0 {
		nudge(l.telling.events)
	}
	return err
}

func (l loud) KeepUnmatched(ctx context.Context, u UnmatchedTransaction, e *Event) error {
	err := l.Ledger.KeepUnmatched(ctx, u, e)
	if err == nil && e != nil {
		nudge(l.telling.events)
	}
	return err
}

// RunTelling spreads events and tells subscribers of them, until ctx is done.
// It returns when what is under way has ended. At every interval it asks for
// what other instances have left.
func (g *Gateway) RunTelling(ctx context.Context, every time.Duration) {
	var work sync.WaitGroup
	defer g.putAllBack(context.WithoutCancel(ctx))
	defer work.Wait()
	work.Go(func() { repeat(ctx, every, g.telling.events, g.spreadAll) })
	work.Go(func() { repeat(ctx, seeEvery, nil, g.see) })
	work.Go(func() { repeat(ctx, every, nil, g.wakeDue) })
	for _, t := range g.telling.to {
		work.Go(func() {
			defer t.work.Wait()
			t.rounds(ctx)
		})
	}
}

// wakeDue wakes the subscribers that have something due. One question for all of
// them costs as little as none while nothing is: 4,000 that each asked for
// themselves every two seconds took a tenth of a processor to hear nothing.
func (g *Gateway) wakeDue(ctx context.Context) {
	defer g.survive(func() {})
	due, err := g.ledger.DueSubscribers(ctx, g.clock())
	if ctx.Err() == nil {
		g.turn(part{name: partAsk}, "", err, toldLater)
	}
	for _, s := range due {
		g.telling.nudge(s.MerchantID, s.Name)
	}
}

// rounds does one at once, and one whenever the subscriber is woken.
func (t *teller) rounds(ctx context.Context) {
	for {
		t.round(ctx)
		select {
		case <-t.due:
		case <-ctx.Done():
			return
		}
	}
}

// repeat does something at once, then whenever it is woken and at every
// interval.
func repeat(ctx context.Context, every time.Duration, woken <-chan struct{}, do func(context.Context)) {
	for {
		do(ctx)
		wait := time.NewTimer(every)
		select {
		case <-woken:
		case <-wait.C:
		case <-ctx.Done():
		}
		wait.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// toldLater is what it means that the telling fails at a turn.
const toldLater = "changes of state are told later"

// spreadAll makes deliveries of all events that have none.
func (g *Gateway) spreadAll(ctx context.Context) {
	defer g.survive(func() {})
	for ctx.Err() == nil {
		n, err := g.spread(ctx)
		if errors.Is(err, ErrStale) {
			continue // another instance was faster
		}
		if ctx.Err() == nil {
			g.turn(part{name: partSpread}, "", err, toldLater)
		}
		if err != nil || n == 0 {
			return
		}
		if n < g.telling.spreadLimit() {
			// That was all. What was written since has woken the next round.
			if n >= many {
				rest(ctx, gather)
			}
			return
		}
	}
}

// rest waits, or until ctx is done.
func rest(ctx context.Context, d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

func (g *Gateway) spread(ctx context.Context) (int, error) {
	events, err := g.ledger.Unspread(ctx, g.telling.merchants, g.telling.spreadLimit())
	if err = g.readable(err); err != nil || len(events) == 0 {
		return 0, err
	}
	// Asked for after the events: who subscribed before one of them is there.
	kept := map[string][]Subscription{}
	var deliveries []Delivery
	for _, e := range events {
		of, known := kept[e.MerchantID]
		if !known {
			if of, err = g.ledger.SubscriptionsOf(ctx, e.MerchantID, g.clock().Add(-keptFor)); err != nil {
				return 0, err
			}
			kept[e.MerchantID] = of
		}
		deliveries = append(deliveries, g.deliveriesOf(e, of)...)
	}
	g.number(deliveries)
	return len(events), g.keep(ctx, events, deliveries)
}

// keep writes deliveries, some of them as taken, and hands them over.
func (g *Gateway) keep(ctx context.Context, events []Event, deliveries []Delivery) (err error) {
	kept := false
	defer func() {
		if !kept {
			g.notHandedOver(deliveries, err)
		}
	}()
	g.takeAhead(deliveries)
	if err = g.ledger.Spread(ctx, events, deliveries); err != nil {
		return err
	}
	kept = true
	g.handOver(deliveries)
	return nil
}

// spreadLimit is the fewer the more subscribers a merchant has.
func (t telling) spreadLimit() int {
	most := 1
	for _, of := range t.byMerchant {
		most = max(most, len(of))
	}
	return max(1, min(spreadAtOnce, deliveriesAtOnce/most))
}

// number gives deliveries ids in their order: those of one millisecond have none
// by themselves.
func (g *Gateway) number(deliveries []Delivery) {
	ids := make([]string, len(deliveries))
	for i := range ids {
		ids[i] = NewDeliveryID(g.clock())
	}
	slices.Sort(ids)
	for i, id := range ids {
		deliveries[i].ID = id
	}
}
