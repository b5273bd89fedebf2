package drill

import (
	"testing"

	"paytrace-gateway/internal/simulation/history"
)

// What stands in for the gateways' own view must not make the checker blind.
func TestWhatIsAddedForTheCheckerLeavesItItsEyes(t *testing.T) {
	paid := func(status string, more ...history.Operation) history.Payment {
		p := history.Payment{ID: "pay", Reference: "R", TransactionID: "7", Status: status, Amount: 500, Captured: 500}
		p.Operations = append(p.Operations, history.Operation{ID: "sale", Kind: "sale", Status: "approved", Amount: 500, Key: "k"})
		p.Operations = append(p.Operations, more...)
		return p
	}
	refund := func(status string) history.Operation {
		return history.Operation{ID: "refund", Kind: history.Refund, Status: status, Amount: 500, Key: "r"}
	}
	sale := history.Transaction{ID: "7", Kind: "sale", State: "settled", Amount: 500, Authorized: 500, Reference: "R"}
	arrival := history.Arrival{Operation: "refund", TransactionID: "7"}
	waiting := paid("approved", refund("unknown"))
	waiting.Pending = 500
	orphan := sale
	orphan.ID, orphan.Reference = "8", "another"
	for name, test := range map[string]struct {
		history history.History
		want    string // the rule that is broken
	}{
		"nothing wrong":              {history.History{Payments: []history.Payment{paid("approved")}, Transactions: []history.Transaction{sale}}, ""},
		"a refund is looked for":     {history.History{Payments: []history.Payment{waiting}, Transactions: []history.Transaction{sale}, Arrivals: []history.Arrival{arrival}}, ""},
		"a refund is sent twice":     {history.History{Payments: []history.Payment{waiting}, Transactions: []history.Transaction{sale}, Arrivals: []history.Arrival{arrival, arrival}}, history.SentOnce},
		"a refund of nobody":         {history.History{Payments: []history.Payment{paid("approved")}, Transactions: []history.Transaction{sale}, Arrivals: []history.Arrival{arrival}}, history.SentOnce},
		"a charge of nobody":         {history.History{Payments: []history.Payment{paid("approved")}, Transactions: []history.Transaction{sale, orphan}}, history.NoOrphan},
		"a charge that was not made": {history.History{Payments: []history.Payment{paid("approved")}}, history.Adopted},
	} {
		t.Run(name, func(t *testing.T) {
			h := test.history
			h.Intents, h.Sends = admitted(h.Payments)
			broken := map[string]bool{}
			for _, v := range history.Check(excused(h)) {
				broken[v.Rule] = true
			}
			if test.want == "" && len(broken) > 0 || test.want != "" && !broken[test.want] {
				t.Errorf("broken: %v, want %q", broken, test.want)
			}
		})
	}
}
