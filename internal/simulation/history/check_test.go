package history

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

// sold is a history in which nothing is wrong: one sale of 10.00, told once,
// written, sent, read and booked.
func sold() History {
	sale := Operation{ID: "op1", Kind: "sale", Status: "approved", Origin: "api", Key: "k1", TransactionID: "100", Amount: 1000}
	p := Payment{
		ID: "pay1", Reference: "REF1", Order: "o1", TransactionID: "100", Status: "approved", Amount: 1000, Captured: 1000,
		Operations: []Operation{sale},
	}
	return History{
		Calls: []Call{{
			At: at(1), Until: at(2), Instance: "one", Verb: Pay, Key: "k1", Request: "10.00 for o1", Order: "o1",
			Budget: 9 * time.Second, Status: 201, Outcome: "approved", Payment: p, Operation: sale,
		}},
		Intents:      []Intent{{At: at(1.1), Instance: "one", Kind: "sale", Subject: "REF1", SendBefore: at(6.1)}},
		Sends:        []Send{{At: at(1.2), Instance: "one", Kind: "sale", Subject: "REF1", SendBefore: at(6.1), Outcome: "approved"}},
		Arrivals:     []Arrival{{At: at(1.3), Operation: "sale", Reference: "REF1", TransactionID: "100", HTTPStatus: 200, Answer: 101, Acted: true}},
		Transactions: []Transaction{{ID: "100", Kind: "sale", State: "settled", Amount: 1000, Authorized: 1000, Reference: "REF1", Order: "o1", At: at(1.3)}},
		Payments:     []Payment{p},
	}
}

// payment is the payment of the end.
func (h *History) payment() *Payment { return &h.Payments[0] }

// operation adds an operation to it, without a transaction at PayTrace.
func (h *History) operation(o Operation) {
	p := h.payment()
	p.Operations = append(slices.Clone(p.Operations), o)
	switch {
	case o.Kind == "refund" && o.Status == "approved":
		p.Refunded += o.Amount
	case o.Kind == "refund" && o.Status != "declined" && o.Status != "rejected":
		p.Pending += o.Amount
	}
}

// refused is a refund that a caller was promised, and that is not made.
func (h *History) refused(status string) {
	o := Operation{ID: "op2", Kind: "refund", Status: "waiting_settlement", Amount: 5}
	c := again(h.Calls[0], 5)
	c.Verb, c.Key, c.Operation, c.Replayed = "refund", "k2", o, false
	c.Payment.Operations, c.Payment.Pending = append(slices.Clone(c.Payment.Operations), o), 5
	h.Calls = append(h.Calls, c)
	o.Status = status
	h.operation(o)
}

// again is the same call once more, later.
func again(c Call, after float64) Call {
	c.At, c.Until, c.Replayed = at(after), at(after+1), true
	return c
}

// told adds another telling of the sale's operation.
func told(h *History, after float64, status string) {
	c := again(h.Calls[0], after)
	c.Replayed = false
	c.Operation.Status = status
	c.Payment.Operations = []Operation{c.Operation}
	if status != "approved" {
		c.Payment.Captured = 0
	}
	h.Calls = append(h.Calls, c)
}

// credited adds a clerk's credit of half the sale, listed since, and a void of
// all of it that left a hundred seconds after the beginning.
func credited(h *History, after float64) {
	h.Transactions[0].State, h.payment().Status = "voided", "voided"
	h.Transactions = append(h.Transactions, Transaction{
		ID: "200", Kind: "refund", State: "pending_settlement", Amount: 500, Of: "100", Order: "o1", ByClerk: true, Credit: true, At: at(after),
	})
	h.Unmatched = []Unmatched{{ID: "200", Order: "o1"}}
	h.operation(Operation{ID: "op2", Kind: "void", Status: "approved", Amount: 1000})
	h.payment().Pending = 0
	h.Intents = append(h.Intents, Intent{At: at(99.9), Instance: "one", Kind: Void, Subject: "100", SendBefore: at(105)})
	h.Sends = append(h.Sends, Send{At: at(100), Instance: "one", Kind: Void, Subject: "100", SendBefore: at(105), Outcome: "approved"})
	h.Arrivals = append(h.Arrivals, Arrival{At: at(101), Operation: Void, TransactionID: "100", HTTPStatus: 200, Answer: 109, Acted: true})
}

func TestAHistoryIsJudged(t *testing.T) {
	for name, c := range map[string]struct {
		rule string // "" for a history that breaks none
		do   func(*History)
	}{
		"a sale": {"", func(*History) {}},
		"the same answer again": {"", func(h *History) {
			h.Calls = append(h.Calls, again(h.Calls[0], 5))
		}},

		"two charges for one key": {ChargedOnce, func(h *History) {
			h.Transactions = append(h.Transactions, Transaction{ID: "101", Kind: "sale", State: "voided", Amount: 1000, Order: "o1", Reference: "REF2"})
		}},
		"two charges for one key's two orders": {ChargedOnce, func(h *History) {
			other := h.Calls[0]
			other.Order, other.Request, other.Status, other.Operation, other.Payment = "o2", "11.00 for o2", 422, Operation{}, Payment{}
			h.Calls = append(h.Calls, other)
			h.Transactions = append(h.Transactions, Transaction{ID: "101", Kind: "sale", State: "voided", Amount: 1100, Order: "o2", Reference: "REF2"})
		}},
		"two charges with one reference": {ChargedOnce, func(h *History) {
			h.Transactions = append(h.Transactions, Transaction{ID: "101", Kind: "sale", State: "voided", Amount: 1000, Order: "elsewhere", Reference: "REF1"})
		}},
		"a decline beside a charge": {"", func(h *History) {
			h.Transactions = append(h.Transactions, Transaction{ID: "101", Kind: "sale", State: "declined", Amount: 1000, Order: "o1", Reference: "REF2"})
		}},
		"a clerk's own sale for the order": {"", func(h *History) {
			h.Transactions = append(h.Transactions, Transaction{ID: "101", Kind: "sale", State: "settled", Amount: 1000, Order: "o1", ByClerk: true})
		}},

		"a charge that PayTrace read twice": {SentOnce, func(h *History) {
			h.Arrivals = append(h.Arrivals, Arrival{At: at(3), Operation: "sale", Reference: "REF1", HTTPStatus: 502, Fault: "status"})
		}},
		"a charge that was sent again after a refused log-in": {"", func(h *History) {
			h.Arrivals = append(h.Arrivals, Arrival{At: at(1), Operation: "sale", Reference: "REF1", HTTPStatus: 401},
				Arrival{At: at(1), Operation: "sale", Reference: "REF1", HTTPStatus: 400, Fault: "denied"})
		}},
		"a void that PayTrace read and nobody sent": {SentOnce, func(h *History) {
			h.Arrivals = append(h.Arrivals, Arrival{At: at(3), Operation: "void", TransactionID: "100"})
		}},
		"a refund that is shown by its own id": {SentOnce, func(h *History) {
			h.Transactions = append(h.Transactions, Transaction{ID: "200", Kind: "refund", State: "voided", Amount: 1, Of: "100"})
			h.Arrivals = append(h.Arrivals, Arrival{At: at(3), Operation: "refund", TransactionID: "200"})
		}},

		"a sending without an intent": {OwnIntent, func(h *History) { h.Intents = nil }},
		"a sending of another's intent": {OwnIntent, func(h *History) {
			h.Sends[0].Instance = "two"
		}},
		"a sending before the intent was kept": {OwnIntent, func(h *History) { h.Sends[0].At = at(1) }},
		"one intent sent twice": {OwnIntent, func(h *History) {
			h.Sends = append(h.Sends, h.Sends[0])
		}},
		"an intent that is marked while it is under way": {"", func(h *History) {
			marked := h.Intents[0]
			marked.At = at(2)
			h.Intents = append(h.Intents, marked)
		}},

		"refunds beyond what was captured": {WithinBounds, func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "refund", Status: "approved", Amount: 600})
			h.operation(Operation{ID: "op3", Kind: "refund", Status: "waiting_settlement", Amount: 600})
		}},
		"refunds beyond what was captured, as told on the way": {WithinBounds, func(h *History) {
			c := again(h.Calls[0], 5)
			c.Payment.Operations = append(slices.Clone(c.Payment.Operations),
				Operation{ID: "op2", Kind: "refund", Status: "unknown", Amount: 1001})
			h.Calls = append(h.Calls, c)
		}},
		"captures beyond the authorization": {WithinBounds, func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "capture", Status: "approved", Amount: 1})
		}},
		"a sum that the operations do not make": {WithinBounds, func(h *History) { h.payment().Refunded = 5 }},
		"refunds at PayTrace beyond the sale": {WithinBounds, func(h *History) {
			h.Transactions = append(h.Transactions, Transaction{ID: "200", Kind: "refund", State: "settled", Amount: 1001, Of: "100", ByClerk: true})
		}},
		"a void of what a clerk had credited": {WithinBounds, func(h *History) { credited(h, 10) }},
		"a void just as a clerk credits":      {"", func(h *History) { credited(h, 99) }},
		"a void while the export lags": {"", func(h *History) {
			credited(h, 10)
			h.Blind = []Span{{From: at(50), To: at(70)}}
		}},
		"a capture at PayTrace beyond the authorization": {WithinBounds, func(h *History) {
			h.Transactions[0].Captured, h.Transactions[0].Authorized = true, 900
		}},

		"a charge that a clerk lowered below what is promised": {"", func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "refund", Status: "waiting_settlement", Amount: 600})
			h.operation(Operation{ID: "op3", Kind: "adjust", Status: "approved", Origin: "external", Amount: 500})
			h.payment().Captured, h.payment().NeedsAttention = 500, true
		}},
		"a clerk's refund beside what is promised": {"", func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "refund", Status: "waiting_settlement", Amount: 600})
			h.operation(Operation{ID: "op3", Kind: "refund", Status: "approved", Origin: "external", Amount: 500, TransactionID: "200"})
			h.Transactions = append(h.Transactions, Transaction{ID: "200", Kind: "refund", State: "settled", Amount: 500, Of: "100", ByClerk: true})
			h.payment().NeedsAttention = true
		}},

		"an unknown that nobody was told of": {Decided, func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "void", Status: "unknown"})
		}},
		"an unknown that waits for a person": {"", func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "void", Status: "unknown"})
			h.payment().NeedsAttention = true
		}},
		"a refund that waits for ever": {Decided, func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "refund", Status: "waiting_settlement", Amount: 5})
		}},
		"a refund that waits for a person to say whose a listed transaction is": {"", func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "refund", Status: "waiting_settlement", Amount: 5})
			h.Unmatched = []Unmatched{{ID: "101", Order: "o1"}}
		}},
		"a promised refund that is refused, and nobody was told": {Decided, func(h *History) { h.refused("declined") }},
		"a promised refund that is refused, and a person was called": {"", func(h *History) {
			h.refused("rejected")
			h.payment().NeedsAttention = true
		}},
		"a promised refund whose money a clerk has given back": {"", func(h *History) {
			h.refused("rejected")
			h.operation(Operation{ID: "op3", Kind: "refund", Status: "approved", Origin: "external", Amount: 996, TransactionID: "200"})
			h.Transactions = append(h.Transactions, Transaction{ID: "200", Kind: "refund", State: "settled", Amount: 996, Of: "100", ByClerk: true})
		}},
		"a refund that was refused at once": {"", func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "refund", Status: "declined", Amount: 5})
		}},
		"an unknown beside a listed transaction": {Decided, func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "refund", Status: "unknown", Amount: 5})
			h.Unmatched = []Unmatched{{ID: "101", Order: "o1"}}
		}},
		"a payment that is gone": {Decided, func(h *History) { h.Payments = nil }},

		"approved, then unknown":                                 {ToldStands, func(h *History) { told(h, 5, "unknown") }},
		"approved, then declined":                                {ToldStands, func(h *History) { told(h, 5, "declined") }},
		"approved, and unknown in an answer that was on its way": {"", func(h *History) { told(h, 1.5, "unknown") }},
		"unknown, then approved":                                 {"", func(h *History) { told(h, -5, "unknown") }},
		"not sent, and approved though nobody asked again": {ToldStands, func(h *History) {
			told(h, -9, "not_sent")
			h.Calls = h.Calls[1:]
			told(h, 5, "approved")
			h.Calls[1].Verb = Ask
		}},
		"not sent, and approved when its key came again": {"", func(h *History) { told(h, -9, "not_sent") }},
		"a payment that goes back":                       {ToldStands, func(h *History) { h.payment().Status = "authorized" }},
		"every caller was told not sent, and there is a charge": {ToldStands, func(h *History) {
			h.Calls[0].Status, h.Calls[0].Outcome = 503, "not_sent"
		}},
		"the last caller got no answer after not sent": {"", func(h *History) {
			first := h.Calls[0]
			first.At, first.Until, first.Status, first.Outcome = at(-5), at(-4), 503, "not_sent"
			first.Payment, first.Operation = Payment{}, Operation{}
			h.Calls = append(h.Calls, first)
		}},

		"two operations for one key": {SameOperation, func(h *History) {
			c := again(h.Calls[0], 5)
			c.Operation.ID = "op9"
			h.Calls = append(h.Calls, c)
		}},
		"two requests with one key, both carried out": {KeyReuse, func(h *History) {
			c := again(h.Calls[0], 5)
			c.Request = "11.00 for o1"
			h.Calls = append(h.Calls, c)
		}},
		"another request with the key, refused": {"", func(h *History) {
			c := again(h.Calls[0], 5)
			c.Request, c.Status, c.Code, c.Operation, c.Payment = "11.00 for o1", 422, "idempotency_key_reused", Operation{}, Payment{}
			h.Calls = append(h.Calls, c)
		}},

		"a charge that the gateway does not know": {NoOrphan, func(h *History) {
			h.Transactions = append(h.Transactions, Transaction{ID: "101", Kind: "sale", State: "settled", Amount: 5, Authorized: 5, Reference: "REF9", Order: "o9"})
		}},
		"a charge of a payment that is shown as failed": {NoOrphan, func(h *History) {
			h.Calls = nil
			h.payment().Status, h.payment().TransactionID, h.payment().Captured = "failed", "", 0
			h.payment().Operations[0].Status = "failed"
		}},
		"a charge that was found too late, and voided": {"", func(h *History) {
			h.Calls = nil
			h.payment().Status, h.payment().Captured = "voided", 0
			h.payment().Operations[0].Status = "failed"
			h.Transactions[0].State = "voided"
		}},

		"another's transaction adopted":           {Adopted, func(h *History) { h.Transactions[0].Reference = "REF2" }},
		"a transaction of another amount adopted": {Adopted, func(h *History) { h.Transactions[0].Authorized = 900 }},
		"a transaction that is not there":         {Adopted, func(h *History) { h.Transactions = nil }},

		"given up, and the money kept": {GivenUp, func(h *History) {
			h.Calls = append(h.Calls, Call{At: at(5), Until: at(6), Budget: time.Minute, Verb: Cancel, Key: "k1", Status: 202})
		}},
		"given up, and refused": {"", func(h *History) {
			h.Calls = append(h.Calls, Call{At: at(5), Until: at(6), Budget: time.Minute, Verb: Cancel, Key: "k1", Status: 422, Code: "not_cancellable"})
		}},
		"given up, and voided": {"", func(h *History) {
			h.Calls = append(h.Calls, Call{At: at(5), Until: at(6), Budget: time.Minute, Verb: Cancel, Key: "k1", Status: 201})
			h.Transactions[0].State, h.payment().Status = "voided", "voided"
		}},
		"given up, and partly refunded": {GivenUp, func(h *History) {
			h.Calls = append(h.Calls, Call{At: at(5), Until: at(6), Budget: time.Minute, Verb: Cancel, Key: "k1", Status: 201})
			h.Transactions = append(h.Transactions, Transaction{ID: "200", Kind: "refund", State: "settled", Amount: 999, Of: "100"})
		}},

		"a void that PayTrace does not have": {BooksAgree, func(h *History) { h.payment().Status = "voided" }},
		"a refund that PayTrace does not have": {BooksAgree, func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "refund", Status: "approved", ProcessedAs: "refund", Amount: 400})
		}},
		"a clerk's refund that the gateway does not show": {BooksAgree, func(h *History) {
			h.Transactions = append(h.Transactions, Transaction{ID: "200", Kind: "refund", State: "pending_settlement", Amount: 100, Of: "100", ByClerk: true})
		}},
		"a clerk's refund that the gateway lists for a person": {"", func(h *History) {
			h.Transactions = append(h.Transactions, Transaction{ID: "200", Kind: "refund", State: "pending_settlement", Amount: 100, Of: "100", ByClerk: true})
			h.Unmatched = []Unmatched{{ID: "200", Order: "o1"}}
		}},
		"a refund that was done as a void": {"", func(h *History) {
			h.operation(Operation{ID: "op2", Kind: "refund", Status: "approved", ProcessedAs: "void", Amount: 1000})
			h.payment().Status, h.Transactions[0].State = "refunded", "voided"
		}},
		"no answer":                         {Answers, func(h *History) { h.Calls[0].Status = 0 }},
		"no answer to a caller who hung up": {"", func(h *History) { h.Calls[0].Status, h.Calls[0].Excused = 0, true }},
		"an answer after the budget":        {Answers, func(h *History) { h.Calls[0].Until = at(10.5) }},
		"a failure of the gateway's own": {Answers, func(h *History) {
			h.Calls = append(h.Calls, Call{At: at(5), Until: at(6), Verb: Ask, Key: "k1", Budget: time.Second, Status: 500})
		}},

		"an authorization that is captured there": {BooksAgree, func(h *History) {
			h.Calls = nil
			h.payment().Status, h.payment().Captured, h.payment().Operations[0].Kind = "authorized", 0, "authorize"
			h.Transactions[0].Kind, h.Transactions[0].Captured = "authorization", true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := sold()
			h.Payments[0].Operations = slices.Clone(h.Payments[0].Operations)
			c.do(&h)
			broken := brokenRules(Check(h))
			switch {
			case c.rule == "" && len(broken) > 0:
				t.Errorf("it breaks %v", broken)
			case c.rule != "" && !slices.Contains(broken, c.rule):
				t.Errorf("it breaks %v, want %s", broken, c.rule)
			}
		})
	}
}

func brokenRules(violations []Violation) []string {
	var names []string
	for _, v := range violations {
		names = append(names, v.Rule)
	}
	return names
}

func TestAViolationTellsEverythingThatWasSeen(t *testing.T) {
	h := sold()
	h.Transactions = append(h.Transactions, Transaction{ID: "101", Kind: "sale", State: "voided", Amount: 1000, Order: "o1", Reference: "REF1", At: at(9)})
	h.Calls = append(h.Calls, Call{At: at(50), Until: at(51), Budget: time.Minute, Verb: Pay, Key: "unrelated", Order: "o2", Status: 503, Outcome: "not_sent"})
	text := Check(h)[0].String()
	for _, want := range []string{"charged-once: key k1", "pay asks k1 of one", "writes the intent of a sale of REF1",
		"sends a sale of REF1", "PayTrace reads a sale REF1", "PayTrace makes the sale 101", "the end", "pay1"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not tell %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "unrelated") {
		t.Errorf("it tells of another key:\n%s", text)
	}
}
