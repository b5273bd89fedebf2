package simulator

const refunded = "Your transaction was successfully refunded."

// refundTransaction gives back all or a part of a settled sale. The refund is a
// transaction of its own, pending until the next settlement.
func refundTransaction(s *Simulator, c *call) answer {
	t, wrong := s.find(&c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	if !t.refundable() {
		return s.refuse(c, errNotRefundable)
	}
	remaining := t.Amount - t.Refunded
	if remaining == 0 {
		return s.refuse(c, s.settings.Errors.OverRefund)
	}
	amount, wrong := s.partOf(c.Amount, remaining, s.settings.Errors.OverRefund)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	p := payer{card: t.Card, billing: t.Billing, shipping: t.Shipping, customerID: t.CustomerID}
	return s.refund(c, amount, p, t)
}

func (t *transaction) refundable() bool {
	return t.State == stateSettled && isCharge(t.Kind)
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
	s.refundAs(r, of)
	body := doneAnswer{header: header{true, 106, refunded}, TransactionID: r.ID, ExternalTransactionID: withExternal()}
	if p.keyed {
		body.MaskedCardNumber = p.card.mask()
	}
	return done(106, refunded, r.ID, body)
}

// refundAs records the refund. Without an invoice of its own it has that of the
// sale, so that the export's search finds both.
func (s *Simulator) refundAs(r, of *transaction) {
	r.State = statePending
	if of != nil {
		r.RefundOf = of.ID
		of.Refunded += r.Amount
		if r.InvoiceID == "" {
			r.InvoiceID = of.InvoiceID
		}
	}
	s.record(r)
}
