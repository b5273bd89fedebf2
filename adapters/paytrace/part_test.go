package paytrace

import (
	"testing"

	"paytrace-gateway/gateway"
)

func TestWhatAnAnswerTellsOfAmounts(t *testing.T) {
	cents := func(m gateway.Money) *gateway.Money { return &m }
	head := `{"success":true,"response_code":101,"status_message":"ok","transaction_id":7,"approval_code":"TAS1"`
	for name, c := range map[string]struct {
		field, body string
		outcome     gateway.Outcome
		approved    gateway.Money
		balance     *gateway.Money
	}{
		"nothing is named":            {"", head + `,"approved_amount":"5.00"}`, gateway.Approved, 0, nil},
		"nothing is told":             {"approved_amount", head + `}`, gateway.Approved, 0, nil},
		"an empty text":               {"approved_amount", head + `,"approved_amount":""}`, gateway.Approved, 0, nil},
		"a part":                      {"approved_amount", head + `,"approved_amount":"5.00"}`, gateway.Approved, 500, nil},
		"a part as a number":          {"approved_amount", head + `,"approved_amount":5.5}`, gateway.Approved, 550, nil},
		"the whole":                   {"approved_amount", head + `,"approved_amount":"10.00"}`, gateway.Approved, 1000, nil},
		"more than the whole":         {"approved_amount", head + `,"approved_amount":"10.01"}`, gateway.Unknown, 0, nil},
		"nothing at all":              {"approved_amount", head + `,"approved_amount":"0.00"}`, gateway.Unknown, 0, nil},
		"no amount":                   {"approved_amount", head + `,"approved_amount":"five"}`, gateway.Unknown, 0, nil},
		"an object":                   {"approved_amount", head + `,"approved_amount":{}}`, gateway.Unknown, 0, nil},
		"a member of an object":       {"discretionary_data.PART", head + `,"discretionary_data":{"PART":"5.00","BALANCEAMOUNT":"0.00"}}`, gateway.Approved, 500, cents(0)},
		"another member of an object": {"discretionary_data.PART", head + `,"discretionary_data":{"BALANCEAMOUNT":"11111.11"}}`, gateway.Approved, 0, cents(1111111)},
		"a balance that is none":      {"", head + `,"discretionary_data":{"BALANCEAMOUNT":"-"}}`, gateway.Approved, 0, nil},
		"a decline with a balance": {"approved_amount", `{"success":false,"response_code":102,"status_message":"no","transaction_id":7,"approved_amount":"5.00","discretionary_data":{"BALANCEAMOUNT":"1.00"}}`,
			gateway.Declined, 0, cents(100)},
	} {
		t.Run(name, func(t *testing.T) {
			q := asked{verb: charging, amount: 1000, approvedField: c.field, balanceField: "discretionary_data.BALANCEAMOUNT"}
			r := result(q, reply{status: 200, left: true, body: []byte(c.body)})
			same := (r.Balance == nil) == (c.balance == nil) && (r.Balance == nil || *r.Balance == *c.balance)
			if r.Outcome != c.outcome || r.ApprovedAmount != c.approved || !same {
				t.Errorf("%s (%s), approved %s, balance %v", r.Outcome, r.Detail, r.ApprovedAmount, r.Balance)
			}
		})
	}
}

func TestAPartIsAskedForOnlyWhenItIsTaken(t *testing.T) {
	c := newClient(t, "http://127.0.0.1:1")
	charge := sale()
	if c.chargeRequest(charge).PartialApproval {
		t.Error("a part is asked for that nobody takes")
	}
	charge.AcceptPartial = true
	if !c.chargeRequest(charge).PartialApproval {
		t.Error("a part that is taken is not asked for")
	}
}
