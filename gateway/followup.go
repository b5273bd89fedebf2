package gateway

import (
	"context"
	"errors"
)

// followUp is what a landed operation leaves to be done: the undoing of one
// that was given up meanwhile.
func (g *Gateway) followUp(ctx context.Context, m Merchant, p Payment, operationID string) Payment {
	op, _ := p.Operation(operationID)
	if op.Cancel != CancelRequested || op.Status != OpApproved {
		return p
	}
	after, err := g.undo(ctx, m, p, op)
	if err != nil {
		g.log.Error("payment.not_undone", "merchant", m.ID, "payment", p.ID, "error", err,
			"consequence", "the gateway tries again; the shop gave this payment up, its money is still taken")
		return p
	}
	return after
}

// learnCard fills in brand and last four where PayTrace's answer does not tell
// them (hosted fields, encrypted cards). It comes after the caller's answer,
// and losing it loses nothing that matters.
func (g *Gateway) learnCard(ctx context.Context, m Merchant, p Payment, operationID string) {
	op, _ := p.Operation(operationID)
	if !op.Charges() || op.Status != OpApproved || (p.Card.Brand != "" && p.Card.LastFour != "") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	seen, err := g.processors[m.ID].Transaction(ctx, p.TransactionID)
	for range tries {
		if err != nil {
			g.log.Warn("payment.card_not_learned", "merchant", m.ID, "payment", p.ID, "error", err)
			return
		}
		next := p
		next.learnCard(seen.Card)
		if next.Card == p.Card {
			return
		}
		next.Version, next.UpdatedAt = p.Version+1, g.clock()
		err = g.ledger.Apply(ctx, Change{
			Payment: next, Base: p.Version,
			Events: []Event{eventOf(p.Status, next, "", g.clock())},
		})
		if !errors.Is(err, ErrStale) {
			if err == nil {
				return
			}
			continue
		}
		p, err = g.ledger.Payment(ctx, m.ID, p.ID)
	}
}
