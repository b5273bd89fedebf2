package gateway

import "context"

// followUp is what a landed operation leaves to be done: the undoing of one
// that was given up meanwhile.
func (g *Gateway) followUp(ctx context.Context, m Merchant, p Payment, operationID string) Payment {
	op, _ := p.Operation(operationID)
	if op.Cancel != CancelRequested || op.Status != OpApproved {
		return p
	}
	after, err := g.undo(ctx, m, p, op)
	if err != nil {
		g.log.Warn("payment.undo_postponed", "merchant", m.ID, "payment", p.ID, "error", err,
			"consequence", "the gateway tries again; the shop gave this payment up, its money is still taken")
		return p
	}
	return after
}

// learnAtOnce bounds the cards that are being learned at a time. Beyond it a
// card stays unlearned, which loses nothing that matters, and looks never
// crowd out charges.
const learnAtOnce = 4

// learnCard fills in brand and last four where PayTrace's answer does not tell
// them (hosted fields, encrypted cards). It comes after the caller's answer.
func (g *Gateway) learnCard(ctx context.Context, m Merchant, p Payment, operationID string) {
	op, _ := p.Operation(operationID)
	if !op.Charges() || op.Status != OpApproved || (p.Card.Brand != "" && p.Card.LastFour != "") {
		return
	}
	select {
	case g.learning <- struct{}{}:
		defer func() { <-g.learning }()
	default:
		return
	}
	ctx, cancel := context.WithTimeout(ctx, m.CallDeadline)
	defer cancel()
	seen, err := g.processors[m.ID].Transaction(ctx, p.TransactionID)
	if err == nil {
		_, err = settle(func() (Payment, error) { return g.learn(ctx, m, p.ID, seen.Card) })
	}
	if err != nil {
		g.log.Warn("payment.card_not_learned", "merchant", m.ID, "payment", p.ID, "error", err)
	}
}

func (g *Gateway) learn(ctx context.Context, m Merchant, paymentID string, card CardSummary) (Payment, error) {
	p, err := g.payment(ctx, m, paymentID)
	if err != nil {
		return p, err
	}
	next := p
	next.learnCard(card)
	if next.Card == p.Card {
		return p, nil
	}
	next.Version, next.UpdatedAt = p.Version+1, g.clock()
	return next, g.write(ctx, Change{
		Payment: next, Base: p.Version,
		Events: []Event{eventOf(p.Status, next, "", next.UpdatedAt)},
	})
}
