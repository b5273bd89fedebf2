package magento

import (
	"encoding/json"
	"fmt"
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

// Of a part that is kept, and of nothing else, the module is told what the bank gave.
func TestTheModuleIsToldOfAPartThatIsKept(t *testing.T) {
	h := newHouse(t, WayModule, magentotest.Options{})
	kept := partly(h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001"))
	h.place(kept)
	h.tell(h.then(kept, gateway.KindVoid, 60_00, gateway.Voided))
	refused := partly(h.charged(gateway.KindSale, gateway.StatusDeclined, "000000002"))
	h.place(refused, inReview)
	h.tell(foundLate(refused))
	sent := h.shop.Writes()
	if !strings.Contains(sent[0].Body, `"approvedAmount":"60.00"`) || strings.Contains(sent[1].Body, "approvedAmount") {
		t.Errorf("%s\n%s", sent[0].Body, sent[1].Body)
	}
	h.is("000000001", "canceled", 0, 0)
	h.is("000000002", "canceled", 0, 0)
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

// What a bank has returned is for a person, and what it may still return is for
// nobody.
func TestWhatABankReturnsCallsAPerson(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.Accepted, "000000001")
		p.Bank = &gateway.BankSummary{LastFour: "8206"}
		h.place(p)
		if v := h.deliver(h.event(p)); v.Outcome != gateway.Told || v.Attention != "" || len(h.order("000000001").Comments) != 0 {
			t.Errorf("accepted: %+v", v)
		}
		p.Status, p.Operations[0].Return = gateway.Returned, &gateway.BankReturn{Code: "R01"}
		attends(t, h.deliver(h.event(p)), "payment_returned")
		if o := h.order("000000001"); len(o.Comments) != 1 || !strings.Contains(o.Comments[0].Text, "returned the payment with R01") || o.Paid != 0 {
			t.Errorf("%+v", o)
		}
		q := h.charged(gateway.KindSale, gateway.StatusApproved, "000000002")
		h.place(q, paidAtOnce)
		q = h.then(q, gateway.KindRefund, 100_00, gateway.Refunded)
		h.tell(q)
		q.Operations[1].Return = &gateway.BankReturn{Code: "R02"}
		q.Version++
		attends(t, h.deliver(h.updated(q)), "refund_returned")
		o := h.order("000000002")
		if last := o.Comments[len(o.Comments)-1].Text; len(o.CreditMemos) != 1 || !strings.Contains(last, "refund of 100.00 with R02") {
			t.Errorf("%+v", o)
		}
		part := h.charged(gateway.KindSale, gateway.StatusApproved, "000000003")
		h.place(part, paidAtOnce)
		part = h.then(part, gateway.KindRefund, 10_00, gateway.PartiallyRefunded)
		part.Operations[1].Return = &gateway.BankReturn{Code: "R02"}
		v := h.deliver(h.updated(part))
		attends(t, v, "refund_returned")
		part.Version++
		part.Status, part.Operations[0].Return = gateway.Returned, &gateway.BankReturn{Code: "R01"}
		both := h.deliver(h.updated(part))
		attends(t, both, "refund_returned")
		if !strings.Contains(v.Attention, "pay it in another way") || !strings.Contains(both.Attention, "pay nothing besides") {
			t.Errorf("of the refund: %q; once the payment came back too: %q", v.Attention, both.Attention)
		}
	})
}

// What a bank returns after the refund is credited already: staff ask for no more of
// it than is missing.
func TestThePaymentThatComesBackAfterItsRefundAsksForWhatIsMissing(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		for i, c := range []struct {
			refunds  []gateway.Money
			returned int // as many of them, from the first on, came back
			says     string
			silent   string
		}{
			{nil, 0, "ask the shopper for the money", "credit memo stands"},
			{[]gateway.Money{100_00}, 1, "ask for none of it", "ask the shopper"},
			{[]gateway.Money{60_00, 40_00}, 2, "ask for none of it", "ask the shopper"},
			{[]gateway.Money{100_00}, 0, "of which 100.00 were refunded and are with the shopper twice, the credit memo stands, ask the shopper for 100.00", "not paid"},
			{[]gateway.Money{60_00, 40_00}, 1, "of which 40.00 were refunded and are with the shopper twice, the credit memo stands, ask the shopper for 40.00", "not paid"},
			{[]gateway.Money{30_00}, 1, "the rest is not paid, so ask the shopper for 70.00", "twice"},
			{[]gateway.Money{30_00}, 0, "of which 30.00 were refunded and are with the shopper twice, the credit memo stands, ask the shopper for 100.00", "not paid"},
		} {
			number := fmt.Sprintf("%09d", i+1)
			p := h.charged(gateway.KindSale, gateway.StatusApproved, number)
			p.Bank = &gateway.BankSummary{LastFour: "8206"}
			h.place(p, paidAtOnce)
			for n, amount := range c.refunds {
				p = h.then(p, gateway.KindRefund, amount, gateway.PartiallyRefunded)
				if n < c.returned {
					p.Operations[n+1].Return = &gateway.BankReturn{Code: "R02"}
				}
			}
			p.Status, p.Version = gateway.Refunded, p.Version+1
			if p.Refunded() < p.Captured() {
				p.Status = gateway.Returned
			}
			p.Operations[0].Return = &gateway.BankReturn{Code: "R10"}
			e := h.event(p)
			e.OperationID = p.First().ID
			if p.Status == gateway.Refunded {
				e.Type = gateway.EventUpdated
			}
			v := h.deliver(e)
			attends(t, v, "payment_returned")
			if !strings.Contains(v.Attention, c.says) || strings.Contains(v.Attention, c.silent) {
				t.Errorf("%v refunded, %d of them returned: %q", c.refunds, c.returned, v.Attention)
			}
			if len(c.refunds) == 0 || p.Status != gateway.Refunded {
				continue
			}
			e = h.updated(p) // the refund comes back after the payment
			e.Version++
			if v := h.deliver(e); c.returned == len(c.refunds) && !strings.Contains(v.Attention, "pay nothing besides and ask for none of it") {
				t.Errorf("of the refund of a payment that came back: %q", v.Attention)
			}
		}
	})
}

// updated is an event that leaves the payment's status as it is.
func (h *house) updated(p gateway.Payment) gateway.Event {
	e := h.event(p)
	e.Type = gateway.EventUpdated
	return e
}
