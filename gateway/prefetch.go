package gateway

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Deliveries are taken ahead of their telling: by the very write that makes them,
// or many at once out of the ledger. One that had to be looked for and taken by
// itself, when there was room for it, was read once more and cost a commit.

const (
	// aheadAtMost bounds what is taken ahead for one subscriber, and aheadFor what
	// of it a process that dies leaves to its lease: no more is taken than can be
	// told within that, going by the last call. With 64 nine of ten deliveries of a
	// crowd of 64 callers found no space, and were read and taken one write later.
	aheadAtMost = 256
	aheadFor    = time.Second
	// lookFirst is for how long nothing is taken while it is made after one could
	// not be: the ledger then writes a whole group again.
	lookFirst = time.Second
	// unwrittenAtMost bounds the calls that are over and not written down: what was
	// told is told again by the next process if this one dies now.
	unwrittenAtMost = 64
)

// prefetch is what one teller has taken and not begun to tell, oldest first.
type prefetch struct {
	mu    sync.Mutex
	ahead []Delivery
	// lanes are those of what is ahead or under way. One is awaited when a delivery
	// was left in the ledger because of it.
	lanes map[string]bool
	// look says that the ledger may have more that is due.
	look bool
	// took is how long the last call took.
	took time.Duration
}

// heldLane is the lane as it is held: a delivery without one has its queue's.
func heldLane(d Delivery) string { return cmp.Or(d.Lane, d.Event.Queue()) }

// lookAgain has the ledger be looked at when there is room.
func (p *prefetch) lookAgain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look = true
}

// looks says whether the ledger is to be looked at now, and takes that for done.
// It is not for a few: one look for many costs little more.
func (p *prefetch) looks(space int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	look := p.look && space > 0 && len(p.ahead) <= space
	p.look = p.look && !look
	return look
}

// behind says that the ledger may have something that is due.
func (p *prefetch) behind() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.look
}

// hold keeps the lane for a delivery that is about to be taken. It says no when
// another has it, and then has the ledger be looked at once that lets it go.
func (p *prefetch) hold(d Delivery) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	lane := heldLane(d)
	_, held := p.lanes[lane]
	p.lanes[lane] = held
	return !held
}

// release lets lanes go. What waited for one of them is in the ledger. So may be
// what another instance made behind one of these, for which this one looks when
// it has nothing else to do.
func (p *prefetch) release(deliveries []Delivery, idle bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range deliveries {
		p.letGo(d)
	}
	p.look = p.look || (idle && len(p.ahead) == 0)
}

func (p *prefetch) letGo(d Delivery) {
	p.look = p.look || p.lanes[heldLane(d)]
	delete(p.lanes, heldLane(d))
}

// add has deliveries wait that were taken.
func (p *prefetch) add(taken ...Delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ahead = append(p.ahead, taken...)
}

// next are the first deliveries. One that has waited for so long that another
// process might have it before it is told is left to that.
func (p *prefetch) next(limit int, now time.Time, deadline time.Duration) []Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	var next []Delivery
	for len(p.ahead) > 0 && len(next) < limit {
		d := p.ahead[0]
		p.ahead[0] = Delivery{} // its event holds a payment
		p.ahead = p.ahead[1:]
		if now.After(d.Due.Add(-deadline)) {
			p.letGo(d)
			continue
		}
		next = append(next, d)
	}
	return next
}

// drop forgets all that is ahead, and returns it.
func (p *prefetch) drop() []Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	dropped := p.ahead
	p.ahead = nil
	return dropped
}

// heard notes how long a call took.
func (p *prefetch) heard(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took = took
}

// space is how many may be taken ahead beside what is and what is under way.
func (p *prefetch) space(atOnce, underWay int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := atOnce
	if p.took > 0 {
		most = max(atOnce, int(min(aheadAtMost, time.Duration(atOnce)*aheadFor/p.took)))
	}
	return max(0, most-len(p.ahead)-underWay)
}

// space is how many deliveries may be taken ahead. Where one call tells of many
// they are those of one call.
func (t *teller) space() int {
	if many, ok := t.Sink.(Batcher); ok {
		return t.ahead.space(many.BatchLimit(), 0)
	}
	return t.ahead.space(t.AtOnce, t.busy())
}

// ready says that nothing speaks against telling the subscriber at once: it is not
// known to be disabled or unwell, and nothing older waits in the ledger for it.
func (t *teller) ready() bool {
	t.mu.Lock()
	enabled := !t.readAt.IsZero() && !t.disabled
	t.mu.Unlock()
	return enabled && t.health.isWell() && !t.ahead.behind()
}

// takeAhead has those deliveries be made as taken for which their subscribers have
// space.
func (g *Gateway) takeAhead(deliveries []Delivery) {
	now := g.clock()
	if now.UnixMicro()-g.telling.refused.Load() < lookFirst.Microseconds() {
		return
	}
	space := map[*teller]int{}
	for i := range deliveries {
		d := &deliveries[i]
		t := g.telling.tellerOf(*d)
		if t == nil {
			continue
		}
		if _, asked := space[t]; !asked {
			space[t] = 0
			if t.ready() {
				space[t] = t.space()
			}
		}
		if space[t] > 0 && t.ahead.hold(*d) {
			space[t]--
			d.Attempts, d.Due, d.UpdatedAt = 1, now.Add(t.Deadline+staleAfter), now
		}
	}
}

// tellerOf is who tells the delivery here, nil where nobody does.
func (t telling) tellerOf(d Delivery) *teller {
	for _, one := range t.of(d.MerchantID) {
		if one.Name == d.Subscriber && one.LiveMode == d.LiveMode && !d.Unlaned {
			return one
		}
	}
	return nil
}

// handOver gives what was made to those who tell it. They look for what they have
// not got. Each gets all of it at once, and before anybody is woken: who tells of
// many in one call would begin with the first alone.
func (g *Gateway) handOver(deliveries []Delivery) {
	taken := map[*teller][]Delivery{}
	for _, d := range deliveries {
		if t := g.telling.tellerOf(d); t != nil && d.Attempts > 0 {
			taken[t] = append(taken[t], d)
		}
	}
	for t, theirs := range taken {
		t.ahead.add(theirs...)
	}
	for _, d := range deliveries {
		if t := g.telling.tellerOf(d); t != nil && d.Attempts > 0 {
			nudge(t.due)
			continue
		}
		g.telling.nudge(d.MerchantID, d.Subscriber)
	}
}

// notHandedOver lets the lanes go of what was not made after all.
func (g *Gateway) notHandedOver(deliveries []Delivery, err error) {
	for _, d := range deliveries {
		if d.Attempts == 0 {
			continue
		}
		if errors.Is(err, ErrStale) {
			g.telling.refused.Store(g.clock().UnixMicro())
		}
		g.telling.tellerOf(d).ahead.release([]Delivery{d}, false)
	}
}

// putBack gives back what was taken ahead and is not told: the subscriber is to be
// left alone, or the process ends. What cannot be given back has its time.
func (t *teller) putBack(ctx context.Context) {
	dropped := t.ahead.drop()
	if len(dropped) == 0 {
		return
	}
	defer t.ahead.release(dropped, false)
	now := t.gateway.clock()
	back := slices.Clone(dropped)
	for i, d := range dropped {
		d.Attempts--
		d.Version++
		d.Due, d.UpdatedAt = d.CreatedAt, now
		back[i] = d
	}
	t.gateway.ledger.SaveDeliveries(ctx, back)
}

// putAllBack is the end of the telling. It takes no longer than what is under way
// may.
func (g *Gateway) putAllBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	for _, t := range g.telling.to {
		t.putBack(ctx)
	}
}

// fetch returns deliveries that are taken, as many as there is room for. What is
// due in the ledger joins those that are ahead first, as far as there is space.
func (t *teller) fetch(ctx context.Context, room int, tries bool) []Delivery {
	limit, most := t.limit(room, tries), t.space()
	if tries {
		most = min(most, limit)
	}
	if t.ahead.looks(most) {
		taken, err := t.take(ctx, most)
		if ctx.Err() == nil {
			t.gateway.turn(part{partTake, t.MerchantID}, t.Name, err, toldLater)
		}
		t.ahead.add(taken...)
	}
	return t.ahead.next(limit, t.gateway.clock(), t.Deadline)
}

// take takes due deliveries.
func (t *teller) take(ctx context.Context, limit int) (taken []Delivery, err error) {
	g, now := t.gateway, t.gateway.clock()
	due, err := g.ledger.DueDeliveries(ctx, t.Subscriber, now, limit)
	if err = g.readable(err); err != nil || len(due) == 0 {
		return nil, err
	}
	if len(due) == limit {
		t.ahead.lookAgain() // there may be more
	}
	for i, d := range due {
		if d.Unlaned {
			due[i].Lane = t.laneOf(d.Event)
		}
	}
	due = slices.DeleteFunc(due, func(d Delivery) bool { return !t.ahead.hold(d) })
	if len(due) == 0 {
		return nil, nil
	}
	// What is not taken another instance has, or its lane.
	defer func() { t.ahead.release(without(due, taken), false) }()
	return g.ledger.TakeDeliveries(ctx, due, now, now.Add(t.Deadline+staleAfter))
}

// without leaves out what was taken, in the order in which it was asked for.
func without(due, taken []Delivery) []Delivery {
	return slices.DeleteFunc(due, func(d Delivery) bool {
		found := len(taken) > 0 && taken[0].ID == d.ID
		if found {
			taken = taken[1:]
		}
		return found
	})
}
