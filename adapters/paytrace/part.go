package paytrace

import (
	"bytes"
	"encoding/json"
	"strings"

	"paytrace-gateway/gateway"
)

// How much of a charge was approved, and what is left on the card, is told in
// members whose names PayTrace has not confirmed. They are settings, each the name
// of a member, or of a member of an object: discretionary_data.BALANCEAMOUNT.

// withAmounts adds what the answer tells of amounts. What contradicts the charge
// decides nothing.
func (q asked) withAmounts(r gateway.Result, body []byte) gateway.Result {
	if q.verb != charging || (r.Outcome != gateway.Approved && r.Outcome != gateway.Declined) {
		return r
	}
	if balance, there, err := readAmount(body, q.balanceField); there && err == nil {
		r.Balance = &balance // one that cannot be read is worth nothing, and costs nothing
	}
	granted, there, err := readAmount(body, q.approvedField)
	switch {
	case !there || r.Outcome != gateway.Approved:
	case err != nil || granted == 0 && q.amount > 0 || granted > q.amount:
		return unknown("approved, and %s is no part of the %s that was asked for", q.approvedField, q.amount)
	default:
		r.ApprovedAmount = granted
	}
	return r
}

// readAmount reads the member of that name. Most answers have none, and are not read
// again for it.
func readAmount(body []byte, field string) (amount gateway.Money, there bool, err error) {
	outer, inner, nested := strings.Cut(field, ".")
	if field == "" || !bytes.Contains(body, []byte(outer)) {
		return 0, false, nil
	}
	var said word
	var members map[string]json.RawMessage
	if err := readObject(body, func(name []byte) any {
		switch {
		case string(name) != outer:
			return nil
		case nested:
			return &members
		}
		return &said
	}); err != nil {
		return 0, true, err
	}
	if value, ok := members[inner]; ok {
		if err := json.Unmarshal(value, &said); err != nil {
			return 0, true, err
		}
	}
	if said == "" {
		return 0, false, nil
	}
	amount, err = gateway.ParseMoney(string(said))
	return amount, true, err
}
