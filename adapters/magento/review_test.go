package magento

import (
	"fmt"
	"testing"

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
