package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/api"
	"paytrace-gateway/gateway"
)

// envelope is an event as a webhook gets it, held against the contract.
func (h *house) envelope(e gateway.Event) answer {
	h.t.Helper()
	data := must(api.EventData(e))(h.t)
	body := must(json.Marshal(map[string]any{"type": e.Type, "timestamp": e.At, "data": json.RawMessage(data)}))(h.t)
	if err := h.contract.Event(body); err != nil {
		h.t.Errorf("%v\n%s", err, body)
	}
	return readAnswer(h.t, http.StatusOK, http.Header{"Content-Type": {"application/json"}}, body)
}

func TestAnEventTellsThePaymentAsTheAPIShowsIt(t *testing.T) {
	h := newHouse(t)
	h.storeCustomers()
	made := h.create("sale-1", paidBy("vault", "storeCode", `"main"`, "metadata", `{"campaign":"spring"}`))
	events := must(h.ledger.Unspread(t.Context(), []string{"main"}, 10))(t)
	last := events[len(events)-1]
	told := h.envelope(last)
	told.golden("event_payment")
	shown := h.do(call{path: payments + "/" + made.at("paymentId")}).expect(http.StatusOK)
	data, _ := told.body["data"].(map[string]any)
	if at := told.at("data.operation.operationId"); at == "" || at != last.OperationID {
		t.Errorf("the event is about the operation %q, want %s", at, last.OperationID)
	}
	delete(data, "operation")
	delete(shown.body, "requestId")
	want := must(json.Marshal(shown.body))(t)
	if got := must(json.Marshal(data))(t); string(got) != string(want) {
		t.Errorf("told is\n%s\nand the API shows\n%s", got, want)
	}
	for _, word := range []string{"demo-visa-token", cardRun, "hpfToken"} {
		if strings.Contains(string(told.raw), word) {
			t.Errorf("the event holds %q", word)
		}
	}
}

func TestAnEventOfATransactionWithoutAPaymentTellsTheTransaction(t *testing.T) {
	h := newHouse(t)
	at := time.Date(2026, 3, 2, 15, 10, 0, 0, time.UTC)
	h.envelope(gateway.Event{ID: "evt_1", MerchantID: "main", Type: gateway.EventUnmatched, At: at, Transaction: &gateway.Record{
		TransactionID: "450583925", Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1999, OrderID: "phone-17",
		Card: gateway.CardSummary{Brand: "visa", LastFour: "5439"}, CreatedBy: "clerk@example.com", CreatedAt: at.Add(-time.Hour),
	}}).golden("event_transaction")
}

func TestAnEventThatTheContractDoesNotHaveIsSeen(t *testing.T) {
	h := newHouse(t)
	for _, body := range []string{
		`{"timestamp":"2026-03-02T15:10:00Z","data":{}}`, `{"type":"a","timestamp":"2026-03-02T15:10:00Z","data":{"outcome":"approved"}}`,
		`{"type":"a","timestamp":"2026-03-02T15:10:00Z","data":{"outcome":"approved","pan":"x"}}`,
	} {
		if h.contract.Event([]byte(body)) == nil {
			t.Errorf("%s passes for an event", body)
		}
	}
}
