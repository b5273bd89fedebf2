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

// verifiedAndKept is a history in which nothing is wrong: a card that was verified and is kept.
func verifiedAndKept() History {
	h := verified()
	p := h.payment()
	p.Order, p.Operations[0].Key = "verify-1", "k1/verify"
	h.Transactions[0].Order = p.Order
	h.Calls[0].Verifies, h.Calls[0].Payment, h.Calls[0].Operation = false, Payment{}, Operation{}
	h.Calls[0].Verb, h.Calls[0].Enters, h.Calls[0].Order, h.Calls[0].Customer = Store, true, "", "c1"
	h.VerifiesFirst = true
	h.Intents = append(h.Intents, Intent{At: at(1.6), Instance: "one", Kind: addProfile, Subject: "P1", SendBefore: at(6), Key: "k1", Customer: "c1"})
	h.Changes = []Operation{{ID: "vop1", Kind: addProfile, Status: "approved", Key: "k1"}}
	return h
}

func TestACardIsVerifiedBeforeItIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		rule string // "" for a history that breaks none
		do   func(*History)
	}{
		"a card that is good":                    {"", func(*History) {}},
		"one that was declined":                  {VerifiedFirst, func(h *History) { h.Transactions[0].State = "declined" }},
		"one that was never verified":            {VerifiedFirst, func(h *History) { h.Payments, h.Transactions = nil, nil }},
		"one whose verification came after it":   {VerifiedFirst, func(h *History) { h.Transactions[0].At = at(1.8) }},
		"one that a caller was told is not good": {VerifiedFirst, func(h *History) { h.Calls[0].Status, h.Calls[0].Code = 422, "verification_declined" }},
		"one that is not kept since it is not good": {"", func(h *History) {
			h.Calls[0].Status, h.Calls[0].Code, h.Calls[0].Outcome = 422, "verification_declined", "declined"
			h.Intents, h.Changes = h.Intents[:1], nil
			h.Transactions[0].State, h.payment().Status, h.payment().Operations[0].Status = "declined", "declined", "declined"
		}},
		"one that nobody has entered": {"", func(h *History) {
			h.Calls[0].Enters = false
			h.Payments, h.Transactions = nil, nil
			h.Sends, h.Arrivals = nil, nil
		}},
		"one of a merchant who does without":  {"", func(h *History) { h.VerifiesFirst = false; h.Transactions[0].At = at(1.8) }},
		"one whose verification is of money":  {NothingTaken, func(h *History) { h.Transactions[0].Authorized = 100 }},
		"one whose verification was captured": {NothingTaken, func(h *History) { h.operation(Operation{ID: "op2", Kind: "capture", Status: "approved"}) }},
		"one whose verification was voided": {NothingTaken, func(h *History) {
			h.Sends = append(h.Sends, Send{At: at(3), Instance: "one", Kind: Void, Subject: "100"})
		}},
		"one whose verification nobody knows": {Decided, func(h *History) { h.payment().Operations[0].Status = "unknown" }},
	} {
		t.Run(name, func(t *testing.T) {
			h := verifiedAndKept()
			h.Payments[0].Operations = slices.Clone(h.Payments[0].Operations)
			c.do(&h)
			broken := brokenRules(Check(h))
			if c.rule == "" && len(broken) > 0 || c.rule != "" && !slices.Contains(broken, c.rule) {
				t.Errorf("it breaks %v, want %q", broken, c.rule)
			}
		})
	}
}
