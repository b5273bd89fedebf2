package gateway_test

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func verification() gateway.CreatePayment {
	cmd := sale(0)
	cmd.Intent = gateway.IntentVerify
	return cmd
}

func TestAVerificationHoldsNoMoneyAndNothingCanBeDoneToIt(t *testing.T) {
	days(t, time.Minute, func(t *testing.T, h *house) {
		a := h.expect(h.create("k", verification()), nil, gateway.Verified, gateway.OpApproved)
		if a.Payment.HoldsMoney() || a.Payment.Captured() != 0 || a.Operation().Kind != gateway.KindVerify {
			t.Errorf("a verification holds money: %+v", a.Payment)
		}
		_, err := h.Capture(t.Context(), as("c"), a.Payment.ID, gateway.CapturePayment{})
		if codeOf(err) != gateway.CodeNotCapturable {
			t.Errorf("its capture: %v", err)
		}
		if _, err = h.Void(t.Context(), as("v"), a.Payment.ID); codeOf(err) != gateway.CodeNotVoidable {
			t.Errorf("its void: %v", err)
		}
		_, err = h.Refund(t.Context(), as("r"), a.Payment.ID, gateway.RefundPayment{})
		if codeOf(err) != gateway.CodeNotRefundable {
			t.Errorf("its refund: %v", err)
		}
		time.Sleep(12 * 24 * time.Hour)
		p := h.payment(a.Payment.ID)
		if p.Status != gateway.Verified || p.NeedsAttention || !p.First().Due.IsZero() || !p.Finished() {
			t.Errorf("twelve days later it is %s, attention %q, due %s", p.Status, p.First().Attention, p.First().Due)
		}
		again := h.create("k", verification())
		if !again.Replayed || again.Payment.Status != gateway.Verified || h.processor.Calls("charge") != 1 {
			t.Errorf("the repeat: %+v after %d charges", again, h.processor.Calls("charge"))
		}
	})
}

func TestOnlyAVerificationIsOfNothing(t *testing.T) {
	h := newHouse(t)
	some := verification()
	some.Amount = 1
	for name, cmd := range map[string]gateway.CreatePayment{
		"a sale of nothing": sale(0), "an authorization of nothing": authorization(0), "a verification of a cent": some,
	} {
		if _, err := h.CreatePayment(t.Context(), as(name), cmd); codeOf(err) != gateway.CodeAmount {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := h.processor.Calls("charge"); n != 0 {
		t.Errorf("%d charges", n)
	}
}

func TestAVerificationWhoseAnswerWasLostIsFoundByItsReference(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.loses("charge")
		h.expect(h.create("k", verification()), nil, gateway.StatusUnknown, gateway.OpUnknown)
		given := h.create("g", verification())
		if _, err := h.Cancel(t.Context(), "main", "g"); err != nil {
			t.Fatal(err)
		}
		h.answers()
		time.Sleep(30 * time.Second)
		h.expect(h.byKey("k"), nil, gateway.Verified, gateway.OpApproved)
		p := h.payment(given.Payment.ID)
		if op := p.First(); p.Status != gateway.Verified || op.Cancel != gateway.CancelDone || h.processor.Calls("void") != 0 {
			t.Errorf("what was given up is %s, cancel %q, after %d voids", p.Status, op.Cancel, h.processor.Calls("void"))
		}
		if _, err := h.CreatePayment(t.Context(), as("g"), verification()); codeOf(err) != gateway.CodeKeyCancelled {
			t.Errorf("a key that was given up: %v", err)
		}
	})
}

// Whoever voids an authorization of nothing at PayTrace's screens changes nothing
// of what the bank has said.
func TestALostVerificationThatAClerkHasVoidedIsVerified(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.loses("charge")
		h.expect(h.create("k", verification()), nil, gateway.StatusUnknown, gateway.OpUnknown)
		h.processor.Put(h.processor.Records()[0].TransactionID, gateway.RecordVoided)
		h.answers()
		time.Sleep(30 * time.Second)
		found := h.byKey("k")
		h.expect(found, nil, gateway.Verified, gateway.OpApproved)
		if _, err := h.Void(t.Context(), as("v"), found.Payment.ID); codeOf(err) != gateway.CodeNotVoidable {
			t.Errorf("its void: %v", err)
		}
	})
}

func TestAVerificationThatIsNowhereIsFailedAndNotWatched(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.dies("charge")
		a := h.create("k", verification())
		h.answers()
		time.Sleep(20 * time.Minute)
		h.create("later", sale(1999)) // the books move on
		time.Sleep(26 * time.Hour)
		p := h.payment(a.Payment.ID)
		if p.Status != gateway.Failed || !p.First().Due.IsZero() {
			t.Errorf("it is %s, due %s", p.Status, p.First().Due)
		}
	})
}

func TestAGivenUpKeyOfAVerificationHasNothingToUndo(t *testing.T) {
	h := newHouse(t)
	h.create("k", verification())
	a, err := h.Cancel(t.Context(), "main", "k")
	h.expect(a, err, gateway.Verified, gateway.OpApproved)
	if !a.Replayed || a.Operation().Cancel != "" || h.processor.Calls("void") != 0 {
		t.Errorf("replayed %v, cancel %q, %d voids", a.Replayed, a.Operation().Cancel, h.processor.Calls("void"))
	}
}

func TestAnAuthorizationOfNothingAtPayTracesScreensIsNoMoney(t *testing.T) {
	days(t, time.Minute, func(t *testing.T, h *house) {
		h.processor.Clerk(gateway.Record{Kind: gateway.KindAuthorize, State: gateway.RecordAuthorized, OrderID: "1"})
		h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 100, OrderID: "2"})
		go h.RunWatch(t.Context(), time.Minute)
		time.Sleep(20 * time.Minute)
		if list := h.unmatched(); len(list) != 1 || list[0].Record.OrderID != "2" {
			t.Errorf("listed are %+v", list)
		}
	})
}
