package history

import (
	"testing"
	"time"
)

// bankHistory is a bank payment whose sale nobody has heard of.
func bankHistory() History {
	p := Payment{ID: "pay_1", Reference: "R1", Order: "o1", Status: "unknown", ACH: true, NeedsAttention: true, Operations: []Operation{{ID: "op_1", Kind: "sale", Status: "unknown"}}}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return History{
		Payments: []Payment{p},
		Sends:    []Send{{At: at, Kind: "sale", Subject: "R1", Outcome: "unknown"}},
	}
}

func TestABankPaymentIsNotSentAgainBeforeAPersonHasDecided(t *testing.T) {
	h := bankHistory()
	first := h.Sends[0].At
	if found := checkSentOnce(newIndex(h)); len(found) != 0 {
		t.Errorf("sent once: %v", found)
	}
	h.Sends = append(h.Sends, Send{At: first.Add(time.Hour), Kind: "sale", Subject: "R1", Outcome: "approved"})
	if found := checkSentOnce(newIndex(h)); len(found) != 1 || found[0].Rule != SentOnce {
		t.Errorf("sent again: %v", found)
	}
	h.Resolved = []Resolved{{At: first.Add(time.Minute), Subject: "R1", Operation: "op_1"}}
	if found := checkSentOnce(newIndex(h)); len(found) != 0 {
		t.Errorf("sent again after a person has decided: %v", found)
	}
	h.Payments[0].ACH, h.Resolved = false, nil
	if found := checkSentOnce(newIndex(h)); len(found) != 0 {
		t.Errorf("a card payment: %v", found)
	}
}

func TestAnUnknownBankPaymentIsOnTheAttentionListAlone(t *testing.T) {
	h := bankHistory()
	if found := attended(newIndex(h)); len(found) != 0 {
		t.Errorf("on the list: %v", found)
	}
	h.Unmatched = []Unmatched{{ID: "100", Order: "o1"}}
	if found := attended(newIndex(h)); len(found) != 1 {
		t.Errorf("on two lists: %v", found)
	}
	h.Unmatched, h.Payments[0].NeedsAttention = nil, false
	if found := attended(newIndex(h)); len(found) != 1 {
		t.Errorf("on none: %v", found)
	}
	h.Payments[0].NeedsAttention = true
	undecided := h.Payments[0].Operations
	h.Payments[0].Operations = []Operation{{ID: "op_1", Kind: "sale", Status: "approved"}}
	if found := attended(newIndex(h)); len(found) != 1 {
		t.Errorf("with nothing to decide: %v", found)
	}
	h.Payments[0].Operations, h.Payments[0].NeedsAttention = undecided, false
	at := h.Sends[0].At
	h.Calls = []Call{{At: at, Payment: h.Payments[0]}, {At: at.Add(time.Minute), Payment: h.Payments[0]}}
	h.Payments = nil
	if found := attended(newIndex(h)); len(found) != 0 {
		t.Errorf("while it may still be heard of: %v", found)
	}
	h.Calls[1].At = at.Add(2 * time.Hour)
	if found := attended(newIndex(h)); len(found) != 1 {
		t.Errorf("as a caller was told: %v", found)
	}
}

func TestABankPaymentThatIsGivenUpMayHaveBeenReturned(t *testing.T) {
	h := bankHistory()
	at := h.Sends[0].At
	h.Payments[0].NeedsAttention, h.Payments[0].Status, h.Payments[0].TransactionID = false, "returned", "chk_1"
	h.Payments[0].Amount, h.Payments[0].Captured = 1000, 1000
	h.Payments[0].Operations[0].Status = "approved"
	h.Calls = []Call{
		{At: at, Verb: Pay, Key: "k1", Order: "o1", Status: 201},
		{At: at.Add(time.Minute), Verb: Cancel, Key: "k1", Status: 202},
	}
	h.Transactions = []Transaction{{ID: "chk_1", Kind: "sale", State: "settled", Amount: 1000, Authorized: 1000, Reference: "R1", Order: "o1"}}
	if found := append(givenUp(newIndex(h)), booksAgree(newIndex(h))...); len(found) != 0 {
		t.Errorf("a bank has sent it back, which PayTrace's books do not show: %v", found)
	}
	h.Payments[0].Status, h.Payments[0].Captured = "approved", 0
	if found := givenUp(newIndex(h)); len(found) != 1 || found[0].Rule != GivenUp {
		t.Errorf("its money stays with the merchant: %v", found)
	}
	if found := booksAgree(newIndex(h)); len(found) != 1 || found[0].Rule != BooksAgree {
		t.Errorf("nothing of it is shown as kept: %v", found)
	}
}
