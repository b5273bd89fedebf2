package simulator

// void undoes what has not settled: a sale, a refund or an authorization.
func void(s *Simulator, c *call) answer {
	t, wrong := s.find(&c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	if !t.voidable() {
		return s.refuse(c, errNotVoidable)
	}
	s.voidAs(t, s.options.Username)
	return done(109, "Your transaction was successfully voided.", t.ID, nil)
}

func (t *transaction) voidable() bool {
	return t.State == statePending || t.State == stateAuthorized
}

// voidAs voids the transaction; a voided refund can be refunded again.
func (s *Simulator) voidAs(t *transaction, by string) {
	t.State = stateVoided
	if refunded := s.indexes.byID[t.RefundOf]; refunded != nil {
		refunded.Refunded -= t.Amount
	}
	s.note(kindVoid, t, by)
}
