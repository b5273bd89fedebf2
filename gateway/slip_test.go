package gateway_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestARefundMadeByHandIsSentAgain(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		time.Sleep(10 * time.Minute)
		h.processor.Settle()
		id := h.clerkRefunds(h.payment(p.ID), part) // as operating.md says: made at the screens, then --done --transaction
		time.Sleep(10 * time.Minute)                // the watcher was faster than the person
		_, err = h.resolve(p, a.OperationID, gateway.Done, id)
		t.Logf("done: %v", err)
		time.Sleep(2 * time.Hour)
		if back(h) > 300 {
			t.Errorf("one refund of 3.00 was asked for, %s given back", back(h))
		}
	})
}

func TestASlipOfTheHandSwapsTwoCharges(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.loses("charge")
		h.processor.Hide(func(gateway.Record) bool { return true })
		one := h.create("k1", sale(1000))
		cmd := sale(1000)
		cmd.OrderID = "100000002"
		two := h.create("k2", cmd)
		h.answers()
		all := h.processor.Records()
		_, err := h.resolve(one.Payment, one.OperationID, gateway.Done, all[1].TransactionID) // it bears two's reference and order
		h.processor.Hide(nil)
		time.Sleep(30 * time.Hour)
		a, b := h.byKey("k1").Payment, h.byKey("k2").Payment
		t.Logf("resolve: %v; k1 %s by %s, k2 %s by %s", err, a.Status, a.TransactionID, b.Status, b.TransactionID)
		if err == nil {
			t.Error("a transaction that plainly bears another payment's reference was taken")
		}
		if a.TransactionID == b.TransactionID {
			t.Error("two payments stand on one transaction")
		}
		_ = two
	})
}

func TestDoneIsBelievedAgainstThePlainBooks(t *testing.T) {
	for name, c := range map[string]struct {
		cmd  gateway.CreatePayment
		dies string
		asks func(h *house, p gateway.Payment) (gateway.Answer, error)
		puts func(h *house, p gateway.Payment)
	}{
		"a void of what is settled": {sale(1000), "void",
			func(h *house, p gateway.Payment) (gateway.Answer, error) {
				return h.Void(context.Background(), as("o"), p.ID)
			},
			func(h *house, p gateway.Payment) { h.processor.Settle() }},
		"a refund as a void of what is settled": {sale(1000), "void",
			func(h *house, p gateway.Payment) (gateway.Answer, error) {
				return h.Refund(context.Background(), as("o"), p.ID, gateway.RefundPayment{})
			},
			func(h *house, p gateway.Payment) { h.processor.Settle() }},
		"a capture of what is voided": {authorization(1000), "capture",
			func(h *house, p gateway.Payment) (gateway.Answer, error) {
				return h.Capture(context.Background(), as("o"), p.ID, gateway.CapturePayment{})
			},
			func(h *house, p gateway.Payment) { h.processor.Put(p.TransactionID, gateway.RecordVoided) }},
		"a capture of another amount": {authorization(1000), "capture",
			func(h *house, p gateway.Payment) (gateway.Answer, error) {
				return h.Capture(context.Background(), as("o"), p.ID, gateway.CapturePayment{})
			},
			func(h *house, p gateway.Payment) { h.processor.ClerkCaptures(p.TransactionID, 600) }},
	} {
		t.Run(name, func(t *testing.T) {
			days(t, 5*time.Minute, func(t *testing.T, h *house) {
				p := h.create("k", c.cmd).Payment
				h.dies(c.dies)
				lost, err := c.asks(h, p)
				if err != nil || lost.Operation().Status != gateway.OpUnknown {
					t.Fatal(err, lost.Operation().Status)
				}
				h.answers()
				c.puts(h, p)
				a, err := h.resolve(p, lost.OperationID, gateway.Done, "")
				if err == nil {
					all := h.processor.Records()
					t.Errorf("here %s, captured %s, refunded %s; PayTrace shows %s, %s", a.Payment.Status, a.Payment.Captured(), a.Payment.Refunded(), all[0].State, all[0].Amount)
				}
			})
		})
	}
}

func TestARefundThatWasToBeAVoidIsResolvedByTheChargesOwnTransaction(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		much, little := gateway.Money(700), gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r1"), p.ID, gateway.RefundPayment{Amount: &much})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		h.dies("void")
		b, err := h.Refund(t.Context(), as("r2"), p.ID, gateway.RefundPayment{Amount: &little})
		h.expect(b, err, gateway.StatusApproved, gateway.OpUnknown)
		h.answers()
		h.processor.Settle()
		time.Sleep(6 * time.Minute)
		op := h.byKey("r2").Operation()
		if op.Status != gateway.OpWaiting {
			t.Fatal(op.Status)
		}
		id := h.clerkRefunds(h.payment(p.ID), little)
		c, err := h.resolve(p, b.OperationID, gateway.Done, id)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("resolved by %s, named was %s, the charge is %s", c.Operation().TransactionID, id, p.TransactionID)
		time.Sleep(4 * time.Hour)
		now := h.payment(p.ID)
		if h.byKey("r1").Operation().Status != gateway.OpApproved || back(h) != 1000 || len(externals(now)) != 0 {
			t.Errorf("the ledger says %s given back, PayTrace %s; r1 is %s, external %d", now.Refunded(), back(h), h.byKey("r1").Operation().Status, len(externals(now)))
		}
	})
}

func TestAWaitingRefundIsEndedWhileAVoidGivesItBack(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		much, little := gateway.Money(700), gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r1"), p.ID, gateway.RefundPayment{Amount: &little})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		h.loses("void")
		b, err := h.Refund(t.Context(), as("r2"), p.ID, gateway.RefundPayment{Amount: &much})
		h.expect(b, err, gateway.StatusApproved, gateway.OpUnknown)
		h.answers()
		_, err = h.resolve(p, a.OperationID, gateway.NotDone, "")
		t.Logf("not done: %v", err)
		time.Sleep(2 * 24 * time.Hour)
		now := h.payment(p.ID)
		if now.Status != gateway.Refunded {
			t.Errorf("PayTrace has voided the whole; here %s, refunded %s, refundable %s, attention %v", now.Status, now.Refunded(), now.Refundable(), now.NeedsAttention)
		}
	})
}

// refused is a payment that was given up, and PayTrace refuses its void.
func refused(t *testing.T, h *house) gateway.Payment {
	p := h.create("k", sale(1000)).Payment
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "void" {
			return &gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "1"}}
		}
		return nil
	})
	if _, err := h.Cancel(t.Context(), "main", "k"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(72 * time.Hour)
	now := h.payment(p.ID)
	if !now.NeedsAttention || !now.First().Due.IsZero() {
		t.Fatal(now.NeedsAttention, now.First().Due)
	}
	return now
}

func TestSeenStrandsAPaymentThatWasGivenUp(t *testing.T) {
	weeks(t)
	watched(t, rarely, func(t *testing.T, h *house) {
		p := refused(t, h)
		h.dies("void") // the void that "seen" sends gets no answer
		_, err := h.resolve(p, p.First().ID, gateway.Seen, "")
		h.answers()
		time.Sleep(30 * 24 * time.Hour)
		now := h.payment(p.ID)
		_, refund := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{})
		_, void := h.Void(t.Context(), as("v"), p.ID)
		if err == nil && !now.NeedsAttention && now.Status == gateway.StatusApproved {
			t.Errorf("a month later: %s, on no list, due %v, money taken; refund: %v; void: %v", now.Status, now.First().Due, refund, void)
		}
	})
}

func TestSeenMovesMoney(t *testing.T) {
	weeks(t)
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := refused(t, h)
		h.answers()
		before := h.processor.Calls("void")
		a, err := h.resolve(p, p.First().ID, gateway.Seen, "") // agreed with the shop: the order stands
		if n := h.processor.Calls("void") - before; n > 0 {
			t.Errorf("saying seen sent %d voids; the payment is %s, %v", n, a.Payment.Status, err)
		}
	})
}

func TestAWaitingRefundIsDoneByAnotherOrdersRow(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		cmd := sale(1000)
		p := h.create("k", cmd).Payment
		cmd.OrderID = "100000002"
		q := h.create("q", cmd).Payment
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		id := h.clerkRefunds(h.payment(q.ID), part) // of order 100000002
		_, err = h.resolve(p, a.OperationID, gateway.Done, id)
		t.Logf("resolve: %v", err)
		time.Sleep(30 * time.Minute)
		_, err = h.Refund(t.Context(), as("all"), q.ID, gateway.RefundPayment{})
		if now := h.payment(q.ID); back(h) > 1000 {
			t.Errorf("%v: %s given back, all of it of order %s, of which 10.00 were taken; externals %d", err, back(h), q.OrderID, len(externals(now)))
		}
	})
}

func TestDoneGivesBackMoreThanWasTaken(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		h.processor.Settle()
		h.clerkRefunds(h.payment(p.ID), 1000)
		time.Sleep(10 * time.Minute)
		id := h.processor.Clerk(gateway.Record{Kind: gateway.KindRefund, State: gateway.RecordPending, Amount: part})
		b, err := h.resolve(p, a.OperationID, gateway.Done, id)
		if err == nil && b.Payment.Refunded() > b.Payment.Captured() {
			t.Errorf("refunded %s of %s", b.Payment.Refunded(), b.Payment.Captured())
		}
	})
}

func TestAnUndoingIsNotOnlySeen(t *testing.T) {
	weeks(t)
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := refused(t, h)
		if _, err := h.resolve(p, p.First().ID, gateway.Seen, ""); codeOf(err) != gateway.CodeNotResolvable {
			t.Errorf("seen, and the money is still taken: %v", err)
		}
		a, err := h.resolve(p, p.First().ID, gateway.Done, "")
		if err != nil || a.Payment.NeedsAttention || a.Operation().Cancel != gateway.CancelDone {
			t.Errorf("%v, %+v", err, a.Operation())
		}
	})
}

func TestAPaymentUndoneByHandStaysApprovedForEver(t *testing.T) {
	weeks(t)
	watched(t, rarely, func(t *testing.T, h *house) {
		p := refused(t, h)
		h.processor.Put(p.TransactionID, gateway.RecordVoided)
		if _, err := h.resolve(p, p.First().ID, gateway.Done, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * 24 * time.Hour)
		if now := h.payment(p.ID); now.Status == gateway.StatusApproved {
			t.Errorf("voided at PayTrace a month ago; here %s, due %v, attention %v", now.Status, now.First().Due, now.NeedsAttention)
		}
	})
}

func TestAWaitingRefundThatWasSeenIsShownEveryHour(t *testing.T) {
	weeks(t)
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		h.processor.Settle()
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "refund" {
				return &gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "998", Again: true}}
			}
			return nil
		})
		time.Sleep(74 * time.Hour)
		times := 0
		for range 12 {
			if h.payment(p.ID).NeedsAttention {
				if _, err := h.resolve(p, a.OperationID, gateway.Seen, ""); err == nil { // refused while it is being sent
					times++
				}
			}
			time.Sleep(70 * time.Minute)
		}
		if times > 1 {
			t.Errorf("shown %d times in 14 hours for one reason that was seen", times)
		}
	})
}

func TestAWaitingRefundThatWasSeenOnceWaitsUnseenForEver(t *testing.T) {
	weeks(t)
	watched(t, rarely, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		time.Sleep(74 * time.Hour) // "the payment is still not settled"
		if _, err := h.resolve(p, a.OperationID, gateway.Seen, ""); err != nil {
			t.Fatal(err)
		}
		h.processor.Settle()
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "look" {
				return &gateway.Result{}
			}
			return nil
		})
		time.Sleep(30 * 24 * time.Hour) // now for another reason
		if now := h.payment(p.ID); !now.NeedsAttention {
			t.Errorf("%s, the refund is %s for a month, and nobody is told", now.Status, h.byKey("r").Operation().Status)
		}
	})
}
