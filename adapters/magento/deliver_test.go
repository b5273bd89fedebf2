package magento

import (
	"strings"
	"testing"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

func TestAnAuthorizedOrderGetsOneComment(t *testing.T) {
	inBothWays(t, magentotest.Options{Version: magentotest.V247}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		h.tell(p)
		o := h.is("000000001", "processing", 0, 0)
		if len(o.Comments) != 1 || o.Status != "processing" || !strings.Contains(o.Comments[0].Text, p.TransactionID) {
			t.Errorf("status %s, comments %v", o.Status, o.Comments)
		}
	})
}

func TestASaleThatMagentoInvoicedItselfGetsNoSecondInvoice(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, paidAtOnce)
		h.tell(p)
		h.is("000000001", "processing", 1, 0)
	})
}

func TestACaptureElsewhereBecomesAnInvoice(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		h.tell(p)
		h.tell(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))
		o := h.is("000000001", "processing", 1, 0)
		if o.Paid != 100_00 {
			t.Errorf("paid %d", o.Paid)
		}
		for _, c := range h.shop.History() {
			if c.Gateway {
				t.Errorf("%s %s asked the gateway to move money", c.Method, c.Path)
			}
		}
	})
}

func TestAReviewEndsInProcessing(t *testing.T) {
	for _, version := range []magentotest.Version{magentotest.V246, magentotest.V247} {
		inBothWays(t, magentotest.Options{Version: version}, func(t *testing.T, h *house) {
			p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
			h.place(p, inReview)
			h.tell(foundLate(p))
			o := h.is("000000001", "processing", 1, 0)
			if o.Status != "processing" || o.Paid != 100_00 {
				t.Errorf("status %s, paid %d", o.Status, o.Paid)
			}
		})
	}
}

func TestAReviewEndsCanceled(t *testing.T) {
	for _, version := range []magentotest.Version{magentotest.V246, magentotest.V247} {
		inBothWays(t, magentotest.Options{Version: version}, func(t *testing.T, h *house) {
			p := h.charged(gateway.KindAuthorize, gateway.StatusDeclined, "000000001")
			h.place(p, inReview)
			h.tell(foundLate(p))
			if o := h.is("000000001", "canceled", 0, 0); o.Status != "canceled" {
				t.Errorf("status %s", o.Status)
			}
		})
	}
}

func TestADeclinedOrderStaysInReviewWhenTheShopWantsIt(t *testing.T) {
	for _, way := range ways {
		h := newHouse(t, way, magentotest.Options{}, func(c *Config) { c.Declined = DeclineStaysInReview })
		p := h.charged(gateway.KindAuthorize, gateway.StatusDeclined, "000000001")
		h.place(p, inReview)
		h.tell(foundLate(p))
		h.is("000000001", "payment_review", 0, 0)
	}
}

// Saving the state is a switch, since it goes past all rules of Magento's.
func TestWithoutTheSwitchAReviewIsAPersonsMatter(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{}, func(c *Config) { c.LeaveReview = false })
	p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
	h.place(p, inReview)
	v := h.deliver(h.event(foundLate(p)))
	if v.Outcome != gateway.Dead || !strings.Contains(v.Detail, "Magento_Sales::create") || len(h.shop.Writes()) > 0 {
		t.Errorf("%s (%s), writes %v", v.Outcome, v.Detail, h.shop.Writes())
	}
}

func TestAMissingRightIsNamed(t *testing.T) {
	for right, want := range map[string]gateway.DeliveryOutcome{
		magentotest.RightView: gateway.Later, magentotest.RightComment: gateway.Later, magentotest.RightInvoice: gateway.Later,
		magentotest.RightInvoices: gateway.Later, magentotest.RightCreditMemos: gateway.Later, magentotest.RightTransaction: gateway.Later,
		magentotest.RightCreate: gateway.Dead,
	} {
		h := newHouse(t, WayCore, magentotest.Options{})
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, inReview)
		h.shop.Forbid(right)
		e := h.event(foundLate(p))
		v := h.deliver(e)
		if v.Outcome != want || v.StatusCode != 401 || !strings.Contains(v.Detail, right) {
			t.Errorf("%s: %s %d (%s), want %s", right, v.Outcome, v.StatusCode, v.Detail, want)
		}
		h.shop.Permit(right)
		if v := h.deliver(e); v.Outcome != gateway.Told {
			t.Errorf("%s is given, and the event is %s (%s)", right, v.Outcome, v.Detail)
		}
		h.is("000000001", "processing", 1, 0)
	}
}

func TestADeadlockIsTriedAgain(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		for _, kind := range []magentotest.Kind{magentotest.Deadlock, magentotest.Fatal} {
			h.shop.Fail(magentotest.Fault{Kind: kind, Method: "POST"})
		}
		e := h.event(p)
		for n, want := range []gateway.DeliveryOutcome{gateway.Later, gateway.Later, gateway.Told} {
			if v := h.deliver(e); v.Outcome != want || v.Patient || v.Detail == "" {
				t.Fatalf("attempt %d: %s (%s), want %s", n, v.Outcome, v.Detail, want)
			}
		}
		if o := h.is("000000001", "processing", 0, 0); len(o.Comments) != 1 {
			t.Errorf("comments %v", o.Comments)
		}
	})
}

func TestAParallelInvoiceIsAlreadyDone(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	h.shop.Fail(magentotest.Fault{Kind: magentotest.Parallel, Path: "/invoice$"})
	v := h.tell(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))
	h.is("000000001", "processing", 1, 0)
	if !strings.Contains(v.Detail, "somebody else") {
		t.Errorf("detail %s", v.Detail)
	}
}

// A second refusal that nothing explains is no success. What Magento could not
// save may be a deadlock, so that it is tried again as long as the schedule goes.
func TestARefusedDocumentIsNoSuccess(t *testing.T) {
	for said, want := range map[string]gateway.DeliveryOutcome{
		"The order does not allow an invoice to be created.":          gateway.Dead,
		"Could not save an invoice, see error log for details":        gateway.Later,
		"Could not save a Creditmemo, see error log for details":      gateway.Later,
		"Could not save the comment, see error log for more details.": gateway.Later,
	} {
		h := newHouse(t, WayCore, magentotest.Options{})
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		e := h.event(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))
		h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Path: "/invoice$", Status: 400, Body: `{"message":"` + said + `"}`})
		if v := h.deliver(e); v.Outcome != want || v.Patient || !strings.Contains(v.Detail, said) {
			t.Errorf("%s: %s (%s)", said, v.Outcome, v.Detail)
		}
		h.is("000000001", "processing", 0, 0)
		if v := h.deliver(e); v.Outcome != gateway.Told {
			t.Errorf("%s, then: %s (%s)", said, v.Outcome, v.Detail)
		}
		h.is("000000001", "processing", 1, 0)
	}
}

// A page of a proxy is not Magento's word on the order.
func TestAProxysRefusalIsNotMagentos(t *testing.T) {
	for body, want := range map[string]bool{`{"message":"No."}`: true, `{"message":"Could not save an invoice"}`: true, `<html>400</html>`: false} {
		h := newHouse(t, WayCore, magentotest.Options{})
		h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Status: 400, Body: body})
		if _, err := h.sink.client.orders(t.Context(), "1", 0); isRefusal(err) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAnOrderOnHoldIsWaitedFor(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	h.shop.SetState("000000001", "holded", "holded")
	e := h.event(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))
	if v := h.deliver(e); v.Outcome != gateway.Later || !strings.Contains(v.Detail, "on hold") {
		t.Errorf("%s (%s)", v.Outcome, v.Detail)
	}
	h.shop.SetState("000000001", "processing", "processing")
	if v := h.deliver(e); v.Outcome != gateway.Told {
		t.Errorf("%s (%s)", v.Outcome, v.Detail)
	}
	h.is("000000001", "processing", 1, 0)
}

// Magento gave up before the answer came, so it has booked nothing and says
// nothing; a document of ours would be there twice when it asks again.
func TestWhatMagentoDidNotHearIsAPersonsMatter(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	e := h.event(foundLate(byMagento(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))))
	attends(t, h.later(e), "answer_lost")
	h.is("000000001", "processing", 0, 0)
	h.shop.Capture("000000001", map[string]int64{"boot": 2, "lace": 1}, "7101")
	if v := h.deliver(e); v.Outcome != gateway.Told || v.Attention != "" {
		t.Errorf("%s (%s)", v.Outcome, v.Attention)
	}
	h.is("000000001", "processing", 1, 0)
}

// The answer to each write is lost once, whichever it is, and each event is
// delivered until it is told, and then once more.
func TestAnEventDeliveredTwiceMakesOneDocument(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := foundLate(h.charged(gateway.KindSale, gateway.StatusApproved, "000000001"))
		h.place(p, inReview)
		h.shop.Fail(magentotest.Fault{Kind: magentotest.Lost, Method: "POST", Path: "^/orders$|events"})
		h.shop.Fail(magentotest.Fault{Kind: magentotest.Lost, Method: "POST", Path: "/invoice$"})
		h.shop.Fail(magentotest.Fault{Kind: magentotest.Lost, Method: "POST", Path: "/comments$"})
		refund := h.then(p, gateway.KindRefund, 100_00, gateway.Refunded)
		for _, e := range []gateway.Event{h.event(p), h.event(refund)} {
			if e.Type == "payment.refunded" {
				h.shop.Fail(magentotest.Fault{Kind: magentotest.Lost, Method: "POST", Path: "/refund$"})
				h.shop.Fail(magentotest.Fault{Kind: magentotest.Lost, Method: "POST", Path: "/comments$"})
			}
			attempts := 0
			for h.deliver(e).Outcome != gateway.Told {
				if attempts++; attempts > 5 {
					t.Fatalf("%s is never told", e.Type)
				}
			}
			if attempts == 0 && h.sink.config.Way == WayCore {
				t.Fatalf("no answer of %s was lost", e.Type)
			}
			if v := h.deliver(e); v.Outcome != gateway.Told {
				t.Fatalf("once more: %s (%s)", v.Outcome, v.Detail)
			}
		}
		o := h.is("000000001", "closed", 1, 1)
		if len(o.Comments) != 2 || o.Refunded != 100_00 || o.CreditMemos[0].Items != 2 {
			t.Errorf("refunded %d with %d items; comments %v", o.Refunded, o.CreditMemos[0].Items, o.Comments)
		}
	})
}

func TestAPartThatWasMovedElsewhereIsAPersonsMatter(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		code := map[Way]string{WayCore: "partial_amount", WayModule: "magento_conflict"}[h.sink.config.Way]
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		captured := h.then(p, gateway.KindCapture, 40_00, gateway.StatusApproved)
		attends(t, h.tell(captured), code)
		h.is("000000001", "processing", 0, 0)

		q := h.charged(gateway.KindSale, gateway.StatusApproved, "000000002")
		h.place(q, paidAtOnce)
		first := h.then(q, gateway.KindRefund, 10_00, gateway.PartiallyRefunded)
		attends(t, h.tell(first), code)
		second := h.event(h.then(first, gateway.KindRefund, 5_00, gateway.PartiallyRefunded))
		second.Type = "payment.updated"
		attends(t, h.deliver(second), code)
		o := h.is("000000002", "processing", 1, 0)
		if len(o.Comments) != 2 {
			t.Errorf("comments %v", o.Comments)
		}
	})
}

// What a person has booked by hand in the meantime is not booked again.
func TestARefundThatAPersonHasBookedIsLeftAlone(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
	h.place(p, paidAtOnce)
	h.shop.Refund("000000001", 100_00, "7102")
	h.tell(h.then(p, gateway.KindRefund, 100_00, gateway.Refunded))
	h.is("000000001", "closed", 1, 1)
}

func TestAVoidCancelsTheOrder(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		h.tell(h.then(p, gateway.KindVoid, 100_00, gateway.Voided))
		h.is("000000001", "canceled", 0, 0)
	})
}

func TestAVoidOfAnInvoicedSaleGivesAllOfItBack(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, paidAtOnce)
		h.tell(h.then(p, gateway.KindVoid, 100_00, gateway.Voided))
		if o := h.is("000000001", "closed", 1, 1); o.Refunded != 100_00 {
			t.Errorf("refunded %d", o.Refunded)
		}
	})
}

// The bundle's children follow their parent: listing both would double them.
func TestChildrenFollowTheirParents(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p, func(o *magentotest.Placing) {
		o.Items = []magentotest.Item{{SKU: "set", Qty: 1, Price: 95_00, Children: []magentotest.Item{{SKU: "a", Qty: 1}, {SKU: "b", Qty: 2}}}}
	})
	h.tell(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))
	h.is("000000001", "processing", 1, 0)
}

func TestACancelThatMagentoRefusesIsToldAsSuch(t *testing.T) {
	refuses := func(string) error { return errVoidRefused }
	h := newHouse(t, WayCore, magentotest.Options{Void: refuses})
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	v := h.deliver(h.event(h.then(p, gateway.KindVoid, 100_00, gateway.Voided)))
	if v.Outcome != gateway.Dead || !strings.Contains(v.Detail, "cannot be voided") {
		t.Errorf("%s (%s)", v.Outcome, v.Detail)
	}
	// The rest of the order is on an invoice that is not paid by us: false.
	h = newHouse(t, WayCore, magentotest.Options{})
	p = h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p, func(o *magentotest.Placing) { o.OpenInvoice = true })
	attends(t, h.tell(h.then(p, gateway.KindVoid, 100_00, gateway.Voided)), "cancel_refused")
	h.is("000000001", "processing", 1, 0)
}

func TestALateDeclineCancelsNoOrderThatHasGoneOn(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.StatusDeclined, "000000001")
		h.place(p)
		if v := h.tell(foundLate(p)); v.Attention == "" {
			t.Error("nobody is told")
		}
		h.is("000000001", "processing", 0, 0)
	})
}

func TestMoneyForACanceledOrderIsAPersonsMatter(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, func(o *magentotest.Placing) { o.State = "canceled" })
		if v := h.tell(foundLate(p)); v.Attention == "" {
			t.Error("nobody is told")
		}
		h.is("000000001", "canceled", 0, 0)
	})
}

func TestAnOrderOfAnotherPaymentIsLeftAlone(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		for n, change := range []func(*magentotest.Placing){
			func(o *magentotest.Placing) { o.Method = "checkmo" },
			func(o *magentotest.Placing) { o.TransactionID, o.PaymentID = "70", "" },
			func(o *magentotest.Placing) { o.TransactionID, o.PaymentID = "", "" },
			func(o *magentotest.Placing) { o.TransactionID, o.PaymentID = o.TransactionID+"1", "pay_other" },
		} {
			p := h.charged(gateway.KindSale, gateway.StatusApproved, []string{"A1", "A2", "A3", "A4"}[n])
			h.place(p, change)
			v := h.tell(p)
			if v.Attention == "" {
				t.Errorf("case %d: nobody is told that a payment has no order", n)
			}
			if o := h.is(p.OrderID, "processing", 0, 0); len(o.Comments) > 0 {
				t.Errorf("case %d: comments %v", n, o.Comments)
			}
		}
	})
}

func TestTheShopsOwnStatusesAreUsedInTheirStateOnly(t *testing.T) {
	for _, way := range ways {
		h := newHouse(t, way, magentotest.Options{Version: magentotest.V247}, func(c *Config) {
			c.Statuses = map[gateway.Status]string{gateway.StatusApproved: "paid", gateway.Authorized: "reserved"}
		})
		h.shop.AssignStatus("paid", "processing")
		h.shop.AssignStatus("reserved", "processing")
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p, inReview)
		h.tell(foundLate(p))
		if o := h.is("000000001", "processing", 0, 0); o.Status != "reserved" {
			t.Errorf("%s: status %s, want reserved", way, o.Status)
		}
		h.tell(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))
		if o := h.is("000000001", "processing", 1, 0); o.Status != "paid" {
			t.Errorf("%s: status %s, want paid", way, o.Status)
		}
	}
}

// What a person has set is left as it is.
func TestACommentCarriesTheOrdersStatus(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	h.shop.AssignStatus("picking", "processing")
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p, func(o *magentotest.Placing) { o.Status = "picking" })
	h.tell(p)
	if o := h.is("000000001", "processing", 0, 0); o.Status != "picking" || o.Comments[0].Status != "picking" {
		t.Errorf("status %s, comments %v", o.Status, o.Comments)
	}
}
