package magento

import (
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// promised is the payment of 100.00, paid, of which the shop was promised a refund of
// 10.00 days ago that has ended so now.
func (h *house) promised(number string, end func(*gateway.Operation)) gateway.Payment {
	p := h.charged(gateway.KindSale, gateway.StatusApproved, number)
	h.place(p, paidAtOnce)
	p = byMagento(h.then(p, gateway.KindRefund, 10_00, gateway.Settled))
	h.now = h.now.Add(10 * 24 * time.Hour)
	return changed(p, func(last *gateway.Operation) {
		last.Status, last.Waited, last.TransactionID, last.DecidedAt = gateway.OpRejected, true, "", h.now
		end(last)
	})
}

var ends = map[string]struct {
	says string
	end  func(*gateway.Operation)
}{
	"declined": {"PayTrace has declined it (107)", func(o *gateway.Operation) { o.Status, o.Decline = gateway.OpDeclined, &gateway.Decline{Code: "107"} }},
	"rejected": {"PayTrace has rejected it (error 58)", func(o *gateway.Operation) { o.Rejection = &gateway.Rejection{Code: "58"} }},
	"by state": {"do not allow it: The payment was voided at PayTrace, its", func(o *gateway.Operation) {
		o.Rejection = &gateway.Rejection{Code: gateway.RejectedByState, Message: "The payment was voided at PayTrace."}
	}},
	"failed": {"PayTrace did not make it", func(o *gateway.Operation) { o.Status = gateway.OpFailed }},
	"not done": {"has ended it", func(o *gateway.Operation) {
		o.Status, o.Resolution = gateway.OpCancelled, &gateway.Resolution{Decision: gateway.NotDone}
	}},
	"given up": {"its key was given up", func(o *gateway.Operation) { o.Status, o.Cancel = gateway.OpCancelled, gateway.CancelDone }},
	"unsent":   {"has ended it", func(o *gateway.Operation) { o.Status, o.Waited = gateway.OpCancelled, false }},
}

// The shop has saved the credit memo of a refund that it was promised.
func TestARefundThatIsNotMadeThoughItWasPromisedIsAPersonsMatter(t *testing.T) {
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
				p := h.promised("000000001", c.end)
				h.shop.Refund("000000001", 10_00, p.TransactionID+"-refund")
				v := h.later(h.updated(p))
				attends(t, v, "refund_not_made")
				o := h.is("000000001", "processing", 1, 1)
				if !strings.Contains(v.Attention, c.says) || len(o.Comments) != 1 || !strings.Contains(o.Comments[0].Text, "its credit memo stands") {
					t.Errorf("%q, comments %v", v.Attention, o.Comments)
				}
			})
		})
	}
}

// Whoever repeats an event leaves one comment.
func TestARefundThatIsNotMadeIsSaidOnce(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.promised("000000001", ends["declined"].end)
	h.shop.Refund("000000001", 10_00, p.TransactionID+"-refund")
	e := h.updated(p)
	h.later(e)
	attends(t, h.deliver(e), "refund_not_made")
	if o := h.order("000000001"); len(o.Comments) != 1 {
		t.Errorf("comments %v", o.Comments)
	}
}

// The answer that promised it was lost, or the promise of another one stands.
func TestAnOrderWithoutTheCreditMemoIsLeftAlone(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.promised("000000001", ends["declined"].end)
	if v := h.later(h.updated(p)); v.Attention != "" || len(h.shop.Writes()) > 0 {
		t.Errorf("%q, writes %v", v.Attention, h.shop.Writes())
	}
	q := byMagento(h.then(h.promised("000000002", ends["declined"].end), gateway.KindRefund, 20_00, gateway.Settled))
	q.Operations[2].Status = gateway.OpWaiting
	h.shop.Refund("000000002", 20_00, q.TransactionID+"-refund")
	e := h.updated(q)
	e.OperationID = q.Operations[1].ID
	if v := h.later(e); v.Attention != "" || len(h.shop.Writes()) > 0 {
		t.Errorf("%q, writes %v", v.Attention, h.shop.Writes())
	}
}

func TestWhatNobodyWasPromisedIsNoMatterOfTheShops(t *testing.T) {
	declined := ends["declined"].end
	for name, end := range map[string]func(*gateway.Operation){
		"another channel's": func(o *gateway.Operation) { declined(o); o.Channel = "salesforce" },
		"refused at once":   func(o *gateway.Operation) { declined(o); o.Waited, o.SentAt = false, o.CreatedAt },
		"done, says a person": func(o *gateway.Operation) {
			o.Status, o.Resolution = gateway.OpCancelled, &gateway.Resolution{Decision: gateway.Done}
		},
		"it waits still":  func(o *gateway.Operation) { o.Status = gateway.OpWaiting },
		"it is not known": func(o *gateway.Operation) { o.Status = gateway.OpUnknown },
	} {
		t.Run(name, func(t *testing.T) {
			inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
				p := h.promised("000000001", end)
				calls := len(h.shop.History())
				if v := h.deliver(h.updated(p)); v.Outcome != gateway.Told || v.Attention != "" || len(h.shop.History()) > calls {
					t.Errorf("%+v", v)
				}
			})
		})
	}
	h := newHouse(t, WayModule, magentotest.Options{})
	p := h.then(h.promised("000000001", declined), gateway.KindRefund, 100_00, gateway.Refunded)
	e := h.updated(p)
	e.OperationID = p.Operations[1].ID
	if v := h.deliver(e); v.Outcome != gateway.Told || v.Attention != "" {
		t.Errorf("all is given back: %+v", v)
	}
}

// What a bank returns leaves a comment with the shop's own refund too.
func TestAReturnedRefundOfTheShopsOwnIsInItsOrder(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.promised("000000001", func(o *gateway.Operation) {
			o.Status, o.Waited, o.DecidedAt, o.Return = gateway.OpApproved, false, o.CreatedAt, &gateway.BankReturn{Code: "R02"}
		})
		h.shop.Refund("000000001", 10_00, p.TransactionID+"-refund")
		attends(t, h.deliver(h.updated(p)), "refund_returned")
		if o := h.order("000000001"); len(o.Comments) != 1 || !strings.Contains(o.Comments[0].Text, "refund_returned") {
			t.Errorf("comments %v", o.Comments)
		}
	})
}

// A return ends the refunds that wait, and their credit memos stand.
func TestAPaymentThatComesBackNamesTheRefundsThatEndWithIt(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.promised("000000001", ends["by state"].end)
		p.Status, p.Operations[0].Return = gateway.Returned, &gateway.BankReturn{Code: "R01"}
		e := h.event(p)
		e.OperationID = p.Operations[0].ID
		v := h.deliver(e)
		attends(t, v, "payment_returned")
		if !strings.Contains(v.Attention, "10.00 of refunds that were promised are not made") {
			t.Errorf("%q", v.Attention)
		}
	})
}
