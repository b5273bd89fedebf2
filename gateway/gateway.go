package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// Config is all that a Gateway needs.
type Config struct {
	Ledger     Ledger
	Merchants  []Merchant
	Processors map[string]Processor // by merchant id
	// Secret keys the fingerprints. It has to stay the same for as long as
	// keys are to be recognised, and be shared by all instances on one ledger.
	Secret []byte
	// Instance names this process in the intents it writes.
	Instance string
	Now      func() time.Time
	Log      *slog.Logger
	// MaxInFlight bounds the operations under way at once.
	MaxInFlight int
	// Claims guards the keys in front of the ledger; nil is none.
	Claims Claims
	// Observer sees the road for metrics and traces; nil is none.
	Observer Observer
	// Retention says when what is finished leaves the ledger; the zero value is
	// never.
	Retention RetentionRules
	// Filer takes the settlement files; nil makes none.
	Filer SettlementFiler
	// Subscribers are told of changes.
	Subscribers []Subscriber
	// Jitter lengthens a wait between two attempts to tell a subscriber; nil is
	// up to a tenth.
	Jitter func(time.Duration) time.Duration
}

// Gateway carries out the verbs. Its methods may be called concurrently.
type Gateway struct {
	ledger     Ledger
	merchants  map[string]Merchant
	processors map[string]Processor
	secret     []byte
	instance   string
	now        func() time.Time
	log        *slog.Logger
	flights    *flights
	learning   chan struct{}
	finishing  chan struct{}
	duty       *duty
	claims     Claims // nil: none
	observer   Observer
	watching   watching
	visitors   *visitors
	telling    telling
	outages    outages
	retention  RetentionRules
	filer      SettlementFiler
	jitter     func(time.Duration) time.Duration
	// reporting has a place for one settlement report of each merchant.
	reporting map[string]chan struct{}
	// unwritten says that the ledger has not taken the last intent, so that keys
	// are looked up first, and repeats answered, whatever the claims say.
	unwritten atomic.Bool
	// misjudged is when a key was last presumed new that was not, in microseconds.
	misjudged atomic.Int64
}

const (
	// askAgain is what a caller is told to wait before it asks again.
	askAgain = 2 * time.Second
)

// New returns a Gateway. It starts nothing by itself.
func New(c Config) *Gateway {
	g := &Gateway{
		processors: c.Processors, secret: c.Secret, instance: c.Instance,
		now: c.Now, log: c.Log, merchants: map[string]Merchant{}, flights: newFlights(c.MaxInFlight),
		learning: make(chan struct{}, learnAtOnce), finishing: make(chan struct{}, finishAtOnce), duty: newDuty(),
		claims: c.Claims, observer: c.Observer, watching: newWatching(), jitter: c.Jitter, visitors: newVisitors(),
		retention: c.Retention, filer: c.Filer, reporting: map[string]chan struct{}{},
	}
	g.telling = newTelling(g, c.Subscribers)
	g.ledger = loud{c.Ledger, &g.telling, g.visitors, g.clock}
	if g.jitter == nil {
		g.jitter = upToATenth
	}
	if g.observer == nil {
		g.observer = unobserved{}
	}
	for _, m := range c.Merchants {
		g.merchants[m.ID] = m
		g.reporting[m.ID] = make(chan struct{}, 1)
		g.telling.merchants = append(g.telling.merchants, m.ID)
	}
	return g
}

// Answer is what a money verb returns: the payment, and the operation that the
// caller's key made.
type Answer struct {
	Payment     Payment
	OperationID string
	// Replayed says that the key had been used before.
	Replayed bool
	// KeyClosed says that a cancelled key had never been used; there is no
	// payment then.
	KeyClosed bool
}

// Operation is the operation that the key made.
func (a Answer) Operation() Operation {
	op, _ := a.Payment.Operation(a.OperationID)
	return op
}

// run is the road of one money request, from its key to its durable answer.
// The numbers are the stations in docs/life-of-a-payment.md.
func (g *Gateway) run(ctx context.Context, v verb) (Answer, error) {
	d, err := inBudgetThen(ctx, g, func() (*departure, func(), error) { return g.depart(ctx, v) })
	switch {
	case err != nil:
		return Answer{}, err
	case d.flight == nil:
		return d.answer, nil
	}
	if d.lands(ctx) {
		return d.landed(), nil
	}
	return d.answer, nil
}

// depart goes as far as the durable intent. What is left to do then, the sending,
// is its second result.
func (g *Gateway) depart(ctx context.Context, v verb) (d *departure, fly func(), err error) {
	defer func() {
		if fly == nil { // otherwise it is the flight's
			v.done()
		}
	}()
	held, err := station(ctx, g, StageClaim, v.merchant.ID, func(ctx context.Context) (held, error) { return g.hold(ctx, v) }) // 3
	if err != nil {
		return nil, nil, err
	}
	if held.answer != nil {
		return &departure{answer: *held.answer}, nil, nil
	}
	presumed := g.presumes(v, held)
	d, err = settle(func() (*departure, error) {
		defer func() { presumed = false }()
		return g.attempt(ctx, v, presumed)
	})
	if err != nil {
		held.finish(nil, err)
		return nil, nil, err
	}
	if d.flight == nil {
		held.finish(d, nil)
		return d, nil, nil
	}
	return d, func() {
		g.fly(context.WithoutCancel(ctx), &v, d) // 7 8 9
		held.finish(d, nil)
	}, nil
}

// attempt is one try. One that presumes its key to be new gives no answer but its
// own payment's: see presumption.go.
func (g *Gateway) attempt(ctx context.Context, v verb, presumed bool) (*departure, error) {
	bound, err := g.lookUp(ctx, v, presumed) // 3
	if err != nil {
		return nil, err
	}
	if bound != nil && !bound.operation().Continuable() {
		v.done()
		return &departure{answer: g.repeat(ctx, v, *bound)}, nil
	}
	flight, err := g.flights.board() // bounded, before anything is written
	if err != nil {
		return nil, refusal(err, presumed)
	}
	defer flight.leaveUnlessDeparted()
	change, err := station(ctx, g, StageDecide, v.merchant.ID, func(ctx context.Context) (Change, error) { return v.decide(ctx, bound) }) // 4 5
	if err != nil && !presumed && g.preceded(ctx, v, bound) {
		return nil, ErrStale
	}
	if err != nil {
		return nil, refusal(err, presumed)
	}
	if err := g.writeIntent(ctx, change, flight, NotSent); err != nil { // 6
		return nil, g.unwrittenIntent(ctx, v, change.operation(), presumed, err)
	}
	answer := Answer{Payment: change.Payment, OperationID: change.Operation, Replayed: bound != nil}
	if answer.Operation().Status != OpSending {
		return &departure{answer: answer}, nil
	}
	flight.depart(change.Operation)
	return &departure{answer: answer, change: change, flight: flight}, nil
}

// writeIntent makes the intent durable. When the ledger cannot say whether it
// kept it, the intent is not sent, and what it becomes instead is written as
// soon as the ledger can be written again.
func (g *Gateway) writeIntent(ctx context.Context, change Change, f *flight, instead Outcome) error {
	_, err := station(ctx, g, StageIntent, change.Payment.MerchantID, func(ctx context.Context) (Change, error) {
		return change, g.ledger.Apply(ctx, change)
	})
	if err == nil || errors.Is(err, ErrStale) || errors.Is(err, ErrKeyTaken) {
		g.unwritten.Store(false)
		return err
	}
	g.unwritten.Store(true)
	if op, _ := change.Payment.Operation(change.Operation); op.Status == OpSending {
		f.depart(op.ID)
		go func() {
			defer f.leave()
			defer g.survive(f.abandon)
			f.land(g.takeBack(context.WithoutCancel(ctx), change, instead))
		}()
	}
	return unavailable(err)
}

// claim looks the key up: nil when it is free, an error when it was given up
// or belongs to another request.
func (g *Gateway) claim(ctx context.Context, v verb) (*KeyRecord, error) {
	record, err := g.ledger.Key(ctx, v.merchant.ID, v.key)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, uncertain(unavailable(err))
	}
	if record.Closed() {
		return nil, refuse(CodeKeyCancelled, "this idempotency key was given up before the request came; use a new key")
	}
	if !bytes.Equal(record.Fingerprint, v.fingerprint) {
		return nil, keyReused()
	}
	if _, err := record.payment(v.merchant); err != nil {
		return nil, uncertain(err)
	}
	if record.operation().GivenUp() {
		return nil, refuse(CodeKeyCancelled, "this idempotency key was given up; use a new key")
	}
	return &record, nil
}

// preceded says that another request with the key has come first since it was
// looked up. What is refused now may be what that one has done, and its answer is
// the key's.
func (g *Gateway) preceded(ctx context.Context, v verb, bound *KeyRecord) bool {
	now, err := g.ledger.Key(ctx, v.merchant.ID, v.key)
	if err != nil || now.Payment == nil {
		return false
	}
	return bound == nil || !now.operation().Continuable()
}

func (g *Gateway) write(ctx context.Context, change Change) error {
	err := g.ledger.Apply(ctx, change)
	if err == nil || errors.Is(err, ErrStale) || errors.Is(err, ErrKeyTaken) || errors.Is(err, ErrTransactionTaken) {
		return err
	}
	return unavailable(err)
}

func (g *Gateway) merchant(id string) (Merchant, error) {
	m, ok := g.merchants[id]
	if !ok {
		return Merchant{}, refuse(CodeNotFound, "no such merchant")
	}
	return m, nil
}

func (g *Gateway) moment() moment {
	return moment{now: g.clock(), sender: g.instance, intentID: rand.Text()}
}

// clock is the time as it is recorded: UTC, to the microsecond that every
// ledger can hold, so that what is read back is what was answered.
func (g *Gateway) clock() time.Time { return g.now().UTC().Truncate(time.Microsecond) }
