package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// clerk does something at PayTrace's screens and wants it done; it returns the
// id of the transaction.
func (a *account) clerk(body string) string {
	a.t.Helper()
	return a.control("POST", "/clerk", "{"+body+"}")["transactionId"].(string)
}

// refusedClerk wants the clerk's request refused; it returns why.
func (a *account) refusedClerk(body string) string {
	a.t.Helper()
	status, answer := a.send(a.sim.Control(), "POST", "/clerk", "application/json", "{"+body+"}")
	if status != 400 {
		a.t.Errorf("clerk %s: status %d, want 400", body, status)
	}
	return fmt.Sprint(answer["error"])
}

// row is the ledger's line of a transaction.
func (a *account) row(id string) simulator.TransactionRow {
	a.t.Helper()
	for _, row := range a.sim.Transactions() {
		if row.TransactionID == id {
			return row
		}
	}
	a.t.Fatalf("no transaction %s", id)
	return simulator.TransactionRow{}
}

func TestClerksTransactionsAreThoseOfAnotherUser(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	cases := []struct{ kind, exported, status string }{
		{"sale", "SALE", "Y"},
		{"authorize", "AUTHORIZATION", "N"},
		{"refund", "REFUND", "Y"},
	}
	for _, c := range cases {
		t.Run(c.kind, func(t *testing.T) {
			id := a.clerk(`"kind":"` + c.kind + `","amount":"7.00","card":"amex","invoiceId":"phone-1"`)
			row := rows(a.on("export/by_id", id, ""), "transactions")[0]
			if row["transaction_type"] != c.exported || row["status_code"] != c.status || row["invoice_id"] != "phone-1" {
				t.Errorf("export %v, want %s with status %s", row, c.exported, c.status)
			}
			if by := row["created"].(map[string]any)["by"]; by != "clerk" {
				t.Errorf("created by %v, want clerk", by)
			}
		})
	}
}

func TestClerkIsRefusedWhatTheScreensRefuse(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	settled := a.sell("10.00")
	a.control("POST", "/settle", "")
	refund := a.clerk(`"kind":"refund","transactionId":"` + settled + `","amount":"4.00"`)
	auth, sale, voided := a.authorize("10.00"), a.sell("10.00"), a.sell("10.00")
	a.on("void", voided, "")
	cases := []struct{ name, body, want string }{
		{"an unknown kind", `"kind":"gift"`, "kind must be"},
		{"an unknown member", `"kind":"void","id":"1"`, "unknown field"},
		{"an unknown transaction", `"kind":"void","transactionId":"1"`, "811"},
		{"a capture without a transaction", `"kind":"capture"`, "58"},
		{"a sale without an amount", `"kind":"sale"`, "amount must be"},
		{"an authorization of nothing", `"kind":"authorize","amount":"0.00"`, "amount must be"},
		{"an unknown card", `"kind":"sale","amount":"1","card":"oak"`, "card must be"},
		{"capturing too much", `"kind":"capture","amount":"10.01","transactionId":"` + auth + `"`, "815"},
		{"capturing a sale", `"kind":"capture","transactionId":"` + sale + `"`, "816"},
		{"refunding what is unsettled", `"kind":"refund","transactionId":"` + sale + `"`, "817"},
		{"refunding more than remains", `"kind":"refund","amount":"6.01","transactionId":"` + settled + `"`, "813"},
		{"voiding what is settled", `"kind":"void","transactionId":"` + settled + `"`, "818"},
		{"adjusting what is settled", `"kind":"adjust","amount":"9.00","transactionId":"` + settled + `"`, "only an unsettled"},
		{"adjusting what is voided", `"kind":"adjust","amount":"9.00","transactionId":"` + voided + `"`, "only an unsettled"},
		{"adjusting a refund", `"kind":"adjust","amount":"3.00","transactionId":"` + refund + `"`, "only an unsettled"},
	}
	before := len(a.sim.Charges())
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := a.refusedClerk(c.body); !strings.Contains(got, c.want) {
				t.Errorf("refused with %q, want %q in it", got, c.want)
			}
		})
	}
	if after := len(a.sim.Charges()); after != before {
		t.Errorf("%d things were done, want none", after-before)
	}
}

func TestClerkCapturesUnderTheAuthorizationsID(t *testing.T) {
	for given, want := range map[string]string{"": "10.00", `,"amount":"4.00"`: "4.00"} {
		a := openAccount(t, simulator.Options{})
		auth := a.authorize("10.00")
		if got := a.clerk(`"kind":"capture","transactionId":"` + auth + `"` + given); got != auth {
			t.Errorf("the capture has id %s, want the authorization's %s", got, auth)
		}
		if row := a.row(auth); row.CapturedAmount != want || row.State != "pending_settlement" || row.OriginalAmount != "10.00" {
			t.Errorf("captured %s of %s, %s; want %s, pending settlement", row.CapturedAmount, row.OriginalAmount, row.State, want)
		}
		if answer := a.on("authorization/capture", auth, ""); result(answer) != "error 816" {
			t.Errorf("captured again: %v", answer)
		}
	}
}

func TestClerkAdjustsUpToThirtyPercentAboveTheOriginal(t *testing.T) {
	cases := []struct {
		amount  string
		allowed bool
	}{
		{"0.01", true}, {"9.99", true}, {"12.98", true}, {"12.99", false}, {"0.00", false}, {"-1.00", false}, {"", false}, {"1.001", false},
	}
	for _, c := range cases {
		t.Run("to "+c.amount, func(t *testing.T) {
			a := openAccount(t, simulator.Options{})
			sale, want := a.sell("9.99"), "9.99" // 30 % more are 12.987.
			body := `"kind":"adjust","amount":"` + c.amount + `","transactionId":"` + sale + `"`
			if c.allowed {
				a.clerk(body)
				want = c.amount
			} else if got := a.refusedClerk(body); !strings.Contains(got, "at most 12.98") {
				t.Errorf("refused with %q, want the highest amount in it", got)
			}
			if row := a.row(sale); row.Amount != want || row.OriginalAmount != "9.99" {
				t.Errorf("amount %s of %s, want %s of 9.99", row.Amount, row.OriginalAmount, want)
			}
		})
	}
}

func TestAdjustmentsAreMeasuredAgainstTheOriginal(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	auth := a.authorize("10.00")
	a.clerk(`"kind":"adjust","amount":"13.00","transactionId":"` + auth + `"`)
	a.clerk(`"kind":"adjust","amount":"5.00","transactionId":"` + auth + `"`)
	a.clerk(`"kind":"adjust","amount":"12.00","transactionId":"` + auth + `"`)
	if got := a.refusedClerk(`"kind":"adjust","amount":"13.01","transactionId":"` + auth + `"`); !strings.Contains(got, "at most 13.00") {
		t.Errorf("refused with %q", got)
	}
	if answer := a.on("authorization/capture", auth, "12.01"); result(answer) != "error 815" {
		t.Errorf("more than the adjusted amount was captured: %v", answer)
	}
	a.on("authorization/capture", auth, "12.00")
	a.clerk(`"kind":"adjust","amount":"11.00","transactionId":"` + auth + `"`)
	a.control("POST", "/settle", "")
	row := a.row(auth)
	if row.State != "settled" || row.Amount != "11.00" || row.CapturedAmount != "11.00" || row.OriginalAmount != "10.00" {
		t.Errorf("ledger %+v, want 11.00 settled of an original 10.00", row)
	}
	charges := a.sim.Charges()
	if last := charges[len(charges)-1]; last.Kind != "adjust" || last.Amount != "11.00" || last.CreatedBy != "clerk" {
		t.Errorf("the last thing done is %+v, want the clerk's adjustment to 11.00", last)
	}
}

func TestClerkVoidsAPendingRefundAndItsSaleCanBeRefundedAgain(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	sale := a.sell("10.00")
	a.control("POST", "/settle", "")
	refund := fmt.Sprint(a.on("refund/for_transaction", sale, "10.00")["transaction_id"])
	a.clerk(`"kind":"void","transactionId":"` + refund + `"`)
	if row := a.row(refund); !row.Voided || !row.Approved || row.ParentTransactionID != sale {
		t.Errorf("ledger %+v, want an approved, voided refund of %s", row, sale)
	}
	if got := a.row(sale).RefundedAmount; got != "0.00" {
		t.Errorf("refunded %s, want nothing", got)
	}
	again := a.clerk(`"kind":"refund","transactionId":"` + sale + `"`)
	a.control("POST", "/settle", "")
	if got := a.refusedClerk(`"kind":"void","transactionId":"` + again + `"`); !strings.Contains(got, "818") {
		t.Errorf("voiding a settled refund is refused with %q", got)
	}
}

func TestRefundIsFoundByTheInvoiceOfItsSale(t *testing.T) {
	byAPI := func(a *account, sale string) string {
		return fmt.Sprint(a.on("refund/for_transaction", sale, "1.00")["transaction_id"])
	}
	byClerk := func(invoice string) func(*account, string) string {
		return func(a *account, sale string) string {
			return a.clerk(`"kind":"refund","amount":"1.00","transactionId":"` + sale + `"` + invoice)
		}
	}
	cases := []struct {
		name, settings string
		refund         func(a *account, sale string) string
		found          bool
	}{
		{"the clerk's takes it over", `{}`, byClerk(``), true},
		{"the clerk's has its own", `{}`, byClerk(`,"invoiceId":"credit-1"`), false},
		{"the clerk's takes none over", `{"clerkRefundKeepsInvoice":false}`, byClerk(``), false},
		{"the API's takes it over whatever clerks do", `{"clerkRefundKeepsInvoice":false}`, byAPI, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := openAtNoon(t)
			a.control("PUT", "/settings", c.settings)
			sale := a.approve("sale/keyed", `"amount":"10.00","invoice_id":"Order-100",`+keyedVisa)
			a.control("POST", "/settle", "")
			refund := c.refund(a, sale)
			found := a.exportIDs(`,"including_text":"Order-100","transaction_type":"REFUND"`)
			if got := len(found) == 1 && found[0] == refund; got != c.found || len(found) > 1 {
				t.Errorf("found %v, refund %s, want it found: %v", found, refund, c.found)
			}
		})
	}
}
