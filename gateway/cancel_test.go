package gateway_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

func TestCancellingAKeyNeverSeenClosesIt(t *testing.T) {
	h := newHouse(t)
	a, err := h.Cancel(t.Context(), "main", "k")
	if err != nil || !a.KeyClosed || a.Replayed {
		t.Fatalf("closed %v, replayed %v, %v", a.KeyClosed, a.Replayed, err)
	}
	a, err = h.Cancel(t.Context(), "main", "k")
	if err != nil || !a.KeyClosed || !a.Replayed {
		t.Errorf("again: closed %v, replayed %v, %v", a.KeyClosed, a.Replayed, err)
	}
	if _, err := h.CreatePayment(t.Context(), as("k"), sale(1)); codeOf(err) != gateway.CodeKeyCancelled {
		t.Errorf("a late arrival: %v", err)
	}
	if n := h.processor.Calls("charge"); n != 0 {
		t.Errorf("%d charges", n)
	}
}

func TestCancellingAnApprovedKeyUndoesItsPayment(t *testing.T) {
	cases := map[string]struct {
		cmd    gateway.CreatePayment
		settle bool
		want   gateway.Status
		call   string
	}{
		"an authorization is voided":   {authorization(500), false, gateway.Voided, "void"},
		"an unsettled sale is voided":  {sale(500), false, gateway.Voided, "void"},
		"a settled sale is refunded":   {sale(500), true, gateway.Refunded, "refund"},
		"a declined one needs no more": {sale(processortest.Declines), false, gateway.StatusDeclined, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.create("k", c.cmd)
			if c.settle {
				h.processor.Settle()
			}
			for range 2 {
				a, err := h.Cancel(t.Context(), "main", "k")
				if err != nil || a.Payment.Status != c.want || a.Operation().Cancel == gateway.CancelRequested {
					t.Fatalf("%s, cancel %q, %v", a.Payment.Status, a.Operation().Cancel, err)
				}
			}
			if c.call != "" && h.processor.Calls(c.call) != 1 {
				t.Errorf("%d calls of %s", h.processor.Calls(c.call), c.call)
			}
			_, err := h.CreatePayment(t.Context(), as("k"), c.cmd)
			if c.call != "" && codeOf(err) != gateway.CodeKeyCancelled {
				t.Errorf("a repeat of the key that was given up: %v", err)
			}
		})
	}
}

func TestCancellingWhileTheChargeIsUnderWayUndoesItOnceKnown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
			if call == "charge" {
				time.Sleep(20 * time.Second)
			}
			return r
		})
		_, _ = within(2*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("k"), sale(1999))
		})
		a, err := within(2*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.Cancel(ctx, "main", "k")
		})
		if err != nil || a.Operation().Cancel != gateway.CancelRequested {
			t.Fatalf("cancel %q, %v", a.Operation().Cancel, err)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		a, err = h.ByKey(t.Context(), "main", "k")
		if err != nil || a.Payment.Status != gateway.Voided || a.Operation().Cancel != gateway.CancelDone {
			t.Errorf("%s, cancel %q, %v", a.Payment.Status, a.Operation().Cancel, err)
		}
		if h.processor.Calls("void") != 1 || h.processor.Calls("charge") != 1 {
			t.Errorf("%d charges, %d voids", h.processor.Calls("charge"), h.processor.Calls("void"))
		}
	})
}

func TestCancellingAKeyThatWasNotSentKeepsItFromBeingContinued(t *testing.T) {
	h := newHouse(t)
	h.processor.SetBefore(func(context.Context, string) *gateway.Result { return &gateway.Result{Outcome: gateway.NotSent} })
	h.create("k", sale(1999))
	h.processor.SetBefore(nil)
	if _, err := h.Cancel(t.Context(), "main", "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreatePayment(t.Context(), as("k"), sale(1999)); codeOf(err) != gateway.CodeKeyCancelled {
		t.Errorf("a late repeat: %v", err)
	}
	if n := len(h.processor.Records()); n != 0 {
		t.Errorf("%d transactions", n)
	}
}

func TestOnlyWhatCanBeUndoneCanBeCancelled(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", sale(1000)).Payment
	amount := gateway.Money(100)
	if _, err := h.Refund(t.Context(), as("waits"), p.ID, gateway.RefundPayment{Amount: &amount}); err != nil {
		t.Fatal(err)
	}
	a, err := h.Cancel(t.Context(), "main", "waits")
	if err != nil || a.Operation().Status != gateway.OpCancelled || a.Payment.RefundPending() != 0 {
		t.Errorf("a waiting refund: %s, %s reserved, %v", a.Operation().Status, a.Payment.RefundPending(), err)
	}
	if _, err := h.Void(t.Context(), as("v"), p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Cancel(t.Context(), "main", "v"); codeOf(err) != gateway.CodeNotCancellable {
		t.Errorf("cancelling a void: %v", err)
	}
}

func TestAnUndoingThatALookRefusesIsBegunAnewAtOnce(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		h.dies("void")
		if _, err := h.Cancel(t.Context(), "main", "k"); err != nil {
			t.Fatal(err)
		}
		h.answers()
		h.processor.Settle()
		time.Sleep(15 * time.Second) // the first look comes after ten, the next try of the undoing after seventy
		if p := h.byKey("k").Payment; p.Status != gateway.Refunded || p.First().Cancel != gateway.CancelDone {
			t.Errorf("%s, the wish to give up is %s", p.Status, p.First().Cancel)
		}
	})
}

// Who shows what a person has to look at, by what is told, shows it for ever
// otherwise.
func TestWhoWasToldThatAPersonHasToLookIsToldWhenThatHasEnded(t *testing.T) {
	heardDays(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.processor.SetBefore(func(_ context.Context, name string) *gateway.Result {
			if name == "void" {
				return &gateway.Result{Outcome: gateway.Declined, Decline: &gateway.Decline{Code: "110"}}
			}
			return nil
		})
		if a, err := h.cancel("k"); err != nil || !a.Payment.NeedsAttention {
			t.Fatalf("nobody is called: %v", err)
		}
		h.answers()
		time.Sleep(3 * time.Hour)
		all, err := h.ledger.Unspread(t.Context(), []string{"main"}, 1000)
		if p = h.payment(p.ID); err != nil || p.Status != gateway.Voided || p.NeedsAttention {
			t.Fatalf("%s, attention %t, %v", p.Status, p.NeedsAttention, err)
		}
		last := all[len(all)-1]
		if last.Type != gateway.EventUpdated || last.Payment.NeedsAttention || last.Payment.First().Cancel != gateway.CancelDone {
			t.Errorf("told last: %s, attention %t, %s", last.Type, last.Payment.NeedsAttention, last.Payment.First().Cancel)
		}
	})
}
