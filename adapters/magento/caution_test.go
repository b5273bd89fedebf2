package magento

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// A first part that nobody has booked must not be booked with the second.
func TestTheLastPartOfARefundBooksNoneOfTheFirst(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, paidAtOnce)
		first := h.then(p, gateway.KindRefund, 60_00, gateway.PartiallyRefunded)
		h.tell(first)
		if v := h.tell(h.then(first, gateway.KindRefund, 40_00, gateway.Refunded)); v.Attention == "" {
			t.Error("nobody is told")
		}
		h.is("000000001", "processing", 1, 0)
	})
}

// The first part was given back by an adjustment, so that all items are left.
func TestItemsThatAreWorthMoreThanIsLeftMakeNoDocument(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, paidAtOnce)
		h.shop.Refund("000000001", 60_00, "7500")
		first := byMagento(h.then(p, gateway.KindRefund, 60_00, gateway.PartiallyRefunded))
		v := h.deliver(h.event(h.then(first, gateway.KindRefund, 40_00, gateway.Refunded)))
		if h.sink.config.Way == WayModule {
			attends(t, v, "magento_conflict")
		} else if v.Outcome != gateway.Dead || !strings.Contains(v.Detail, "The most money available to refund is $40.") {
			t.Errorf("%s (%s)", v.Outcome, v.Detail)
		}
		h.is("000000001", "processing", 1, 1)
	})
}

func TestTheLastPieceOfARefundIsBooked(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		h.shop.Capture("000000001", map[string]int64{"boot": 1}, "7400") // with the shipping, 45.00
		first := byMagento(h.then(p, gateway.KindCapture, 45_00, gateway.StatusApproved))
		h.tell(h.then(first, gateway.KindRefund, 45_00, gateway.Refunded))
		if o := h.order("000000001"); len(o.CreditMemos) != 1 || o.Refunded != 45_00 || o.CreditMemos[0].Items != 1 {
			t.Errorf("%+v", o)
		}
	})
}

func TestAnAuthorizationForACanceledOrderIsAPersonsMatter(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p, func(o *magentotest.Placing) { o.State = "canceled" })
		v := h.tell(p)
		attends(t, v, map[Way]string{WayCore: "paid_but_canceled", WayModule: "magento_conflict"}[h.sink.config.Way])
		h.is("000000001", "canceled", 0, 0)
	})
}

// An order that is only called canceled still holds its stock.
func TestADeclinedOrderIsReallyCanceled(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.StatusDeclined, "000000001")
	h.place(p, inReview)
	h.tell(foundLate(p))
	if !slices.ContainsFunc(h.shop.Writes(), func(c magentotest.Call) bool { return strings.HasSuffix(c.Path, "/cancel") && c.Acted }) {
		t.Errorf("no cancel among %+v", h.shop.Writes())
	}
}

// The shop stopped to wait after its budget and saved the order under review.
func TestADeclineAfterTheShopsBudgetIsTold(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.StatusDeclined, "000000001")
		h.place(p, inReview)
		h.tell(decidedAfter(DefaultCallerBudget+time.Second, p))
		h.is("000000001", "canceled", 0, 0)
	})
}

func TestARefundBeforeAnyInvoiceCancelsTheOrder(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p)
		h.tell(h.then(p, gateway.KindRefund, 100_00, gateway.Refunded))
		h.is("000000001", "canceled", 0, 0)
	})
}

func TestAnOrderInAnotherCurrencyIsLeftAlone(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p, func(o *magentotest.Placing) { o.Currency = "EUR" })
	attends(t, h.tell(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved)), "paid_without_order")
	h.is("000000001", "processing", 0, 0)
}

func TestAnOrderWithoutStatusGetsNoComment(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	h.shop.SetState("000000001", "processing", "")
	if v := h.deliver(h.event(p)); v.Outcome != gateway.Dead || len(h.shop.Writes()) > 0 {
		t.Errorf("%s (%s), writes %v", v.Outcome, v.Detail, h.shop.Writes())
	}
}

// An invoice whose capture was reported as pending is paid, and the order's
// total does not know it.
func TestAPaidInvoiceCountsThoughTheTotalIsEmpty(t *testing.T) {
	b := books{
		order:    order{BaseGrandTotal: "100"},
		invoices: []invoice{{State: invoicePaid, GrandTotal: "60"}, {State: invoiceOpen, GrandTotal: "40"}},
		memos:    []creditMemo{{GrandTotal: "10.5"}},
	}
	if err := b.count(); err != nil || b.paid != 60_00 || b.refunded != 10_50 {
		t.Errorf("paid %s, refunded %s: %v", b.paid, b.refunded, err)
	}
}

func TestTotalsWithPartsOfACentAreAPersonsMatter(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Path: "^/invoices$", Status: 200, Body: `{"items":[{"state":2,"base_grand_total":19.995}],"total_count":1}`})
	v := h.deliver(h.event(p))
	attends(t, v, "magento_totals")
	if v.Outcome != gateway.Dead {
		t.Errorf("%s (%s)", v.Outcome, v.Detail)
	}
}

// What is no search's answer says nothing about whether there is an order, and
// what is no comment's answer nothing about whether there is a comment.
func TestASuccessThatSaysNothingCountsForNothing(t *testing.T) {
	for path, bodies := range map[string][]string{
		"^/orders$":  {`{}`, `null`, `[]`, `{"items":[{"entity_id":1,"increment_id":"000000009"}],"total_count":1}`, `{"items":[{"increment_id":"000000001"}],"total_count":1}`, `{"items":[],"total_count":1}`},
		"/comments$": {`{}`, `null`}, "^/transactions$": {`{}`, `null`, `{"items":[],"total_count":2}`}, "^/invoices$": {`{}`}, "^/creditmemos$": {`{}`},
	} {
		for _, body := range bodies {
			h := newHouse(t, WayCore, magentotest.Options{})
			p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
			h.place(p)
			e := h.event(p)
			h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Method: "GET", Path: path, Status: 200, Body: body})
			if v := h.deliver(e); v.Outcome != gateway.Later || v.Patient || len(h.shop.Writes()) > 0 {
				t.Errorf("%s answers %s: %+v", path, body, v)
			}
			h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Method: "POST", Path: "/comments$", Status: 200, Body: "false"})
			if v := h.deliver(e); v.Outcome != gateway.Later {
				t.Errorf("a comment is answered by false: %+v", v)
			}
		}
	}
}

func TestAClerksLowerAmountIsAPersonsMatter(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
	h.place(p, paidAtOnce)
	e := h.event(h.then(p, gateway.KindAdjust, 80_00, gateway.StatusApproved))
	e.Type = "payment.updated"
	attends(t, h.deliver(e), "amount_lowered")
	if o := h.is("000000001", "processing", 1, 0); len(o.Comments) != 1 {
		t.Errorf("comments %v", o.Comments)
	}
}

// An authorization that is voided had taken nothing: what the order has as paid
// came by another way.
func TestAVoidGivesNoOtherMoneyBack(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		code := map[Way]string{WayCore: "voided_but_open", WayModule: "magento_conflict"}[h.sink.config.Way]
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		h.shop.Capture("000000001", map[string]int64{"boot": 1}, p.TransactionID+"-capture")
		attends(t, h.tell(h.then(p, gateway.KindVoid, 100_00, gateway.Voided)), code)
		h.is("000000001", "processing", 1, 0)

		q := h.charged(gateway.KindSale, gateway.StatusApproved, "000000002")
		h.place(q, paidAtOnce)
		attends(t, h.tell(h.then(q, gateway.KindVoid, 40_00, gateway.Voided)), code)
		h.is("000000002", "processing", 1, 0)
	})
}

// The first payment was given up and the order paid anew: the end of the first
// is no matter of the order's, though it bears its name.
func TestAnOrderThatWasPaidAnewIsLeftAlone(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p, func(o *magentotest.Placing) { o.TransactionID = "9001" })
		h.tell(h.then(p, gateway.KindVoid, 100_00, gateway.Voided))
		h.is("000000001", "processing", 0, 0)

		q := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000002")
		h.place(q)
		h.shop.Pay("000000002", "9002")
		h.tell(h.then(q, gateway.KindVoid, 100_00, gateway.Voided))
		h.is("000000002", "processing", 0, 0)
	})
}

// Magento names what no command has named, and what it did itself may come to
// the gateway's knowledge with a later event.
func TestWhatFollowsAPaymentsTransactionIsThePayments(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, paidAtOnce)
		h.shop.Refund("000000001", 10_00, "7999")
		if v := h.tell(p); v.Attention != "" || len(h.order("000000001").Comments) != 1 {
			t.Errorf("%s %s", v.Detail, v.Attention)
		}
		q := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000002")
		h.place(q)
		h.shop.Capture("000000002", map[string]int64{"boot": 1}, q.TransactionID+"-capture")
		if v := h.tell(q); v.Attention != "" || len(h.order("000000002").Comments) != 1 {
			t.Errorf("%s %s", v.Detail, v.Attention)
		}
	})
}

func TestARefundOfAPartCancelsNothing(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		code := map[Way]string{WayCore: "partial_amount", WayModule: "magento_conflict"}[h.sink.config.Way]
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		part := h.then(p, gateway.KindCapture, 40_00, gateway.StatusApproved)
		attends(t, h.tell(part), code)
		attends(t, h.tell(h.then(part, gateway.KindRefund, 40_00, gateway.Refunded)), code)
		h.is("000000001", "processing", 0, 0)
	})
}

// PHP writes an object without members as a list.
func TestAnOrderWithoutExtensionAttributesIsRead(t *testing.T) {
	for attributes, want := range map[string]string{
		`[]`: "", `{}`: "", `null`: "", `[ ]`: "", `{"payment_additional_info":[]}`: "",
		`{"payment_additional_info":[{"key":"gateway_payment_id","value":"pay_1"}]}`: "pay_1",
	} {
		var o order
		err := json.Unmarshal([]byte(`{"entity_id":1,"increment_id":"1","extension_attributes":`+attributes+`,"payment":{"method":"x"}}`), &o)
		found := strings.Join(books{order: o}.found(), " ")
		if err != nil || found != want || o.Payment.Method != "x" {
			t.Errorf("%s: found %q: %v", attributes, found, err)
		}
	}
	var o order
	if err := json.Unmarshal([]byte(`{"extension_attributes":["x"]}`), &o); err == nil {
		t.Error("a list of something is taken for an object")
	}
}
