package gateway_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// inPart is a command that takes a part.
func inPart(cmd gateway.CreatePayment) gateway.CreatePayment {
	cmd.AcceptPartial = true
	return cmd
}

// givenBack holds that nothing is held at the processor of a payment that is
// declined for its part, and that its key says so.
func (h *house) givenBack(key string, part gateway.Money) gateway.Payment {
	h.t.Helper()
	a := h.byKey(key)
	p, op := a.Payment, a.Payment.First()
	if p.Status != gateway.StatusDeclined || p.Decline == nil || p.Decline.Code != gateway.DeclinedForPart || p.HoldsMoney() || p.Captured() != p.Refunded() {
		h.t.Errorf("it is %s (%+v), holds money %v, captured %s, refunded %s", p.Status, p.Decline, p.HoldsMoney(), p.Captured(), p.Refunded())
	}
	if !op.Part || op.Amount != part || op.Cancel != gateway.CancelDone || !op.Due.IsZero() || p.NeedsAttention {
		h.t.Errorf("the charge: part %v of %s, cancel %q, due %s, attention %q", op.Part, op.Amount, op.Cancel, op.Due, op.Attention)
	}
	for _, r := range h.processor.Records() {
		if r.Reference == p.Reference && r.State != gateway.RecordVoided && p.Refunded() != part {
			h.t.Errorf("PayTrace has %s as %s, and %s was refunded", r.Amount, r.State, p.Refunded())
		}
	}
	return p
}

func TestAPartThatNobodyTakesIsGivenBackBeforeTheAnswer(t *testing.T) {
	for name, cmd := range map[string]gateway.CreatePayment{"sale": sale(1999), "authorization": authorization(1999)} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.processor.SetBalance(500, true, false)
			a := h.expect(h.create("k", cmd), nil, gateway.StatusDeclined, gateway.OpDeclined)
			h.givenBack("k", 500)
			if n := h.processor.Calls("void"); n != 1 {
				t.Errorf("%d voids", n)
			}
			again := h.create("k", cmd)
			if !again.Replayed || again.Payment.Status != gateway.StatusDeclined || h.processor.Calls("charge") != 1 {
				t.Errorf("the repeat is %s after %d charges", again.Payment.Status, h.processor.Calls("charge"))
			}
			if b, err := h.Cancel(t.Context(), "main", "k"); err != nil || b.Payment.Status != gateway.StatusDeclined || h.processor.Calls("void") != 1 {
				t.Errorf("given up it is %s, %v, %d voids", b.Payment.Status, err, h.processor.Calls("void"))
			}
			if _, err := h.Void(t.Context(), as("v"), a.Payment.ID); codeOf(err) != gateway.CodeNotVoidable {
				t.Errorf("its void: %v", err)
			}
			if _, err := h.Refund(t.Context(), as("r"), a.Payment.ID, gateway.RefundPayment{}); codeOf(err) != gateway.CodeNotRefundable {
				t.Errorf("its refund: %v", err)
			}
		})
	}
}

// However the giving back goes wrong, nothing is held in the end.
func TestAPartIsGivenBackWhateverComesBetween(t *testing.T) {
	hour := 3 * time.Hour
	for name, c := range map[string]struct {
		before func(h *house)
		after  func(h *house)
	}{
		"the void is not sent": {func(h *house) {
			h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
				if call == "void" {
					return &gateway.Result{Outcome: gateway.NotSent}
				}
				return nil
			})
		}, (*house).answers},
		"the void's answer is lost":   {func(h *house) { h.loses("void") }, (*house).answers},
		"the void is lost":            {func(h *house) { h.dies("void") }, (*house).answers},
		"it settles before":           {func(h *house) { h.dies("void") }, func(h *house) { h.answers(); h.processor.Settle() }},
		"the charge's answer is lost": {func(h *house) { h.loses("charge") }, (*house).answers},
	} {
		for intent, cmd := range map[string]gateway.CreatePayment{"sale": sale(1999), "authorization": authorization(1999)} {
			t.Run(name+" of a "+intent, func(t *testing.T) {
				days(t, time.Minute, func(t *testing.T, h *house) {
					h.processor.SetBalance(500, true, false)
					c.before(h)
					a := h.create("k", cmd)
					if a.Payment.Status != gateway.StatusDeclined && a.Payment.Status != gateway.StatusUnknown {
						t.Errorf("it is %s at once", a.Payment.Status)
					}
					if !a.Payment.HoldsMoney() {
						t.Error("what is held at PayTrace is not said to be held")
					}
					time.Sleep(2 * time.Second)
					c.after(h)
					time.Sleep(26*time.Hour + hour)
					h.givenBack("k", 500)
				})
			})
		}
	}
}

func TestAPartIsGivenBackByTheNextProcessWhenOneDies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		h.processor.SetBalance(500, true, false)
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "void" {
				return &gateway.Result{Outcome: gateway.NotSent}
			}
			return nil
		})
		h.create("k", sale(1999)) // and the process ends
		h.ledger.Close()
		next := open(t, path, "two", h.processor)
		next.answers()
		ctx, cancel := context.WithCancel(t.Context())
		go next.RunDue(ctx, time.Minute)
		time.Sleep(time.Hour)
		ends(cancel)
		next.givenBack("k", 500)
		next.ledger.Close()
	})
}

func TestAPartThatIsTakenBoundsWhatFollows(t *testing.T) {
	days(t, time.Minute, func(t *testing.T, h *house) {
		h.processor.SetBalance(500, false, false)
		a := h.expect(h.create("a", inPart(authorization(1999))), nil, gateway.Authorized, gateway.OpApproved)
		if a.Payment.Granted() != 500 || a.Payment.Amount != 1999 || a.Payment.CardBalance == nil || *a.Payment.CardBalance != 0 {
			t.Errorf("given %s of %s, left %v", a.Payment.Granted(), a.Payment.Amount, a.Payment.CardBalance)
		}
		all := gateway.Money(1999)
		if _, err := h.Capture(t.Context(), as("c"), a.Payment.ID, gateway.CapturePayment{Amount: &all}); codeOf(err) != gateway.CodeCaptureExceeds {
			t.Errorf("a capture of the whole: %v", err)
		}
		captured, err := h.Capture(t.Context(), as("d"), a.Payment.ID, gateway.CapturePayment{})
		h.expect(captured, err, gateway.StatusApproved, gateway.OpApproved)
		s := h.expect(h.create("s", inPart(sale(1999))), nil, gateway.StatusApproved, gateway.OpApproved)
		h.processor.Settle()
		for key, p := range map[string]gateway.Payment{"ra": captured.Payment, "rs": s.Payment} {
			more := gateway.Money(501)
			if _, err := h.Refund(t.Context(), as(key+"1"), p.ID, gateway.RefundPayment{Amount: &more}); codeOf(err) != gateway.CodeRefundExceeds {
				t.Errorf("%s: a refund of more than the part: %v", key, err)
			}
			back, err := h.Refund(t.Context(), as(key), p.ID, gateway.RefundPayment{})
			h.expect(back, err, gateway.Refunded, gateway.OpApproved)
			if back.Payment.Refunded() != 500 || back.Payment.Captured() != 500 {
				t.Errorf("%s of %s refunded", back.Payment.Refunded(), back.Payment.Captured())
			}
		}
		if a.Payment.NeedsAttention {
			t.Error("it needs attention")
		}
	})
}

func TestTheVoidOfAPartIsOfThePartAlone(t *testing.T) {
	h := newHouse(t)
	h.processor.SetBalance(500, false, false)
	p := h.expect(h.create("k", inPart(authorization(1999))), nil, gateway.Authorized, gateway.OpApproved).Payment
	for _, key := range []string{"v", "again"} { // the second is answered without a call
		a, err := h.void(key, p)
		if h.expect(a, err, gateway.Voided, gateway.OpApproved); a.Operation().Amount != 500 {
			t.Errorf("%s: a void of %s", key, a.Operation().Amount)
		}
	}
	h.wantCalls("void", 1)
}

func TestAnAnswerThatDoesNotTellThePartIsLookedUp(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.processor.SetBalance(500, false, true)
		s := h.expect(h.create("s", inPart(sale(1999))), nil, gateway.StatusApproved, gateway.OpApproved)
		if s.Payment.Captured() != 500 || !s.Payment.First().Part {
			t.Errorf("captured %s", s.Payment.Captured())
		}
		w := h.expect(h.create("w", inPart(sale(400))), nil, gateway.StatusApproved, gateway.OpApproved)
		if w.Payment.First().Part || w.Payment.Captured() != 400 {
			t.Errorf("the whole is said to be a part: %s", w.Payment.Captured())
		}
		h.dies("look")
		h.expect(h.create("u", inPart(sale(1999))), nil, gateway.StatusUnknown, gateway.OpUnknown)
		h.answers()
		time.Sleep(30 * time.Second)
		found := h.expect(h.byKey("u"), nil, gateway.StatusApproved, gateway.OpApproved)
		if found.Payment.Captured() != 500 {
			t.Errorf("found with %s captured", found.Payment.Captured())
		}
	})
}

func TestAGivenUpPaymentThatWasGivenInPartIsUndone(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.processor.SetBalance(500, true, false)
		h.loses("charge")
		h.create("k", sale(1999))
		if _, err := h.Cancel(t.Context(), "main", "k"); err != nil {
			t.Fatal(err)
		}
		h.answers()
		time.Sleep(2 * time.Minute)
		a := h.expect(h.byKey("k"), nil, gateway.Voided, gateway.OpApproved)
		if void := a.Payment.Operations[1]; void.Amount != 500 {
			t.Errorf("a void of %s", void.Amount)
		}
	})
}

func TestOnlyWhatABankCanGiveInPartMayBeTakenInPart(t *testing.T) {
	h := newHouse(t)
	if _, err := h.CreatePayment(t.Context(), as("k"), inPart(verification())); codeOf(err) != gateway.CodeAmount {
		t.Errorf("a part of a verification: %v", err)
	}
	lined := inPart(sale(1999))
	lined.Enhanced = &gateway.EnhancedData{}
	if _, err := h.CreatePayment(t.Context(), as("l"), lined); codeOf(err) != gateway.CodeAmount {
		t.Errorf("a part of order lines: %v", err)
	}
}

func TestAStoredBankAccountIsNotChargedInPart(t *testing.T) {
	h := newHouse(t)
	account := h.storedAccount().Methods[0].ID
	_, err := h.CreatePayment(t.Context(), as("part"), inPart(byVault("c", account)))
	h.isRefused("a part of a stored account", err, gateway.CodeAmount)
	h.wantCalls("charge", 0)
	card := h.addCard("card")
	h.expect(h.create("whole", inPart(byVault("c", card))), nil, gateway.StatusApproved, gateway.OpApproved)
}

// unseen is a charge whose answer does not tell the part, and of which the books do not either.
func (h *house) unseen(key string, cmd gateway.CreatePayment) gateway.Payment {
	h.t.Helper()
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "look" {
			return &gateway.Result{Outcome: gateway.Unknown}
		}
		return nil
	})
	h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
		if call == "charge" {
			r.AVS, r.CSC, r.Balance = "Full Exact Match", "Match", new(gateway.Money)
		}
		return r
	})
	a := h.expect(h.create(key, inPart(cmd)), nil, gateway.StatusUnknown, gateway.OpUnknown)
	h.answers()
	return a.Payment
}

func TestWhatWasHeardOfAPartIsKeptUntilItIsSeen(t *testing.T) {
	for name, seen := range map[string]func(h *house, p gateway.Payment){
		"by a look": func(h *house, _ gateway.Payment) { time.Sleep(30 * time.Second) },
		"by a person": func(h *house, p gateway.Payment) {
			if a, err := h.resolve(p, p.First().ID, gateway.Done, p.TransactionID); err != nil {
				h.t.Errorf("%v, %+v", err, a)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			days(t, 10*time.Second, func(t *testing.T, h *house) {
				h.processor.SetBalance(500, false, true)
				told := func(p gateway.Payment) {
					t.Helper()
					if p.TransactionID == "" || p.ApprovalCode != "TAS001" || p.AVS != "Full Exact Match" || p.CSC != "Match" || p.CardBalance == nil {
						t.Errorf("%s is left: %q %q %q %q %v", p.Status, p.TransactionID, p.ApprovalCode, p.AVS, p.CSC, p.CardBalance)
					}
				}
				p := h.unseen("k", sale(1999))
				told(p)
				h.processor.Hide(func(gateway.Record) bool { return true }) // it is found by its transaction alone
				seen(h, p)
				found := h.expect(h.byKey("k"), nil, gateway.StatusApproved, gateway.OpApproved).Payment
				told(found)
				if found.TransactionID != p.TransactionID || found.Captured() != 500 || !found.First().Part {
					t.Errorf("found %s of %s as %s", found.Captured(), found.Amount, found.TransactionID)
				}
			})
		})
	}
}

func TestAChargeThatWasVoidedBeforeItsPartWasSeenIsNotApproved(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.processor.SetBalance(500, false, true)
		h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
			if call == "charge" {
				h.processor.Put(r.TransactionID, gateway.RecordVoided)
			}
			return r
		})
		h.expect(h.create("k", inPart(authorization(1999))), nil, gateway.StatusUnknown, gateway.OpUnknown)
		time.Sleep(30 * time.Second)
		if p := h.byKey("k").Payment; p.Status != gateway.Voided || p.HoldsMoney() {
			t.Errorf("it is %s", p.Status)
		}
	})
}

// A person may err, and may have refunded what was settled by then.
func TestWhatAPersonCallsGivenBackIsLookedAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		there gateway.RecordState
		told  bool
	}{
		"held still": {gateway.RecordPending, true}, "voided": {gateway.RecordVoided, false}, "settled": {gateway.RecordSettled, false},
	} {
		t.Run(name, func(t *testing.T) {
			days(t, 10*time.Second, func(t *testing.T, h *house) {
				h.processor.SetBalance(500, true, false)
				h.says("void", gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "1"}})
				p := h.create("k", sale(1999)).Payment
				if p = h.payment(p.ID); !p.NeedsAttention {
					t.Fatalf("nobody is told: %+v", p.First())
				}
				h.processor.Put(p.TransactionID, c.there)
				if _, err := h.resolve(p, p.First().ID, gateway.Done, ""); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				looks := h.processor.Calls("look")
				if looks == 0 {
					t.Error("nobody has looked")
				}
				time.Sleep(3 * time.Hour)
				p = h.payment(p.ID)
				if p.NeedsAttention != c.told || !p.First().Due.IsZero() || h.processor.Calls("look") != looks || h.processor.Calls("void") != 1 {
					t.Errorf("attention %q, due %s, %d looks, %d voids", p.First().Attention, p.First().Due, h.processor.Calls("look"), h.processor.Calls("void"))
				}
			})
		})
	}
}
