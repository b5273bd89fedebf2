package gateway_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// By these an adapter tells what whoever asked has heard: when the request came that
// was sent, when it was decided, and whether anybody had to be told unknown.
func TestWhoeverRepeatsAKeyHasAskedAnew(t *testing.T) {
	days(t, time.Second, func(t *testing.T, h *house) {
		h.processor.SetBefore(func(context.Context, string) *gateway.Result {
			return &gateway.Result{Outcome: gateway.NotSent, Detail: "the breaker is open"}
		})
		began := time.Now()
		h.asked(h.create("k", authorization(1000)), began, time.Time{}, 0)
		time.Sleep(12 * time.Second)
		h.answers()
		again := time.Now()
		a := h.create("k", authorization(1000))
		h.asked(a, began, again, 0)

		h.processor.SetBefore(func(context.Context, string) *gateway.Result { time.Sleep(3 * time.Second); return nil })
		began = time.Now()
		c, err := h.Capture(t.Context(), as("c"), a.Payment.ID, gateway.CapturePayment{})
		h.asked(h.expect(c, err, gateway.StatusApproved, gateway.OpApproved), began, time.Time{}, 3*time.Second)
	})
}

// The look before a refund is part of what whoever asks waits for.
func TestARefundIsAskedForBeforeItsLook(t *testing.T) {
	days(t, time.Hour, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result { time.Sleep(2 * time.Second); return nil })
		began := time.Now()
		a, err := h.refund("r", p, 300)
		h.expect(a, err, gateway.PartiallyRefunded, gateway.OpApproved)
		if op := a.Operation(); !op.CreatedAt.Equal(began) || !op.SentAt.After(began) || op.DecidedAt.Sub(op.SentAt) < 2*time.Second {
			t.Errorf("asked at %v, sent at %v, decided at %v", op.CreatedAt, op.SentAt, op.DecidedAt)
		}
	})
}

func TestWhatWasUnknownIsKnownToHaveBeen(t *testing.T) {
	days(t, time.Second, func(t *testing.T, h *house) {
		h.processor.SetBefore(func(context.Context, string) *gateway.Result { return &gateway.Result{Outcome: gateway.NotSent} })
		h.create("k", authorization(1000))
		h.answers()
		h.loses("charge")
		a := h.create("k", authorization(1000))
		if op := a.Operation(); op.Status != gateway.OpUnknown || !op.WasUnknown || !op.DecidedAt.IsZero() {
			t.Fatalf("%s, was unknown %t, decided at %v", op.Status, op.WasUnknown, op.DecidedAt)
		}
		h.answers()
		time.Sleep(15 * time.Second)
		a = h.expect(h.byKey("k"), nil, gateway.Authorized, gateway.OpApproved)
		if op := a.Operation(); !op.WasUnknown || op.DecidedAt.Sub(op.CreatedAt) < 10*time.Second {
			t.Errorf("was unknown %t, decided after %v", op.WasUnknown, op.DecidedAt.Sub(op.CreatedAt))
		}
	})
}

func (h *house) asked(a gateway.Answer, created, again time.Time, took time.Duration) {
	h.t.Helper()
	op := a.Operation()
	from := created
	if !again.IsZero() {
		from = again
	}
	if !op.CreatedAt.Equal(created) || !op.AskedAt.Equal(again) || op.DecidedAt.Sub(from) != took || op.WasUnknown {
		h.t.Errorf("the %s is %s: made %v, asked for again %v, decided %v, was unknown %t", op.Kind, op.Status, op.CreatedAt, op.AskedAt, op.DecidedAt, op.WasUnknown)
	}
}
