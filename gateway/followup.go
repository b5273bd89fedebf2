package gateway

import (
	"context"
	"time"
)

// followUp is what a landed operation leaves to be done: the undoing of one
// that was given up meanwhile.
func (g *Gateway) followUp(ctx context.Context, m Merchant, p Payment, operationID string) Payment {
	op, _ := p.Operation(operationID)
	if !op.unwanted() || op.Late {
		return p
	}
	after, err := g.undo(ctx, m, p, op)
	if err != nil {
		g.log.Warn("payment.undo_postponed", "merchant", m.ID, "payment", p.ID, "error", err,
			"consequence", "the gateway tries again; "+givenUpWhy(op)+", its money is still taken")
		return p
	}
	return after
}

const (
	// learnAtOnce bounds the cards that are learned right after their payment.
	// Beyond it the job learns them, learnAfter: looks never crowd out charges.
	learnAtOnce = 4
	learnAfter  = time.Minute
	// learnTries bounds how often a card is asked for that PayTrace does not
	// show.
	learnTries = 5
)

// learnCard fills in brand and last four where PayTrace's answer does not tell
// them (hosted fields, encrypted cards). It comes after the caller's answer.
func (g *Gateway) learnCard(ctx context.Context, m Merchant, p Payment, operationID string) {
	op, _ := p.Operation(operationID)
	if !op.Charges() || op.Status != OpApproved || p.ACH() || cardKnown(p.Card, CardSummary{}) {
		return
	}
	select {
	case g.learning <- struct{}{}:
		defer func() { <-g.learning }()
	default:
		return // the job learns it
	}
	if err := g.learn(ctx, m, p, op); err != nil {
		g.log.Warn("payment.card_not_learned", "merchant", m.ID, "payment", p.ID, "error", err)
	}
}

// learnDue learns a card that could not be learned at once.
func (g *Gateway) learnDue(ctx context.Context, m Merchant, p Payment, op Operation) error {
	op.Looks++
	op.Due = g.clock().Add(time.Hour)
	next := p.next(op, g.clock())
	next.expectSettlement(g.clock()) // the last time, whatever comes of it
	if err := g.write(ctx, Change{Payment: next, Base: p.Version, Operation: op.ID}); err != nil {
		return err
	}
	return g.learn(ctx, m, next, op)
}

// learn asks PayTrace for the card and writes down what it shows.
func (g *Gateway) learn(ctx context.Context, m Merchant, p Payment, op Operation) error {
	asking, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	seen, err := g.processors[m.ID].Transaction(asking, p.TransactionID)
	if err != nil {
		return err
	}
	_, err = settle(func() (Payment, error) {
		current, err := g.payment(ctx, m, p.ID)
		if err != nil {
			return current, err
		}
		change, news := learned(current, op.ID, seen.Card, g.clock())
		if !news {
			return current, nil
		}
		return change.Payment, g.write(ctx, change)
	})
	return err
}

// learned is the payment with what was seen of its card. It is pure.
func learned(p Payment, operationID string, card CardSummary, now time.Time) (Change, bool) {
	op, _ := p.Operation(operationID)
	if op.Cancel == "" && cardKnown(p.Card, card) {
		op.Due = time.Time{}
	}
	next := p.next(op, now)
	next.learnCard(card)
	next.expectSettlement(now)
	if next.Card == p.Card {
		return Change{}, false
	}
	return Change{
		Payment: next, Base: p.Version, Operation: op.ID,
		Events: []Event{eventOf(p.Status, next, "", now)},
	}, true
}
