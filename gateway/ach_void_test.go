package gateway_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestAVoidThatWasLostAndNotDoneIsSentAgain(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		h.dies("void")
		if a, err := h.cancel("k"); err != nil || a.Payment.Status != gateway.Accepted || !a.Payment.NeedsAttention {
			t.Fatalf("%s, %v", a.Payment.Status, err)
		}
		h.answers()
		time.Sleep(time.Hour)
		h.wantCalls("void", 1)
		p = h.payment(p.ID)
		if _, err := h.resolve(p, p.Operations[1].ID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if p = h.payment(p.ID); p.Status != gateway.Voided || p.First().Cancel != gateway.CancelDone || p.NeedsAttention {
			t.Errorf("%s, %s, attention %t", p.Status, p.First().Cancel, p.NeedsAttention)
		}
		h.wantCalls("void", 2)
		h.wantCalls("refund", 0)
	})
}

// refuses answers a call with the processor's word that the state forbids it.
func (h *house) refuses(call string) {
	h.processor.SetBefore(func(_ context.Context, name string) *gateway.Result {
		if name == call {
			return &gateway.Result{Outcome: gateway.Unknown, Contested: true, Detail: "error 80"}
		}
		return nil
	})
}

// What was said of the hold is not said of what was drawn later.
func TestAVoidOfTheHoldSaysNothingOfItsFunding(t *testing.T) {
	for name, fails := range map[string]func(*house, string){"lost": (*house).dies, "refused": (*house).refuses} {
		t.Run(name, func(t *testing.T) {
			days(t, 5*time.Minute, func(t *testing.T, h *house) {
				p := h.create("k", bankHold(1000)).Payment
				fails(h, "void")
				a, err := h.void("v", p)
				h.expect(a, err, gateway.Authorized, gateway.OpUnknown)
				h.answers()
				time.Sleep(time.Hour)
				a, err = h.resolve(p, a.OperationID, gateway.NotDone, "")
				h.expect(a, err, gateway.Authorized, gateway.OpFailed)
				a, err = h.capture("c", p, gateway.CapturePayment{})
				h.expect(a, err, gateway.Accepted, gateway.OpApproved)
				a, err = h.void("v2", p)
				h.expect(a, err, gateway.Voided, gateway.OpApproved)
			})
		})
	}
}
