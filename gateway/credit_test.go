package gateway_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// These are about money that a clerk has credited to the shopper's card while
// its payment was still pending. A void of the whole would give it back twice.

// credited is a house with a sale of 20.00 of which a clerk has credited 5.00 a
// while ago, in a time of its own. Nothing has read PayTrace's books since.
func credited(t *testing.T, test func(t *testing.T, h *house, p gateway.Payment)) {
	t.Helper()
	path := t.TempDir() + "/ledger.db"
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		p := h.create("k", sale(2000)).Payment
		time.Sleep(time.Minute)
		h.clerkRefunds(h.payment(p.ID), 500)
		time.Sleep(time.Hour)
		test(t, h, p)
	})
}

// works lets the jobs of the house do what is due for a while.
func (h *house) works(d time.Duration) {
	ctx, cancel := context.WithTimeout(h.t.Context(), d)
	defer cancel()
	h.RunDue(ctx, time.Minute)
}

// gaveBack fails the test unless PayTrace has given exactly that back, voids
// included.
func (h *house) gaveBack(want gateway.Money) {
	h.t.Helper()
	var sum gateway.Money
	for _, r := range h.processor.Records() {
		if (r.Kind == gateway.KindRefund) != (r.State == gateway.RecordVoided) {
			sum += r.Amount
		}
	}
	if sum != want {
		h.t.Errorf("%s went back, want %s: %+v", sum, want, h.processor.Records())
	}
}

func TestAPaymentThatAClerkHasCreditedIsNotVoided(t *testing.T) {
	credited(t, func(t *testing.T, h *house, p gateway.Payment) {
		_, err := h.Void(t.Context(), as("v"), p.ID)
		if codeOf(err) != gateway.CodeNotVoidable || !strings.Contains(err.Error(), "5.00 of the 20.00") {
			t.Fatalf("the void: %v, want a refusal that names what was given back", err)
		}
		h.gaveBack(500)
		a, err := h.Refund(t.Context(), as("r"), p.ID, refundAll)
		a = h.expect(a, err, gateway.PartiallyRefunded, gateway.OpWaiting)
		if got := a.Operation().Amount; got != 1500 {
			t.Errorf("%s is promised, want the rest", got)
		}
		h.processor.Settle()
		h.works(2 * time.Hour)
		if now := h.payment(p.ID); now.Status != gateway.Refunded {
			t.Errorf("the payment is %s", now.Status)
		}
		h.gaveBack(2000)
	})
}

func TestARefundOfAllThatAClerkHasCreditedInPartIsNoVoid(t *testing.T) {
	credited(t, func(t *testing.T, h *house, p gateway.Payment) {
		all := gateway.Money(2000)
		if _, err := h.Refund(t.Context(), as("all"), p.ID, gateway.RefundPayment{Amount: &all}); codeOf(err) != gateway.CodeRefundExceeds {
			t.Errorf("a refund of more than is left: %v", err)
		}
		a, err := h.Refund(t.Context(), as("rest"), p.ID, refundAll)
		h.expect(a, err, gateway.PartiallyRefunded, gateway.OpWaiting)
		h.processor.Settle()
		h.works(2 * time.Hour)
		h.gaveBack(2000)
	})
}

func TestRefundsThatWaitAreNotVoidedOverAClerksCredit(t *testing.T) {
	credited(t, func(t *testing.T, h *house, p gateway.Payment) {
		part := gateway.Money(1000)
		for _, key := range []string{"r1", "r2"} {
			// A part waits without a look at the order. The second would be the
			// whole, and the look before it finds the credit.
			_, _ = h.Refund(t.Context(), as(key), p.ID, gateway.RefundPayment{Amount: &part})
		}
		h.works(3 * time.Hour)
		h.gaveBack(500)
		h.processor.Settle()
		h.works(3 * time.Hour)
		h.gaveBack(1500)
	})
}

func TestAWholePromisedBeforeAClerksCreditIsNotVoidedAfterIt(t *testing.T) {
	path := t.TempDir() + "/ledger.db"
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		p := h.create("k", sale(2000)).Payment
		h.dies("export") // the books cannot be read, so that the whole waits
		a, err := h.Refund(t.Context(), as("r"), p.ID, refundAll)
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		h.answers()
		h.clerkRefunds(h.payment(p.ID), 500)
		h.works(3 * time.Hour)
		h.gaveBack(500)
		if op, _ := h.payment(p.ID).Operation(a.OperationID); op.Status != gateway.OpRejected {
			t.Errorf("the promise of 20.00 is %s, and only 15.00 can be given", op.Status)
		}
	})
}

func TestAGivenUpPaymentThatAClerkHasCreditedGetsOnlyTheRestBack(t *testing.T) {
	credited(t, func(t *testing.T, h *house, p gateway.Payment) {
		if _, err := h.Cancel(t.Context(), "main", "k"); err != nil {
			t.Fatal(err)
		}
		if promised := h.payment(p.ID).RefundPending(); promised != 1500 {
			t.Errorf("%s is promised, want the rest", promised)
		}
		h.works(2 * time.Hour)
		h.gaveBack(500)
		h.processor.Settle()
		h.works(3 * time.Hour)
		h.gaveBack(2000)
		if now := h.payment(p.ID); now.Status != gateway.Refunded || now.NeedsAttention || now.First().Cancel != gateway.CancelDone {
			t.Errorf("the payment is %s, attention %t, its giving up %q", now.Status, now.NeedsAttention, now.First().Cancel)
		}
	})
}

func TestAGivenUpPaymentThatAClerkHasCreditedAsAWholeIsUndone(t *testing.T) {
	credited(t, func(t *testing.T, h *house, p gateway.Payment) {
		h.clerkRefunds(h.payment(p.ID), 1500)
		time.Sleep(time.Hour)
		if _, err := h.Cancel(t.Context(), "main", "k"); err != nil {
			t.Fatal(err)
		}
		h.gaveBack(2000)
		if now := h.payment(p.ID); now.Status != gateway.Refunded || now.First().Cancel != gateway.CancelDone {
			t.Errorf("the payment is %s, its giving up %q", now.Status, now.First().Cancel)
		}
	})
}

func TestAClerksVoidOverAClerksCreditIsShownToAPerson(t *testing.T) {
	for _, credit := range []gateway.Money{500, 2000} {
		watched(t, merchants[0], func(t *testing.T, h *house) {
			p := h.create("k", sale(2000)).Payment
			h.clerkRefunds(h.payment(p.ID), credit)
			time.Sleep(time.Hour)
			h.processor.Put(p.TransactionID, gateway.RecordVoided)
			time.Sleep(time.Hour)
			now := h.payment(p.ID)
			if !now.NeedsAttention || !strings.Contains(now.First().Attention, "voided") {
				t.Errorf("%s credited: the payment is %s, attention %q", credit, now.Status, now.First().Attention)
			}
		})
	}
}

func TestAPaymentThatIsLoweredAfterAllOfItWasCreditedIsShownToAPerson(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(2000)).Payment
		h.clerkRefunds(h.payment(p.ID), 2000)
		time.Sleep(time.Hour)
		h.processor.ClerkCaptures(p.TransactionID, 499)
		time.Sleep(time.Hour)
		now := h.payment(p.ID)
		if !now.NeedsAttention || !strings.Contains(now.First().Attention, "another amount: 4.99") {
			t.Errorf("the payment is %s, attention %q", now.Status, now.First().Attention)
		}
	})
}

func TestWhatAClerkHasCreditedIsCountedThoughAClerkHasLoweredTheRest(t *testing.T) {
	for name, back := range map[string]func(h *house, p gateway.Payment) error{
		"a refund of all": func(h *house, p gateway.Payment) error {
			_, err := h.Refund(h.t.Context(), as("r"), p.ID, refundAll)
			return err
		},
		"a giving up": func(h *house, p gateway.Payment) error {
			_, err := h.Cancel(h.t.Context(), "main", "k")
			return err
		},
	} {
		credited(t, func(t *testing.T, h *house, p gateway.Payment) {
			h.processor.ClerkCaptures(p.TransactionID, 1200) // 12.00 is taken from now on
			if err := back(h, p); err != nil {
				t.Fatal(err)
			}
			h.works(2 * time.Hour)
			if calls := h.processor.Calls("void"); calls != 0 {
				t.Errorf("%s: it was voided over a credit", name)
			}
			h.gaveBack(500)
		})
	}
}

func TestAVoidIsHeldBackWhileACreditIsYoung(t *testing.T) {
	credited(t, func(t *testing.T, h *house, _ gateway.Payment) {
		p := h.create("another", sale(3000)).Payment
		h.clerkRefunds(h.payment(p.ID), 2500) // too much for the other payment of the order
		_, err := h.Void(t.Context(), as("v"), p.ID)
		var e *gateway.Error
		if !errors.As(err, &e) || e.Code != gateway.CodeInProgress || !e.Retryable {
			t.Fatalf("the void: %v, want one that is worth repeating", err)
		}
		time.Sleep(e.RetryAfter)
		if _, err := h.Void(t.Context(), as("v"), p.ID); codeOf(err) != gateway.CodeNotVoidable {
			t.Errorf("the void later: %v", err)
		}
		if calls := h.processor.Calls("void"); calls != 0 {
			t.Errorf("%d voids were sent", calls)
		}
	})
}

func TestAVoidIsNotSentWhilePayTraceCannotBeAsked(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", sale(2000)).Payment
	h.dies("export")
	_, err := h.Void(t.Context(), as("v"), p.ID)
	var e *gateway.Error
	if !errors.As(err, &e) || e.Code != gateway.CodeProcessorUnavailable || e.Outcome != gateway.NotSent || !e.Retryable {
		t.Fatalf("the void: %v, want one that was not sent", err)
	}
	h.answers()
	a, err := h.Void(t.Context(), as("v"), p.ID)
	h.expect(a, err, gateway.Voided, gateway.OpApproved)
}

func TestAVoidIsRefusedWhileACreditMayBeItsOwn(t *testing.T) {
	credited(t, func(t *testing.T, h *house, p gateway.Payment) {
		q := h.create("again", sale(2000)).Payment // the order is paid twice
		h.clerkRefunds(h.payment(q.ID), 700)
		time.Sleep(time.Hour)
		_, err := h.Void(t.Context(), as("v"), q.ID)
		if codeOf(err) != gateway.CodeNotVoidable || !strings.Contains(err.Error(), "plainly") {
			t.Errorf("the void: %v, want a refusal that names the doubt", err)
		}
		h.gaveBack(1200)
	})
}

func TestAnUndecidedPaymentOfTheOrderHoldsNoVoidBackWhereNothingWasCredited(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", sale(2000)).Payment
	h.processor.SetAfter(func(context.Context, string, gateway.Result) gateway.Result {
		return gateway.Result{Outcome: gateway.Unknown}
	})
	h.create("lost", sale(2000)) // the same order, and PayTrace has it
	h.answers()
	a, err := h.Void(t.Context(), as("v"), p.ID)
	h.expect(a, err, gateway.Voided, gateway.OpApproved)
}

func TestAnUndoingWaitsWhilePayTraceCannotBeAskedAndTellsNobodyAtFirst(t *testing.T) {
	credited(t, func(t *testing.T, h *house, _ gateway.Payment) {
		p := h.create("fresh", sale(700)).Payment
		h.dies("export")
		if _, err := h.Cancel(t.Context(), "main", "fresh"); err != nil {
			t.Fatal(err)
		}
		h.works(10 * time.Minute)
		if now := h.payment(p.ID); now.Status != gateway.StatusApproved || now.NeedsAttention {
			t.Errorf("after ten minutes it is %s, attention %t", now.Status, now.NeedsAttention)
		}
		h.works(time.Hour)
		if now := h.payment(p.ID); now.Status != gateway.StatusApproved || !now.NeedsAttention {
			t.Errorf("after an hour it is %s, attention %t", now.Status, now.NeedsAttention)
		}
		h.answers()
		h.works(3 * time.Minute)
		if now := h.payment(p.ID); now.Status != gateway.Voided || now.NeedsAttention {
			t.Errorf("in the end it is %s, attention %t", now.Status, now.NeedsAttention)
		}
	})
}

func TestAnAuthorizationIsVoidedWithoutALook(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", authorization(2000)).Payment
	a, err := h.Void(t.Context(), as("v"), p.ID)
	h.expect(a, err, gateway.Voided, gateway.OpApproved)
	if looks := h.processor.Calls("export"); looks != 0 {
		t.Errorf("%d looks before the void of a bare authorization", looks)
	}
}
