package simulator_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
)

func TestTransactionsTellWhereEachStands(t *testing.T) {
	now := noon
	a := openAccount(t, simulator.Options{Now: func() time.Time { return now }, FirstTransactionID: 700})
	next := func(id string) string { now = now.Add(time.Minute); return id }
	sale := next(a.approve("sale/keyed", `"amount":"5.00","invoice_id":"o1","customer_reference_id":"R1",`+keyedVisa))
	auth := next(a.authorize("10.00"))
	next(a.clerk(`"kind":"capture","amount":"4.00","transactionId":"` + auth + `"`))
	a.control("POST", "/settle", "")
	refund := next(a.clerk(`"kind":"refund","amount":"1.50","transactionId":"` + auth + `"`))
	voided := next(a.sell("3.00"))
	a.on("void", voided, "")
	a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"0.21",`+keyedVisa+`}`)

	minute := func(n int) string { return noon.Add(time.Duration(n) * time.Minute).Format(time.RFC3339) }
	api := `"createdBy":"` + simulator.DefaultUsername + `"`
	want := []string{
		`{"transactionId":"` + sale + `","parentTransactionId":"","kind":"sale","state":"settled","approved":true,"voided":false,` +
			`"amount":"5.00","originalAmount":"5.00","capturedAmount":"5.00","refundedAmount":"0.00","invoiceId":"o1","customerReferenceId":"R1","customerId":"",` +
			api + `,"batchNumber":1,"createdAt":"` + minute(0) + `","settledAt":"` + minute(3) + `"}`,
		`{"transactionId":"` + auth + `","parentTransactionId":"","kind":"authorization","state":"settled","approved":true,"voided":false,` +
			`"amount":"4.00","originalAmount":"10.00","capturedAmount":"4.00","refundedAmount":"1.50","invoiceId":"","customerReferenceId":"","customerId":"",` +
			api + `,"batchNumber":1,"createdAt":"` + minute(1) + `","capturedAt":"` + minute(2) + `","settledAt":"` + minute(3) + `"}`,
		`{"transactionId":"` + refund + `","parentTransactionId":"` + auth + `","kind":"refund","state":"pending_settlement","approved":true,"voided":false,` +
			`"amount":"1.50","originalAmount":"1.50","capturedAmount":"0.00","refundedAmount":"0.00","invoiceId":"","customerReferenceId":"","customerId":"",` +
			`"createdBy":"clerk","batchNumber":0,"createdAt":"` + minute(3) + `"}`,
		`{"transactionId":"` + voided + `","parentTransactionId":"","kind":"sale","state":"voided","approved":true,"voided":true,` +
			`"amount":"3.00","originalAmount":"3.00","capturedAmount":"3.00","refundedAmount":"0.00","invoiceId":"","customerReferenceId":"","customerId":"",` +
			api + `,"batchNumber":0,"createdAt":"` + minute(4) + `","voidedAt":"` + minute(5) + `"}`,
		`{"transactionId":"704","parentTransactionId":"","kind":"sale","state":"declined","approved":false,"voided":false,` +
			`"amount":"0.21","originalAmount":"0.21","capturedAmount":"0.00","refundedAmount":"0.00","invoiceId":"","customerReferenceId":"","customerId":"",` +
			api + `,"batchNumber":0,"createdAt":"` + minute(5) + `"}`,
	}
	got := a.raw("/transactions")
	if want := `{"transactions":[` + strings.Join(want, ",") + "]}\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", strings.ReplaceAll(got, "},{", "},\n{"), strings.ReplaceAll(want, "},{", "},\n{"))
	}
}

// raw is what a GET of the control port answers.
func (a *account) raw(path string) string {
	w := httptest.NewRecorder()
	a.sim.Control().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Body.String()
}

func TestAutoVoidedSaleIsApprovedAndVoided(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	a.control("PUT", "/settings", `{"autoVoid":{"avs":["0"]}}`)
	_, answer := a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"5",`+keyedVisa+`}`)
	if codeOf(answer) != 103 {
		t.Fatalf("answer %v, want 103", answer)
	}
	if row := a.sim.Transactions()[0]; !row.Approved || !row.Voided || !row.VoidedAt.Equal(row.CreatedAt) {
		t.Errorf("ledger %+v, want it approved, and voided at once", row)
	}
}

// A test that serves nothing on a socket sees and does the same as one that asks
// the control port.
func TestMethodsTellWhatTheControlPortTells(t *testing.T) {
	a := openAccount(t, simulator.Options{Now: func() time.Time { return noon }})
	if err := a.sim.SetFaults(simulator.FaultPlan{Faults: []simulator.Fault{{Operation: "sale", Kind: "denied", Count: 1}}}); err != nil {
		t.Fatal(err)
	}
	a.post("transactions/sale/keyed", `{"integrator_id":"simulator001","amount":"5","invoice_id":"o1",`+keyedVisa+`}`)
	if fired := a.sim.Faults().Faults[0].Fired; fired != 1 {
		t.Errorf("the fault fired %d times, want once", fired)
	}
	a.sell("5")
	if number, count := a.sim.Settle(); number != 1 || count != 1 {
		t.Errorf("settled %d transactions in batch %d, want 1 in batch 1", count, number)
	}
	sale := a.sim.Transactions()[0].TransactionID
	if _, err := a.sim.Clerk(simulator.ClerkRequest{Kind: "refund", TransactionID: sale, Amount: "1.00"}); err != nil {
		t.Error(err)
	}
	if _, err := a.sim.Clerk(simulator.ClerkRequest{Kind: "void", TransactionID: sale}); err == nil || !strings.Contains(err.Error(), "818") {
		t.Errorf("voiding a settled sale: error %v, want 818", err)
	}
	for path, same := range map[string]any{
		"/transactions": map[string]any{"transactions": a.sim.Transactions()},
		"/charges":      map[string]any{"charges": a.sim.Charges()},
		"/history":      map[string]any{"requests": a.sim.History()},
		"/faults":       a.sim.Faults(),
	} {
		want, err := json.Marshal(same)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.raw(path); got != string(want)+"\n" {
			t.Errorf("GET %s answers\n%s\nwhile the method tells\n%s", path, got, want)
		}
	}
}

func TestMethodsRefuseWhatMakesNoSense(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	if err := a.sim.SetFaults(simulator.FaultPlan{Faults: []simulator.Fault{{Kind: "rain"}}}); err == nil || !strings.Contains(err.Error(), "kind must be") {
		t.Errorf("fault rain: error %v", err)
	}
	settings := simulator.DefaultSettings()
	settings.ErrorStatus = 422
	if err := a.sim.SetSettings(settings); err != nil {
		t.Error(err)
	}
	settings.ErrorStatus = 99
	if err := a.sim.SetSettings(settings); err == nil || !strings.Contains(err.Error(), "errorStatus") {
		t.Errorf("errorStatus 99: error %v", err)
	}
	if status, _ := a.post("transactions/void", `{}`); status != 422 {
		t.Errorf("an error has status %d, want the one that was set last and made sense", status)
	}
}
