package magento

import (
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// until delivers as the dispatcher does, and returns the verdicts that were not
// the end.
func (h *house) until(e gateway.Event, stop func(gateway.Verdict) bool) (waits []gateway.Verdict, last gateway.Verdict) {
	h.t.Helper()
	for range 500 {
		v := h.deliver(e)
		if stop(v) {
			return waits, v
		}
		if v.After < time.Second {
			h.t.Fatalf("after %s a wait of %s", h.now.Sub(e.At), v.After)
		}
		waits = append(waits, v)
		h.now = h.now.Add(v.After)
	}
	h.t.Fatal("it never ends")
	return nil, gateway.Verdict{}
}

func ended(v gateway.Verdict) bool { return v.Outcome != gateway.Later }

// Magento saves an order after its payment, so that the event is faster than
// the order.
func TestTheOrderIsSavedAfterItsPayment(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		p := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000001")
		e := h.event(p)
		for n, want := range []time.Duration{30 * time.Second, 30 * time.Second, 30 * time.Second, 45 * time.Second} {
			v := h.deliver(e)
			if v.Outcome != gateway.Later || !v.Patient || v.After != want || v.Attention != "" || v.Undo {
				t.Fatalf("at %s: %+v, want a patient wait of %s", h.now.Sub(e.At), v, want)
			}
			if n < 3 {
				h.now = h.now.Add(v.After)
			}
		}
		h.place(p)
		if v := h.deliver(e); v.Outcome != gateway.Told {
			t.Fatalf("%s (%s)", v.Outcome, v.Detail)
		}
		h.is("000000001", "processing", 0, 0)
	})
}

func TestAPaidOrderThatDoesNotComeIsAPersonsMatter(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		e := h.event(h.charged(gateway.KindSale, gateway.StatusApproved, "000000001"))
		waits, v := h.until(e, func(v gateway.Verdict) bool { return v.Attention != "" })
		if h.now.Sub(e.At) != DefaultOrderWait || len(waits) > 12 {
			t.Errorf("a person is called for after %s and %d attempts", h.now.Sub(e.At), len(waits))
		}
		attends(t, v, "paid_without_order")
		if v.Outcome != gateway.Later || !v.Patient || v.After != time.Hour || v.Undo {
			t.Errorf("%+v, want another look in an hour", v)
		}
		hours, v := h.until(e, ended)
		if v.Outcome != gateway.Dead || len(hours) != 72 || h.now.Sub(e.At) < 3*24*time.Hour {
			t.Errorf("%s after %s and %d attempts", v.Outcome, h.now.Sub(e.At), len(hours))
		}
		attends(t, v, "paid_without_order")
	})
}

func TestAnOrderThatNeverComesAndHoldsNoMoneyIsNobodysMatter(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		declined := foundLate(h.charged(gateway.KindSale, gateway.StatusDeclined, "000000001"))
		voided := h.then(h.charged(gateway.KindSale, gateway.StatusApproved, "000000002"), gateway.KindVoid, 100_00, gateway.Voided)
		for _, p := range []gateway.Payment{declined, voided} {
			e := h.event(p)
			_, v := h.until(e, ended)
			if v.Outcome != gateway.Told || v.Attention != "" || h.now.Sub(e.At) != DefaultOrderWait {
				t.Errorf("%s: %s after %s (%s)", p.Status, v.Outcome, h.now.Sub(e.At), v.Attention)
			}
		}
	})
}

// What the shop itself asked for may be given back; what came by another way
// may never have been meant for an order.
func TestAChargeWithoutOrderIsGivenBackWhenTheShopWantsIt(t *testing.T) {
	for channel, want := range map[string]bool{"magento": true, "salesforce": false, "": false} {
		h := newHouse(t, WayCore, magentotest.Options{}, func(c *Config) { c.UndoWithoutOrder = true })
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		p.Channel = channel
		_, v := h.until(h.event(p), func(v gateway.Verdict) bool { return v.Attention != "" })
		if v.Undo != want {
			t.Errorf("channel %q: undo is %t", channel, v.Undo)
		}
	}
}

func TestTheWaitForAnOrderIsASetting(t *testing.T) {
	h := newHouse(t, WayModule, magentotest.Options{}, func(c *Config) { c.OrderWait = time.Minute })
	e := h.event(h.charged(gateway.KindSale, gateway.StatusApproved, "000000001"))
	h.until(e, func(v gateway.Verdict) bool { return v.Attention != "" })
	if h.now.Sub(e.At) != time.Minute {
		t.Errorf("after %s", h.now.Sub(e.At))
	}
}

func TestAModuleThatIsNotThereIsToldAsSuch(t *testing.T) {
	h := newHouse(t, WayModule, magentotest.Options{})
	h.shop.InstallModule(false)
	p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
	h.place(p, paidAtOnce)
	v := h.deliver(h.event(p))
	if v.Outcome != gateway.Later || v.Patient || v.StatusCode != 404 || !strings.Contains(v.Detail, "install and enable the gateway's module") {
		t.Errorf("%+v", v)
	}
}

// No order in the store of that number does not say that there is none.
func TestAWrongStoreNumberGivesNothingBack(t *testing.T) {
	for _, way := range ways {
		h := newHouse(t, way, magentotest.Options{Stores: map[string]int64{"default": 1, "de": 7}}, func(c *Config) {
			c.Stores = map[string]int64{"default": 7}
			c.UndoWithoutOrder = true
		})
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		p.StoreCode = "default"
		h.place(p, paidAtOnce, func(o *magentotest.Placing) {
			if way == WayModule {
				o.StoreCode = "de"
			}
		})
		e := h.event(p)
		h.now = h.now.Add(16 * time.Minute)
		v := h.deliver(e)
		attends(t, v, "paid_without_order")
		if v.Undo || v.Outcome != gateway.Later || !strings.Contains(v.Detail, "store") {
			t.Errorf("%s: %+v", way, v)
		}
	}
}

// The second look, without the store, can fail like any other.
func TestNothingIsGivenBackOnALookThatFailed(t *testing.T) {
	for _, body := range []string{`{"items":[],"search_criteria":{},"total_count":1}`, `{}`} {
		h := newHouse(t, WayCore, magentotest.Options{}, func(c *Config) { c.UndoWithoutOrder = true })
		e := h.event(h.charged(gateway.KindSale, gateway.StatusApproved, "000000001"))
		h.now = h.now.Add(16 * time.Minute)
		for _, first := range []string{`{"items":[],"total_count":0}`, body} {
			h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Path: "^/orders$", Status: 200, Body: first})
			h.shop.Fail(magentotest.Fault{Kind: magentotest.Answer, Path: "^/orders$", Status: 200, Body: body})
			if v := h.deliver(e); v.Undo || v.Outcome != gateway.Later || v.Patient {
				t.Errorf("%s, then %s: %+v", first, body, v)
			}
		}
	}
}

// The order of an old event may have been told, shipped and deleted since.
func TestAReplayGivesNothingBack(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		h.sink.config.UndoWithoutOrder = true
		e := h.event(h.charged(gateway.KindSale, gateway.StatusApproved, "000000001"))
		h.now = h.now.Add(time.Hour)
		for _, before := range []gateway.DeliveryOutcome{gateway.Told, gateway.Replayed} {
			d := gateway.Delivery{Event: e, Log: []gateway.Attempt{{Outcome: before}, {Outcome: gateway.Later}}}
			if v := h.sink.Deliver(t.Context(), d); v.Undo || v.Attention == "" {
				t.Errorf("after %s: %+v", before, v)
			}
		}
		h.now = h.now.Add(60 * 24 * time.Hour)
		if v := h.deliver(e); v.Undo || v.Outcome != gateway.Dead {
			t.Errorf("after two months: %+v", v)
		}
	})
}

// What comes after the charge comes to an order that was there: its charge was told
// before, and the order may have been shipped and deleted since.
func TestWhatComesAfterTheChargeGivesNothingBack(t *testing.T) {
	inBothWays(t, magentotest.Options{}, func(t *testing.T, h *house) {
		h.sink.config.UndoWithoutOrder = true
		p := h.charged(gateway.KindSale, gateway.StatusApproved, "000000001")
		held := h.charged(gateway.KindAuthorize, gateway.Authorized, "000000002")
		h.now = h.now.Add(60 * 24 * time.Hour)
		for name, later := range map[string]gateway.Payment{
			"a clerk's refund of a part": h.then(p, gateway.KindRefund, 10_00, gateway.PartiallyRefunded),
			"the shop's own":             byMagento(h.then(p, gateway.KindRefund, 10_00, gateway.PartiallyRefunded)),
			"a capture":                  h.then(held, gateway.KindCapture, 100_00, gateway.StatusApproved),
			"the shop's own capture":     byMagento(h.then(held, gateway.KindCapture, 100_00, gateway.StatusApproved)),
		} {
			_, v := h.until(h.event(later), func(v gateway.Verdict) bool { return v.Attention != "" })
			attends(t, v, "paid_without_order")
			if v.Undo {
				t.Errorf("%s: the rest of the charge is given back", name)
			}
		}
	})
}
