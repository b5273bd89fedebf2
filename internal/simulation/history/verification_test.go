package history

import (
	"slices"
	"testing"
)

// verified is a history in which nothing is wrong: a card that is good.
func verified() History {
	h := sold()
	p := h.payment()
	p.Status, p.Amount, p.Captured = "verified", 0, 0
	p.Operations[0].Kind, p.Operations[0].Amount = "verify", 0
	h.Calls[0].Verifies, h.Calls[0].Payment, h.Calls[0].Operation = true, *p, p.Operations[0]
	h.Intents[0].Kind, h.Sends[0].Kind, h.Arrivals[0].Operation = "verify", "verify", "authorization"
	h.Transactions[0].Kind, h.Transactions[0].State = "authorization", "authorized"
	h.Transactions[0].Amount, h.Transactions[0].Authorized = 0, 0
	return h
}

func TestAHistoryOfAVerificationIsJudged(t *testing.T) {
	for name, c := range map[string]struct {
		rule string // "" for a history that breaks none
		do   func(*History)
	}{
		"a card that is good":               {"", func(*History) {}},
		"one that PayTrace has with money":  {NothingTaken, func(h *History) { h.Transactions[0].Authorized = 100 }},
		"one that PayTrace has as a sale":   {NothingTaken, func(h *History) { h.Transactions[0].Kind = "sale" }},
		"one that is told as authorized":    {NothingTaken, func(h *History) { h.Calls[0].Payment.Status = "authorized" }},
		"one that is authorized in the end": {NothingTaken, func(h *History) { h.payment().Status = "authorized" }},
		"one that is shown with an amount":  {NothingTaken, func(h *History) { h.payment().Amount = 100 }},
		"one that a capture is made of":     {NothingTaken, func(h *History) { h.operation(Operation{ID: "op2", Kind: "capture", Status: "rejected"}) }},
		"one that a clerk has voided": {"", func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "void", Status: "approved", Origin: "external"})
			h.Transactions[0].State = "voided"
		}},
		"one that a void was sent for": {NothingTaken, func(h *History) {
			h.Sends = append(h.Sends, Send{At: at(3), Instance: "one", Kind: Void, Subject: "100"})
		}},
		"one that was sent twice":            {SentOnce, func(h *History) { h.Arrivals = append(h.Arrivals, h.Arrivals[0]) }},
		"one that nobody decides":            {Decided, func(h *History) { h.payment().Operations[0].Status = "unknown" }},
		"one that was good and is declined":  {ToldStands, func(h *History) { h.payment().Status, h.payment().Operations[0].Status = "declined", "declined" }},
		"one that was unknown, and is known": {"", func(h *History) { told(h, 0.5, "unknown"); h.Calls[1].Payment.Status = "unknown" }},
	} {
		t.Run(name, func(t *testing.T) {
			h := verified()
			h.Payments[0].Operations = slices.Clone(h.Payments[0].Operations)
			c.do(&h)
			broken := brokenRules(Check(h))
			if c.rule == "" && len(broken) > 0 || c.rule != "" && !slices.Contains(broken, c.rule) {
				t.Errorf("it breaks %v, want %q", broken, c.rule)
			}
		})
	}
}
