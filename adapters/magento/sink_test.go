package magento

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

func TestWhatMagentoNeedNotKnowCostsNoCall(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		paid := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		declined := h.then(paid, gateway.KindVoid, 100_00, gateway.Voided)
		declined.Operations[1].Status = gateway.OpDeclined
		events := map[string]gateway.Event{
			"a verification":          verification(h.event(paid)),
			"a declined verification": verification(h.event(h.charged(gateway.KindVerify, gateway.StatusDeclined, "000000001"))),
			"no order":                h.event(h.charged(gateway.KindSale, gateway.StatusApproved, "")),
			"declined":                h.event(h.charged(gateway.KindSale, gateway.StatusDeclined, "000000001")),
			"failed":                  h.event(h.charged(gateway.KindSale, gateway.Failed, "000000001")),
			"unknown":                 h.event(h.charged(gateway.KindSale, gateway.StatusUnknown, "000000001")),
			"unmatched":               {ID: "evt_1", Type: "transaction.unmatched", Transaction: &gateway.Record{}},
			"no operation":            {ID: "evt_2", PaymentID: "pay_1", Type: "payment.approved", Payment: paid, OperationID: "op_other"},
			"attention":               h.event(paid),
			"updated":                 h.event(paid),
			"settled":                 h.event(paid),
			"Magento's declined void": h.event(byMagento(declined)),
		}
		for name, kind := range map[string]string{"attention": "operator.attention", "updated": "payment.updated", "settled": "payment.settled"} {
			e := events[name]
			e.Type = kind
			events[name] = e
		}
		for name, e := range events {
			v := h.deliver(e)
			if v.Outcome != gateway.Told || v.StatusCode != 0 || !strings.HasPrefix(v.Detail, "not sent: ") {
				t.Errorf("%s: %s (%s)", name, v.Outcome, v.Detail)
			}
		}
		if n := len(h.shop.History()); n > 0 {
			t.Errorf("%d calls", n)
		}
	})
}

// The bank has given 60.00 of 100.00, which the shop has said it takes.
func TestAnOrderThatWasPaidInPartIsAPersonsMatter(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		for n, c := range map[string]struct {
			kind   gateway.OperationKind
			status gateway.Status
		}{"000000001": {gateway.KindSale, gateway.StatusApproved}, "000000002": {gateway.KindAuthorize, gateway.Authorized}} {
			p := partly(h.charged(c.kind, c.status, n))
			h.place(p)
			was, _ := h.shop.Order(n)
			attends(t, h.tell(p), "partial_amount")
			o, _ := h.shop.Order(n)
			if len(o.Invoices) > 0 || o.State != was.State {
				t.Errorf("%s is %s (before %s) with %d invoices", n, o.State, was.State, len(o.Invoices))
			}
		}
	})
}

// A capture of the part is no more than the part: the order stays under review, and
// an invoice of all of it is looked at by a person.
func TestACaptureOfAPartReleasesNoOrder(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := foundLate(partly(h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")))
		h.place(p, inReview)
		attends(t, h.tell(p), "partial_amount")
		h.is("000000001", "payment_review", 0, 0)
		attends(t, h.tell(foundLate(h.then(p, gateway.KindCapture, 60_00, gateway.StatusApproved))), "partial_amount")
		h.is("000000001", "payment_review", 0, 0)
	})
}

func TestAnInvoiceOfMoreThanThePartIsAPersonsMatter(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		code := map[Way]string{WayCore: "partial_amount", WayModule: "magento_conflict"}[h.sink.config.Way]
		all := partly(h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001"))
		h.place(all, paidAtOnce)
		captured := byMagento(h.then(all, gateway.KindCapture, 60_00, gateway.StatusApproved))
		attends(t, h.later(h.event(captured)), code)
		unheard := foundLate(captured)
		unheard.Version++
		attends(t, h.later(h.event(unheard)), "partial_amount")

		boots := partly(h.charged(gateway.KindAuthorize, gateway.Authorized, "000000002"))
		boots.Operations[0].Amount = 45_00
		h.place(boots)
		h.shop.Capture("000000002", map[string]int64{"boot": 1}, "7101")
		captured = byMagento(h.then(boots, gateway.KindCapture, 45_00, gateway.StatusApproved))
		if v := h.later(h.event(captured)); v.Attention != "" {
			t.Errorf("an invoice of the part: %s", v.Attention)
		}
	})
}

// partly is the payment of whose 100.00 the bank has given 60.00.
func partly(p gateway.Payment) gateway.Payment {
	p.Operations = slices.Clone(p.Operations)
	p.AcceptPartial, p.Operations[0].Part, p.Operations[0].Amount = true, true, 60_00
	return p
}

func TestWhatGoesBackOfADeclinedPaymentIsNotMagentos(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindSale, gateway.StatusDeclined, "000000001")
		p.Operations[0].Part, p.Operations[0].Amount = true, 60_00
		e := h.event(h.then(p, gateway.KindRefund, 60_00, gateway.StatusDeclined))
		e.Type = gateway.EventUpdated
		if v := h.deliver(e); v.Outcome != gateway.Told || v.Attention != "" || len(h.shop.History()) > 0 {
			t.Errorf("%+v after %d calls", v, len(h.shop.History()))
		}
	})
}

// verification makes a verification of a card out of a payment that the shop would
// be told of, long after its caller had stopped to wait.
func verification(e gateway.Event) gateway.Event {
	e.Payment.Intent = gateway.IntentVerify
	e.At = e.At.Add(time.Hour)
	return e
}

// Each list is held back until all four are asked for.
func TestTheListsOfAnOrderAreReadAtOnce(t *testing.T) {
	h := &house{t: t, now: noon, shop: magentotest.New(magentotest.Options{Now: func() time.Time { return noon }})}
	var asked atomic.Int32
	all := make(chan struct{})
	lists := regexp.MustCompile("/(transactions|invoices|creditmemos|orders/1/comments)$")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && lists.MatchString(r.URL.Path) {
			if asked.Add(1) == 4 {
				close(all)
			}
			select {
			case <-all:
			case <-r.Context().Done():
				return
			}
		}
		h.shop.ServeHTTP(w, r)
	}))
	defer server.Close()
	config := configFor(server.URL, WayCore)
	config.Now = func() time.Time { return noon }
	var err error
	if h.sink, err = New(config); err != nil {
		t.Fatal(err)
	}
	defer h.sink.Close()
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p)
	h.tell(p)
}

func TestEventsOfOneOrderShareALane(t *testing.T) {
	h := newHouse(t, WayCore, magentotest.Options{})
	lane := func(store, number string) string {
		p := h.charged(gateway.KindSale, gateway.StatusApproved, number)
		p.StoreCode = store
		return h.sink.Lane(h.event(p))
	}
	if lane("de", "1") != lane("de", "1") || lane("de", "1") != lane("", "1") {
		t.Error("two payments of one order may be told at once")
	}
	lanes := []string{lane("de", "1"), lane("de", "2"), lane("", "")}
	slices.Sort(lanes)
	if len(slices.Compact(lanes)) != 3 || lanes[0] != "" {
		t.Errorf("lanes %q", lanes)
	}
}

func TestAnOrderIsLookedForInItsStore(t *testing.T) {
	stores := map[string]int64{"default": 1, "de": 2}
	h := newHouse(t, WayCore, magentotest.Options{Stores: stores}, func(c *Config) { c.Stores = stores })
	p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
	h.place(p, func(o *magentotest.Placing) { o.StoreCode, o.TransactionID, o.PaymentID = "default", "1", "" })
	p.StoreCode = "de"
	h.place(p)
	h.tell(p)
	if orders := h.shop.Orders(); len(orders[0].Comments) != 0 || len(orders[1].Comments) != 1 {
		t.Errorf("orders %+v", orders)
	}
	p.StoreCode = "fr"
	if v := h.deliver(h.event(p)); v.Outcome != gateway.Dead || !strings.Contains(v.Detail, "not in the setting stores") {
		t.Errorf("a store that is not mapped: %s (%s)", v.Outcome, v.Detail)
	}
	p.StoreCode, p.OrderID = "", "000000002"
	h.place(p)
	h.tell(p)
	h.sink.config.Stores = nil
	p.OrderID = "000000001"
	p.StoreCode = "de"
	v := h.deliver(h.event(p))
	attends(t, v, "order_ambiguous")
	if v.Outcome != gateway.Dead {
		t.Errorf("two orders of one number: %s", v.Outcome)
	}
}
