package api_test

import (
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// erases takes an erasure's steps and gives the answers.
func (h *house) erases(as, customer, members string) (steps []answer) {
	h.t.Helper()
	for cursor := ""; len(steps) < 20; {
		body := `{"decidedBy":"Ada Byron"` + members + cursor + `}`
		step := h.do(call{method: http.MethodPost, as: as, path: vault + "/" + customer + "/erase", body: body}).expect(http.StatusOK)
		steps = append(steps, step)
		if step.at("hasMore") == "false" {
			return steps
		}
		cursor = `,"cursor":"` + step.at("nextCursor") + `"`
	}
	h.t.Fatal("the erasure does not end")
	return nil
}

func TestAnOperatorErasesAPersonStepByStep(t *testing.T) {
	h := newHouse(t)
	ada := h.operators("main")
	h.store("main-7")
	body := sale("1.00", "customerId", `"main-7"`, "metadata", `{"note":"zq the person"}`)
	made := h.create("k", body)
	h.knowsCard(made)
	h.spread("erp", "")
	for _, d := range must(h.ledger.Deliveries(t.Context(), gateway.DeliveryFilter{MerchantID: "main", Limit: 100}))(t) {
		h.ends(d, gateway.DeliveryDone, gateway.Attempt{At: d.CreatedAt, Outcome: gateway.Told, By: "one"})
	}
	rehearsed := h.erases(ada, "main-7", `,"dryRun":true`)
	h.do(call{path: vault + "/main-7"}).expect(http.StatusOK)
	h.do(call{path: payments + "/" + made.at("paymentId")}).expect(http.StatusOK, "metadata.note", "zq the person")

	// Each place is of its own erasure, so that none is begun without its record.
	place := `,"cursor":"` + rehearsed[2].at("nextCursor") + `"`
	h.do(call{as: ada, path: vault + "/main-7/erase", body: `{"decidedBy":"Ada"` + place + `}`}).refused(http.StatusBadRequest, "invalid_request", "cursor")
	h.do(call{as: ada, path: vault + "/main-8/erase", body: `{"decidedBy":"Ada","dryRun":true` + place + `}`}).refused(http.StatusBadRequest, "invalid_request", "cursor")

	steps := h.erases(ada, "main-7", "")
	if len(steps) != len(rehearsed) || len(steps) < 4 {
		t.Fatalf("%d steps, and %d when it was only counted", len(steps), len(rehearsed))
	}
	steps[0].expect(http.StatusOK, "customerCount", "1", "paymentMethodCount", "1", "dryRun", "false").golden("erasure_begins")
	rehearsed[0].expect(http.StatusOK, "customerCount", "1", "paymentMethodCount", "1", "dryRun", "true")
	erased := 0
	for _, step := range steps {
		if step.at("paymentCount") == "1" {
			erased++
		}
	}
	if erased != 1 {
		t.Errorf("the payment was erased in %d steps", erased)
	}
	h.do(call{path: vault + "/main-7"}).refused(http.StatusNotFound, "customer_not_found", "")
	after := h.do(call{path: payments + "/" + made.at("paymentId")}).
		expect(http.StatusOK, "metadata", "", "amount", "1.00", "status", "approved", "transactionId", made.at("transactionId"))
	if strings.Contains(string(after.raw), "zq the person") {
		t.Errorf("the payment still says %s", after.raw)
	}
	h.create("k", body).expect(http.StatusCreated, "idempotentReplay", "true", "paymentId", made.at("paymentId"), "metadata", "")
	h.expectCharges(1)
	h.isOnRecord("customer.erased")
}

// isOnRecord wants one record of that action, by the operator, and none of the
// person's.
func (h *house) isOnRecord(action gateway.AuditAction) {
	h.t.Helper()
	found := 0
	for _, e := range must(h.ledger.AuditEntries(h.t.Context(), 0, 100))(h.t) {
		if strings.Contains(e.Body, `"`+string(action)+`"`) {
			found++
			if !strings.Contains(e.Body, "operator:ada") || strings.Contains(e.Body, "main-7") {
				h.t.Errorf("the record is %s", e.Body)
			}
		}
	}
	if found != 1 {
		h.t.Errorf("%d records of %s", found, action)
	}
}

func TestBadErasuresAreRefused(t *testing.T) {
	h := newHouse(t)
	ada := h.operators("main")
	for name, c := range map[string]struct{ body, field string }{
		"nobody decides":     {`{"dryRun":true}`, "decidedBy"},
		"a made-up cursor":   {`{"decidedBy":"Ada","cursor":"zqmarker7"}`, "cursor"},
		"another's cursor":   {`{"decidedBy":"Ada","cursor":"ZGx2XzA2ZHk4"}`, "cursor"},
		"an unknown member":  {`{"decidedBy":"Ada","forGood":true}`, "forGood"},
		"a word for a truth": {`{"decidedBy":"Ada","dryRun":"yes"}`, "dryRun"},
	} {
		t.Run(name, func(t *testing.T) {
			h.do(call{as: ada, path: vault + "/main-7/erase", body: c.body}).refused(http.StatusBadRequest, "invalid_request", c.field)
		})
	}
}
