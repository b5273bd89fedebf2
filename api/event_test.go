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

func TestAnEventOfAStoredCardTellsTheCardAndWhoseItIs(t *testing.T) {
	h := newHouse(t)
	at := time.Date(2026, 3, 2, 15, 10, 0, 0, time.UTC)
	for _, kind := range []string{gateway.EventMethodCreated, gateway.EventMethodUpdated, gateway.EventMethodDeleted} {
		told := h.envelope(gateway.Event{ID: "evt_1", MerchantID: "main", Type: kind, Version: 4, At: at, Vault: &gateway.VaultNews{
			CustomerID: "main-7", Source: gateway.SourceRecords{ContactID: "0035g00000DeF56AAD"}, Origin: gateway.OriginExternal,
			Method: gateway.VaultMethod{
				ID: "pm_1", ProfileID: "SECRETPROFILE234", Default: true, CreatedAt: at.Add(-time.Hour), UpdatedAt: at, CheckDue: at.Add(time.Hour), Misses: 1,
				Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2031"},
			},
		}})
		told.expect(http.StatusOK, "type", kind, "data.paymentMethod.paymentMethodId", "pm_1", "data.customerId", "main-7")
		if kind == gateway.EventMethodDeleted {
			told.golden("event_card")
		}
		if strings.Contains(string(told.raw), "SECRETPROFILE") {
			t.Errorf("the event holds PayTrace's profile: %s", told.raw)
		}
	}
}

// A card of which nothing is known yet, for a customer of no record.
func TestAnEventOfAStoredCardMayLackAlmostAll(t *testing.T) {
	h := newHouse(t)
	h.envelope(gateway.Event{ID: "evt_1", MerchantID: "main", Type: gateway.EventMethodCreated, Version: 2, At: time.Now(), Vault: &gateway.VaultNews{
		CustomerID: "main-7", Origin: gateway.OriginAPI, Method: gateway.VaultMethod{ID: "pm_1"},
	}}).expect(http.StatusOK, "data.sourceRecords", "", "data.paymentMethod.cardType", "", "data.paymentMethod.isDefault", "false")
}

func TestAnEventThatTheContractDoesNotHaveIsSeen(t *testing.T) {
	h := newHouse(t)
	for _, body := range []string{
		`{"timestamp":"2026-03-02T15:10:00Z","data":{}}`, `{"type":"a","timestamp":"2026-03-02T15:10:00Z","data":{"outcome":"approved"}}`,
		`{"type":"a","timestamp":"2026-03-02T15:10:00Z","data":{"outcome":"approved","pan":"x"}}`,
		`{"type":"a","timestamp":"2026-03-02T15:10:00Z","data":{"customerId":"a","paymentMethod":{"paymentMethodId":"pm_1","isDefault":true}}}`,
	} {
		if h.contract.Event([]byte(body)) == nil {
			t.Errorf("%s passes for an event", body)
		}
	}
}

// What is told of a stored card is found among the deliveries by whose it is.
func TestADeliveryOfAStoredCardNamesItsCustomer(t *testing.T) {
	h := newHouse(t)
	method := methodOf(h.store("main-7"), 0)
	h.do(call{method: http.MethodDelete, path: vault + "/main-7"}).expect(http.StatusNoContent)
	spread := h.spread("erp", "")
	if len(spread) != 2 {
		t.Fatalf("%d events are told of a card that came and went, want two", len(spread))
	}
	h.ends(spread[0], gateway.DeliveryDead, refusedByERP())
	h.do(postmans(callbacks+"/"+spread[0].ID)).expect(http.StatusOK, "eventType", gateway.EventMethodCreated, "deliveryStatus", "dead",
		"customerId", "main-7", "paymentMethodId", method, "customerVersion", "2", "paymentId", "", "paymentVersion", "").golden("dead_letter_card")
	h.do(postmans(callbacks+"/"+spread[1].ID)).expect(http.StatusOK, "eventType", gateway.EventMethodDeleted, "deliveryStatus", "parked", "customerId", "main-7")
	h.envelope(spread[1].Event).expect(http.StatusOK, "data.paymentMethod.paymentMethodId", method, "data.origin", "api")
}
