package gateway_test

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func (h *house) resolve(p gateway.Payment, op string, d gateway.Decision, transaction string) (gateway.Answer, error) {
	return h.Resolve(h.t.Context(), "main", ann, p.ID, gateway.ResolveOperation{
		OperationID: op, Decision: d, TransactionID: transaction, Note: "seen at PayTrace",
	})
}

func TestAPersonDecidesAnUnknownCharge(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.dies("charge")
		lost := h.create("k", sale(1000))
		h.answers()
		other := h.create("other", sale(1000)).Payment
		small := h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 900})
		done := h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1000})
		for what, c := range map[string]struct {
			op, transaction string
			decision        gateway.Decision
			code            gateway.Code
		}{
			"without a transaction":    {lost.OperationID, "", gateway.Done, gateway.CodeNotResolvable},
			"by another payment's":     {lost.OperationID, other.TransactionID, gateway.Done, gateway.CodeNotResolvable},
			"by another amount":        {lost.OperationID, small, gateway.Done, gateway.CodeNotResolvable},
			"by one that is not":       {lost.OperationID, "999", gateway.Done, gateway.CodeNotResolvable},
			"only seen":                {lost.OperationID, "", gateway.Seen, gateway.CodeNotResolvable},
			"an operation not its own": {other.First().ID, "", gateway.NotDone, gateway.CodeNotFound},
		} {
			if _, err := h.resolve(lost.Payment, c.op, c.decision, c.transaction); codeOf(err) != c.code {
				t.Errorf("%s: %v", what, err)
			}
		}
		a, err := h.resolve(lost.Payment, lost.OperationID, gateway.Done, done)
		h.expect(a, err, gateway.StatusApproved, gateway.OpApproved)
		r := a.Operation().Resolution
		if r == nil || r.By != "Ann (ops)" || r.Note != "seen at PayTrace" || r.At.IsZero() || a.Payment.TransactionID != done {
			t.Errorf("%+v, transaction %s", r, a.Payment.TransactionID)
		}
		again, err := h.resolve(lost.Payment, lost.OperationID, gateway.Done, done)
		if err != nil || !again.Replayed || again.Payment.Version != a.Payment.Version {
			t.Errorf("once more: %v, version %d", err, again.Payment.Version)
		}
		if _, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, ""); codeOf(err) != gateway.CodeNotResolvable {
			t.Errorf("the contrary: %v", err)
		}
		h.expect(h.byKey("k"), nil, gateway.StatusApproved, gateway.OpApproved)
	})
}

func TestAChargeThatAPersonCalledNotDoneIsWatchedAndUndone(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.loses("charge")
		h.processor.Hide(func(gateway.Record) bool { return true })
		lost := h.create("k", sale(1000))
		h.answers()
		time.Sleep(2 * time.Minute) // nobody hears of it any more
		a, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, "")
		h.expect(a, err, gateway.Failed, gateway.OpFailed)
		h.processor.Hide(nil)
		time.Sleep(26 * time.Hour)
		h.expect(h.byKey("k"), nil, gateway.Voided, gateway.OpFailed)
	})
}

func TestAPersonDecidesARefund(t *testing.T) {
	for name, c := range map[string]struct {
		decision   gateway.Decision
		status     gateway.OperationStatus
		refundable gateway.Money
	}{
		"done":     {gateway.Done, gateway.OpApproved, 700},
		"not done": {gateway.NotDone, gateway.OpFailed, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			days(t, 5*time.Minute, func(t *testing.T, h *house) {
				p := h.create("k", sale(1000)).Payment
				h.processor.Settle()
				h.dies("refund")
				part := gateway.Money(300)
				lost, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
				h.expect(lost, err, gateway.Settled, gateway.OpUnknown)
				h.answers()
				id := ""
				if c.decision == gateway.NotDone {
					if _, err := h.resolve(p, lost.OperationID, c.decision, id); codeOf(err) != gateway.CodeInProgress {
						t.Errorf("a moment after its sending: %v", err)
					}
					time.Sleep(2 * time.Minute)
				}
				if c.decision == gateway.Done {
					id = h.processor.Clerk(gateway.Record{Kind: gateway.KindRefund, State: gateway.RecordPending, Amount: part})
				}
				a, err := h.resolve(p, lost.OperationID, c.decision, id)
				if err != nil || a.Operation().Status != c.status || a.Payment.Refundable() != c.refundable {
					t.Fatalf("%v: %+v, refundable %s", err, a.Operation(), a.Payment.Refundable())
				}
			})
		})
	}
}

func TestAPersonEndsARefundThatWaits(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		a, err = h.resolve(p, a.OperationID, gateway.NotDone, "")
		h.expect(a, err, gateway.StatusApproved, gateway.OpCancelled)
		h.processor.Settle()
		time.Sleep(3 * time.Hour)
		if n := h.processor.Calls("refund"); n != 0 {
			t.Errorf("%d refunds were sent", n)
		}
	})
}

func TestAPersonIsContradictedByThePlainBooks(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", authorization(1000)).Payment
		h.dies("capture")
		lost, err := h.Capture(t.Context(), as("c"), p.ID, gateway.CapturePayment{})
		h.expect(lost, err, gateway.Authorized, gateway.OpUnknown)
		h.answers()
		if _, err := h.resolve(p, lost.OperationID, gateway.Done, ""); codeOf(err) != gateway.CodeNotResolvable {
			t.Errorf("PayTrace shows the authorization as not captured: %v", err)
		}
		time.Sleep(2 * time.Minute)
		a, err := h.resolve(p, lost.OperationID, gateway.NotDone, "")
		h.expect(a, err, gateway.Authorized, gateway.OpFailed)
	})
}

func TestNothingIsResolvedThatWaitsForNobody(t *testing.T) {
	h := newHouse(t)
	a := h.create("k", sale(1000))
	for _, d := range []gateway.Decision{gateway.Done, gateway.NotDone, gateway.Seen} {
		if _, err := h.resolve(a.Payment, a.OperationID, d, "1"); codeOf(err) != gateway.CodeNotResolvable {
			t.Errorf("%s: %v", d, err)
		}
	}
}
