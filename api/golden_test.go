package api_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"paytrace-gateway/gateway"
)

var update = flag.Bool("update", false, "write the golden answers anew")

// made are the words in answers that are different each time, with what stands
// for them in the golden files.
var made = []struct {
	form *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`"(pay|op|req|evt|dlv|pm|cus|vop)_[0-9a-z]{26}"`), `"${1}_x"`},
	{regexp.MustCompile(`"[0-9-]{10}T[0-9:.]+Z"`), `"2026-03-02T15:04:05Z"`},
	{regexp.MustCompile(`"[0-9]{4}-[0-9]{2}-[0-9]{2}"`), `"2026-03-02"`},
	{regexp.MustCompile(`"processorReference": "[A-Z2-7]{16}"`), `"processorReference": "MFRGGZDFMZTWQ2LK"`},
}

// golden holds a whole answer against testdata/golden/<name>.json; run the
// tests with -update to write the files, and read the difference.
func (a answer) golden(name string) {
	a.t.Helper()
	text := must(json.MarshalIndent(a.body, "", "  "))(a.t)
	for _, m := range made {
		text = m.form.ReplaceAll(text, []byte(m.as))
	}
	text = append(text, '\n')
	path := filepath.Join("testdata", "golden", name+".json")
	if *update {
		must(0, os.WriteFile(path, text, 0o644))(a.t)
	}
	if want := must(os.ReadFile(path))(a.t); string(want) != string(text) {
		a.t.Errorf("%s: the answer is\n%s\nwant\n%s", name, text, want)
	}
}

func TestAnswersAreWhatTheyWere(t *testing.T) {
	h := newHouse(t)
	h.storeCustomers()
	body := paidBy("vault", "storeCode", `"main"`, "channel", `"magento"`, "customerId", `"7"`,
		"sourceRecords", `{"opportunityId":"0065g00000XyZ12AAB"}`, "metadata", `{"campaign":"spring"}`)
	approved := h.create("sale-1", body)
	approved.golden("approved")
	h.create("sale-1", body).golden("replayed")
	h.create("sale-2", paidBy("vault", "amount", `"0.21"`)).golden("declined")

	h.processor.SetBalance(1500, true, false)
	h.create("part-1", paidBy("vault", "acceptPartial", `true`)).golden("part")
	h.create("part-2", paidBy("vault")).golden("part_refused")
	h.processor.SetBalance(0, false, false)
	heal := h.answers(gateway.Result{Outcome: gateway.Unknown})
	h.do(call{path: payments, key: "sale-3", body: paidBy("vault")}).expect(http.StatusAccepted).golden("unknown")
	heal()
	heal = h.answers(gateway.Result{Outcome: gateway.NotSent})
	h.do(call{path: payments, key: "sale-4", body: paidBy("vault")}).expect(http.StatusServiceUnavailable).golden("not_sent")
	heal()
	heal = h.answers(gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{
		Code: "58", Message: "Please provide a valid Billing Zip.", Field: "billingAddress.postalCode",
	}})
	h.do(call{path: payments, key: "sale-5", body: paidBy("vault")}).expect(http.StatusUnprocessableEntity).golden("rejected")
	heal()

	h.do(call{path: transaction(approved, "refund"), key: "refund-1", body: `{"amount":"5.00"}`}).
		expect(http.StatusCreated).golden("refund_waiting")
	h.do(call{path: transaction(approved, "refund"), key: "refund-2", body: `{"amount":"15.00"}`}).
		expect(http.StatusUnprocessableEntity).golden("refund_exceeds")
	h.do(call{method: "POST", path: payments + "/by-key/sale-6/void"}).expect(http.StatusCreated).golden("key_cancelled")
	h.do(call{path: payments + "?orderId=100000001&pageSize=1"}).expect(http.StatusOK).goldenPage("page")
	h.do(call{path: payments, key: "sale-7", body: payment("orderId", "", "intent", `"x"`, "billingAddress", `{"countryCode":"usaa"}`)}).
		expect(http.StatusBadRequest).golden("invalid")
}

// goldenPage is golden for a page, whose cursor is different each time too.
func (a answer) goldenPage(name string) {
	a.t.Helper()
	if a.at("nextCursor") == "" {
		a.t.Errorf("the page has no cursor: %s", a.raw)
	}
	a.body["nextCursor"] = "cGF5XzA2ZHk4"
	a.golden(name)
}
