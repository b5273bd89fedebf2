package gateway

import (
	"context"
	"errors"
	"strings"
	"time"
)

type decision func(ctx context.Context, p Payment, op Operation, m Merchant) (Change, error)

// operate is the part of the road that capture, void and refund share: they
// work on a payment that is there, found by any of its ids.
func (g *Gateway) operate(ctx context.Context, caller Caller, name, transactionID string, content any,
	decide decision, call func(context.Context, Processor, *Payment, *Operation) Result) (Answer, error) {
	merchant, err := g.merchant(caller.MerchantID)
	if err != nil {
		return Answer{}, err
	}
	target, err := g.Find(ctx, merchant.ID, transactionID)
	if err != nil {
		return Answer{}, uncertain(err)
	}
	v := verb{
		merchant:    merchant,
		key:         caller.Key,
		fingerprint: fingerprint(g.secret, name, target.ID, content),
		call:        call,
	}
	v.decide = func(ctx context.Context, again *KeyRecord) (Change, error) {
		p, err := g.payment(ctx, merchant, target.ID)
		if err != nil {
			return Change{}, err
		}
		// Once PayTrace has refused the undoing, a caller may do it. Nobody takes
		// the money of what was given up.
		if first := p.First(); first.Cancel == CancelRequested && !first.refusedPart() && (first.Attention == "" || name == "capture") {
			return Change{}, refuse(CodeInProgress, "the payment was given up and is being undone").retry(askAgain)
		}
		now := g.clock() // before the look, for which whoever asks waits too
		op, err := begin(p, again, now, func() Operation {
			return Operation{ID: NewOperationID(now), Origin: OriginAPI, Channel: caller.Channel, Key: v.key, CreatedAt: now}
		})
		if err != nil {
			return Change{}, err
		}
		change, err := decide(ctx, p, op, merchant)
		if err == nil && again != nil && change.Base != p.Version {
			// It was decided on a payment that was read anew, in which somebody may
			// have continued this very operation.
			return Change{}, ErrStale
		}
		change.Binds = v.binding(again)
		return change, err
	}
	return g.run(ctx, v)
}

// decided wraps a change whose operation needs no call: its answer is final.
func decided(before, next Payment, operationID string, now time.Time) Change {
	return Change{
		Payment: next, Base: before.Version, Operation: operationID,
		Reply:  replyOf(next, operationID),
		Events: []Event{eventOf(before.Status, next, operationID, now)},
	}
}

func undecided(p Payment) *Error {
	return refuse(CodeUndecided,
		"the payment is not decided yet; ask again, or give it up with POST /api/v1/payments/by-key/{idempotencyKey}/void").retry(askAgain)
}

func inProgress(p Payment, other Operation) *Error {
	if other.Charges() {
		return undecided(p)
	}
	return refuse(CodeInProgress, "a %s of this payment is not decided yet; try again once it is", other.Kind).retry(askAgain)
}

func unavailable(err error) *Error {
	if errors.Is(err, ErrArchive) {
		return refuse(CodeArchiveUnavailable, "the payment is in the archive, whose file is missing or damaged; "+
			"nothing was sent now, repeat with the same key once it is restored").retry(archiveRetry).because(err)
	}
	return refuse(CodeLedgerUnavailable,
		"the gateway cannot reach its ledger; repeat with the same key").retry(askAgain).because(err)
}

// archiveRetry is what a caller is told to wait while a person restores a file.
const archiveRetry = time.Minute

// Find returns the payment behind any id a caller may hold: the gateway's own
// or PayTrace's.
func (g *Gateway) Find(ctx context.Context, merchantID, id string) (Payment, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return Payment{}, err
	}
	return inBudget(ctx, g, func() (Payment, error) { return g.find(ctx, m, id) })
}

func (g *Gateway) find(ctx context.Context, m Merchant, id string) (Payment, error) {
	if strings.HasPrefix(id, "pay_") {
		return g.payment(ctx, m, id)
	}
	p, err := g.ledger.PaymentByTransaction(ctx, m.ID, m.LiveMode, id)
	return found(m, p, err)
}

func (g *Gateway) payment(ctx context.Context, m Merchant, id string) (Payment, error) {
	p, err := g.ledger.Payment(ctx, m.ID, id)
	return found(m, p, err)
}

// found keeps the environments apart too: what was made in the sandbox does
// not exist in live mode, since PayTrace's ids of the two may be the same.
func found(m Merchant, p Payment, err error) (Payment, error) {
	if errors.Is(err, ErrNotFound) || (err == nil && p.LiveMode != m.LiveMode) {
		return Payment{}, refuse(CodeNotFound, "no payment with this id")
	}
	if err != nil {
		return Payment{}, unavailable(err)
	}
	return p, nil
}
