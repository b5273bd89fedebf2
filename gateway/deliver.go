package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

const (
	// deliverAtMost is the age at which an event is a dead letter whose sink
	// would still be patient.
	deliverAtMost = 8 * 24 * time.Hour
	// afterAtMost bounds what a subscriber may ask to be left alone.
	afterAtMost = 24 * time.Hour
	// patienceAtLeast keeps a sink that says no time from being asked at once.
	patienceAtLeast = time.Second
	// stopGrace is what a telling that is under way still gets when the process
	// stops.
	stopGrace = 5 * time.Second
	// stateFor is how long the state of a subscriber is believed.
	stateFor = 10 * time.Second
)

// upToATenth spreads tries that failed together.
func upToATenth(d time.Duration) time.Duration {
	if d < 10 {
		return d
	}
	return d + rand.N(d/10)
}

// round takes up what is due, as far as there is room.
func (t *teller) round(ctx context.Context) {
	defer t.gateway.survive(func() {})
	for ctx.Err() == nil {
		now := t.gateway.clock()
		room, tries := t.health.allow(now, t.busy(), t.AtOnce)
		paused := !t.health.pausedUntil(now).IsZero()
		if paused || (room > 0 && t.isDisabled(ctx)) {
			t.putBack(ctx)
			return
		}
		if room <= 0 || t.unwrittenYet() >= unwrittenAtMost {
			return
		}
		taken := t.fetch(ctx, room, tries)
		if len(taken) == 0 {
			return
		}
		t.begin(ctx, taken)
	}
}

func (t *teller) busy() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.underWay
}

func (t *teller) unwrittenYet() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.unwritten
}

// isDisabled reads again, now and then, whether the subscriber is gone: another
// instance may have been told.
func (t *teller) isDisabled(ctx context.Context) bool {
	now := t.gateway.clock()
	t.mu.Lock()
	fresh, disabled := now.Sub(t.readAt) < stateFor && !t.readAt.IsZero(), t.disabled
	t.mu.Unlock()
	if fresh {
		return disabled
	}
	state, err := t.gateway.ledger.SubscriberState(ctx, t.MerchantID, t.LiveMode, t.Name)
	if err != nil {
		return true // who cannot be asked is not told
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.disabled, t.readAt = !state.DisabledAt.IsZero(), now
	return t.disabled
}

// forget has the subscriber's state read anew.
func (t *teller) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.readAt = time.Time{}
}

// limit is how many deliveries may be taken. Where the sink tells of several at
// once one call needs room for one; a call that tries puts few events at risk.
func (t *teller) limit(room int, tries bool) int {
	many, ok := t.Sink.(Batcher)
	switch {
	case ok && tries:
		return min(room, many.BatchLimit())
	case ok:
		return many.BatchLimit()
	default:
		return room
	}
}

// begin tells in goroutines of their own, one for each delivery, or one for all
// that go in one call.
func (t *teller) begin(ctx context.Context, taken []Delivery) {
	if _, ok := t.Sink.(Batcher); ok {
		t.start(ctx, taken)
		return
	}
	for _, d := range taken {
		t.start(ctx, []Delivery{d})
	}
}

func (t *teller) start(stopping context.Context, taken []Delivery) {
	t.count(1, 0)
	t.work.Go(func() {
		called := sync.OnceFunc(func() {
			t.count(-1, 1)
			nudge(t.due)
		})
		defer func() {
			called()
			t.ahead.release(taken, t.count(0, -1))
			nudge(t.due)
		}()
		defer t.gateway.survive(func() {})
		t.tell(stopping, taken, called)
	})
}

// count counts calls under way, and those that are over but not written down. It
// says whether there are neither.
func (t *teller) count(calls, unwritten int) (idle bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.underWay += calls
	t.unwritten += unwritten
	return t.underWay+t.unwritten == 0
}

// tell tells of what was taken, and writes down what came of it. Another call has
// room from called on, which comes early where nothing else follows: to wait for
// the ledger's commits as well would have a subscriber told of far fewer.
func (t *teller) tell(stopping context.Context, taken []Delivery, called func()) {
	g := t.gateway
	began := g.clock()
	if began.After(taken[0].Due.Add(-t.Deadline)) {
		return // the process has slept: another one may have it by the time this one ends
	}
	verdicts, calls := t.ask(stopping, taken)
	ctx := context.WithoutCancel(stopping)
	ended := g.clock()
	t.ahead.heard(ended.Sub(began))
	if !ended.After(taken[0].Due) {
		t.learn(ctx, calls, ended)
	}
	if len(verdicts) == 1 && verdicts[0].Outcome == Told {
		called()
	}
	var all []outcome
	for i, d := range taken {
		if ended.After(d.Due) {
			t.late(d)
			continue
		}
		v := g.overtaken(ctx, d, verdicts[i])
		v.Attention = strings.ReplaceAll(v.Attention, "; ", ", ") // reasons are kept with that between them
		next := d.after(v, t.Schedule, g.jitter, Attempt{At: began, Took: ended.Sub(began), By: g.instance}, ended)
		all = append(all, outcome{Delivery: next, verdict: v})
	}
	t.told(ctx, all)
}

// overtaken makes a wait that has lost its reason an end: the event's payment has
// been undone meanwhile, and nobody has to look for its order any more.
func (g *Gateway) overtaken(ctx context.Context, d Delivery, v Verdict) Verdict {
	if !v.IfHeld || v.Outcome == Told || d.Event.PaymentID == "" {
		return v
	}
	p, err := g.ledger.Payment(ctx, d.MerchantID, d.Event.PaymentID)
	if err != nil || p.HoldsMoney() {
		return v
	}
	return Verdict{Outcome: Told, StatusCode: v.StatusCode, Detail: "overtaken: the payment is " + string(p.Status) + " by now and holds no money; before that: " + v.Detail}
}

var errOutlasted = errors.New("the attempt outlasted its time")

// late is what came of an attempt that took longer than anybody may hold a
// delivery. Another process has it, or will: what this one knows has no
// consequence any more.
func (t *teller) late(d Delivery) {
	t.notRecorded(d, errOutlasted)
}

// ask calls the sink, for several at once where it can. When that fails as a
// whole, each is told by itself, so that one event which the sink cannot bear
// takes no others with it. It also returns what each call has said of the
// subscriber's health, which is less than the verdicts where one call gave many.
func (t *teller) ask(stopping context.Context, taken []Delivery) (verdicts, calls []Verdict) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stopping), t.Deadline)
	defer cancel()
	defer context.AfterFunc(stopping, func() { time.AfterFunc(stopGrace, cancel) })()
	if many, ok := t.Sink.(Batcher); ok && len(taken) > 1 {
		verdicts := guarded(len(taken), func() []Verdict { return many.DeliverAll(ctx, taken) })
		if len(verdicts) == len(taken) {
			return verdicts, []Verdict{ofOneCall(verdicts)}
		}
	}
	for _, d := range taken {
		verdicts = append(verdicts, guarded(1, func() []Verdict { return []Verdict{t.Sink.Deliver(ctx, d)} })...)
	}
	return verdicts, verdicts
}

// guarded makes a panic in a sink a failure like any other: of one delivery its
// verdict, of several none. A panic's value may hold what nobody may read.
func guarded(n int, ask func() []Verdict) (verdicts []Verdict) {
	defer func() {
		if r := recover(); r != nil {
			verdicts = nil
			if n == 1 {
				verdicts = []Verdict{{Outcome: Later, Detail: fmt.Sprintf("panic in the sink: %T; please report this", r)}}
			}
		}
	}()
	return ask()
}

// after is the delivery after an attempt: told, due again, or a dead letter.
func (d Delivery) after(v Verdict, schedule []time.Duration, jitter func(time.Duration) time.Duration, a Attempt, now time.Time) Delivery {
	a.Outcome, a.StatusCode, a.Detail, a.Attention = v.Outcome, v.StatusCode, v.Detail, v.Attention
	a.Number = d.Attempts
	next := d.noted(a)
	next.UpdatedAt = now
	wait := min(v.After, afterAtMost)
	switch {
	case v.Outcome == Told:
		next.Status, next.Due = DeliveryDone, time.Time{}
		return next
	case v.Outcome == Dead, v.Patient && now.Sub(d.since()) > deliverAtMost:
		next.Status, next.Due = DeliveryDead, time.Time{}
		return next
	case v.Patient:
		next.Due = now.Add(max(wait, patienceAtLeast))
		return next
	}
	next.Failures++
	if next.Failures > len(schedule) {
		next.Status, next.Due = DeliveryDead, time.Time{}
		return next
	}
	next.Due = now.Add(max(wait, jitter(schedule[next.Failures-1])))
	return next
}
