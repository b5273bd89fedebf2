package gateway_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// 22
func TestALateChargeThatTheShopLetsStandIsUndoneAllTheSame(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.loses("charge")
		h.processor.Hide(func(gateway.Record) bool { return true })
		lost := h.create("k", sale(1000))
		h.answers()
		time.Sleep(3 * time.Minute)
		if _, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "void" {
				return &gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "1"}}
			}
			return nil
		})
		h.processor.Hide(nil)
		time.Sleep(3 * time.Hour)
		a, err := h.resolve(lost.Payment, lost.OperationID, gateway.Done, "") // the shop lets it stand
		if err != nil || a.Operation().Cancel != gateway.CancelDone {
			t.Fatal(err, a.Operation().Cancel)
		}
		h.answers()
		time.Sleep(time.Hour)
		if now := h.payment(lost.Payment.ID); now.Status == gateway.Voided {
			t.Errorf("a person closed the undoing, and it was voided: %s, cancel %s", now.Status, now.First().Cancel)
		}
	})
}

// 23
func TestAHundredOldRowsOfABadPayment(t *testing.T) {
	watched(t, rarely, func(t *testing.T, h *house) {
		// A refund's row of more than a hundred payments: the own one is unknown and not among them.
		old := h.create("old", sale(1000)).Payment
		for i := range 99 {
			time.Sleep(time.Second)
			h.create("k"+string(rune('a'+i/26))+string(rune('a'+i%26)), sale(100))
		}
		time.Sleep(time.Second)
		h.create("other", sale(1000))
		h.processor.Settle()
		time.Sleep(7 * time.Hour)
		h.loses("refund")
		h.processor.Hide(func(r gateway.Record) bool { return r.Kind == gateway.KindRefund })
		part := gateway.Money(900)
		lost, err := h.Refund(t.Context(), as("r"), old.ID, gateway.RefundPayment{Amount: &part})
		h.expect(lost, err, gateway.Settled, gateway.OpUnknown)
		h.answers()
		time.Sleep(5*time.Hour + 50*time.Minute)
		h.processor.Hide(nil)
		time.Sleep(48 * time.Hour)
		op := h.byKey("r").Operation()
		id := h.processor.Records()[len(h.processor.Records())-1].TransactionID
		_, done := h.resolve(old, lost.OperationID, gateway.Done, id)
		t.Log(op.Status, op.Attention, done)
		if op.Status != gateway.OpApproved {
			t.Errorf("our own refund is %s; %v", op.Status, done)
		}
	})
}

// 24
func TestALateChargesDoubtIsShownOnceAndThenNeverAgain(t *testing.T) {
	weeks(t)
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.loses("charge")
		h.processor.Hide(func(gateway.Record) bool { return true })
		lost := h.create("k", sale(1000))
		h.answers()
		time.Sleep(3 * time.Minute)
		if _, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		h.processor.Settle()
		h.clerkRefunds(gateway.Payment{OrderID: "100000001", Card: gateway.CardSummary{LastFour: "5439"}}, 300)
		time.Sleep(time.Hour)
		h.processor.Hide(nil)
		time.Sleep(3 * time.Hour)
		_, err := h.resolve(lost.Payment, lost.OperationID, gateway.Done, "")
		v := h.payment(lost.Payment.ID).Version
		time.Sleep(3 * 24 * time.Hour)
		now := h.payment(lost.Payment.ID)
		if now.First().Cancel == gateway.CancelRequested && !now.NeedsAttention {
			t.Errorf("%v; three days later %s, cancel %s, %d versions, due %v, on no list", err, now.Status, now.First().Cancel, now.Version-v, now.First().Due)
		}
	})
}
