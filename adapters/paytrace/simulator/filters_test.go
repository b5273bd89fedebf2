package simulator_test

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
)

func TestDuplicateFilterAnswers(t *testing.T) {
	const sale = `{"integrator_id":"simulator001","amount":"5","invoice_id":"o1",` + keyedVisa + `}`
	for answerAs, want := range map[string]string{"error": "error 148", "original": "101", "decline": "102"} {
		t.Run(answerAs, func(t *testing.T) {
			now := noon
			a := openAccount(t, simulator.Options{Now: func() time.Time { return now }})
			a.control("PUT", "/faults", `{"duplicateFilter":{"minutes":5,"answer":"`+answerAs+`"}}`)
			_, first := a.post("transactions/sale/keyed", sale)
			_, second := a.post("transactions/sale/keyed", sale)
			if got := result(second); got != want {
				t.Errorf("the duplicate answers %s, want %s", got, want)
			}
			same := fmt.Sprint(first["transaction_id"]) == fmt.Sprint(second["transaction_id"])
			if same != (answerAs == "original") {
				t.Errorf("the duplicate's id is the first one's: %v", same)
			}
			_, other := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"5","invoice_id":"o2",`+keyedVisa+`}`)
			if codeOf(other) != 101 {
				t.Errorf("another invoice is no duplicate: %v", other)
			}
			now = now.Add(5 * time.Minute)
			if _, later := a.post("transactions/sale/keyed", sale); codeOf(later) != 101 {
				t.Errorf("after five minutes it is no duplicate: %v", later)
			}
		})
	}
}

func TestDeclinedTransactionsAreNoDuplicates(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	a.control("PUT", "/faults", `{"duplicateFilter":{"minutes":5}}`)
	for range 2 {
		_, answer := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"0.21",`+keyedVisa+`}`)
		if codeOf(answer) != 102 {
			t.Errorf("answer %v, want a decline", answer)
		}
	}
}

func TestPhishingFilterWarnsAndBlocksForADay(t *testing.T) {
	now := noon
	a := openAccount(t, simulator.Options{Now: func() time.Time { return now }})
	a.control("PUT", "/faults", `{"phishingFilter":{"enabled":true}}`)
	message := func(amount string) any {
		a.token = a.logIn()
		_, answer := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"`+amount+`",`+keyedVisa+`}`)
		return answer["approval_message"]
	}
	const blocked = "    DECLINE - Card blocked by the phishing filter"
	for i, want := range []string{
		"    DECLINE - Insufficient funds", "    DECLINE - Insufficient funds",
		"    DECLINE - One more failed attempt blocks this card", blocked,
	} {
		if got := message("0.21"); got != want {
			t.Errorf("try %d: %q, want %q", i+1, got, want)
		}
	}
	if got := message("5.00"); got != blocked {
		t.Errorf("a good amount: %q, want the block", got)
	}
	now = now.Add(25 * time.Hour)
	if got := message("5.00"); got == blocked {
		t.Error("a day later the card is still blocked")
	}
}
