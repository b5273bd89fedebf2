package simulator

const refunded = "Your transaction was successfully refunded."

// refundTransaction gives back all or a part of a settled sale. The refund is a
// transaction of its own, pending until the next settlement.
func refundTransaction(s *Simulator, c *call) answer {
	t, amount, wrong := s.refundable(&c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	return s.refund(c, amount, t.payer(), t)
}

// refundable is the settled sale that a request names, and how much of it.
func (s *Simulator) refundable(q *request) (*transaction, cents, problems) {
	t, wrong := s.find(q)
	if len(wrong) > 0 {
		return nil, 0, wrong
	}
	if t.State != stateSettled || !isCharge(t.Kind) {
		return nil, 0, problems{errNotRefundable}
	}
	remaining := t.Amount - t.Refunded
	if remaining == 0 {
		return nil, 0, problems{s.settings.Errors.OverRefund}
	}
	amount, wrong := s.partOf(q.Amount, remaining, s.settings.Errors.OverRefund)
	return t, amount, wrong
}

// payer is who gets the money back.
func (t *transaction) payer() payer {
	return payer{card: t.Card, billing: t.Billing, shipping: t.Shipping, customerID: t.CustomerID}
}

// refunding gives money to a card or a customer without a sale to refer to.
func refunding(from payerFrom) func(*Simulator, *call) answer {
	return func(s *Simulator, c *call) answer {
		var found problems
		amount, ok := parseCents(string(c.Amount))
		if !ok || amount == 0 {
			found = append(found, s.settings.Errors.Amount)
		}
		p, wrong := from(s, &c.request)
		if found = append(found, wrong...); len(found) > 0 {
			return s.refuse(c, found...)
		}
		return s.refund(c, amount, p, nil)
	}
}

func (s *Simulator) refund(c *call, amount cents, p payer, of *transaction) answer {
	r := s.newTransaction(c, kindRefund, amount, p)
	if of != nil && r.InvoiceID == "" {
		r.InvoiceID = of.InvoiceID // So that the export's search finds both.
	}
	s.refundAs(r, of)
	body := doneAnswer{header: header{true, 106, refunded}, TransactionID: r.ID, ExternalTransactionID: withExternal()}
	if p.keyed {
		body.MaskedCardNumber = p.card.mask()
	}
	return done(106, refunded, r.ID, body)
}

// refundAs records the refund, of a sale or of nothing.
func (s *Simulator) refundAs(r, of *transaction) {
	r.State = statePending
	if of != nil {
		r.RefundOf = of.ID
		of.Refunded += r.Amount
	}
	s.record(r)
}
