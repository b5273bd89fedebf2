package paytrace

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// sent is the body of the one charge that a client with this configuration makes.
func sent(t *testing.T, charge gateway.Charge, change func(*Config)) map[string]any {
	t.Helper()
	f := newFake(t, always(200, goodSale))
	mustBe(t, f.client(t, change).Charge(context.Background(), charge), gateway.Approved)
	var body map[string]any
	if err := json.Unmarshal([]byte(f.seen()[0].body), &body); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestInvoiceCarriesTheOrderAndTheSuffixOfTheAttempt(t *testing.T) {
	long := strings.Repeat("ö", 60)
	for _, c := range []struct {
		order  string
		suffix bool
		want   string
	}{
		{"100000042", false, "100000042"},
		{"100000042", true, "100000042-ABCDEF"},
		{long, false, long[:2*50]},
		{long, true, long[:2*43] + "-ABCDEF"},
	} {
		charge := sale()
		charge.OrderID = c.order
		body := sent(t, charge, func(config *Config) { config.InvoiceSuffix = c.suffix })
		if body["invoice_id"] != c.want {
			t.Errorf("%v: %v", c, body["invoice_id"])
		}
	}
}

func TestReferenceTravelsInTheConfiguredField(t *testing.T) {
	body := sent(t, sale(), func(config *Config) { config.ReferenceField = ReferenceInDescription })
	if body["description"] != "ABCDEFGHIJKLMNOP" || body["customer_reference_id"] != nil {
		t.Errorf("%v", body)
	}
}

func TestOnlyMappedMetadataTravels(t *testing.T) {
	charge := sale()
	charge.Metadata = map[string]string{"campaign": "spring", "secret": "no"}
	body := sent(t, charge, func(config *Config) {
		config.DiscretionaryData = map[string]string{"campaign": "CAMPAIGN", "absent": "ABSENT"}
	})
	data, _ := body["discretionary_data"].(map[string]any)
	if len(data) != 1 || data["CAMPAIGN"] != "spring" {
		t.Errorf("%v", data)
	}
	if body = sent(t, charge, func(*Config) {}); body["discretionary_data"] != nil {
		t.Errorf("unmapped metadata was sent: %v", body)
	}
}

func TestBothAddressesTravel(t *testing.T) {
	charge := sale()
	charge.Billing = &gateway.Address{Name: "N", Street: "S", Street2: "S2", City: "C", State: "CA", PostalCode: "90210", CountryCode: "US"}
	charge.Shipping = &gateway.Address{PostalCode: "85284"}
	body, err := json.Marshal(sent(t, charge, func(*Config) {}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"billing_address":{"city":"C","country":"US","name":"N","state":"CA","street_address":"S","street_address2":"S2","zip":"90210"}`,
		`"shipping_address":{"zip":"85284"}`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%s lacks %s", body, want)
		}
	}
}

func TestChargeWithoutACardIsNotSent(t *testing.T) {
	wiped := rawCard(t, "999")
	wiped.Wipe()
	f := newFake(t, always(200, goodSale))
	c := f.client(t)
	for name, method := range map[string]gateway.PaymentMethod{
		"none":        {},
		"vault alone": {Vault: &gateway.VaultChoice{CustomerID: "ours"}},
		"wiped card":  {Card: wiped},
	} {
		charge := sale()
		charge.CustomerID, charge.Method = "", method
		got := c.Charge(context.Background(), charge)
		mustBe(t, got, gateway.NotSent)
		if len(f.seen()) != 0 {
			t.Errorf("%s: something was sent", name)
		}
	}
}

func TestDetailsNeverHoldCardDataThatAnAnswerEchoes(t *testing.T) {
	blob := strings.Repeat("QUJD", 86)
	for name, body := range map[string]string{
		"digits":  `{"success":false,"response_code":1,"status_message":"4012000098765439","errors":{"35":["Card 4012 0000 9876 5439 is bad"],"4012-0000-9876-5439":["x"]}}`,
		"decline": `{"success":false,"response_code":102,"status_message":"m","transaction_id":7,"approval_message":"DECLINE 4012.0000.9876.5439"}`,
		"blob":    `{"success":false,"response_code":1,"status_message":"` + blob + `","errors":{"99999":["` + blob + `"]}}`,
		"oauth":   `{"error":"4012000098765439"}`,
		"codes":   `{"success":true,"response_code":101,"transaction_id":7,"approval_code":"4012000098765439","avs_response":"4012000098765439","csc_response":"4012000098765439","masked_card_number":"4012000098765439"}`,
	} {
		got := result(asked{verb: charging}, reply{left: true, status: 200, body: []byte(body)})
		kept, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"4012", "5439", "QUJDQUJD"} {
			if strings.Contains(string(kept), secret) {
				t.Errorf("%s: %s is kept in %s", name, secret, kept)
			}
		}
		if len(got.Detail) > 4*maxWords {
			t.Errorf("%s: a detail of %d bytes", name, len(got.Detail))
		}
	}
}

func TestDeclinesAreToldInOurWords(t *testing.T) {
	for message, category := range map[string]string{
		"    DECLINE - Insufficient funds": insufficientFunds,
		"  EXPIRED CARD - Expired card":    expiredCard,
		"    DECLINE      - Do not honor":  doNotHonor,
		"    DECLINE - PICK UP CARD":       generic,
		"":                                 generic,
	} {
		got := result(asked{verb: charging}, reply{left: true, status: 200, body: []byte(
			`{"success":false,"response_code":102,"status_message":"m","transaction_id":7,"approval_message":"` + message + `"}`)})
		mustBe(t, got, gateway.Declined)
		if got.Decline.Category != category || strings.Contains(got.Decline.Message, "DECLINE") {
			t.Errorf("%q: %+v", message, got.Decline)
		}
		if !strings.Contains(got.Detail, strings.TrimSpace(message)) {
			t.Errorf("%q is not in the detail %q", message, got.Detail)
		}
	}
}
