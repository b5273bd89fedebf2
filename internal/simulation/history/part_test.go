package history

import (
	"slices"
	"testing"
	"time"
)

// inPart is a history in which nothing is wrong: of a sale of 10.00 the bank gave
// 6.00, which the caller takes.
func inPart() History {
	h := sold()
	h.Transactions[0].Amount, h.Transactions[0].Authorized = 600, 600
	h.Calls[0].TakesPart = true
	p := h.payment()
	p.Part, p.Captured = 600, 600
	p.Operations[0].Amount = 600
	h.Calls[0].Payment, h.Calls[0].Operation = *p, p.Operations[0]
	h.Events = []Event{{ID: "evt1", Payment: p.ID, Version: 2, Status: "approved", Granted: 600}}
	return h
}

// unasked makes it a sale of which nobody takes a part: declined, and voided.
func (h *History) unasked() {
	p := h.payment()
	p.Status, p.Captured = "declined", 0
	p.Operations[0].Status = "declined"
	h.Calls[0].TakesPart, h.Calls[0].Payment, h.Calls[0].Operation = false, *p, p.Operations[0]
	h.Calls[0].Outcome, h.Events[0].Status = "declined", "declined"
	h.operation(Operation{ID: "op2", Kind: "void", Status: "approved", Origin: "gateway", Amount: 600})
	h.Transactions[0].State = "voided"
}

// refunds has the part that nobody wants promised back, while a caller looks.
func (h *History) refunds(amount int64) {
	h.unasked()
	p := *h.payment()
	p.Operations = []Operation{p.Operations[0], {ID: "op2", Kind: "refund", Status: "unknown", Origin: "gateway", Amount: amount}}
	p.Pending = amount
	h.Calls = append(h.Calls, Call{At: at(3), Until: at(4), Verb: Ask, Key: "k1", Budget: 9 * time.Second, Status: 200, Payment: p})
}

// givesUp has the caller, who takes no part, give the key up while it is under way.
func (h *History) givesUp() {
	h.Calls[0].TakesPart = false
	h.Calls = append(h.Calls, Call{At: at(1.1), Until: at(2), Verb: Cancel, Key: "k1", Budget: 9 * time.Second, Status: 202})
}

func TestAHistoryOfPartsIsJudged(t *testing.T) {
	for name, c := range map[string]struct {
		rule string // "" for a history that breaks none
		do   func(*History)
	}{
		"a part that is taken":  {"", func(*History) {}},
		"a part that goes back": {"", (*History).unasked},
		"a part that a caller was told was all": {PartsTold, func(h *History) {
			h.Calls[0].Payment.Part = 0
		}},
		"a part that an event told was all": {PartsTold, func(h *History) { h.Events[0].Granted = 1000 }},
		"a part that was heard of as unknown before": {"", func(h *History) {
			told(h, 0.5, "unknown")
			h.Calls[1].Payment.Status, h.Calls[1].Payment.Part = "unknown", 0
		}},
		"a part that is shown as another one": {Adopted, func(h *History) { h.payment().Part = 700 }},
		"more than the part captured": {WithinBounds, func(h *History) {
			h.payment().Captured, h.payment().Operations[0].Amount = 700, 700
		}},
		"a part that nobody asked for, shown as approved": {PartsBack, func(h *History) { h.Calls[0].TakesPart = false }},
		"a part of a key that was given up, undone": {"", func(h *History) {
			h.givesUp()
			h.payment().Status, h.Transactions[0].State = "voided", "voided"
		}},
		"a part of a key that was given up, kept": {PartsBack, func(h *History) { h.givesUp() }},
		"a part that nobody asked for, told by an event as approved": {PartsBack, func(h *History) {
			h.unasked()
			h.Events[0].Status = "approved"
		}},
		"a part that nobody asked for, and that is taken in the end": {PartsBack, func(h *History) {
			h.unasked()
			h.Transactions[0].State = "settled"
		}},
		"a part that nobody asked for, and that is held in the end": {PartsBack, func(h *History) {
			h.unasked()
			h.Transactions[0].Kind, h.Transactions[0].State = "authorization", "authorized"
		}},
		"a part that settled too early, and is being refunded": {"", func(h *History) { h.refunds(600) }},
		"more promised back than the part":                     {WithinBounds, func(h *History) { h.refunds(700) }},
		"a part that stays, and a person is told": {"", func(h *History) {
			h.unasked()
			p := h.payment()
			p.Operations, p.NeedsAttention = p.Operations[:1], true
			h.Transactions[0].State = "settled"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := inPart()
			h.Payments[0].Operations = slices.Clone(h.Payments[0].Operations)
			c.do(&h)
			broken := brokenRules(Check(h))
			if c.rule == "" && len(broken) > 0 || c.rule != "" && !slices.Contains(broken, c.rule) {
				t.Errorf("it breaks %v, want %q", broken, c.rule)
			}
		})
	}
}
