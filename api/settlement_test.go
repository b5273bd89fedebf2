package api_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

const settlement = "/api/v1/reports/settlement"

// theseDays hold today, whatever the clock does meanwhile.
func theseDays() string {
	now := time.Now().UTC()
	return "?settledFrom=" + now.AddDate(0, 0, -1).Format(time.DateOnly) + "&settledTo=" + now.AddDate(0, 0, 1).Format(time.DateOnly)
}

// settle has PayTrace settle two sales, a part of one given back, and a sale that a
// clerk has keyed in, for an order with such a name.
func (h *house) settle(order string) (sale string) {
	h.t.Helper()
	h.storeCustomers()
	first := h.create("sale-1", paidBy("vault", "amount", `"120.00"`))
	h.create("sale-2", paidBy("vault", "amount", `"30.00"`, "orderId", `"100000124"`))
	h.processor.Clerk(gateway.Record{
		Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1999, OrderID: order, Reference: "＋1 of 2",
		Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439"},
	})
	h.processor.Settle()
	h.do(call{path: "/api/v1/transactions/" + first.at("transactionId") + "/refund", key: "refund-1", body: `{"amount":"20.00"}`}).expect(http.StatusCreated)
	h.processor.Settle()
	return first.at("paymentId")
}

func TestASettlementReportHoldsPayTracesBooksAgainstThePayments(t *testing.T) {
	h := newHouse(t)
	h.settle("phone-17")
	report := h.do(call{path: settlement + theseDays(), as: clerk}).expect(http.StatusOK, "complete", "true",
		"totals.chargeCount", "3", "totals.chargeAmount", "169.99", "totals.refundCount", "1", "totals.refundAmount", "20.00", "totals.netAmount", "149.99",
		"transactionCount", "4", "differenceCount", "1")
	report.golden("settlement")
	h.do(call{path: settlement + "?settlementDate=2020-02-29", as: clerk}).
		expect(http.StatusOK, "transactionCount", "0", "days", "[]", "differences", "[]", "settledFrom", "2020-02-29", "settledTo", "2020-02-29")
}

// As a table the report has every transaction, and no formulas.
func TestASettlementReportAsATable(t *testing.T) {
	h := newHouse(t)
	payment := h.settle("=HYPERLINK(phone)")
	a := h.do(call{path: settlement + theseDays() + "&outputFormat=csv", as: clerk})
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "text/plain; charset=utf-8" || a.header.Get("X-Report-Complete") != "true" ||
		!strings.HasPrefix(a.header.Get("Content-Disposition"), `attachment; filename="settlement-main-20`) {
		t.Fatalf("HTTP %d %v", a.status, a.header)
	}
	lines, err := csv.NewReader(strings.NewReader(string(a.raw))).ReadAll()
	if err != nil || len(lines) != 5 {
		t.Fatalf("%d lines, %v:\n%s", len(lines), err, a.raw)
	}
	cell := func(line int, name string) string { return lines[line][slices.Index(lines[0], name)] }
	of := map[string]string{}
	for i := range lines[1:] {
		of[cell(i+1, "match")+" "+cell(i+1, "transactionKind")+" "+cell(i+1, "amount")+" "+cell(i+1, "paymentAmount")+" batch "+cell(i+1, "batchNumber")] = cell(i+1, "paymentId")
		if cell(i+1, "match") == "unmatched" && (cell(i+1, "orderId") != "'=HYPERLINK(phone)" || cell(i+1, "processorReference") != "'＋1 of 2") {
			t.Errorf("a spreadsheet takes %q and %q for formulas", cell(i+1, "orderId"), cell(i+1, "processorReference"))
		}
	}
	for what, want := range map[string]string{
		"matched sale 120.00 120.00 batch 1": payment, "matched refund 20.00 20.00 batch 2": payment, "unmatched sale 19.99  batch 1": "",
	} {
		if got, there := of[what]; !there || got != want {
			t.Errorf("%s: %q %t, want %q, among %v", what, got, there, want, of)
		}
	}
}

func TestASettlementReportIsForWhoMayReadReports(t *testing.T) {
	h := newHouse(t)
	h.do(call{path: settlement + theseDays(), as: reader}).expect(http.StatusForbidden, "code", "insufficient_scope")
}

func TestWithoutPayTraceThereIsNoSettlementReport(t *testing.T) {
	h := newHouse(t)
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result { return &gateway.Result{} })
	h.do(call{path: settlement + theseDays(), as: clerk}).
		expect(http.StatusServiceUnavailable, "code", "processor_unavailable", "retryable", "true", "retryAfterSeconds", "2")
}

// badReports are parameters of the settlement report.
func badReports() []badRequest {
	var rows []badRequest
	for query, field := range map[string]string{
		"":                          "settlementDate",
		"?outputFormat=csv":         "settlementDate",
		"?settlementDate=":          "settlementDate",
		"?settlementDate=zqmarker7": "settlementDate",
		"?settlementDate=2026-02-30&outputFormat=csv":                       "settlementDate",
		"?settlementDate=2026-03-02T00:00:00Z":                              "settlementDate",
		"?settlementDate=2026-03-02&settledFrom=2026-03-01":                 "settlementDate",
		"?settlementDate=2026-03-02&settledTo=2026-03-02":                   "settlementDate",
		"?settledFrom=2026-03-02":                                           "settledTo",
		"?settledTo=2026-03-02":                                             "settledFrom",
		"?settledFrom=2026-03-02&settledTo=2026-03-01":                      "settledTo",
		"?settledFrom=2026-03-01&settledTo=2026-04-01":                      "settledTo",
		"?settledFrom=2026-03-01&settledTo=2026-03-31&settledTo=2026-03-31": "settledTo",
		"?settlementDate=2026-03-02&outputFormat=zqmarker7":                 "outputFormat",
		"?settlementDate=2026-03-02&zqmarker7=1":                            "query",
		"?settlementDate=2026-03-02&settledTill=2026-03-02":                 "settledTill",
		"?settlementDate=1999-12-31":                                        "settlementDate",
		"?settlementDate=0000-00-00":                                        "settlementDate",
	} {
		rows = append(rows, badRequest{"report" + query, call{path: settlement + query, as: clerk}, http.StatusBadRequest, "invalid_request", field})
	}
	return rows
}
