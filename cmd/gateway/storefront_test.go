package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// pageState is what the shop's page shows.
type pageState struct {
	Orders []struct {
		OrderID string
		Payment struct {
			PaymentID, Status, TransactionID, Last4Digits, RefundedAmount string
			Version                                                       int64
		}
	}
	Webhooks []struct {
		Type string
		Data struct {
			PaymentID string
			Version   int64
		}
	}
	Salesforce []map[string]any
	Magento    []struct {
		IncrementID, State    string
		GrandTotal, Refunded  int64
		Invoices, CreditMemos []any
	}
}

func (d *demo) page() pageState {
	d.t.Helper()
	var state pageState
	body := d.asks(http.MethodGet, "http://"+d.front+"/state", "")
	if err := json.Unmarshal([]byte(body), &state); err != nil {
		d.t.Fatalf("%v: %s", err, body)
	}
	return state
}

func (d *demo) asks(method, url, body string) string {
	d.t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(answer)
}

// buys presses the page's button: the card goes to PayTrace, its token to the
// shop.
func (d *demo) buys(amount, intent string) string {
	d.t.Helper()
	var token map[string]string
	fields := d.asks(http.MethodPost, "http://"+d.control+"/hosted_fields",
		`{"cardNumber":"4012000098765439","csc":"999","expirationMonth":"12","expirationYear":"2030"}`)
	if err := json.Unmarshal([]byte(fields), &token); err != nil {
		d.t.Fatalf("%v: %s", err, fields)
	}
	var form struct{ Attempt string }
	if given := d.asks(http.MethodPost, "http://"+d.front+"/client-key", "{}"); json.Unmarshal([]byte(given), &form) != nil || form.Attempt == "" {
		d.t.Fatalf("no form: %s", given)
	}
	token["attempt"], token["amount"], token["intent"] = form.Attempt, amount, intent
	body, err := json.Marshal(token)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.asks(http.MethodPost, "http://"+d.front+"/buy", string(body))
}

func TestWhatIsBoughtInTheDemosShopIsToldToEverybody(t *testing.T) {
	d := startDemo(t)
	if answer := d.buys("19.99", "sale"); !strings.Contains(answer, `"status":"approved"`) {
		t.Fatal(answer)
	}
	eventually(t, "everybody has heard of the payment, with its card", func() bool {
		s := d.page()
		return len(s.Orders) == 1 && s.Orders[0].Payment.Last4Digits == "5439" && len(s.Webhooks) >= 2 &&
			len(s.Salesforce) == 1 && s.Salesforce[0]["Status__c"] == "Completed" && s.Salesforce[0]["Last4Digits__c"] == "5439"
	})
	bought := d.page().Orders[0]
	if order := d.page().Magento[0]; order.State != "processing" || len(order.Invoices) != 1 || len(order.CreditMemos) != 0 {
		t.Errorf("Magento has %+v", order)
	}
	d.asks(http.MethodPost, "http://"+d.front+"/orders/"+bought.OrderID+"/refund", "{}")
	eventually(t, "everybody has heard of the refund", func() bool {
		s := d.page()
		return s.Orders[0].Payment.Status == "refunded" && s.Webhooks[0].Type == "payment.refunded" &&
			s.Salesforce[0]["Status__c"] == "Refunded" && s.Magento[0].State == "closed" && len(s.Magento[0].CreditMemos) == 1
	})
	var last int64
	for i := range d.page().Webhooks {
		event := d.page().Webhooks[len(d.page().Webhooks)-1-i]
		if event.Data.Version < last {
			t.Errorf("version %d came after version %d", event.Data.Version, last)
		}
		last = event.Data.Version
	}
	if record := d.page().Salesforce[0]; record["PaymentID__c"] != bought.Payment.TransactionID || record["GatewayPaymentID__c"] != bought.Payment.PaymentID {
		t.Errorf("the org has %v of %+v", record, bought)
	}
	// Who has heard of it is written down a moment later.
	eventually(t, "nothing is owed", func() bool {
		f := finish(t, command("gateway", "callbacks", "list", "--config", d.data+"/"+demoConfig))
		return strings.Contains(f.stdout, "nothing is owed")
	})
	d.stop()
}

func TestAPaymentByAnotherCallerWaitsForItsOrderInMagento(t *testing.T) {
	d := startDemo(t)
	want(t, "a payment", d.shop().pay("sale", "by-curl", demoVisa, 0), "201 approved")
	eventually(t, "the org and the webhook have heard of it", func() bool {
		s := d.page()
		return len(s.Webhooks) > 0 && len(s.Salesforce) == 1
	})
	eventually(t, "Magento's delivery waits for the order", func() bool {
		f := finish(t, command("gateway", "callbacks", "list", "--config", d.data+"/"+demoConfig))
		return strings.Contains(f.stdout, "magento") && strings.Contains(f.stdout, "pending")
	})
	d.stop()
}

func TestTheDemosShopShowsADecline(t *testing.T) {
	d := startDemo(t)
	if answer := d.buys("1.12", "sale"); !strings.Contains(answer, `"status":"declined"`) {
		t.Error(answer)
	}
	d.stop()
}

func TestAWebhookThatIsNotSignedByTheGatewayIsRefused(t *testing.T) {
	d := startDemo(t)
	d.asks(http.MethodPost, "http://"+d.front+"/webhook", `{"type":"payment.approved","data":{}}`)
	if n := len(d.page().Webhooks); n != 0 {
		t.Errorf("%d events are shown", n)
	}
	d.stop()
}
