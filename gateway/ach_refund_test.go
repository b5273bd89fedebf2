package gateway_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

func TestTheWholeOfAnAcceptedBankPaymentGoesBackByAVoid(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		whole := h.create("whole", bankSale(1000)).Payment
		a, err := h.refund("r", whole, 0)
		h.expect(a, err, gateway.Refunded, gateway.OpApproved)
		if a.Operation().ProcessedAs != gateway.AsVoid {
			t.Errorf("processed as %s", a.Operation().ProcessedAs)
		}
		parts := h.create("parts", bankSale(1000)).Payment
		a, err = h.refund("p1", parts, 300)
		h.expect(a, err, gateway.Accepted, gateway.OpWaiting)
		if !a.Operation().Due.IsZero() {
			t.Errorf("what waits for the window is due at %v", a.Operation().Due)
		}
		a, err = h.refund("p2", parts, 700)
		h.expect(a, err, gateway.Refunded, gateway.OpApproved)
		a, err = h.void("v", h.create("plain", bankSale(1000)).Payment)
		h.expect(a, err, gateway.Voided, gateway.OpApproved)
		h.wantCalls("void", 3)
		h.wantCalls("refund", 0)
		time.Sleep(2 * window)
		for _, id := range []string{whole.ID, parts.ID, a.Payment.ID} {
			if p := h.payment(id); p.Status == gateway.StatusApproved || !p.Finished() {
				t.Errorf("weeks later %s is %s, finished %t", id, p.Status, p.Finished())
			}
		}
		h.wantNotLookedAt()
	})
}

func TestAPartOfABankPaymentGoesBackOnceItsWindowHasPassed(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		a, err := h.refund("r", p, 300)
		h.expect(a, err, gateway.Accepted, gateway.OpWaiting)
		h.processor.Settle()
		time.Sleep(5 * 24 * time.Hour)
		h.wantCalls("refund", 0)
		if p = h.payment(p.ID); p.NeedsAttention || p.Refundable() != 700 {
			t.Errorf("while it waits: attention %t, refundable %s", p.NeedsAttention, p.Refundable())
		}
		h.processor.SetBefore(func(context.Context, string) *gateway.Result {
			return &gateway.Result{Outcome: gateway.NotSent, Detail: "no connection"}
		})
		time.Sleep(7 * 24 * time.Hour)
		h.expect(h.byKey("r"), nil, gateway.StatusApproved, gateway.OpWaiting)
		h.answers()
		time.Sleep(2 * time.Hour)
		a = h.expect(h.byKey("r"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
		if id := a.Operation().TransactionID; !gateway.CheckID(id) || id == p.TransactionID {
			t.Errorf("the refund has the id %q", id)
		}
		rest, err := h.refund("rest", p, 0)
		h.expect(rest, err, gateway.Refunded, gateway.OpApproved)
		if _, err := h.void("v", p); codeOf(err) != gateway.CodeNotVoidable {
			t.Errorf("void of what is refunded: %v", err)
		}
		h.wantNotLookedAt()
	})
}

func TestABankPaymentThatHasGoneOutIsNotVoided(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		h.processor.Settle()
		a, err := h.refund("r", p, 0)
		h.expect(a, err, gateway.Accepted, gateway.OpUnknown)
		if !a.Payment.NeedsAttention {
			t.Error("a refusal for the payment's state was taken for an answer")
		}
		if _, err := h.void("v", p); codeOf(err) != gateway.CodeInProgress {
			t.Errorf("beside what is not decided: %v", err)
		}
		time.Sleep(window) // the window does not end beside an undecided void
		h.expect(h.byKey("r"), nil, gateway.Accepted, gateway.OpUnknown)
		a, err = h.resolve(p, a.OperationID, gateway.NotDone, "")
		h.expect(a, err, gateway.Accepted, gateway.OpFailed)
		time.Sleep(2 * time.Hour)
		a, err = h.refund("r2", p, 0)
		h.expect(a, err, gateway.Refunded, gateway.OpApproved)
		if a.Operation().ProcessedAs != gateway.AsRefund {
			t.Errorf("processed as %s", a.Operation().ProcessedAs)
		}
		h.wantCalls("void", 1)
		h.wantNotLookedAt()
	})
}

func TestAVoidThatAPersonSaysIsDoneIsDone(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		h.processor.PutCheck(p.TransactionID, processortest.CheckVoided)
		a, err := h.void("v", p)
		h.expect(a, err, gateway.Accepted, gateway.OpUnknown)
		a, err = h.resolve(p, a.OperationID, gateway.Done, "")
		h.expect(a, err, gateway.Voided, gateway.OpApproved)
		time.Sleep(window)
		if p = h.payment(p.ID); p.Status != gateway.Voided || p.NeedsAttention || !p.Finished() {
			t.Errorf("%s, attention %t, finished %t", p.Status, p.NeedsAttention, p.Finished())
		}
	})
}

func TestAKnownRefusalLeavesWhatHasGoneOutToWait(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		h.processor.Settle()
		a, _ := h.void("v", p)
		time.Sleep(time.Hour)
		a, err := h.resolve(p, a.OperationID, gateway.NotDone, "")
		h.expect(a, err, gateway.Accepted, gateway.OpFailed)
		if _, err := h.void("v2", p); codeOf(err) != gateway.CodeAlreadySettled {
			t.Errorf("voided again: %v", err)
		}
		a, err = h.refund("r", p, 0)
		h.expect(a, err, gateway.Accepted, gateway.OpWaiting)
		time.Sleep(window)
		h.expect(h.byKey("r"), nil, gateway.Refunded, gateway.OpApproved)
		h.wantCalls("void", 1)
	})
}

func TestABankPaymentThatIsGivenUpIsUndone(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		h.create("accepted", bankSale(1000))
		h.create("held", bankHold(1000))
		approved := h.create("approved", bankSale(1000)).Payment
		gone := h.create("gone", bankSale(1000)).Payment
		for _, key := range []string{"accepted", "held"} {
			a, err := h.cancel(key)
			if err != nil || a.Payment.Status != gateway.Voided || a.Operation().Cancel != gateway.CancelDone {
				t.Errorf("%s is %s, %v", key, a.Payment.Status, err)
			}
		}
		h.processor.Settle()
		if a, err := h.cancel("gone"); err != nil || a.Payment.Status != gateway.Accepted || !a.Payment.NeedsAttention {
			t.Errorf("gone is %s, %v", a.Payment.Status, err)
		}
		time.Sleep(time.Hour)
		version := h.payment(gone.ID).Version
		time.Sleep(24 * time.Hour)
		if more := h.payment(gone.ID).Version - version; more > 30 {
			t.Errorf("%d changes in a day on which nothing happened", more)
		}
		gone = h.payment(gone.ID)
		if _, err := h.resolve(gone, gone.Operations[1].ID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(window)
		if p := h.payment(gone.ID); p.Status != gateway.Refunded || p.NeedsAttention || p.First().Cancel != gateway.CancelDone || !p.Finished() {
			t.Errorf("what has gone out and was given up: %s, attention %t, %s", p.Status, p.NeedsAttention, p.First().Cancel)
		}
		if a, err := h.cancel("approved"); err != nil || a.Payment.ID != approved.ID || a.Payment.Status != gateway.Refunded {
			t.Errorf("approved is %s, %v", a.Payment.Status, err)
		}
		h.wantNotLookedAt()
	})
}

func TestAnUnknownBankPaymentThatIsGivenUpIsUndoneOnceAPersonHasDecided(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		h.loses("charge")
		a := h.create("k", bankSale(1000))
		h.answers()
		if b, err := h.cancel("k"); err != nil || b.Payment.Status != gateway.StatusUnknown {
			t.Fatalf("%s, %v", b.Payment.Status, err)
		}
		time.Sleep(time.Hour)
		h.wantCalls("void", 0)
		b, err := h.resolve(a.Payment, a.OperationID, gateway.Done, h.processor.Checks()[0].ID)
		if err != nil || b.Payment.Status != gateway.Voided || b.Operation().Cancel != gateway.CancelDone {
			t.Errorf("%s, %v", b.Payment.Status, err)
		}
	})
}

// Two refunds of one payment would stand in the books: the person's, and that of the
// gateway, which may have been made.
func TestNobodyGivesBackByHandWhatTheGatewayMayHaveGivenBack(t *testing.T) {
	heardDays(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		h.processor.Settle()
		time.Sleep(2 * window)
		h.processor.SetBefore(func(context.Context, string) *gateway.Result {
			return &gateway.Result{Outcome: gateway.Declined, Decline: &gateway.Decline{Code: "107"}}
		})
		if _, err := h.cancel("k"); err != nil {
			t.Fatal(err)
		}
		h.answers()
		h.loses("refund")
		time.Sleep(2 * time.Hour)
		p = h.payment(p.ID)
		if len(p.Operations) != 3 || p.First().Attention == "" || p.Operations[2].Status != gateway.OpUnknown {
			t.Fatalf("a refused refund and an unknown one: %+v", p.Operations)
		}
		if _, err := h.resolve(p, p.First().ID, gateway.Done, ""); codeOf(err) != gateway.CodeInProgress {
			t.Errorf("said to be given back by hand: %v", err)
		}
		checks := h.processor.Checks()
		a, err := h.resolve(p, p.Operations[2].ID, gateway.Done, checks[len(checks)-1].ID)
		h.expect(a, err, gateway.Refunded, gateway.OpApproved)
		time.Sleep(time.Hour)
		if p = h.payment(p.ID); p.Refunded() != p.Captured() || p.NeedsAttention || p.First().Cancel != gateway.CancelDone {
			t.Errorf("%s refunded of %s, attention %t, %s", p.Refunded(), p.Captured(), p.NeedsAttention, p.First().Cancel)
		}
	})
}

func (h *house) cancel(key string) (gateway.Answer, error) {
	return within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) { return h.Cancel(ctx, "main", key) })
}
