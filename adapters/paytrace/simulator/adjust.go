package simulator

import (
	"errors"
	"fmt"
)

// maxAdjustedPercent is how far an adjustment may go, in hundredths of the
// original. The documentation's words, taken literally, would forbid nearly every
// adjustment: "at most 30 % above" is a reading of them.
const maxAdjustedPercent = 130

// adjustable is the unsettled, approved sale or authorization that a request
// names, and its new amount. The numbered errors of PayTrace are not known.
func (s *Simulator) adjustable(q *request) (*transaction, cents, error) {
	t, wrong := s.find(q)
	if len(wrong) > 0 {
		return nil, 0, wrong
	}
	if !t.open() || !isCharge(t.Kind) {
		return nil, 0, errors.New("only an unsettled, approved sale or authorization can be adjusted")
	}
	amount, ok := parseCents(string(q.Amount))
	if most := t.Original * maxAdjustedPercent / 100; !ok || amount == 0 || amount > most {
		return nil, 0, fmt.Errorf("amount must be a decimal above 0 and at most %s, 30 %% above the original amount", most)
	}
	return t, amount, nil
}

// adjustAs changes what will settle or, of an authorization, what may be
// captured.
func (s *Simulator) adjustAs(t *transaction, amount cents, by string) {
	t.Amount = amount
	s.note(kindAdjust, t, by)
}
