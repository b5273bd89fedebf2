package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// flight is one operation on its way to the processor and back. It outlives
// the caller: whoever asks for it meanwhile waits on the same flight.
type flight struct {
	of          *flights
	operationID string
	landed      chan struct{}
	payment     Payment // readable once landed
}

// flights are those of this process, bounded.
type flights struct {
	mu      sync.Mutex
	air     map[string]*flight
	aboard  int
	max     int
	closed  bool
	drained chan struct{}
}

func newFlights(max int) *flights {
	return &flights{air: map[string]*flight{}, max: max, drained: make(chan struct{})}
}

// board takes a place, before the intent is written: an intent that cannot be
// sent would leave the caller with an unknown for nothing.
func (f *flights) board() (*flight, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, refuse(CodeStopping, "the gateway is stopping; nothing was sent, repeat with the same key").retry(askAgain)
	}
	if f.aboard >= f.max {
		return nil, refuse(CodeOverloaded, "too many operations are under way; nothing was sent, repeat with the same key").retry(askAgain)
	}
	f.aboard++
	return &flight{of: f, landed: make(chan struct{})}, nil
}

// leaveUnlessDeparted gives the place back that was not needed.
func (f *flight) leaveUnlessDeparted() {
	if f.operationID == "" {
		f.leave()
	}
}

func (f *flight) depart(operationID string) {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	f.operationID = operationID
	f.of.air[operationID] = f
}

// land lets the waiting callers go; the place is kept until leave.
func (f *flight) land(p Payment) {
	f.payment = p
	close(f.landed)
}

// abandon lets the callers go with what they have.
func (f *flight) abandon() {
	select {
	case <-f.landed:
	default:
		close(f.landed)
	}
}

func (f *flight) leave() {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	// The next flight of the same operation may have departed already.
	if f.of.air[f.operationID] == f {
		delete(f.of.air, f.operationID)
	}
	f.of.aboard--
	f.of.drainedLocked()
}

func (f *flights) drainedLocked() {
	if f.closed && f.aboard == 0 {
		close(f.drained)
	}
}

func (f *flights) find(operationID string) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.air[operationID]
}

func (f *flights) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.aboard
}

// Stop takes no new operations and returns when those under way have landed,
// or with ctx's error.
func (g *Gateway) Stop(ctx context.Context) error {
	g.flights.mu.Lock()
	if !g.flights.closed {
		g.flights.closed = true
		g.flights.drainedLocked()
	}
	g.flights.mu.Unlock()
	select {
	case <-g.flights.drained:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d operations were still under way; they will be found unknown and looked up: %w",
			g.flights.count(), ctx.Err())
	}
}

// fly sends the operation and records what became of it. What stands on its stack
// while it waits for PayTrace are pointers: with 3,000 payments under way at a slow
// PayTrace the stacks are most of the program's memory, and copies were most of the
// stacks. It uses 10 KB of 16 so; with copies it used 13.5, and had to have 32 to read
// the answer, which took 2 % of a payment's processor time.
func (g *Gateway) fly(ctx context.Context, v *verb, d *departure) {
	defer d.flight.leave()
	defer g.survive(d.flight.abandon)
	defer v.done()
	departed := g.clock()
	g.send(ctx, v, d)
	g.arrive(ctx, v, d, departed)
}

// arrive records what came of the sending, and lets those go who wait for it.
func (g *Gateway) arrive(ctx context.Context, v *verb, d *departure, departed time.Time) {
	p, f := d.change.Payment, d.flight
	op, _ := p.Operation(d.change.Operation)
	p, _ = station(ctx, g, StageRecord, p.MerchantID, func(ctx context.Context) (Payment, error) { return g.record(ctx, p, op, d.result) })
	g.observe(p, op.ID, ByAnswer)
	g.logOperation(p, op.ID, d.result, g.clock().Sub(departed))
	p = g.followUp(ctx, v.merchant, p, op.ID)
	f.land(p)
	g.learnCard(ctx, v.merchant, p, op.ID)
}

// send leaves what the processor has answered in the departure.
func (g *Gateway) send(ctx context.Context, v *verb, d *departure) {
	defer v.done() // recording the answer may take long, and needs no card
	ctx, leave := g.observer.Stage(ctx, StageProcessor, d.change.Payment.MerchantID)
	sheltered(ctx, v.merchant.CallDeadline, &d.result, func(ctx context.Context) { g.call(ctx, v, d) })
	leave(d.result.failure())
}

// call looks at the transaction when the answer is contested. A bank payment
// cannot be looked at: it is for a person.
func (g *Gateway) call(ctx context.Context, v *verb, d *departure) {
	p, processor := &d.change.Payment, g.processors[v.merchant.ID]
	op := d.change.operation()
	d.result = v.call(ctx, processor, p, op)
	if d.result.Contested && !p.ACH() {
		d.contested(ctx, processor, p, op)
	}
}

func (d *departure) contested(ctx context.Context, processor Processor, p *Payment, op *Operation) {
	seen, err := processor.Transaction(ctx, p.TransactionID)
	if err != nil {
		d.result.Detail += "; the look at the transaction failed: " + err.Error()
		return
	}
	d.result = judge(*op, seen, true)
}

// sheltered gives a call of the processor its deadline. A panic says nothing about
// what has left. Its value may hold what nobody may read, so only its type is
// told.
func sheltered(ctx context.Context, deadline time.Duration, result *Result, call func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			*result = Result{Outcome: Unknown, Detail: fmt.Sprintf("panic in the processor's client: %T", r)}
		}
	}()
	call(ctx)
}

// recordDelays are the waits between attempts to record an answer. Money has
// moved by then: giving up early would leave an unknown that need not be one.
var recordDelays = []time.Duration{
	20 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond,
	2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second,
}

// record makes the answer durable. It returns the payment as it is known to
// stand in the ledger, which is still the intent when recording failed.
func (g *Gateway) record(ctx context.Context, p Payment, sent Operation, r Result) (Payment, error) {
	for attempt := 0; ; attempt++ {
		change, err := conclude(p, sent, r, g.clock())
		if errors.Is(err, errDecided) {
			return p, nil
		}
		if err == nil {
			err = g.ledger.Apply(ctx, change)
		}
		if err == nil {
			return change.Payment, nil
		}
		if errors.Is(err, ErrTransactionTaken) {
			r = Result{Outcome: Unknown, Detail: "PayTrace answered with transaction " + r.TransactionID + ", which is another payment's"}
			continue
		}
		if errors.Is(err, ErrStale) && attempt < tries {
			if fresh, err := g.ledger.Payment(ctx, p.MerchantID, p.ID); err == nil {
				p = fresh
				continue
			}
		}
		if attempt >= len(recordDelays) {
			g.log.Error("payment.not_recorded", "merchant", p.MerchantID, "payment", p.ID, "operation", sent.ID,
				"outcome", r.Outcome, "transaction", r.TransactionID, "reference", p.Reference, "error", err,
				"consequence", "the operation stays unknown until it is looked up at PayTrace")
			return p, err
		}
		time.Sleep(recordDelays[attempt])
	}
}

// takeBack takes an intent back that the ledger may have kept, or may keep yet: a
// commit can become visible long after its caller was told that it is lost. So what
// it becomes instead is written in its place, on the same version and with the same
// key. That waits for the other's transaction, and the ledger keeps one of the two;
// that nothing is to be seen of the intent proves nothing.
func (g *Gateway) takeBack(ctx context.Context, lost Change, instead Outcome) Payment {
	p, intent := lost.Payment, *lost.operation()
	r := Result{Outcome: instead, Detail: "its intent could not be written"}
	var err error
	for _, delay := range recordDelays {
		time.Sleep(delay)
		var change Change
		if change, err = inPlaceOf(lost, intent, r, g.clock()); err != nil {
			break
		}
		if err = g.ledger.Apply(ctx, change); err == nil {
			return change.Payment
		}
		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrKeyTaken) {
			continue
		}
		var kept Payment
		if kept, err = g.ledger.Payment(ctx, p.MerchantID, p.ID); err == nil {
			kept, _ = g.record(ctx, kept, intent, r)
			return kept
		}
		if errors.Is(err, ErrNotFound) {
			return p // another request has the key
		}
	}
	g.log.Error("payment.not_recorded", "merchant", p.MerchantID, "payment", p.ID, "operation", intent.ID,
		"outcome", instead, "reference", p.Reference, "error", err,
		"consequence", "if the ledger has kept its intent, the operation stays unknown until it is looked up at PayTrace")
	return p
}

// inPlaceOf is what becomes of an intent in the place of the intent itself, with
// all that was to be told with it. It charges no card, so that the card's customer
// need not be as it was.
func inPlaceOf(lost Change, intent Operation, r Result, now time.Time) (Change, error) {
	change, err := conclude(lost.Payment, intent, r, now)
	change.Base, change.Binds = lost.Base, lost.Binds
	change.Events = append(slices.Clone(lost.Events), change.Events...)
	return change, err
}

// logOperation writes a payment's own line. Attributes are of their own types: as
// values of any, their names in other types went through encoding/json each.
func (g *Gateway) logOperation(p Payment, operationID string, r Result, took time.Duration) {
	op, _ := p.Operation(operationID)
	level := slog.LevelInfo
	if r.Outcome == Unknown || r.Outcome == Rejected || r.Outcome == waits {
		level = slog.LevelWarn
	}
	g.log.LogAttrs(context.Background(), level, "payment.operation", slog.String("merchant", p.MerchantID), slog.String("payment", p.ID),
		slog.String("order", p.OrderID), slog.String("operation", op.ID), slog.String("kind", string(op.Kind)),
		slog.String("amount", op.Amount.String()), slog.String("outcome", string(r.Outcome)), slog.String("status", string(p.Status)),
		slog.String("transaction", op.TransactionID), slog.String("processedAs", string(op.ProcessedAs)),
		slog.String("reference", p.Reference), slog.String("detail", r.Detail), slog.Duration("took", took))
}
