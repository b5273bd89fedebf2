package simulator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

func TestStateRules(t *testing.T) {
	settle := func(a *account) { a.control("POST", "/settle", "") }
	cases := []struct {
		name string
		do   func(a *account) map[string]any
		want string
	}{
		{"part of an authorization is captured", func(a *account) map[string]any {
			return a.on("authorization/capture", a.authorize("10.00"), "4.00")
		}, "112"},
		{"an authorization is captured once, even in part", func(a *account) map[string]any {
			id := a.authorize("10.00")
			a.on("authorization/capture", id, "4.00")
			return a.on("authorization/capture", id, "1.00")
		}, "error 816"},
		{"no more than was authorized is captured", func(a *account) map[string]any {
			return a.on("authorization/capture", a.authorize("10.00"), "10.01")
		}, "error 815"},
		{"a sale is not captured", func(a *account) map[string]any {
			return a.on("authorization/capture", a.sell("10.00"), "")
		}, "error 816"},
		{"a voided authorization is not captured", func(a *account) map[string]any {
			id := a.authorize("10.00")
			a.on("void", id, "")
			return a.on("authorization/capture", id, "")
		}, "error 816"},
		{"a captured authorization is voided before settlement", func(a *account) map[string]any {
			id := a.authorize("10.00")
			a.on("authorization/capture", id, "")
			return a.on("void", id, "")
		}, "109"},
		{"nothing is voided twice", func(a *account) map[string]any {
			id := a.sell("10.00")
			a.on("void", id, "")
			return a.on("void", id, "")
		}, "error 818"},
		{"a settled sale is refunded in full", func(a *account) map[string]any {
			id := a.sell("10.00")
			settle(a)
			return a.on("refund/for_transaction", id, "")
		}, "106"},
		{"an uncaptured authorization is not refunded", func(a *account) map[string]any {
			id := a.authorize("10.00")
			settle(a)
			return a.on("refund/for_transaction", id, "")
		}, "error 817"},
		{"refunds do not exceed what was captured", func(a *account) map[string]any {
			id := a.authorize("10.00")
			a.on("authorization/capture", id, "4.00")
			settle(a)
			return a.on("refund/for_transaction", id, "4.01")
		}, "error 813"},
		{"refunds add up", func(a *account) map[string]any {
			id := a.sell("10.00")
			settle(a)
			a.on("refund/for_transaction", id, "6.00")
			return a.on("refund/for_transaction", id, "4.01")
		}, "error 813"},
		{"a voided refund can be made again", func(a *account) map[string]any {
			id := a.sell("10.00")
			settle(a)
			refund := a.on("refund/for_transaction", id, "")
			a.on("void", fmt.Sprint(refund["transaction_id"]), "")
			return a.on("refund/for_transaction", id, "10.00")
		}, "106"},
		{"a refund is not refunded", func(a *account) map[string]any {
			id := a.sell("10.00")
			settle(a)
			refund := a.on("refund/for_transaction", id, "")
			settle(a)
			return a.on("refund/for_transaction", fmt.Sprint(refund["transaction_id"]), "")
		}, "error 817"},
		{"an unknown customer is not charged", func(a *account) map[string]any {
			_, answer := a.post("transactions/sale/by_customer", `{"integrator_id":"simulator001","amount":"1","customer_id":"nobody"}`)
			return answer
		}, "error 30"},
		{"nothing is authorized to verify a card", func(a *account) map[string]any {
			_, answer := a.post("transactions/authorization/keyed", `{"integrator_id":"simulator001","amount":"0.00",`+keyedVisa+`}`)
			return answer
		}, "101"},
		{"nothing is not sold", func(a *account) map[string]any {
			_, answer := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"0.00",`+keyedVisa+`}`)
			return answer
		}, "error 51"},
		{"an id that is no number is invalid", func(a *account) map[string]any {
			return a.on("void", "pay_1", "")
		}, "error 58"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := openAccount(t, simulator.Options{})
			if got := result(c.do(a)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestCaptureKeepsTheIDAndRefundHasItsOwn(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	id := a.authorize("10.00")
	if got := fmt.Sprint(a.on("authorization/capture", id, "")["transaction_id"]); got != id {
		t.Errorf("capture answers id %s, want the authorization's %s", got, id)
	}
	a.control("POST", "/settle", "")
	if got := fmt.Sprint(a.on("refund/for_transaction", id, "")["transaction_id"]); got == id {
		t.Error("the refund has the sale's id")
	}
}

func TestAddressAndCSCAnswers(t *testing.T) {
	cases := []struct {
		name, card, csc, street, zip string
		avs, message, verdict        string
	}{
		{"all match", "4012000098765439", "999", "8320 Elm", "85284", "Full Exact Match", "EXACT MATCH - Approved and completed", "Match"},
		{"street alone", "5499740000000057", "998", "8320 Elm", "90210", "Address Match Only", "ADDRESS MATCH - Approved and completed", "Match"},
		{"zip alone", "6011000993026909", "996", "1 Elm", "85284-1234", "Zip Match Only", "  ZIP MATCH - Approved and completed", "Match"},
		{"nothing matches", "4012000098765439", "998", "83201 Elm", "90210", "No Match", "  NO  MATCH - Approved and completed", ""},
		{"AmEx never answers a CSC", "371449635392376", "9997", "1 Elm", "90210", "No Match", "  NO  MATCH - Approved and completed", ""},
	}
	a := openAccount(t, simulator.Options{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, answer := a.post("transactions/sale/keyed", fmt.Sprintf(
				`{"integrator_id":"simulator001","amount":"5","csc":%q,"credit_card":{"number":%q,"expiration_month":"1","expiration_year":"30"},"billing_address":{"street_address":%q,"zip":%q}}`,
				c.csc, c.card, c.street, c.zip))
			for member, want := range map[string]string{"avs_response": c.avs, "approval_message": c.message, "csc_response": c.verdict} {
				if answer[member] != want {
					t.Errorf("%s is %q, want %q", member, answer[member], want)
				}
			}
		})
	}
}

func TestAutoVoidAnswers103AndVoids(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	a.control("PUT", "/settings", `{"autoVoid":{"avs":["No Match"],"csc":[]}}`)
	_, answer := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"5",`+keyedVisa+`,"billing_address":{"zip":"90210"}}`)
	if codeOf(answer) != 103 || answer["success"] != true {
		t.Errorf("answer %v, want success with 103", answer)
	}
	charges := rows(a.control("GET", "/charges", ""), "charges")
	if len(charges) != 1 || charges[0]["state"] != "voided" {
		t.Errorf("charges %v, want one that is voided", charges)
	}
}

func TestCardExpiresOnlyOnceTheClockWasSet(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	const sale = `{"integrator_id":"simulator001","amount":"5","credit_card":{"number":"4012000098765439","expiration_month":"9","expiration_year":"2018"}}`
	if _, answer := a.post("transactions/sale/keyed", sale); codeOf(answer) != 101 {
		t.Errorf("before: %v, want an approval", answer)
	}
	a.control("POST", "/clock", `{"set":"2018-09-30T20:00:00Z"}`)
	a.token = a.logIn()
	if _, answer := a.post("transactions/sale/keyed", sale); codeOf(answer) != 101 {
		t.Errorf("in its last month: %v, want an approval", answer)
	}
	a.control("POST", "/clock", `{"set":"2018-10-02T00:00:00Z"}`)
	a.token = a.logIn()
	_, answer := a.post("transactions/sale/keyed", sale)
	if answer["approval_message"] != "  EXPIRED CARD - Expired card" {
		t.Errorf("after: %v, want an expired card", answer)
	}
}

func TestHTTPStatusesAreSettings(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	a.control("PUT", "/settings", `{"declineStatus":402,"errorStatus":422,"unauthorizedStatus":403}`)
	if status, _ := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"0.21",`+keyedVisa+`}`); status != 402 {
		t.Errorf("decline: status %d, want 402", status)
	}
	if status, _ := a.post("transactions/void", `{"transaction_id":""}`); status != 422 {
		t.Errorf("error: status %d, want 422", status)
	}
	a.token = "nonsense"
	if status, answer := a.post("transactions/void", `{}`); status != 403 || answer["error"] != "invalid_token" {
		t.Errorf("bad token: status %d, %v", status, answer)
	}
}

func TestRequestsThatReachNoMethod(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	cases := []struct {
		name, method, path, body string
		want                     int
	}{
		{"unknown path", "POST", "/v1/transactions/sale/by_magic", "{}", 404},
		{"not a POST", "GET", "/v1/transactions/void", "", 404},
		{"no JSON", "POST", "/v1/transactions/void", "transaction_id=1", 400},
		{"an amount that is an object", "POST", "/v1/transactions/sale/keyed", `{"amount":{}}`, 400},
		{"too large", "POST", "/v1/transactions/void", strings.Repeat(" ", 1<<20+1), 413},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if status, answer := a.send(a.sim.API(), c.method, c.path, "application/json", c.body); status != c.want {
				t.Errorf("status %d, %v, want %d", status, answer, c.want)
			}
		})
	}
}

func TestLevelThreeReplacesInvoiceAndReference(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	id := a.approve("sale/keyed", `"amount":"5","invoice_id":"old","customer_reference_id":"old",`+keyedVisa)
	body := `{"transaction_id":"` + id + `","invoice_id":"new","customer_reference_id":"PO","line_items":[{},{}]}`
	if _, answer := a.post("level_three/mastercard", body); result(answer) != "error 814" {
		t.Errorf("for the other brand: %v", answer)
	}
	if _, answer := a.post("level_three/visa", body); !strings.Contains(fmt.Sprint(answer["status_message"]), "2 line item records") {
		t.Errorf("answer %v", answer)
	}
	row := rows(a.on("export/by_id", id, ""), "transactions")[0]
	if row["invoice_id"] != "new" || row["customer_reference_id"] != "PO" {
		t.Errorf("export %v", row)
	}
}

func TestEveryAnswerOfADeclineHasATransactionID(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	for _, amount := range []string{"1.12", "0.29", "0.21"} {
		_, answer := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"`+amount+`",`+keyedVisa+`}`)
		id, _ := answer["transaction_id"].(json.Number)
		if codeOf(answer) != 102 || id == "" {
			t.Errorf("%s: %v, want a decline with an id", amount, answer)
		}
	}
}
