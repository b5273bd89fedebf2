package gateway

import (
	"context"
	"errors"
	"time"
)

// A key that the claims have not seen lately is presumed to be new, and is not
// looked up before a payment is made: that read cost a payment 35 µs of CPU and
// said "not found" nearly always. Whether the key is new is said by the ledger as
// it takes the intent, by its unique key, and by nothing else (docs/adr/0023). All
// that a presumption can do is make a repeat cost more.

// presumeAgain is for how long keys are looked up first after a presumption was
// wrong. Repeats come in storms, and two callers who repeat took a third of their
// payments from 32 others: each refused key has the ledger write its whole group
// again.
const presumeAgain = time.Second

// presumes says that the request's first try may do without looking its key up.
// Only what makes a payment does: what a capture, a void or a refund is decided on
// may have PayTrace asked, which a repeat has no need of.
func (g *Gateway) presumes(v verb, h held) bool {
	lately := g.clock().UnixMicro()-g.misjudged.Load() < presumeAgain.Microseconds()
	return v.creates && h.fresh && !lately && !g.unwritten.Load()
}

// lookUp asks the ledger for the key, unless it is presumed to be new.
func (g *Gateway) lookUp(ctx context.Context, v verb, presumed bool) (*KeyRecord, error) {
	if presumed {
		return nil, nil
	}
	return station(ctx, g, StageKey, v.merchant.ID, func(ctx context.Context) (*KeyRecord, error) { return g.claim(ctx, v) })
}

// refusal is the answer when nothing was written. That a request is refused is
// for its key to say first, which may be bound: to this request, with an answer
// that stands whatever has changed since, or to another one. So a try that only
// presumed goes the way of one whose key was taken: it is made again.
func refusal(err error, presumed bool) error {
	if presumed {
		return ErrKeyTaken
	}
	return notSent(err)
}

// unwrittenIntent is the answer when the ledger did not take the intent. While it
// takes none it may still be read, and a key that was used before has its answer
// there. Only what was to be sent is taken back: a refund that was to wait is sent
// one day, if the ledger has kept it.
func (g *Gateway) unwrittenIntent(ctx context.Context, v verb, intent *Operation, presumed bool, err error) error {
	if presumed && errors.Is(err, ErrKeyTaken) {
		g.misjudged.Store(g.clock().UnixMicro())
	}
	if intent.Status != OpSending {
		return uncertain(err)
	}
	if !presumed || errors.Is(err, ErrStale) || errors.Is(err, ErrKeyTaken) {
		return notSent(err)
	}
	record, unread := g.ledger.Key(ctx, v.merchant.ID, v.key)
	switch {
	case errors.Is(unread, ErrNotFound), unread == nil && record.OperationID == intent.ID:
		return notSent(err)
	case unread == nil:
		return ErrKeyTaken
	}
	return uncertain(err)
}
