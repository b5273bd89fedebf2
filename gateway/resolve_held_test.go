package gateway_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// holding is a sale of 44.00 that got no answer, whose reference transactions of
// a clerk bear.
func (h *house) holding(amounts ...gateway.Money) (lost gateway.Answer, ids []string) {
	h.t.Helper()
	h.dies("charge")
	lost = h.create("k", sale(4400))
	h.answers()
	for _, amount := range amounts {
		ids = append(ids, h.processor.Clerk(gateway.Record{
			Kind: gateway.KindSale, State: gateway.RecordPending, Amount: amount, OrderID: lost.Payment.OrderID, Reference: lost.Payment.Reference,
		}))
	}
	time.Sleep(10 * time.Minute) // nobody hears of it any more, and a look has seen them
	return lost, ids
}

// notDone is what a person is told who says so.
func (h *house) notDone(lost gateway.Answer) error {
	_, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, "")
	return err
}

func (h *house) wantHeld(lost gateway.Answer, words ...string) {
	h.t.Helper()
	err := h.notDone(lost)
	if codeOf(err) != gateway.CodeNotResolvable {
		h.t.Fatalf("PayTrace holds money under its reference, and it is called not done: %v", err)
	}
	for _, want := range words {
		if !strings.Contains(err.Error(), want) {
			h.t.Errorf("%q lacks %q", err, want)
		}
	}
	h.expect(h.byKey("k"), nil, gateway.StatusUnknown, gateway.OpUnknown)
}

// wantHeldThere holds what whoever shows the payment is told against what is refused.
func (h *house) wantHeldThere(want bool) {
	h.t.Helper()
	if why := h.byKey("k").Payment.First().Attention; gateway.HeldThere(why) != want {
		h.t.Errorf("PayTrace holds money: %t, want %t; it waits because %q", !want, want, why)
	}
}

func TestACrossChargeUnderOurReferenceIsVoidedBeforeOursIsCalledNotDone(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		lost, ids := h.holding(7000)
		h.wantHeld(lost, "PayTrace holds 70.00 under this reference, transaction "+ids[0]+": void it there first")
		h.wantHeldThere(true)
		h.processor.Put(ids[0], gateway.RecordVoided)
		if err := h.notDone(lost); err != nil {
			t.Fatal(err)
		}
		h.expect(h.byKey("k"), nil, gateway.Failed, gateway.OpFailed)
	})
}

func TestOfTwoChargesUnderOurReferenceOneIsSaidToBeDone(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		lost, ids := h.holding(4400, 7000)
		h.wantHeld(lost, ids[0], "void it there first, or say done by it")
		h.wantHeldThere(true)
		h.processor.Put(ids[0], gateway.RecordVoided)
		h.wantHeld(lost, ids[1], "void it there first")
		h.processor.Put(ids[1], gateway.RecordVoided)
		if err := h.notDone(lost); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWhatIsSettledUnderOurReferenceIsRefundedBeforeOursIsCalledNotDone(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		lost, ids := h.holding(7000)
		h.processor.Settle()
		h.wantHeld(lost, "PayTrace holds 70.00 under this reference, transaction "+ids[0]+": refund it there first")
		h.clerkRefunds(lost.Payment, 2600)
		h.wantHeld(lost, "refund it there first")
		h.clerkRefunds(lost.Payment, 7000)
		if err := h.notDone(lost); err != nil {
			t.Fatal(err)
		}
		h.expect(h.byKey("k"), nil, gateway.Failed, gateway.OpFailed)
	})
}

func TestTheRefundOfAnotherPaymentGivesNothingBackOfWhatIsHeld(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		lost, _ := h.holding(7000)
		other := h.create("other", sale(7000)).Payment
		h.processor.Settle()
		if _, err := h.Refund(t.Context(), as("r"), other.ID, gateway.RefundPayment{}); err != nil {
			t.Fatal(err)
		}
		h.wantHeld(lost, "refund it there first")
	})
}

// PayTrace's export lags, so that the person's refund cannot be seen when the one that
// waits is sent.
func TestWhatIsSaidToBeGivenBackIsNotGivenBackByARefundThatWaits(t *testing.T) {
	bent(t, merchants[0], nil, func(h *house, s *spy) {
		p := h.create("k", sale(2000)).Payment
		h.processor.SetBefore(func(_ context.Context, name string) *gateway.Result {
			if name == "void" {
				return &gateway.Result{Outcome: gateway.Declined, Decline: &gateway.Decline{Code: "110"}}
			}
			return nil
		})
		if _, err := h.cancel("k"); err != nil {
			t.Fatal(err)
		}
		h.answers()
		time.Sleep(time.Minute)
		h.clerkRefunds(h.payment(p.ID), 500)
		time.Sleep(3 * time.Hour)
		h.processor.Settle()
		shown := h.processor.Records()
		s.shows(func(context.Context, time.Time, time.Time, string) ([]gateway.Record, error) { return shown, nil })
		p = h.payment(p.ID)
		id, waits := h.clerkRefunds(p, 1500), p.Operations[len(p.Operations)-1]
		if _, err := h.resolve(p, p.First().ID, gateway.Done, ""); codeOf(err) != gateway.CodeInProgress {
			t.Errorf("%s beside a refund that is %s: %v", p.First().Cancel, waits.Status, err)
		}
		a, err := h.resolve(p, waits.ID, gateway.Done, id)
		h.expect(a, err, gateway.Refunded, gateway.OpApproved)
		time.Sleep(3 * time.Hour)
		if p = h.payment(p.ID); p.Refunded() != 2000 || p.First().Cancel != gateway.CancelDone || p.NeedsAttention || back(h) != 2000 {
			t.Errorf("%s refunded, %s went back, %s, attention %t", p.Refunded(), back(h), p.First().Cancel, p.NeedsAttention)
		}
	})
}
