package simulator

// void undoes what has not settled: a sale, a refund or an authorization.
func void(s *Simulator, c *call) answer {
	t, wrong := s.voidable(&c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	s.voidAs(t, s.options.Username)
	return done(109, "Your transaction was successfully voided.", t.ID, nil)
}

// voidable is the unsettled transaction that a request names.
func (s *Simulator) voidable(q *request) (*transaction, problems) {
	t, wrong := s.find(q)
	if len(wrong) > 0 {
		return nil, wrong
	}
	if !t.open() {
		return nil, problems{errNotVoidable}
	}
	return t, nil
}

// open says that the transaction was approved and is neither settled nor voided.
func (t *transaction) open() bool {
	return t.State == statePending || t.State == stateAuthorized
}

// voidAs voids the transaction; a voided refund can be refunded again.
func (s *Simulator) voidAs(t *transaction, by string) {
	t.State, t.VoidedAt = stateVoided, s.now()
	if refunded := s.indexes.byID[t.RefundOf]; refunded != nil {
		refunded.Refunded -= t.Amount
	}
	s.note(kindVoid, t, by)
}
