package gateway_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

const day = 24 * time.Hour

// cannotLook lets PayTrace show no transaction until it answers again.
func (h *house) cannotLook() {
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "look" {
			return &gateway.Result{Outcome: gateway.NotSent}
		}
		return nil
	})
}

// captured is a payment that is captured a while after its authorization.
func (h *house) captured(after time.Duration) gateway.Payment {
	h.t.Helper()
	p := h.create("k", authorization(1000)).Payment
	time.Sleep(after)
	a, err := h.Capture(h.t.Context(), as("c"), p.ID, gateway.CapturePayment{})
	return h.expect(a, err, gateway.StatusApproved, gateway.OpApproved).Payment
}

func toldAttention(l *overhearing) bool {
	return slices.ContainsFunc(l.told(), func(e gateway.Event) bool { return e.Type == gateway.EventAttention })
}

func TestALateCaptureThatSettlesCallsNobody(t *testing.T) {
	overheard(t, time.Hour, func(t *testing.T, h *house, l *overhearing) {
		p := h.captured(11 * day)
		h.processor.Settle()
		time.Sleep(28 * time.Hour)
		if p = h.payment(p.ID); p.Status != gateway.Settled || toldAttention(l) {
			t.Errorf("the payment is %s, told of attention: %t", p.Status, toldAttention(l))
		}
	})
}

func TestWhatSettledWhileTheGatewayWasAwayCallsNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		l := &overhearing{Ledger: h.ledger}
		h.on(l)
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(12 * day)
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, time.Hour)
		time.Sleep(2 * time.Hour)
		if p = h.payment(p.ID); p.Status != gateway.Settled || toldAttention(l) {
			t.Errorf("the payment is %s, told of attention: %t", p.Status, toldAttention(l))
		}
		ends(cancel)
		h.ledger.Close()
	})
}

func TestWhatDoesNotSettleIsShownTenDaysAfterItWasTaken(t *testing.T) {
	for name, begins := range map[string]func(h *house) gateway.Payment{
		"a sale":                          func(h *house) gateway.Payment { return h.create("k", sale(1000)).Payment },
		"a late capture":                  func(h *house) gateway.Payment { return h.captured(8 * day) },
		"a sale that cannot be looked at": func(h *house) gateway.Payment { p := h.create("k", sale(1000)).Payment; h.cannotLook(); return p },
	} {
		t.Run(name, func(t *testing.T) {
			overheard(t, time.Hour, func(t *testing.T, h *house, l *overhearing) {
				p := begins(h)
				time.Sleep(10*day - time.Hour)
				if h.payment(p.ID).NeedsAttention {
					t.Error("it is shown before ten days")
				}
				time.Sleep(27 * time.Hour)
				if !h.payment(p.ID).NeedsAttention || !toldAttention(l) {
					t.Errorf("shown: %t, told: %t", h.payment(p.ID).NeedsAttention, toldAttention(l))
				}
				h.answers()
				h.processor.Settle()
				time.Sleep(25 * time.Hour)
				if p = h.payment(p.ID); p.Status != gateway.Settled || p.NeedsAttention {
					t.Errorf("settled after all: %s, shown %t", p.Status, p.NeedsAttention)
				}
			})
		})
	}
}

func TestTheLastLookAtACaptureHasToBeAnswered(t *testing.T) {
	weeks(t)
	overheard(t, 6*time.Hour, func(t *testing.T, h *house, l *overhearing) {
		p := h.captured(39 * day)
		h.cannotLook()
		time.Sleep(41 * day)
		h.processor.Settle()
		h.answers()
		time.Sleep(2 * day)
		if p = h.payment(p.ID); p.Status != gateway.Settled || !p.Finished() {
			t.Errorf("the payment is %s, finished %t", p.Status, p.Finished())
		}
	})
}

func TestLooksAtWhatNeverSettlesEnd(t *testing.T) {
	weeks(t)
	overheard(t, 6*time.Hour, func(t *testing.T, h *house, l *overhearing) {
		p := h.captured(5 * day)
		time.Sleep(40 * day)
		if p = h.payment(p.ID); p.First().Due.IsZero() || !p.NeedsAttention {
			t.Errorf("after 40 days it is looked at again: %v, shown %t", p.First().Due, p.NeedsAttention)
		}
		time.Sleep(2 * day)
		if p = h.payment(p.ID); !p.First().Due.IsZero() || !p.NeedsAttention {
			t.Errorf("after 42 days it is looked at again: %v, shown %t", p.First().Due, p.NeedsAttention)
		}
	})
}
