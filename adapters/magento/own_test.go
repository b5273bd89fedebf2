package magento

import (
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// What the shop itself asks for at its own screens.

// later delivers an event of the shop's own when it has had time to book it.
func (h *house) later(e gateway.Event) gateway.Verdict {
	h.t.Helper()
	calls := len(h.shop.History())
	v := h.deliver(e)
	if v.Outcome != gateway.Later || !v.Patient || v.After != bookedAfter || len(h.shop.History()) > calls {
		h.t.Fatalf("%d calls, %+v", len(h.shop.History())-calls, v)
	}
	h.now = h.now.Add(v.After)
	v = h.deliver(e)
	if v.Outcome != gateway.Told {
		h.t.Fatalf("%+v", v)
	}
	return v
}

func TestWhatMagentoDidItselfMakesNoFurtherDocument(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		h.tell(p)
		h.shop.Forget()
		captured := byMagento(h.then(p, gateway.KindCapture, 40_00, gateway.StatusApproved))
		h.shop.Capture("000000001", map[string]int64{"boot": 1}, "7101")
		first := h.later(h.event(captured))
		refunded := byMagento(h.then(captured, gateway.KindRefund, 10_00, gateway.PartiallyRefunded))
		h.shop.Refund("000000001", 10_00, "7102")
		second := h.later(h.event(refunded))
		o := h.is("000000001", "processing", 1, 1)
		if h.sink.config.Way == WayCore && len(h.shop.Writes()) > 0 {
			t.Errorf("writes %v", h.shop.Writes())
		}
		if first.Attention+second.Attention != "" || o.Refunded != 10_00 || len(o.Comments) != 1 {
			t.Errorf("%s, %s, refunded %d, comments %v", first.Attention, second.Attention, o.Refunded, o.Comments)
		}
	})
}

// The answer was given and Magento failed to save what it had asked for.
func TestWhatMagentoDidNotBookIsAPersonsMatter(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		code := map[Way]string{WayCore: "not_booked", WayModule: "magento_conflict"}[h.sink.config.Way]
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		h.place(p, paidAtOnce)
		attends(t, h.later(h.event(byMagento(h.then(p, gateway.KindRefund, 100_00, gateway.Refunded)))), code)
		q := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000002")
		h.place(q)
		attends(t, h.later(h.event(byMagento(h.then(q, gateway.KindCapture, 100_00, gateway.StatusApproved)))), code)
		r := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000003")
		h.place(r)
		attends(t, h.later(h.event(byMagento(h.then(r, gateway.KindVoid, 100_00, gateway.Voided)))), code)
		for number, invoices := range map[string]int{"000000001": 1, "000000002": 0, "000000003": 0} {
			if o := h.is(number, "processing", invoices, 0); len(o.Comments) != 1 {
				t.Errorf("order %s: comments %v", number, o.Comments)
			}
		}
	})
}

// What was given back elsewhere looks like the shop's own refund, until the
// shop's own is looked at.
func TestAnOwnRefundHidesNoForeignOne(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
	h.place(p, paidAtOnce)
	foreign := h.then(p, gateway.KindRefund, 50_00, gateway.PartiallyRefunded)
	first := h.event(foreign) // not delivered yet: the shop was away
	own := byMagento(h.then(foreign, gateway.KindRefund, 50_00, gateway.Refunded))
	second := h.event(own)
	h.shop.Refund("000000001", 50_00, own.Operations[2].TransactionID)
	h.deliver(first)
	attends(t, h.later(second), "not_booked")
}

// Magento's button Void voids the authorization and leaves the order open.
func TestAVoidByItsTransactionIsBooked(t *testing.T) {
	b := books{order: order{State: stateProcessing}, transactions: []transaction{{TxnID: "7001-void", Type: "void"}}}
	c := &call{books: b, task: task{op: gateway.Operation{Kind: gateway.KindVoid}}}
	if v := c.booked(); v == nil || v.Outcome != gateway.Told || !strings.Contains(v.Detail, "has booked it") {
		t.Errorf("%+v", v)
	}
	c.books.transactions = nil
	if v := c.booked(); v != nil {
		t.Errorf("%+v", v)
	}
}

// The order that was never saved has nothing to book.
func TestAVoidOfAnOrderThatWasNotSavedIsNobodysMatter(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		e := h.event(byMagento(h.then(p, gateway.KindVoid, 100_00, gateway.Voided)))
		h.now = h.now.Add(DefaultOrderWait + time.Second)
		if v := h.deliver(e); v.Outcome != gateway.Told || v.Attention != "" {
			t.Errorf("%+v", v)
		}
	})
}

// A bank payment that the shop has captured is approved days after the shop had its
// answer, which said that it is accepted.
func TestABankPaymentThatMagentoCapturedIsPaidOnceItIsApproved(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		p.Bank = &gateway.BankSummary{LastFour: "8206"}
		h.place(p)
		h.tell(p)
		p = byMagento(h.then(p, gateway.KindCapture, 100_00, gateway.Accepted))
		h.tell(p)
		h.is("000000001", "processing", 0, 0)
		h.now = h.now.Add(7 * 24 * time.Hour)
		p.Status, p.Version = gateway.StatusApproved, p.Version+1
		if v := h.tell(p); v.Attention != "" {
			t.Errorf("a person is called: %s", v.Attention)
		}
		if o := h.is("000000001", "processing", 1, 0); o.Paid != 100_00 {
			t.Errorf("%d are paid", o.Paid)
		}
	})
}

// The shop has told its staff to do it once more in a minute, and holds its
// transaction while it books what that brought.
func TestWhatMagentoAskedForAnewIsGivenTimeToBook(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		e := h.event(askedAnew(30*time.Second, byMagento(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))))
		unheard := h.event(decidedAfter(DefaultCallerBudget+time.Second, byMagento(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved))))
		for _, e := range []gateway.Event{e, unheard} {
			if v := h.deliver(e); v.Outcome != gateway.Later || !v.Patient || len(h.shop.History()) > 0 {
				t.Fatalf("%d calls, %+v", len(h.shop.History()), v)
			}
		}
		h.shop.Capture("000000001", map[string]int64{"boot": 2, "lace": 1}, "7101")
		if v := h.later(e); v.Attention != "" || len(h.order("000000001").Comments) > 0 {
			t.Errorf("%s, comments %v", v.Attention, h.order("000000001").Comments)
		}
	})
}

// To do it once more is safe, and to correct it by hand beside that is not: the same
// thing would be asked for under a new key. So only what was heard is corrected.
func TestOnlyWhatMagentoHeardIsCorrectedByHand(t *testing.T) {
	for name, c := range map[string]struct {
		change func(gateway.Payment) gateway.Payment
		code   string
	}{
		"at once":                   {func(p gateway.Payment) gateway.Payment { return p }, "not_booked"},
		"in the caller's time":      {func(p gateway.Payment) gateway.Payment { return decidedAfter(DefaultCallerBudget, p) }, "not_booked"},
		"after it":                  {func(p gateway.Payment) gateway.Payment { return decidedAfter(DefaultCallerBudget+1, p) }, "answer_lost"},
		"at once, by a repeat":      {func(p gateway.Payment) gateway.Payment { return askedAnew(time.Hour, p) }, "not_booked"},
		"after it was unknown":      {foundLate, "answer_lost"},
		"before it was noted":       {fromBefore, "not_booked"},
		"before, and it was looked": {func(p gateway.Payment) gateway.Payment { return fromBefore(foundLate(p)) }, "answer_lost"},
	} {
		h := newHouse(t, WayCore, magentotest.Options{})
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		h.place(p)
		v := h.later(h.event(c.change(byMagento(h.then(p, gateway.KindCapture, 100_00, gateway.StatusApproved)))))
		if code, _, _ := strings.Cut(v.Attention, ":"); code != c.code {
			t.Errorf("%s: %q, want %s", name, v.Attention, c.code)
		}
	}
}
