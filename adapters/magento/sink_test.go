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
