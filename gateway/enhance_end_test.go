package gateway_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// refusesAll lets no call leave.
func (h *house) refusesAll() {
	h.processor.SetBefore(func(context.Context, string) *gateway.Result {
		return &gateway.Result{Outcome: gateway.NotSent, Detail: "refused"}
	})
}

func TestLinesOfAChargeThatWasNotSentDoNotStay(t *testing.T) {
	days(t, time.Hour, func(t *testing.T, h *house) {
		h.refusesAll()
		h.create("left", withLines(sale(0), "PO-7"))
		h.create("given up", withLines(sale(0), "PO-8"))
		h.wantEnhanced("left", gateway.EnhancementPending, 0, 0)
		if _, err := h.Cancel(t.Context(), "main", "given up"); err != nil {
			t.Fatal(err)
		}
		h.wantEnhanced("given up", gateway.EnhancementNotPossible, 0, 0)
		time.Sleep(29 * 24 * time.Hour)
		h.wantEnhanced("left", gateway.EnhancementPending, 0, 0)
		time.Sleep(2 * 24 * time.Hour)
		for _, key := range []string{"left", "given up"} {
			if p := h.wantEnhanced(key, gateway.EnhancementNotPossible, 0, 0); !p.Finished() {
				t.Errorf("%s: due %v", key, p.First().Due)
			}
		}
		h.answers()
		if a := h.create("left", withLines(sale(0), "PO-7")); a.Payment.Status != gateway.StatusApproved {
			t.Errorf("its key makes it %s", a.Payment.Status)
		}
	})
}

func TestLinesOfAnAuthorizationThatIsNotCapturedDoNotStay(t *testing.T) {
	overheard(t, time.Hour, func(t *testing.T, h *house, l *overhearing) {
		h.create("k", withLines(authorization(0), "PO-7"))
		time.Sleep(39 * 24 * time.Hour)
		h.wantEnhanced("k", gateway.EnhancementPending, 0, 0)
		time.Sleep(4 * 24 * time.Hour)
		h.wantEnhanced("k", gateway.EnhancementNotPossible, 0, 0)
		told := l.told()
		if last := told[len(told)-1].Payment.Enhancement; last.Status != gateway.EnhancementNotPossible {
			t.Errorf("told %+v", last)
		}
	})
}

// What is looked for and not shown is looked for thirty times, and was called once.
func TestLooksAreNoCalls(t *testing.T) {
	days(t, time.Minute, func(t *testing.T, h *house) {
		var lost atomic.Bool
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			switch {
			case call == "enhance":
				lost.Store(true)
				return &gateway.Result{Outcome: gateway.Unknown, Detail: "connection lost"}
			case call == "look" && lost.Load():
				return &gateway.Result{Outcome: gateway.NotSent}
			}
			return nil
		})
		h.create("k", withLines(sale(0), "PO-7"))
		time.Sleep(20 * time.Hour)
		h.wantEnhanced("k", gateway.EnhancementPending, 1, 0)
		time.Sleep(20 * time.Hour)
		h.wantEnhanced("k", gateway.EnhancementGivenUp, 1, 0)
	})
}

func TestAnErasedCustomersLinesAreForgotten(t *testing.T) {
	kept(t, func(t *testing.T, k *keeper) {
		k.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "enhance" {
				return &gateway.Result{Outcome: gateway.NotSent}
			}
			return nil
		})
		cmd := withLines(ofPerson(0, "c"), "Ada Byron 7")
		k.create("k", cmd)
		k.lives(time.Second) // its event is spread beside the answer: until then somebody may still be told
		if erased := k.erases("c", false); erased.Payments != 1 {
			t.Fatalf("%+v", erased)
		}
		p := k.byKey("k").Payment
		if e := p.Enhancement; e.Data != nil || e.PurchaseOrder != "" || e.Status != gateway.EnhancementNotPossible || e.LineItemCount != 2 {
			t.Errorf("%+v", e)
		}
		if shown := trail(k.create("other", cmd).Payment); strings.Contains(shown, "94947") || strings.Contains(shown, "Ada Byron 7") {
			t.Errorf("forgotten is %s", shown)
		}
	})
}

// What PayTrace would take for another payment's reference, or show otherwise than
// it was told, is refused before anything is sent.
func TestAPurchaseOrderHasToBeToldFromAReference(t *testing.T) {
	h := newHouse(t)
	for _, purchaseOrder := range []string{"ABCDEFGHIJKLMNOP", " ", "PO-7 ", " PO-7"} {
		_, err := h.CreatePayment(t.Context(), as("k"+purchaseOrder), withLines(sale(0), purchaseOrder))
		if codeOf(err) != gateway.CodeEnhancedData {
			t.Errorf("%q: %v", purchaseOrder, err)
		}
	}
	blank := withLines(sale(0), "PO-7")
	blank.Enhanced.LineItems[1].Description = " "
	if _, err := h.CreatePayment(t.Context(), as("blank"), blank); codeOf(err) != gateway.CodeEnhancedData {
		t.Errorf("a description of a blank: %v", err)
	}
}

// PayTrace took the call, and says that it took less than all of it.
func TestWhatPayTraceSaysOfTheLinesIsShown(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
			if call == "enhance" {
				r.Doubt = "PayTrace says that it made 1 of 2 lines"
			}
			return r
		})
		h.create("k", withLines(sale(0), "PO-7"))
		time.Sleep(10 * time.Second)
		if p := h.wantEnhanced("k", gateway.EnhancementSent, 1, 2); !strings.Contains(p.Enhancement.Detail, "1 of 2") {
			t.Errorf("%+v", p.Enhancement)
		}
	})
}
