package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/openapi/openapitest"
)

var contract = sync.OnceValues(openapitest.New)

// FuzzDecodePayment holds every body that is taken against the contract: the
// code must not be more generous than what callers have been told.
func FuzzDecodePayment(f *testing.F) {
	for _, seed := range []string{
		`{"amount":"19.99","orderId":"1","paymentMethod":{"vault":{"customerId":"demo-visa"}}}`,
		`{"amount":19.9,"orderId":"1","paymentMethod":{"hostedFields":{"hpfToken":"a","encKey":"b"}},"intent":"authorize",` +
			`"currencyCode":"USD","channel":"magento","metadata":{"a":"b","c":null},"billingAddress":{"street2":"x","countryCode":"US"}}`,
		`{"amount":null,"orderId":"","paymentMethod":{"card":{"cardNumber":"4111111111111111"}}}`,
		`{"orderId":"a","orderId":"b"}`, `{"1":1}`, `{"":1}`, `{"a/b~":[1]}`, `[`, `null`, ``, "\xef\xbb\xbf{}", `{}{}`,
		`{"amount":"1","orderId":"1","sourceRecords":{"accountId":"é"},"paymentMethod":{"encryptedCard":{"cardNumber":"` +
			strings.Repeat("QUJD", 80) + `","expirationMonth":"12","expirationYear":"2031"}}}`,
	} {
		f.Add([]byte(seed))
	}
	validator, err := contract()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request, taken := takes[createPaymentRequest](t, body)
		if !taken || request.PaymentMethod.Card != nil { // which is refused by name in the handler
			return
		}
		request.command()
		fitsTheContract(t, validator, http.MethodPost, "/api/v1/payments", body)
	})
}

// FuzzDecodeCustomer does the same with the four bodies of the vault.
func FuzzDecodeCustomer(f *testing.F) {
	for _, seed := range []string{
		`{"customerId":"main-7","paymentMethod":{"hostedFields":{"hpfToken":"a","encKey":"b"}},"billingAddress":{"street2":"x","countryCode":"US"}}`,
		`{"customerId":"..","paymentMethod":{"earlierPayment":{"transactionId":"pay_1"}},"sourceRecords":{"contactId":"é"}}`,
		`{"paymentMethod":{"processorProfile":{"profileId":"smith"}},"makeDefault":true}`, `{"makeDefault":false}`, `{"makeDefault":null}`,
		`{"defaultPaymentMethodId":"pm_1","sourceRecords":{}}`, `{"sourceRecords":null}`, `{"paymentMethod":{"card":{}}}`, `{}`, `null`,
	} {
		f.Add([]byte(seed))
	}
	validator, err := contract()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const one, cards, card = "/api/v1/customer_vault/c", "/api/v1/customer_vault/c/payments", "/api/v1/customer_vault/c/payments/pm_1"
		if r, taken := takes[createCustomerRequest](t, body); taken && !r.rawCard() {
			r.command()
			fitsTheContract(t, validator, http.MethodPost, "/api/v1/customer_vault", body)
		}
		if r, taken := takes[addMethodRequest](t, body); taken && !r.rawCard() {
			r.command("c")
			fitsTheContract(t, validator, http.MethodPost, cards, body)
		}
		if r, taken := takes[updateMethodRequest](t, body); taken && !r.rawCard() {
			r.command("c", "pm_1")
			fitsTheContract(t, validator, http.MethodPatch, card, body)
		}
		if r, taken := takes[updateCustomerRequest](t, body); taken {
			r.command("c")
			fitsTheContract(t, validator, http.MethodPatch, one, body)
		}
	})
}

// takes says whether the body is taken; if not, it has to be refused well.
func takes[R any](t *testing.T, body []byte) (R, bool) {
	t.Helper()
	var request R
	err := decodeStrict(body, &request)
	if err == nil {
		err = check(request)
	}
	if err != nil {
		isProblem(t, err)
	}
	return request, err == nil
}

// isProblem fails when a refusal would be told as a fault of ours, or names a
// field that a caller has made up.
func isProblem(t *testing.T, err error) {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) || p.Status >= http.StatusInternalServerError || len(p.Errors) == 0 {
		t.Fatalf("refused with %v", err)
	}
	for _, e := range p.Errors {
		if e.Field == "" || e.Message == "" || strings.ContainsAny(e.Field, "0134567890 \"") && !strings.Contains(e.Field, "[") {
			t.Fatalf("refused with %+v", e)
		}
	}
}

func fitsTheContract(t *testing.T, validator *openapitest.Validator, method, path string, body []byte) {
	t.Helper()
	req, err := http.NewRequest(method, "http://gateway.test"+path, strings.NewReader(asTheContractHasIt(t, body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "k")
	if err := validator.Request(req); err != nil {
		fault, _, _ := strings.Cut(err.Error(), "\nSchema:")
		t.Fatalf("%q was taken: %s", body, fault)
	}
}

// asTheContractHasIt leaves out what counts as absent (null, and an empty text
// where none is needed) and writes a number's amount as a text, the three
// things in which the gateway is more generous than the contract.
func asTheContractHasIt(t *testing.T, body []byte) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		t.Fatalf("%q was taken, and is no JSON for others: %v", body, err)
	}
	if amount, ok := tree["amount"].(json.Number); ok {
		tree["amount"] = amount.String()
	}
	prune(tree)
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func prune(tree map[string]any) {
	for name, value := range tree {
		if below, ok := value.(map[string]any); ok {
			prune(below)
		}
		if value == nil || value == "" {
			delete(tree, name)
		}
	}
}
