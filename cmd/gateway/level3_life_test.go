package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/adapters/salesforce/salesforcetest"
)

// shownInLevel3 is the block of docs/level3.md behind a mark.
func shownInLevel3(t *testing.T, mark string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/level3.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, marked := strings.Cut(string(page), "<!-- "+mark+" -->\n```")
	_, rest, begins := strings.Cut(rest, "\n")
	block, _, ends := strings.Cut(rest, "```")
	if !marked || !begins || !ends {
		t.Fatalf("docs/level3.md shows no %s", mark)
	}
	return block
}

// companysPayment is the object of an org that keeps purchase orders.
func companysPayment() salesforcetest.Object {
	object := salesforcetest.PaymentObject()
	object.Fields = append(object.Fields,
		salesforcetest.Field{Name: "PurchaseOrder__c", Type: salesforcetest.Text, Length: 17},
		salesforcetest.Field{Name: "Tax__c", Type: salesforcetest.Currency},
		salesforcetest.Field{Name: "EnhancedData__c", Type: salesforcetest.Text, Length: 20})
	return object
}

func TestTheLifeOfAnOrderForACompany(t *testing.T) {
	t.Parallel()
	mapping := shownInLevel3(t, "mapping")
	h := openHousehold(t, func(h *household) {
		h.rewrite("        customerVaultField: CustomerVaultID__c\n", "        customerVaultField: CustomerVaultID__c\n"+mapping)
	})
	paid := h.buysForACompany(shownInLevel3(t, "request"))
	var told map[string]any
	if err := json.Unmarshal([]byte(shownInLevel3(t, "told")), &told); err != nil {
		t.Fatal(err)
	}
	eventually(t, "PayTrace has been told of the lines", func() bool { return len(missing(h.get(paid.PaymentID), told)) == 0 })
	h.hasTheLines(paid)
	eventually(t, "the shop knows that the order is paid", func() bool { o, _ := h.store.Order("100000043"); return o.Paid == 4759 })
	eventually(t, "the org has the purchase order", func() bool {
		return slices.ContainsFunc(h.crm.Records("Payment__c"), func(r salesforcetest.Record) bool {
			f := r.Fields
			return f["GatewayPaymentID__c"] == paid.PaymentID && f["PurchaseOrder__c"] == "PO-77812" && f["EnhancedData__c"] == "sent" &&
				fmt.Sprint(f["Tax__c"]) == "2.60" && f["Status__c"] == "Completed"
		})
	})
	eventually(t, "the webhook says so", func() bool {
		return slices.ContainsFunc(h.hooks.events(), func(event hook) bool {
			var data map[string]any
			return json.Unmarshal(event.Data, &data) == nil && data["paymentId"] == paid.PaymentID && len(missing(data, told)) == 0
		})
	})
	for _, event := range h.hooks.events() {
		if strings.Contains(string(event.Data), "94947") || strings.Contains(string(event.Data), "Elbow") {
			t.Errorf("%s tells of lines or a postal code: %s", event.Type, event.Data)
		}
	}
	h.paytrace.ask(http.MethodPost, "/settle", "", nil)
	back := h.clerk.must(http.MethodPost, "/api/v1/transactions/"+paid.TransactionID+"/refund", "back", `{}`, 0)
	want(t, "a refund", back, "201 refunded")
	h.everybodyIsTold()
	if o, _ := h.store.Order("100000043"); o.Refunded != 4759 {
		t.Errorf("the shop has given %d back", o.Refunded)
	}
}

// buysForACompany has the shop ask what the page shows, with a card that was just
// entered, and save the order.
func (h *household) buysForACompany(request string) answer {
	h.t.Helper()
	request = strings.Replace(request, `{"vault": {"customerId": "customer-42"}}`, h.paytrace.typed("4012000098765439", "999", "12", "2030"), 1)
	h.saving.Lock()
	defer h.saving.Unlock()
	paid := h.shop.must(http.MethodPost, paymentsPath, "company", request, 0)
	want(h.t, "the order", paid, "201 approved")
	h.store.Place(magentotest.Placing{
		IncrementID: "100000043", TransactionID: paid.TransactionID, Shipping: 500,
		Items: []magentotest.Item{{SKU: "CU-15", Qty: 1, Price: 2129}, {SKU: "CU-90", Qty: 10, Price: 213}},
	})
	return paid
}

// get is the payment as the API shows it.
func (h *household) get(paymentID string) (shown map[string]any) {
	h.t.Helper()
	request, err := http.NewRequest(http.MethodGet, h.shop.base+paymentsPath+"/"+paymentID, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+h.shop.token)
	response, err := h.shop.client.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&shown); err != nil {
		h.t.Fatal(err)
	}
	return shown
}

// missing are the members that are not as wanted.
func missing(shown, wanted map[string]any) (members []string) {
	for name, value := range wanted {
		if !reflect.DeepEqual(shown[name], value) {
			members = append(members, name)
		}
	}
	return members
}

// hasTheLines wants PayTrace to show the lines to the cent, and our reference to
// have been where the purchase order is now.
func (h *household) hasTheLines(paid answer) {
	h.t.Helper()
	type line struct{ Description, Quantity, UnitCost, DiscountAmount, AdditionalTaxAmount, Amount string }
	var shown struct {
		Transactions []struct {
			TransactionID, CustomerReferenceID, FirstCustomerReferenceID, InvoiceID string
			EnhancedData                                                            struct {
				TaxAmount, FreightAmount, AdditionalTaxAmount, SourceZip, ShippingZip string
				LineItems                                                             []line
				LineItemRows                                                          int
			}
		}
	}
	h.paytrace.ask(http.MethodGet, "/transactions", "", &shown)
	if len(shown.Transactions) != 1 {
		h.t.Fatalf("PayTrace has %+v", shown)
	}
	at := shown.Transactions[0]
	want := []line{
		{"Copper pipe 15 mm", "2.5", "7.996", "0.00", "1.30", "21.29"},
		{"Elbow joint", "10", "2.2", "2.00", "1.30", "21.30"},
	}
	if d := at.EnhancedData; !slices.Equal(d.LineItems, want) || d.LineItemRows != 2 || d.TaxAmount != "2.60" || d.FreightAmount != "5.00" ||
		d.AdditionalTaxAmount != "0.00" || d.SourceZip != "98101" || d.ShippingZip != "94947" {
		h.t.Errorf("PayTrace was told %+v", d)
	}
	if at.CustomerReferenceID != "PO-77812" || at.FirstCustomerReferenceID != h.get(paid.PaymentID)["processorReference"] || at.InvoiceID != "100000043" {
		h.t.Errorf("PayTrace shows %+v", at)
	}
}
