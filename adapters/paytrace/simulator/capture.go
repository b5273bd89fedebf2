package simulator

// capture turns an approved authorization into a sale that is pending
// settlement, once, for no more than was authorized. The id stays the same.
func capture(s *Simulator, c *call) answer {
	t, amount, wrong := s.capturable(&c.request)
	if len(wrong) > 0 {
		return s.refuse(c, wrong...)
	}
	s.captureAs(t, amount, s.options.Username)
	message := "Your transaction was successfully captured."
	return done(112, message, t.ID, doneAnswer{
		header: header{true, 112, message}, TransactionID: t.ID, ExternalTransactionID: withExternal(),
	})
}

// capturable is the authorization that a request names, and how much of it.
func (s *Simulator) capturable(q *request) (*transaction, cents, problems) {
	t, wrong := s.find(q)
	if len(wrong) > 0 {
		return nil, 0, wrong
	}
	if t.State != stateAuthorized {
		return nil, 0, problems{errNotCapturable}
	}
	amount, wrong := s.partOf(q.Amount, t.Amount, s.settings.Errors.OverCapture)
	return t, amount, wrong
}

func (s *Simulator) captureAs(t *transaction, amount cents, by string) {
	t.Amount, t.Captured, t.CapturedAt, t.State = amount, true, s.now(), statePending
	s.indexes.pending = append(s.indexes.pending, t)
	s.note(kindCapture, t, by)
}

// partOf reads an optional amount of at most the whole; none means the whole.
func (s *Simulator) partOf(given text, whole cents, tooMuch NumberedError) (cents, problems) {
	if given == "" {
		return whole, nil
	}
	amount, ok := parseCents(string(given))
	switch {
	case !ok || amount == 0:
		return 0, problems{s.settings.Errors.Amount}
	case amount > whole:
		return 0, problems{tooMuch}
	}
	return amount, nil
}
