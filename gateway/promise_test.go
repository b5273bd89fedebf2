package gateway_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// promised is a refund of 3.00 that waits for settlement, and is sent within the
// hour: its payment is settled.
func (h *house) promised(cmd gateway.CreatePayment) gateway.Payment {
	h.t.Helper()
	p := h.create("k", cmd).Payment
	a, err := h.refund("r", p, 300)
	if h.expect(a, err, p.Status, gateway.OpWaiting); !a.Operation().Promised() {
		h.t.Error("a refund that waits is not promised")
	}
	h.processor.Settle()
	return p
}

// refusesRefunds answers every refund so.
func (h *house) refusesRefunds(r gateway.Result) {
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "refund" {
			return &r
		}
		return nil
	})
}

// wantCalled says how often a person was called for the payment.
func (h *house) wantCalled(p gateway.Payment, want int) {
	h.t.Helper()
	called := 0
	for _, kind := range h.told(p) {
		if kind == gateway.EventAttention {
			called++
		}
	}
	if called != want {
		h.t.Errorf("a person was called %d times, want %d", called, want)
	}
}

var (
	notRefunded = gateway.Result{Outcome: gateway.Declined, Decline: &gateway.Decline{Code: "107", Message: "The refund was not made."}}
	badID       = gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "58", Message: "PayTrace does not accept the id."}}
	noRight     = gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "981", Message: "It lacks a right.", Credentials: true}}
)

// Whoever asked was told that the refund is made, and nobody asks again.
func TestAPromisedRefundThatIsRefusedCallsAPerson(t *testing.T) {
	for why, r := range map[string]gateway.Result{
		"this refund was promised, and is not made: PayTrace has declined it (107)":      notRefunded,
		"this refund was promised, and is not made: PayTrace has rejected it (error 58)": badID,
		"this refund was promised, and is not made: The payment was voided at PayTrace":  {Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: gateway.RejectedByState, Message: "The payment was voided at PayTrace."}},
	} {
		heardDays(t, 5*time.Minute, func(t *testing.T, h *house) {
			p := h.promised(sale(1000))
			h.refusesRefunds(r)
			time.Sleep(70 * time.Minute)
			a := h.byKey("r")
			if op := a.Operation(); op.Status != map[gateway.Outcome]gateway.OperationStatus{gateway.Declined: gateway.OpDeclined, gateway.Rejected: gateway.OpRejected}[r.Outcome] ||
				op.Attention != why || !a.Payment.NeedsAttention {
				t.Errorf("%s: %s, attention %q", why, op.Status, op.Attention)
			}
			h.wantCalled(p, 1)
			time.Sleep(10 * 24 * time.Hour)
			h.wantCalls("refund", 1)
			a, err := h.resolve(p, a.OperationID, gateway.Seen, "")
			if err != nil || a.Payment.NeedsAttention {
				t.Errorf("%s: seen, and needs attention %t: %v", why, a.Payment.NeedsAttention, err)
			}
		})
	}
}

// A right of the API user that is lost for an hour, or a week, is a person's to
// mend, and the refund goes out then.
func TestAPromisedRefundOutlastsARightThatIsMissing(t *testing.T) {
	heardDays(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.promised(sale(1000))
		h.refusesRefunds(noRight)
		time.Sleep(70 * time.Minute)
		a := h.byKey("r")
		if op := a.Operation(); op.Status != gateway.OpWaiting || op.Rejection != nil || !strings.Contains(op.Attention, "error 981") || !a.Payment.NeedsAttention {
			t.Errorf("%s, rejection %v, attention %q", op.Status, op.Rejection, op.Attention)
		}
		time.Sleep(7 * 24 * time.Hour)
		if op := h.byKey("r").Operation(); op.Status != gateway.OpWaiting || strings.Count(op.Attention, "error 981") != 1 {
			t.Errorf("%s, attention %q", op.Status, op.Attention)
		}
		h.answers()
		time.Sleep(70 * time.Minute)
		a = h.expect(h.byKey("r"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
		if a.Payment.NeedsAttention || !a.Operation().Promised() {
			t.Errorf("needs attention %t, promised %t", a.Payment.NeedsAttention, a.Operation().Promised())
		}
		h.wantCalled(p, 1)
	})
}

// It is called for anew, whatever it was called for while it waited.
func TestAPromisedRefundThatIsRefusedAtLastIsNews(t *testing.T) {
	heardDays(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.promised(sale(1000))
		h.refusesRefunds(noRight)
		time.Sleep(70 * time.Minute)
		h.refusesRefunds(notRefunded)
		time.Sleep(70 * time.Minute)
		if op := h.byKey("r").Operation(); op.Status != gateway.OpDeclined || strings.Contains(op.Attention, "981") || !strings.Contains(op.Attention, "107") {
			t.Errorf("%s, attention %q", op.Status, op.Attention)
		}
		h.wantCalled(p, 2)
	})
}

func TestABankPaymentsPromisedRefundThatIsRefusedCallsAPerson(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		h.promised(bankSale(1000))
		h.refusesRefunds(noRight)
		time.Sleep(window)
		h.expect(h.byKey("r"), nil, gateway.StatusApproved, gateway.OpWaiting)
		h.refusesRefunds(badID)
		time.Sleep(2 * time.Hour)
		if a := h.expect(h.byKey("r"), nil, gateway.StatusApproved, gateway.OpRejected); !a.Payment.NeedsAttention {
			t.Error("nobody is called")
		}
	})
}

// Whoever waits for the answer hears it.
func TestARefundThatIsRefusedAtOnceCallsNobody(t *testing.T) {
	days(t, time.Hour, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		h.refusesRefunds(noRight)
		a, err := h.refund("r", p, 300)
		if h.expect(a, err, gateway.Settled, gateway.OpRejected); a.Payment.NeedsAttention || a.Operation().Promised() {
			t.Errorf("needs attention %t, promised %t", a.Payment.NeedsAttention, a.Operation().Promised())
		}
	})
}

// What the gateway gives back by itself it begins anew, and tells of by the charge.
func TestOnlyACallersRefundIsPromised(t *testing.T) {
	sent := time.Now()
	for name, c := range map[string]struct {
		op   gateway.Operation
		want bool
	}{
		"it never left":      {gateway.Operation{Kind: gateway.KindRefund, Origin: gateway.OriginAPI}, true},
		"it waited and left": {gateway.Operation{Kind: gateway.KindRefund, Origin: gateway.OriginAPI, SentAt: sent, Waited: true}, true},
		"it left at once":    {gateway.Operation{Kind: gateway.KindRefund, Origin: gateway.OriginAPI, SentAt: sent}, false},
		"the gateway's own":  {gateway.Operation{Kind: gateway.KindRefund, Origin: gateway.OriginGateway, Waited: true}, false},
		"a clerk's":          {gateway.Operation{Kind: gateway.KindRefund, Origin: gateway.OriginExternal}, false},
		"a void":             {gateway.Operation{Kind: gateway.KindVoid, Origin: gateway.OriginAPI}, false},
	} {
		if got := c.op.Promised(); got != c.want {
			t.Errorf("%s: promised %t", name, got)
		}
	}
}
