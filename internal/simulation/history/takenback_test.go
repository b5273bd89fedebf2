package history

import (
	"slices"
	"testing"
)

// notSent is a history in which nothing is wrong: a sale whose intent was not
// written, of which the ledger has kept an operation that was taken back.
func notSent() History {
	h := sold()
	h.Calls[0].Status, h.Calls[0].Code, h.Calls[0].Outcome = 503, "ledger_unavailable", NotSent
	h.Calls[0].Payment, h.Calls[0].Operation = Payment{}, Operation{}
	h.Intents, h.Sends, h.Arrivals, h.Transactions = nil, nil, nil, nil
	p := h.payment()
	p.Status, p.TransactionID, p.Captured = "failed", "", 0
	p.Operations = []Operation{{ID: "op1", Kind: "sale", Status: NotSent, Key: "k1", Amount: 1000}}
	return h
}

func TestWhatIsCalledNotSentIsTakenBack(t *testing.T) {
	asked := func(h *History, after float64, status string) {
		c := again(h.Calls[0], after)
		c.Verb, c.Request, c.Status, c.Code, c.Outcome, c.Replayed = Ask, "", 200, "", "", false
		c.Payment, c.Operation = *h.payment(), h.payment().Operations[0]
		c.Operation.Status = status
		h.Calls = append(h.Calls, c)
	}
	for name, c := range map[string]struct {
		rule string // "" for a history that breaks none
		do   func(*History)
	}{
		"one that was taken back":                      {"", func(*History) {}},
		"one of which the ledger has nothing":          {"", func(h *History) { h.Payments = nil }},
		"one that was given up":                        {"", func(h *History) { h.payment().Operations[0].Status = "cancelled" }},
		"one that ends unknown":                        {TakenBack, func(h *History) { h.payment().Operations[0].Status = "unknown" }},
		"one that looks did not find":                  {TakenBack, func(h *History) { h.payment().Operations[0].Status = "failed" }},
		"one that PayTrace has":                        {TakenBack, func(h *History) { h.Transactions = sold().Transactions }},
		"one that is unknown for a moment":             {"", func(h *History) { asked(h, 4, "unknown") }},
		"one that is unknown for an hour":              {TakenBack, func(h *History) { asked(h, 3600, "unknown") }},
		"one whose instance has crashed":               {"", func(h *History) { h.payment().Operations[0].Status = "failed"; h.Crashes = []Crash{{at(3), "one"}} }},
		"one whose instance has crashed an hour later": {TakenBack, func(h *History) { h.payment().Operations[0].Status = "failed"; h.Crashes = []Crash{{at(3600), "one"}} }},
		"one for which another has crashed":            {TakenBack, func(h *History) { h.payment().Operations[0].Status = "failed"; h.Crashes = []Crash{{at(3), "two"}} }},
		"one that was asked for again, without an answer": {"", func(h *History) {
			h.Calls = append(h.Calls, again(h.Calls[0], 5))
			h.Calls[1].Status, h.Calls[1].Outcome, h.Calls[1].Excused = 0, "", true
			h.payment().Operations[0].Status = "failed"
		}},
		"one that was asked for again, and not sent": {TakenBack, func(h *History) {
			h.Calls = append(h.Calls, again(h.Calls[0], 5))
			h.payment().Operations[0].Status = "failed"
		}},
		"one whose repeat was refused": {TakenBack, func(h *History) {
			h.Calls = append(h.Calls, again(h.Calls[0], 5))
			h.Calls[1].Status, h.Calls[1].Code, h.Calls[1].Outcome = 429, "quota_exceeded", ""
			h.payment().Operations[0].Status = "failed"
		}},
		"a card that is not stored in the end": {TakenBack, func(h *History) {
			h.Payments, h.Calls[0].Verb, h.Calls[0].Customer = nil, Store, "c1"
			h.Changes = []Operation{{ID: "vop1", Kind: "add", Status: "failed", Key: "k1"}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := notSent()
			c.do(&h)
			broken := brokenRules(Check(h))
			if c.rule == "" && len(broken) > 0 || c.rule != "" && !slices.Contains(broken, c.rule) {
				t.Errorf("it breaks %v, want %q", broken, c.rule)
			}
		})
	}
}
