package gateway_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func (h *house) returns(id, code string) (gateway.Answer, error) {
	return h.Return(h.t.Context(), "main", ann, id, gateway.ReturnPayment{Code: code, Note: "in the bank's report"})
}

func TestABankReturnsWhatWasTaken(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		accepted := h.create("accepted", bankSale(1000)).Payment
		waiting := h.create("waiting", bankSale(1000)).Payment
		refund, _ := h.refund("r", waiting, 300)
		held := h.create("held", bankHold(1000)).Payment
		funded, err := h.capture("c", held, gateway.CapturePayment{Amount: new(gateway.Money(900))})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []gateway.Payment{accepted, waiting, held} {
			a, err := h.returns(p.TransactionID, "R01")
			if err != nil || a.Payment.Status != gateway.Returned || a.Payment.NeedsAttention || a.Payment.HoldsMoney() || a.Payment.Refundable() != 0 || !a.Payment.Finished() {
				t.Fatalf("%+v, %v", a.Payment, err)
			}
			r := a.Operation().Return
			if r == nil || r.Code != "R01" || r.By != "Ann (ops)" || r.Note != "in the bank's report" || r.At.IsZero() {
				t.Errorf("%+v", r)
			}
			again, err := h.returns(p.ID, "R01")
			if err != nil || !again.Replayed || again.Payment.Version != a.Payment.Version {
				t.Errorf("once more: %v, version %d", err, again.Payment.Version)
			}
			if _, err := h.returns(p.ID, "R02"); codeOf(err) != gateway.CodeNotReturnable {
				t.Errorf("with another code: %v", err)
			}
			if _, err := h.refund("late"+p.ID, p, 100); codeOf(err) != gateway.CodeNotRefundable {
				t.Errorf("refunded after its return: %v", err)
			}
		}
		if a := h.payment(held.ID); a.Operations[1].ID != funded.OperationID || a.Operations[1].Return == nil || a.First().Return != nil {
			t.Error("it is the funding that is returned")
		}
		h.expect(h.byKey("r"), nil, gateway.Returned, gateway.OpRejected)
		if again, err := h.refund("r", waiting, 300); err != nil || again.Operation().Status != gateway.OpRejected || again.OperationID != refund.OperationID {
			t.Errorf("the refund that waited is repeated as %s, %v", again.Operation().Status, err)
		}
		time.Sleep(2 * window)
		if p := h.payment(accepted.ID); p.Status != gateway.Returned {
			t.Errorf("weeks later it is %s", p.Status)
		}
		h.wantCalls("refund", 0)
		h.wantTold(accepted, "payment.accepted", "payment.returned")
		h.wantNotLookedAt()
	})
}

func TestAReturnAfterARefundIsForAPerson(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		part, whole := h.create("part", bankSale(1000)).Payment, h.create("whole", bankSale(1000)).Payment
		time.Sleep(window)
		if _, err := h.refund("p", part, 400); err != nil {
			t.Fatal(err)
		}
		back, err := h.refund("w", whole, 0)
		h.expect(back, err, gateway.Refunded, gateway.OpApproved)
		a, err := h.returns(part.TransactionID, "R10")
		h.expect(a, err, gateway.Returned, gateway.OpApproved)
		b, err := h.returns(whole.TransactionID, "R10")
		h.expect(b, err, gateway.Refunded, gateway.OpApproved)
		// The refund itself comes back too.
		c, err := h.returns(back.Operation().TransactionID, "R02")
		h.expect(c, err, gateway.Refunded, gateway.OpApproved)
		// Both came back, so that the shopper has the money once.
		if c.Payment.NeedsAttention || c.Operation().Return == nil {
			t.Errorf("somebody is told of %+v", c.Payment.Operations)
		}
		for _, x := range []gateway.Answer{a, b} {
			if !x.Payment.NeedsAttention || x.Operation().Attention == "" || x.Operation().Return == nil {
				t.Errorf("nobody is told of %+v", x.Operation())
			}
		}
		if _, err := h.resolve(a.Payment, a.OperationID, gateway.Seen, ""); err != nil {
			t.Errorf("seen: %v", err)
		}
		if p := h.payment(whole.ID); p.NeedsAttention || !p.Finished() || p.Refundable() != 0 {
			t.Errorf("attention %t, finished %t, refundable %s", p.NeedsAttention, p.Finished(), p.Refundable())
		}
		h.wantTold(part, "payment.accepted", "payment.approved", "payment.partially_refunded", "payment.returned", "operator.attention", "payment.updated")
	})
}

func TestOfARefundThatCameBackFirstNobodyIsToldWhenItsPaymentDoes(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		time.Sleep(window)
		kept, err := h.refund("kept", p, 400)
		if err != nil {
			t.Fatal(err)
		}
		back, err := h.refund("back", p, 600)
		h.expect(back, err, gateway.Refunded, gateway.OpApproved)
		a, err := h.returns(back.Operation().TransactionID, "R02")
		if err != nil || !strings.Contains(a.Operation().Attention, "another way") {
			t.Errorf("%v, %q", err, a.Operation().Attention)
		}
		b, err := h.returns(p.TransactionID, "R10")
		if err != nil || !strings.Contains(b.Operation().Attention, "after 4.00 of it were refunded") {
			t.Errorf("%v, %q", err, b.Operation().Attention)
		}
		if o, _ := b.Payment.Operation(back.OperationID); o.Attention != "" {
			t.Errorf("the shopper is to be paid again: %q", o.Attention)
		}
		c, err := h.returns(kept.Operation().TransactionID, "R02")
		if err != nil || c.Payment.NeedsAttention {
			t.Errorf("%v, %+v", err, c.Payment.Operations)
		}
	})
}

// A person who has seen that a refund came back may have paid it in another way.
func TestOfARefundThatCameBackAndWasSeenAPersonIsToldWhenItsPaymentComesBackToo(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		time.Sleep(window)
		first, err := h.refund("first", p, 600)
		h.expect(first, err, gateway.PartiallyRefunded, gateway.OpApproved)
		second, err := h.refund("second", p, 400)
		h.expect(second, err, gateway.Refunded, gateway.OpApproved)
		if _, err := h.returns(first.Operation().TransactionID, "R02"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.resolve(p, first.OperationID, gateway.Seen, ""); err != nil {
			t.Fatal(err)
		}
		a, err := h.returns(p.TransactionID, "R10")
		if want := "a refund of 6.00 had come back and was marked as seen: look whether the shopper was paid"; err != nil || !strings.Contains(a.Operation().Attention, want) {
			t.Errorf("%v, %q", err, a.Operation().Attention)
		}
		// The other refund comes back unseen: of that nobody has paid anything, and what
		// is on the list of the first stays, and is told once.
		b, err := h.returns(second.Operation().TransactionID, "R02")
		if err != nil || !b.Payment.NeedsAttention || b.Operation().Attention != "" || strings.Contains(b.Payment.First().Attention, "4.00") {
			t.Errorf("%v, %+v", err, b.Payment.Operations)
		}
		if _, err := h.resolve(p, a.OperationID, gateway.Seen, ""); err != nil {
			t.Fatal(err)
		}
		if p = h.payment(p.ID); p.NeedsAttention || !p.Finished() {
			t.Errorf("attention %t, finished %t", p.NeedsAttention, p.Finished())
		}
		told := 0
		for _, of := range h.told(p) {
			if of == gateway.EventAttention {
				told++
			}
		}
		if told != 2 {
			t.Errorf("a person was told %d times, want of the first refund and of the payment", told)
		}
	})
}

func TestWhatNoBankCanHaveReturnedIsRefused(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		card := h.create("card", sale(1000)).Payment
		held := h.create("held", bankHold(1000)).Payment
		good := h.create("good", bankSale(1000)).Payment
		voided, _ := h.void("v", h.create("voided", bankSale(1000)).Payment)
		undone, _ := h.refund("r", h.create("undone", bankSale(1000)).Payment, 0)
		h.dies("charge")
		unknown := h.create("unknown", bankSale(1000)).Payment
		h.dies("void")
		busy := h.create("busy", bankSale(1000)).Payment
		lost, _ := h.void("lost", busy)
		h.answers()
		if lost.Operation().Status != gateway.OpUnknown {
			t.Fatalf("the void is %s", lost.Operation().Status)
		}
		now := time.Now()
		for name, c := range map[string]struct {
			id, code string
			at       time.Time
			want     gateway.Code
		}{
			"a card payment":            {card.ID, "R01", now, gateway.CodeNotReturnable},
			"a held one":                {held.ID, "R01", now, gateway.CodeNotReturnable},
			"a voided one":              {voided.Payment.ID, "R01", now, gateway.CodeNotReturnable},
			"one refunded by a void":    {undone.Payment.ID, "R01", now, gateway.CodeNotReturnable},
			"an unknown one":            {unknown.ID, "R01", now, gateway.CodeUndecided},
			"one whose void is unheard": {busy.ID, "R01", now, gateway.CodeInProgress},
			"one that is not there":     {"chk_1", "R01", now, gateway.CodeNotFound},
			"no code":                   {good.ID, "", now, gateway.CodeNotReturnable},
			"R00":                       {good.ID, "R00", now, gateway.CodeNotReturnable},
			"R86":                       {good.ID, "R86", now, gateway.CodeNotReturnable},
			"r01":                       {good.ID, "r01", now, gateway.CodeNotReturnable},
			"R1":                        {good.ID, "R1", now, gateway.CodeNotReturnable},
			"R+1":                       {good.ID, "R+1", now, gateway.CodeNotReturnable},
			"before it was made":        {good.ID, "R01", now.Add(-48 * time.Hour), gateway.CodeNotReturnable},
			"in the future":             {good.ID, "R01", now.Add(time.Hour), gateway.CodeNotReturnable},
		} {
			_, err := h.Return(t.Context(), "main", ann, c.id, gateway.ReturnPayment{Code: c.code, ReturnedAt: c.at})
			if codeOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		if p := h.payment(good.ID); p.Version != good.Version {
			t.Error("a refused return has changed something")
		}
	})
}

func TestOfTwoReturnsAtOnceOneIsWrittenDown(t *testing.T) {
	h := newHouse(t)
	h.keepsEvents()
	p := h.create("k", bankSale(1000)).Payment
	var both sync.WaitGroup
	var mu sync.Mutex
	fresh, replayed := 0, 0
	for range 8 {
		both.Go(func() {
			a, err := h.returns(p.ID, "R03")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil || a.Payment.Status != gateway.Returned:
				t.Errorf("%s, %v", a.Payment.Status, err)
			case a.Replayed:
				replayed++
			default:
				fresh++
			}
		})
	}
	both.Wait()
	if fresh != 1 || replayed != 7 {
		t.Errorf("%d written down, %d replayed", fresh, replayed)
	}
	h.wantTold(p, "payment.accepted", "payment.returned")
}

func TestAReturnEndsTheUndoingOfWhatWasGivenUp(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		h.processor.Settle()
		h.cancel("k")
		time.Sleep(time.Hour)
		p = h.payment(p.ID)
		if _, err := h.resolve(p, p.Operations[1].ID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		a, err := h.returns(p.ID, "R01")
		if err != nil || a.Payment.Status != gateway.Returned || a.Operation().Cancel != gateway.CancelDone || !a.Payment.Finished() {
			t.Fatalf("%+v, %v", a.Payment, err)
		}
		time.Sleep(window)
		h.wantCalls("refund", 0)
		if p = h.payment(p.ID); p.Status != gateway.Returned || p.NeedsAttention {
			t.Errorf("%s, attention %t", p.Status, p.NeedsAttention)
		}
	})
}

func TestTheTimeAndTheNoteOfAReturnAreCorrected(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", bankSale(1000)).Payment
		time.Sleep(3 * 24 * time.Hour)
		monday, tuesday := time.Now().Add(-48*time.Hour).UTC(), time.Now().Add(-24*time.Hour).UTC()
		enter := func(by gateway.Actor, code, note string, at time.Time) (gateway.Answer, error) {
			return h.Return(t.Context(), "main", by, p.ID, gateway.ReturnPayment{Code: code, Note: note, ReturnedAt: at})
		}
		if _, err := enter(ann, "R01", "as Bob has said", monday); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			note     string
			at       time.Time
			replayed bool
			wantNote string
			wantAt   time.Time
		}{
			{"", time.Time{}, true, "as Bob has said", monday},
			{"as Bob has said", monday, true, "as Bob has said", monday},
			{"", tuesday, false, "as Bob has said", tuesday},
			{"", tuesday, true, "as Bob has said", tuesday},
			{"in the bank's report", time.Time{}, false, "in the bank's report", tuesday},
		} {
			before := h.payment(p.ID).Version
			time.Sleep(time.Minute)
			a, err := enter(anna, "R01", c.note, c.at)
			if err != nil || a.Replayed != c.replayed || a.Payment.Status != gateway.Returned || (a.Payment.Version == before) != c.replayed {
				t.Fatalf("%+v: replayed %t, %s, %v", c, a.Replayed, a.Payment.Status, err)
			}
			if r := a.Operation().Return; r.Note != c.wantNote || !r.ReturnedAt.Equal(c.wantAt) {
				t.Errorf("%+v: %+v", c, r)
			}
		}
		if r := h.payment(p.ID).First().Return; r.By != "anna" {
			t.Errorf("corrected by %q", r.By)
		}
		for name, at := range map[string]time.Time{"to come": time.Now().Add(time.Hour), "too early": p.CreatedAt.Add(-48 * time.Hour)} {
			if _, err := enter(anna, "R01", "", at); codeOf(err) != gateway.CodeNotReturnable {
				t.Errorf("a time that is %s: %v", name, err)
			}
		}
		if _, err := enter(anna, "R02", "", tuesday); codeOf(err) != gateway.CodeNotReturnable {
			t.Errorf("another code: %v", err)
		}
		h.wantTold(p, "payment.accepted", "payment.returned", "payment.updated", "payment.updated")
	})
}
