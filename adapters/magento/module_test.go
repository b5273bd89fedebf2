package magento

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// The example in docs/magento-module.md is what is sent, byte for byte, so that
// whoever writes the module can test with it.
func TestTheContractsExampleIsWhatIsSent(t *testing.T) {
	page, err := os.ReadFile("../../docs/magento-module.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, _ = strings.Cut(example, "```")

	h := newHouse(t, WayModule, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000123")
	p.StoreCode, p.ApprovalCode = "default", "TAS671"
	h.place(p)
	h.deliver(h.event(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved)))
	var want, got any
	if err := json.Unmarshal([]byte(example), &want); err != nil {
		t.Fatalf("the example is no JSON: %v", err)
	}
	sent := h.shop.Writes()[0]
	if err := json.Unmarshal([]byte(sent.Body), &got); err != nil {
		t.Fatal(err)
	}
	if sent.Path != "/paytrace-gateway/events" || !reflect.DeepEqual(got, want) {
		pretty, _ := json.MarshalIndent(got, "", "  ")
		t.Errorf("the page's example is not what is sent:\n%s", pretty)
	}
}

func TestEachResultOfTheModule(t *testing.T) {
	for body, want := range map[string]gateway.Verdict{
		`{"result":"applied","message":"The order is processing."}`: {Outcome: gateway.Told},
		`{"result":"already"}`:                         {Outcome: gateway.Told},
		`{"result":"ignored"}`:                         {Outcome: gateway.Told},
		`{"result":"conflict","message":"It is odd."}`: {Outcome: gateway.Told, Attention: "magento_conflict: order 000000001 does not fit the payment: It is odd."},
		`{"result":"order_not_found"}`:                 {Outcome: gateway.Later, Patient: true},
		`{"result":"other_store"}`:                     {Outcome: gateway.Later, Patient: true},
		`{"result":"done"}`:                            {Outcome: gateway.Later},
		`{}`:                                           {Outcome: gateway.Later},
		`true`:                                         {Outcome: gateway.Later},
		`null`:                                         {Outcome: gateway.Later},
	} {
		h := newHouse(t, WayModule, magentotest.Options{})
		h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Status: 200, Body: body})
		v := h.deliver(h.event(h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")))
		if v.Outcome != want.Outcome || v.Patient != want.Patient || v.Attention != want.Attention || v.Detail == "" {
			t.Errorf("%s: %+v", body, v)
		}
	}
}

// An older event that is replayed after a newer one must not move the order
// back.
func TestTheModuleTakesNoOlderVersion(t *testing.T) {
	h := newHouse(t, WayModule, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	old := h.event(p)
	h.tell(h.then(p, gateway.KindVoid, 100_00, gateway.Voided))
	if v := h.deliver(old); v.Outcome != gateway.Told || !strings.Contains(v.Detail, "ignored") {
		t.Errorf("%+v", v)
	}
	h.is("000000001", "canceled", 0, 0)
}

// Nothing in the order changes by a remark, so that whoever reads it is all.
func TestARemarkCallsAPerson(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		p.Status = gateway.Expired
		attends(t, h.deliver(h.event(p)), "authorization_expired")
		q := h.charged(gateway.KindSale, gateway.StatusApproved, "000000002")
		h.place(q, paidAtOnce)
		e := h.event(h.then(q, gateway.KindAdjust, 80_00, gateway.StatusApproved))
		e.Type = gateway.EventUpdated
		attends(t, h.deliver(e), "amount_lowered")
		for number, code := range map[string]string{"000000001": "authorization_expired", "000000002": "amount_lowered"} {
			if o := h.order(number); len(o.Comments) != 1 || !strings.Contains(o.Comments[0].Text, code) {
				t.Errorf("order %s: comments %v", number, o.Comments)
			}
		}
	})
}
