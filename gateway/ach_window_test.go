package gateway_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// halfRefunded is an accepted bank payment of 20.00, of which refunds of 5.00 and
// 3.00 wait, the first of them made by hand at the processor's screens.
func (h *house) halfRefunded() gateway.Payment {
	h.t.Helper()
	p := h.create("k", bankSale(2000)).Payment
	first, err := h.refund("r1", p, 500)
	h.expect(first, err, gateway.Accepted, gateway.OpWaiting)
	second, err := h.refund("r2", p, 300)
	h.expect(second, err, gateway.Accepted, gateway.OpWaiting)
	a, err := h.resolve(p, first.OperationID, gateway.Done, "chk_55")
	return h.expect(a, err, gateway.PartiallyRefunded, gateway.OpApproved).Payment
}

func TestARefundByHandSendsNoOtherWithinTheReturnWindow(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.halfRefunded()
		a, err := h.refund("r3", p, 100)
		h.expect(a, err, gateway.PartiallyRefunded, gateway.OpWaiting)
		time.Sleep(5 * 24 * time.Hour)
		h.wantCalls("refund", 0)
		h.processor.Settle()
		time.Sleep(window)
		h.expect(h.byKey("r2"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
		h.expect(h.byKey("r3"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
		h.wantCalls("refund", 2)
		if p = h.payment(p.ID); p.Refunded() != 900 || p.RefundPending() != 0 || p.NeedsAttention || !p.Finished() {
			t.Errorf("refunded %s, pending %s, attention %t, finished %t", p.Refunded(), p.RefundPending(), p.NeedsAttention, p.Finished())
		}
		h.wantNotLookedAt()
	})
}

func TestTheUndoingOfWhatWasRefundedByHandWaitsForTheReturnWindow(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.halfRefunded()
		if _, err := h.cancel("k"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * 24 * time.Hour)
		h.wantCalls("refund", 0)
		h.wantCalls("void", 0)
		if p = h.payment(p.ID); p.NeedsAttention {
			t.Errorf("a person is called: %q", p.First().Attention)
		}
		h.processor.Settle()
		time.Sleep(window)
		if p = h.payment(p.ID); p.Status != gateway.Refunded || p.First().Cancel != gateway.CancelDone || p.NeedsAttention {
			t.Errorf("%s, %s, attention %t", p.Status, p.First().Cancel, p.NeedsAttention)
		}
	})
}

// wantQuiet wants nothing to be written of a payment for forty days.
func (h *house) wantQuiet(id string) {
	h.t.Helper()
	before := h.payment(id)
	time.Sleep(40 * 24 * time.Hour)
	if after := h.payment(id); after.Version != before.Version || !after.NeedsAttention {
		h.t.Errorf("%d changes in forty days in which nobody has decided; attention %t", after.Version-before.Version, after.NeedsAttention)
	}
}

func TestAWindowThatEndsBesideWhatIsUndecidedWaitsForThePerson(t *testing.T) {
	for name, c := range map[string]struct {
		begin    func(*house, gateway.Payment) (gateway.Answer, error)
		decision gateway.Decision
		then     gateway.Status
	}{
		"a void that was not done":   {func(h *house, p gateway.Payment) (gateway.Answer, error) { return h.void("v", p) }, gateway.NotDone, gateway.StatusApproved},
		"a refund that was not done": {func(h *house, p gateway.Payment) (gateway.Answer, error) { return h.refund("v", p, 0) }, gateway.NotDone, gateway.StatusApproved},
		"a void that was done":       {func(h *house, p gateway.Payment) (gateway.Answer, error) { return h.void("v", p) }, gateway.Done, gateway.Voided},
	} {
		t.Run(name, func(t *testing.T) {
			heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
				p := h.create("k", bankSale(1000)).Payment
				h.loses("void")
				a, err := c.begin(h, p)
				h.expect(a, err, gateway.Accepted, gateway.OpUnknown)
				h.answers()
				time.Sleep(window)
				h.wantQuiet(p.ID)
				h.pace(5 * time.Minute)
				if _, err := h.resolve(p, a.OperationID, c.decision, ""); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Minute)
				if p = h.payment(p.ID); p.Status != c.then || p.NeedsAttention || !p.Finished() {
					t.Errorf("ten minutes after the decision: %s, attention %t, finished %t", p.Status, p.NeedsAttention, p.Finished())
				}
			})
		})
	}
}

func TestWhatIsGivenUpBesideWhatIsUndecidedWaitsForThePerson(t *testing.T) {
	heardDays(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		h.dies("void")
		if _, err := h.cancel("k"); err != nil {
			t.Fatal(err)
		}
		h.answers()
		time.Sleep(time.Hour)
		h.wantQuiet(p.ID)
		h.wantCalls("void", 1)
		if _, err := h.resolve(p, h.payment(p.ID).Operations[1].ID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if p = h.payment(p.ID); p.Status != gateway.Voided || p.First().Cancel != gateway.CancelDone || p.NeedsAttention {
			t.Errorf("ten minutes after the decision: %s, %s, attention %t", p.Status, p.First().Cancel, p.NeedsAttention)
		}
		h.wantCalls("void", 2)
	})
}

func TestARefundThatWaitsBesideWhatIsUndecidedWaitsForThePerson(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		for _, key := range []string{"r1", "r2", "r3"} {
			a, err := h.refund(key, p, 200)
			h.expect(a, err, gateway.Accepted, gateway.OpWaiting)
		}
		h.processor.Settle()
		lost := false
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call != "refund" || lost {
				return nil
			}
			lost = true
			return &gateway.Result{Outcome: gateway.Unknown}
		})
		time.Sleep(window)
		h.wantQuiet(p.ID)
		h.wantCalls("refund", 1)
		h.pace(5 * time.Minute)
		if _, err := h.resolve(p, h.byKey("r1").OperationID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Minute)
		h.expect(h.byKey("r1"), nil, gateway.PartiallyRefunded, gateway.OpFailed)
		h.expect(h.byKey("r2"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
		h.expect(h.byKey("r3"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
		h.wantCalls("refund", 3)
	})
}
