package paytrace

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// The answer of facts 8.20, from a client's fixture.
const level3Added = `{"success":true,"response_code":170,"status_message":"Visa/MasterCard enhanced data was successfully added to Transaction ID 392483066. 1 line item records were created."}`

func money(m gateway.Money) *gateway.Money { return &m }

func percent(t *testing.T, s string) *gateway.Decimal {
	d, err := gateway.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

// plumbing has what PayTrace's own example has, with its sums: 4 times 4.24 less
// 0.99, with a tax of 8 percent, freight and duty.
func plumbing(t *testing.T, brand gateway.Brand) gateway.Enhance {
	return gateway.Enhance{
		TransactionID: "392483066", Brand: brand, OrderID: "100000042", Reference: "ABCDEFGHIJKLMNOP",
		Data: gateway.EnhancedData{
			TaxAmount: money(150), PurchaseOrder: "1234abcd", FreightAmount: 75, DutyAmount: 32,
			ShipFromPostalCode: "94947", ShipToPostalCode: "949481234", ShipToCountryCode: "USA",
			LineItems: []gateway.LineItem{{
				Description: "plumbing, all of it and more of it than fits", ProductCode: "skucode123456", CommodityCode: "123commodity",
				Quantity: 40_000, UnitOfMeasure: "EACH", UnitPrice: 42_400, DiscountAmount: 99,
				TaxRate: percent(t, "8"), TaxAmount: money(128), TotalAmount: money(1725),
			}},
		},
	}
}

func TestEachBrandIsToldInItsOwnWords(t *testing.T) {
	both := `"integrator_id":"integr","transaction_id":"392483066","invoice_id":"100000042","customer_reference_id":"1234abcd",
		"tax_amount":1.50,"national_tax_amount":0.00,"freight_amount":0.75,"duty_amount":0.32,"additional_tax_amount":0.22,
		"source_address":{"zip":"94947"},"shipping_address":{"zip":"94948-1234","country":"US"},`
	line := `"product_id":"skucode12345","quantity":4,"unit_of_measure":"EACH","unit_cost":4.24,"discount_amount":0.99,
		"additional_tax_amount":1.28,"additional_tax_rate":0.080000,"amount":17.25`
	for brand, want := range map[gateway.Brand][2]string{
		gateway.Visa: {"/v1/level_three/visa",
			`{` + both + `"discount_amount":0.99,"line_items":[{"description":"plumbing, all of it and mo","commodity_code":"123commodity",` + line + `}]}`},
		gateway.Mastercard: {"/v1/level_three/mastercard",
			`{` + both + `"additional_tax_included":true,"line_items":[{"description":"plumbing, all of it and more of it ","discount_included":true,
				"additional_tax_included":true,"tax_included":true,"debit_or_credit":"D",` + line + `}]}`},
	} {
		f := newFake(t, always(200, level3Added))
		mustBe(t, f.client(t).Enhance(t.Context(), plumbing(t, brand)), gateway.Approved)
		seen := f.seen()
		if len(seen) != 1 || seen[0].path != want[0] || !reflect.DeepEqual(literal(t, seen[0].body), literal(t, want[1])) {
			t.Errorf("%s: PayTrace was told %+v, want %s", brand, seen, want)
		}
	}
}

// literal keeps numbers as they are written.
func literal(t *testing.T, body string) any {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWhatBecameOfEnhancedData(t *testing.T) {
	for _, c := range []struct {
		status int
		answer string
		want   gateway.Outcome
	}{
		{200, level3Added, gateway.Approved},
		{200, strings.Replace(level3Added, "170", "171", 1), gateway.Approved},
		{200, strings.Replace(level3Added, "true", "false", 1), gateway.Unknown},
		{200, strings.Replace(level3Added, "170", "101", 1), gateway.Unknown},
		{400, `{"success":false,"response_code":1,"status_message":"One or more errors has occurred.","errors":{"58":["Please provide a valid Transaction ID."]}}`, gateway.Rejected},
		{400, `{"success":false,"response_code":1,"status_message":"One or more errors has occurred.","errors":{"99999":["Nobody knows this number."]}}`, gateway.Rejected},
		{400, `{"success":false,"response_code":1,"status_message":"One or more errors has occurred.","errors":{}}`, gateway.Unknown},
		{502, level3Added, gateway.Unknown},
		{200, `<html>`, gateway.Unknown},
	} {
		f := newFake(t, always(c.status, c.answer))
		got := f.client(t).Enhance(t.Context(), plumbing(t, gateway.Visa))
		if got.Outcome != c.want || (c.want == gateway.Rejected && (got.Rejection == nil || got.Detail == "")) {
			t.Errorf("HTTP %d %s: %+v, want %s", c.status, c.answer, got, c.want)
		}
		if n := len(f.seen()); n != 1 {
			t.Errorf("%d calls", n)
		}
	}
	f := newFake(t, always(200, level3Added))
	mustBe(t, f.client(t).Enhance(t.Context(), plumbing(t, gateway.Amex)), gateway.NotSent)
}

// The reference stays where it was told, unless there is a purchase order to put
// in its place.
func TestTheReferenceStaysWithoutAPurchaseOrder(t *testing.T) {
	for field, want := range map[string]string{ReferenceInCustomerReference: "ABCDEFGHIJKLMNOP", ReferenceInDescription: ""} {
		f := newFake(t, always(200, level3Added))
		e := plumbing(t, gateway.Visa)
		e.Data.PurchaseOrder = ""
		mustBe(t, f.client(t, func(c *Config) { c.ReferenceField = field }).Enhance(t.Context(), e), gateway.Approved)
		if !strings.Contains(f.seen()[0].body, fmt.Sprintf(`"customer_reference_id":%q`, want)) {
			t.Errorf("%s: told %s", field, f.seen()[0].body)
		}
	}
}

func TestAChargeBearsTheTaxAndWhereItCanThePurchaseOrder(t *testing.T) {
	for field, want := range map[string][]string{
		ReferenceInCustomerReference: {`"tax_amount":"1.50"`, `"customer_reference_id":"` + sale().Reference + `"`},
		ReferenceInDescription:       {`"tax_amount":"1.50"`, `"customer_reference_id":"1234abcd"`, `"description":"` + sale().Reference + `"`},
	} {
		f := newFake(t, always(200, level3Added))
		charge := sale()
		charge.TaxAmount, charge.PurchaseOrder = money(150), "1234abcd"
		f.client(t, func(c *Config) { c.ReferenceField = field }).Charge(t.Context(), charge)
		for _, member := range want {
			if !strings.Contains(f.seen()[0].body, member) {
				t.Errorf("%s: told %s, want %s", field, f.seen()[0].body, member)
			}
		}
	}
}

// The suffix of an attempt is cut off, also where a purchase order stands in the
// place of the reference that it was made of.
func TestThePurchaseOrderDoesNotHideTheOrder(t *testing.T) {
	f := newFake(t, always(200, row(`"invoice_id":"100000042-ABCDEF","customer_reference_id":"PO-7",`)))
	records, err := f.client(t, func(c *Config) { c.InvoiceSuffix = true }).Transactions(t.Context(), soon(), soon(), "")
	if err != nil || len(records) != 1 || records[0].OrderID != "100000042" || records[0].ReferenceStart != "ABCDEF" || records[0].Reference != "PO-7" {
		t.Errorf("%+v, %v", records, err)
	}
}

// A purchase order alone is told alone: no sum that nobody told is zero, and no
// list of lines is empty.
func TestWhatNobodyToldIsNotTold(t *testing.T) {
	for brand, path := range map[gateway.Brand]string{gateway.Visa: visaDataPath, gateway.Mastercard: mastercardDataPath} {
		f := newFake(t, always(200, level3Added))
		e := plumbing(t, brand)
		e.Data = gateway.EnhancedData{PurchaseOrder: "PO-7"}
		mustBe(t, f.client(t).Enhance(t.Context(), e), gateway.Approved)
		want := `{"integrator_id":"integr","transaction_id":"392483066","invoice_id":"100000042","customer_reference_id":"PO-7"}`
		if seen := f.seen()[0]; seen.path != path || !reflect.DeepEqual(literal(t, seen.body), literal(t, want)) {
			t.Errorf("%s: PayTrace was told %s", brand, seen.body)
		}
	}
}

func TestLinesThatPayTraceDidNotMakeAreDoubted(t *testing.T) {
	for made, doubted := range map[string]bool{"1 line item records were": false, "1 line item record was": false, "0 line item records were": true, "2 line item records were": true, "All lines": false} {
		f := newFake(t, always(200, strings.Replace(level3Added, "1 line item records were", made, 1)))
		r := f.client(t).Enhance(t.Context(), plumbing(t, gateway.Visa))
		if r.Outcome != gateway.Approved || (r.Doubt != "") != doubted {
			t.Errorf("%s: %+v", made, r)
		}
	}
}
