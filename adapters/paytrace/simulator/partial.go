package simulator

import "errors"

// PartialApproval is how charges are answered that a card does not cover.
type PartialApproval struct {
	// CardBalance is what every card covers at a time, such as "50.00"; empty is
	// enough for anything.
	CardBalance string `json:"cardBalance"`
	// Unasked approves a part of a charge that does not allow it. It is declined
	// otherwise.
	Unasked bool `json:"unasked"`
	// Field is the member of discretionary_data that tells the approved part, empty
	// for none.
	Field string `json:"field"`
}

func (p PartialApproval) check() error {
	if _, ok := parseCents(p.CardBalance); !ok && p.CardBalance != "" {
		return errors.New(`partialApproval.cardBalance must be empty or a decimal with at most two decimals, like "50.00"`)
	}
	return nil
}

// covers is how much of the charge the card covers, nothing when it is to be
// declined.
func (p PartialApproval) covers(c *call, asked cents) cents {
	balance, limited := parseCents(p.CardBalance)
	switch {
	case !limited || asked <= balance:
		return asked
	case c.EnablePartialAuthorization.isTrue() || p.Unasked:
		return balance
	}
	return 0
}

// tell says in an answer that a part was approved, and that nothing is left.
func (p PartialApproval) tell(body *chargeAnswer, part cents) {
	body.DiscretionaryData = map[string]string{"BALANCEAMOUNT": "0.00"}
	if p.Field != "" {
		body.DiscretionaryData[p.Field] = part.String()
	}
}
