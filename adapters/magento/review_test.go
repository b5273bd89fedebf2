package magento

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

func TestASuspectedFraudIsNotWavedThrough(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, inReview, func(o *magentotest.Placing) { o.Status = "fraud" })
		attends(t, h.tell(foundLate(p)), map[Way]string{WayCore: "fraud_review", WayModule: "magento_conflict"}[h.sink.config.Way])
		if o := h.is("000000001", "payment_review", 0, 0); o.Status != "fraud" {
			t.Errorf("status %s", o.Status)
		}
	})
}

// Another module, or a person, has stopped the order, and not the payment: its
// outcome was heard at once, or the status is none that the shop gives to an
// order whose payment is undecided.
func TestAReviewOfAnotherModuleStays(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		want := map[Way]string{WayCore: "foreign_review", WayModule: "magento_conflict"}[h.sink.config.Way]
		n := 0
		review := func(p gateway.Payment, status string) {
			t.Helper()
			n++
			p.OrderID = fmt.Sprintf("%09d", n)
			h.place(p, inReview, func(o *magentotest.Placing) { o.Status = status })
			attends(t, h.tell(p), want)
			if o := h.is(p.OrderID, "payment_review", 0, 0); o.Status != status {
				t.Errorf("order %d: status %s", n, o.Status)
			}
		}
		review(h.charged(gateway.KindAuthorize, gateway.Authorized, ""), "payment_review")
		review(h.charged(gateway.KindAuthorize, gateway.Authorized, ""), "kount_review")
		review(h.charged(gateway.KindSale, gateway.StatusApproved, ""), "payment_review")
		review(foundLate(h.charged(gateway.KindSale, gateway.StatusApproved, "")), "kount_review")
		review(foundLate(h.charged(gateway.KindSale, gateway.StatusDeclined, "")), "kount_review")
		review(h.then(h.charged(gateway.KindSale, gateway.StatusApproved, ""), gateway.KindVoid, 100_00, gateway.Voided), "kount_review")
	})
}

// What comes after the charge says nothing about whether the shop had heard of the
// charge.
func TestAReviewOfAnotherModuleStaysWhateverComesAfterTheCharge(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		ours  bool
		event func(h *house) gateway.Event
	}{
		"a clerk captures": {false, func(h *house) gateway.Event {
			return h.clerkCaptures(h.charged(gateway.KindAuthorize, gateway.Authorized, ""))
		}},
		"a clerk captures what was unknown": {true, func(h *house) gateway.Event {
			return h.clerkCaptures(foundLate(h.charged(gateway.KindAuthorize, gateway.Authorized, "")))
		}},
		"a clerk captures what came late": {true, func(h *house) gateway.Event {
			return h.clerkCaptures(decidedAfter(10*time.Second, h.charged(gateway.KindAuthorize, gateway.Authorized, "")))
		}},
		"a clerk captures what is from before": {false, func(h *house) gateway.Event {
			return h.clerkCaptures(fromBefore(h.charged(gateway.KindAuthorize, gateway.Authorized, "")))
		}},
		"a bank payment has come in":          {false, func(h *house) gateway.Event { return h.cameIn(7*day, h.bank()) }},
		"one that was unknown has come in":    {true, func(h *house) gateway.Event { return h.cameIn(7*day, foundLate(h.bank())) }},
		"one that is from before has come in": {false, func(h *house) gateway.Event { return h.cameIn(7*day, fromBefore(h.bank())) }},
		"the key was sent again": {false, func(h *house) gateway.Event {
			return h.after(13*time.Second, askedAnew(12*time.Second, h.charged(gateway.KindAuthorize, gateway.Authorized, "")))
		}},
		"the charge from before comes late": {true, func(h *house) gateway.Event {
			return h.after(10*time.Second, fromBefore(h.charged(gateway.KindSale, gateway.StatusApproved, "")))
		}},
		"the charge from before comes at once": {false, func(h *house) gateway.Event {
			return h.after(time.Second, fromBefore(h.charged(gateway.KindSale, gateway.StatusApproved, "")))
		}},
		"the charge from before was looked for": {true, func(h *house) gateway.Event {
			return h.after(time.Second, fromBefore(foundLate(h.charged(gateway.KindSale, gateway.StatusApproved, ""))))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
				e := c.event(h)
				e.Payment.OrderID = "000000001"
				h.place(e.Payment, inReview)
				v := h.deliver(e)
				if c.ours {
					h.is("000000001", "processing", len(h.order("000000001").Invoices), 0)
					return
				}
				attends(t, v, map[Way]string{WayCore: "foreign_review", WayModule: "magento_conflict"}[h.sink.config.Way])
				h.is("000000001", "payment_review", 0, 0)
			})
		})
	}
}

func (h *house) bank() gateway.Payment {
	p := h.charged(gateway.KindSale, gateway.Accepted, "")
	p.Bank = &gateway.BankSummary{LastFour: "8206"}
	return p
}

func (h *house) clerkCaptures(p gateway.Payment) gateway.Event {
	h.now = h.now.Add(time.Hour)
	return h.event(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))
}

func (h *house) cameIn(d time.Duration, p gateway.Payment) gateway.Event {
	p.Status = gateway.StatusApproved
	return h.after(d, p)
}

// after is the event of the payment's charge, so long after it was made.
func (h *house) after(d time.Duration, p gateway.Payment) gateway.Event {
	h.now = h.now.Add(d)
	return h.event(p)
}

// The shop saves undecided orders in a status of its own.
func TestAReviewInTheShopsOwnStatusEnds(t *testing.T) {
	for _, way := range ways {
		h := newHouse(t, way, magentotest.Options{}, func(c *Config) {
			c.Statuses = map[gateway.Status]string{gateway.StatusUnknown: "gateway_pending"}
		})
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, inReview, func(o *magentotest.Placing) { o.Status = "gateway_pending" })
		h.tell(foundLate(p))
		h.is("000000001", "processing", 1, 0)
	}
}

// Core REST can neither pay nor cancel an invoice that is open, so that the
// order stays where a person can still accept or deny its payment.
func TestAnOpenInvoiceIsEndedByTheModuleAlone(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		open := func(o *magentotest.Placing) { o.OpenInvoice = true }
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, inReview, open)
		paid := h.tell(foundLate(p))
		q := h.charged(gateway.KindSale, gateway.StatusDeclined, "000000002")
		h.place(q, inReview, open)
		denied := h.tell(foundLate(q))
		if h.sink.config.Way == WayModule {
			if o := h.is("000000001", "processing", 1, 0); o.Paid != 100_00 || paid.Attention+denied.Attention != "" {
				t.Errorf("paid %d, %s, %s", o.Paid, paid.Attention, denied.Attention)
			}
			h.is("000000002", "canceled", 1, 0)
			return
		}
		attends(t, paid, "open_invoice")
		attends(t, denied, "open_invoice")
		for _, number := range []string{"000000001", "000000002"} {
			if o := h.is(number, "payment_review", 1, 0); o.Paid != 0 || len(o.Comments) != 1 {
				t.Errorf("order %s: paid %d, comments %v", number, o.Paid, o.Comments)
			}
		}
	})
}
