package gateway

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Every operation that wants something done later says when: its Due time is
// the only thing that the jobs of all instances look for. To take a piece of
// work up, an instance moves Due ahead; of two that try, the ledger's version
// lets one through, and the work of one that dies is due again by itself.

const (
	// dueLimit bounds the payments of one merchant that one round looks at,
	// dueAtOnce those that are worked on at a time.
	dueLimit  = 256
	dueAtOnce = 8
	// removeAtOnce are the hands that delete a merchant's stored cards. Nobody waits
	// for that, and hundreds may be due at once: no payment whose answer was lost
	// stands behind them.
	removeAtOnce = 2
	// undoEvery is how often the undoing of a payment that was given up is
	// tried again.
	undoEvery = 10 * time.Second
	// sendWaitingEvery is how often a refund that waits asks whether its
	// payment is settled.
	sendWaitingEvery = time.Hour
	// waitingAtMost is the age at which a refund that still waits is shown to
	// an operator.
	waitingAtMost = 3 * 24 * time.Hour
)

// lookAfter are the waits between the looks for an unknown operation; the last
// one repeats.
var lookAfter = []time.Duration{
	10 * time.Second, 20 * time.Second, 90 * time.Second, 8 * time.Minute, 50 * time.Minute, time.Hour,
}

func nextLook(looks int) time.Duration { return lookAfter[min(looks, len(lookAfter)-1)] }

// duty is the work that this process has in hand.
type duty struct {
	mu sync.Mutex
	// taken are payments, and changes of the vault.
	taken map[string]bool
	// hands are those of each merchant: one whose processor hangs holds nobody
	// else up.
	hands map[crew]chan struct{}
	// enhancing are the lanes of enhanced data, for each merchant.
	enhancing map[string]*enhancingLane
	work      sync.WaitGroup
	// unreadable is what would be due and cannot be read.
	unreadable unworkables
}

// crew is whose hands do a piece of work.
type crew struct {
	merchantID string
	// removes says that they delete stored cards, and do nothing else.
	removes bool
}

func (c crew) hands() chan struct{} {
	if c.removes {
		return make(chan struct{}, removeAtOnce)
	}
	return make(chan struct{}, dueAtOnce)
}

func newDuty() *duty {
	return &duty{taken: map[string]bool{}, hands: map[crew]chan struct{}{}, enhancing: map[string]*enhancingLane{}}
}

// begin takes something in hand, unless it is. The work on it waits for a hand
// of its crew.
func (d *duty) begin(id string, by crew) (hands chan struct{}, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.taken[id] {
		return nil, false
	}
	d.taken[id] = true
	if d.hands[by] == nil {
		d.hands[by] = by.hands()
	}
	return d.hands[by], true
}

func (d *duty) end(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.taken, id)
}

// RunDue does what is due, at once and then at every interval, until ctx is
// done. It does not wait for slow work before it looks for more.
func (g *Gateway) RunDue(ctx context.Context, every time.Duration) {
	defer g.duty.work.Wait()
	for {
		if err := errors.Join(g.beginDue(ctx), g.beginVaultDue(ctx)); ctx.Err() == nil {
			g.dueTurn(err)
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
	}
}

func (g *Gateway) beginDue(ctx context.Context) error {
	payments, err := g.ledger.Due(ctx, g.clock(), dueLimit)
	if err = g.workable(part{name: partDue}, err); err != nil {
		return err
	}
	for _, p := range payments {
		if charge, only := p.onlyEnhances(g.clock()); only && g.beginEnhancing(ctx, p, charge) {
			continue
		}
		g.beginWork(ctx, p.ID, crew{merchantID: p.MerchantID}, func() {
			if err := g.doDue(ctx, p); err != nil && !errors.Is(err, ErrStale) && ctx.Err() == nil {
				g.log.Warn("due.payment", "merchant", p.MerchantID, "payment", p.ID, "error", err)
			}
		})
	}
	return nil
}

// beginWork does something by one of its crew's hands, unless it is in hand.
func (g *Gateway) beginWork(ctx context.Context, id string, by crew, work func()) {
	hands, ok := g.duty.begin(id, by)
	if !ok {
		return
	}
	g.duty.work.Go(func() {
		defer g.duty.end(id)
		select {
		case hands <- struct{}{}:
			defer func() { <-hands }()
		case <-ctx.Done():
			return
		}
		defer g.survive(func() {})
		work()
	})
}

func (g *Gateway) doDue(ctx context.Context, p Payment) error {
	m, known := g.merchants[p.MerchantID]
	for _, op := range p.Operations {
		if op.Due.IsZero() || op.Due.After(g.clock()) || g.flights.find(op.ID) != nil {
			continue
		}
		if !known || p.LiveMode != m.LiveMode {
			// Its work would stand in front of everybody else's for ever.
			_, _, err := g.take(ctx, p, op, time.Hour)
			return errors.Join(errors.New("its merchant is not in the configuration any more, or is in the other mode"), err)
		}
		if p.ACH() {
			return g.doBankDue(ctx, m, p, op)
		}
		switch {
		case op.Status == OpSending:
			return g.giveUpHearing(ctx, p, op)
		case op.Status == OpUnknown:
			return g.lookFor(ctx, m, p, op)
		case op.unwanted():
			return g.undoDue(ctx, m, p, op)
		case op.Status == OpApproved && op.Charges() && !cardKnown(p.Card, CardSummary{}) && op.Looks < learnTries:
			return g.learnDue(ctx, m, p, op)
		case op.Status == OpApproved && op.Charges() && p.awaitsEnhancement():
			if _, only := p.onlyEnhances(g.clock()); only {
				return g.enhanceLater(ctx, p, op)
			} // what moves money comes first
		case op.Status == OpApproved && op.Charges():
			return g.lookAtSettlement(ctx, m, p, op)
		case op.Status == OpWaiting:
			return g.sendWaiting(ctx, m, p, op)
		case op.Status == OpFailed && op.Charges() && !op.Late:
			return g.watchFailed(ctx, m, p, op)
		case op.Charges() && op.Continuable():
			return g.dropLines(ctx, p, op)
		case op.saidToBeBack():
			return g.lookAtWord(ctx, m, p, op)
		default:
			// What nothing is to be done to would stand in front of everything else.
			return g.write(ctx, Change{Payment: p.notDue(op, g.clock()), Base: p.Version, Operation: op.ID})
		}
	}
	return nil
}

// take moves the operation's Due ahead, so that no other instance takes it up.
func (g *Gateway) take(ctx context.Context, p Payment, op Operation, ahead time.Duration) (Payment, Operation, error) {
	op.Due = g.clock().Add(ahead)
	next := p.next(op, g.clock())
	return next, op, g.write(ctx, Change{Payment: next, Base: p.Version, Operation: op.ID})
}

// giveUpHearing makes an operation unknown whose sender has not recorded an
// answer by any deadline.
func (g *Gateway) giveUpHearing(ctx context.Context, p Payment, op Operation) error {
	change, err := conclude(p, op, Result{Outcome: Unknown}, g.clock())
	if err != nil {
		return err
	}
	if err := g.write(ctx, change); err != nil {
		return err
	}
	g.log.Warn("payment.unknown", "merchant", p.MerchantID, "payment", p.ID, "operation", op.ID,
		"sender", op.Sender, "detail", "the process that sent it has not recorded an answer")
	return nil
}

func (g *Gateway) undoDue(ctx context.Context, m Merchant, p Payment, op Operation) error {
	ahead := undoEvery + m.CallDeadline
	if waitingUndo(p, op) {
		ahead = sendWaitingEvery // it is sent as every waiting refund is
	}
	p, op, err := g.take(ctx, p, op, ahead)
	if err != nil {
		return err
	}
	_, err = g.undo(ctx, m, p, op)
	return err
}
