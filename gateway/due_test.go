package gateway_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// bubble has time of its own, which stands still once its test is over: who is
// asleep then would never wake up, and fail it. So the test is over only when what
// it left in the air has landed. A write that is tried again sleeps for 38 s in all.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { time.Sleep(time.Minute) }) // after all other cleanups, and when the test has failed too
		test(t)
	})
}

// ends ends the loops of a gateway and lets what they left in the air finish:
// an intent that the end cut off is taken back, which may take half a minute.
func ends(cancel context.CancelFunc) {
	cancel()
	time.Sleep(time.Minute)
	synctest.Wait()
}

// runsDue has a gateway do what is due, and gives what changes its pace: where
// nothing is due for weeks, a look every few seconds is all that a test would do.
func runsDue(ctx context.Context, g *gateway.Gateway, every time.Duration) (pace func(every time.Duration)) {
	var running sync.WaitGroup
	stop := func() {}
	pace = func(every time.Duration) {
		stop()
		running.Wait()
		var turn context.Context
		turn, stop = context.WithCancel(ctx)
		running.Go(func() { g.RunDue(turn, every) })
	}
	pace(every)
	return pace
}

// days lets a test live through days: in a bubble, with the jobs running.
func days(t *testing.T, every time.Duration, test func(t *testing.T, h *house)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, every)
		defer func() { // a test that fails has to end as well
			ends(cancel)
			h.ledger.Close()
		}()
		test(t, h)
	})
}

// loses makes the answers of a call unknown, after it has acted.
func (h *house) loses(call string) {
	h.processor.SetAfter(func(_ context.Context, name string, r gateway.Result) gateway.Result {
		if name == call {
			return gateway.Result{Outcome: gateway.Unknown, Detail: "connection lost"}
		}
		return r
	})
}

// dies makes a call unknown without its having acted.
func (h *house) dies(call string) {
	h.processor.SetBefore(func(_ context.Context, name string) *gateway.Result {
		if name == call {
			return &gateway.Result{Outcome: gateway.Unknown, Detail: "connection lost"}
		}
		return nil
	})
}

func (h *house) answers() {
	h.processor.SetBefore(nil)
	h.processor.SetAfter(nil)
}

func (h *house) byKey(key string) gateway.Answer {
	h.t.Helper()
	a, err := h.ByKey(context.Background(), "main", key)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func TestAChargeWhoseAnswerWasLostIsFoundByItsReference(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.loses("charge")
		h.create("k", sale(1999))
		h.create("a", authorization(500))
		declined := h.create("d", sale(processortest.Declines))
		h.answers()
		time.Sleep(25 * time.Second)
		h.expect(h.byKey("k"), nil, gateway.StatusApproved, gateway.OpApproved)
		h.expect(h.byKey("a"), nil, gateway.Authorized, gateway.OpApproved)
		h.expect(h.byKey("d"), nil, gateway.StatusDeclined, gateway.OpDeclined)
		if declined.Payment.Status != gateway.StatusUnknown || h.processor.Calls("charge") != 3 {
			t.Errorf("%s, %d charges", declined.Payment.Status, h.processor.Calls("charge"))
		}
		if again := h.create("k", sale(1999)); !again.Replayed || again.Payment.Status != gateway.StatusApproved {
			t.Errorf("the repeat shows %s", again.Payment.Status)
		}
	})
}

func TestAChargeOfAHigherAmountIsForAPersonToDecide(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.dies("charge")
		p := h.create("k", sale(1999)).Payment
		h.answers()
		h.processor.Charge(t.Context(), gateway.Charge{Intent: gateway.IntentSale, Amount: 2000, Reference: p.Reference, SendBefore: time.Now().Add(time.Hour)})
		time.Sleep(25 * time.Second)
		a := h.expect(h.byKey("k"), nil, gateway.StatusUnknown, gateway.OpUnknown)
		if !a.Payment.NeedsAttention || a.Operation().Attention == "" {
			t.Error("nobody is told")
		}
	})
}

func TestAbsenceIsCertainOnlyAfterADay(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.dies("charge")
		h.create("k", sale(1999))
		h.answers()
		time.Sleep(10 * time.Minute)
		h.create("later", sale(100)) // shows that the books have moved on
		time.Sleep(23 * time.Hour)
		h.expect(h.byKey("k"), nil, gateway.StatusUnknown, gateway.OpUnknown)
		time.Sleep(2 * time.Hour)
		h.expect(h.byKey("k"), nil, gateway.Failed, gateway.OpFailed)
		again := h.create("k", sale(1999))
		if again.Payment.Status != gateway.Failed || h.processor.Calls("charge") != 2 {
			t.Errorf("the repeat shows %s after %d charges; a failed one is never sent again", again.Payment.Status, h.processor.Calls("charge"))
		}
	})
}

func TestBooksThatShowNoReferencesProveNoAbsence(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.dies("charge")
		h.create("k", sale(1999))
		h.answers()
		time.Sleep(time.Hour)
		h.processor.Charge(t.Context(), gateway.Charge{Intent: gateway.IntentSale, Amount: 1, SendBefore: time.Now().Add(time.Hour)})
		time.Sleep(48 * time.Hour)
		if a := h.byKey("k"); a.Payment.Status != gateway.StatusUnknown || !a.Payment.NeedsAttention {
			t.Errorf("%s, needs attention %v", a.Payment.Status, a.Payment.NeedsAttention)
		}
	})
}

func TestBooksThatHaveNotMovedOnProveNoAbsence(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.dies("charge")
		h.create("k", sale(1999))
		h.answers()
		h.processor.Hide(func(gateway.Record) bool { return true })
		h.create("later", sale(100))
		time.Sleep(48 * time.Hour)
		a := h.expect(h.byKey("k"), nil, gateway.StatusUnknown, gateway.OpUnknown)
		if !a.Payment.NeedsAttention {
			t.Error("nobody is told after two days")
		}
	})
}

func TestAChargeFoundLateIsUndone(t *testing.T) {
	for name, settle := range map[string]bool{"by a void": false, "by a refund once it is settled": true} {
		t.Run(name, func(t *testing.T) {
			days(t, 5*time.Minute, func(t *testing.T, h *house) {
				h.loses("charge")
				reference := h.create("k", sale(1999)).Payment.Reference
				h.answers()
				h.processor.Hide(func(r gateway.Record) bool { return r.Reference == reference })
				time.Sleep(time.Hour)
				h.create("later", sale(100))
				time.Sleep(26 * time.Hour)
				h.expect(h.byKey("k"), nil, gateway.Failed, gateway.OpFailed)
				if settle {
					h.processor.Settle()
				}
				h.processor.Hide(nil)
				time.Sleep(25 * time.Hour)
				want := gateway.Voided
				if settle {
					want = gateway.Refunded
				}
				a := h.expect(h.byKey("k"), nil, want, gateway.OpFailed)
				if undone := a.Payment.Operations[1]; undone.Origin != gateway.OriginGateway || undone.Amount != 1999 {
					t.Errorf("undone by %+v", undone)
				}
				time.Sleep(5 * 24 * time.Hour)
				if n := h.processor.Calls("void") + h.processor.Calls("refund"); n != 1 {
					t.Errorf("undone %d times", n)
				}
			})
		})
	}
}

func TestLostCapturesAndVoidsAreLookedUpByTheirTransaction(t *testing.T) {
	for _, call := range []string{"capture", "void"} {
		t.Run(call, func(t *testing.T) {
			days(t, 10*time.Second, func(t *testing.T, h *house) {
				p := h.create("k", authorization(1000)).Payment
				h.loses(call)
				var err error
				if call == "capture" {
					_, err = h.Capture(t.Context(), as("op"), p.ID, gateway.CapturePayment{})
				} else {
					_, err = h.Void(t.Context(), as("op"), p.ID)
				}
				if err != nil {
					t.Fatal(err)
				}
				h.answers()
				time.Sleep(25 * time.Second)
				want := map[string]gateway.Status{"capture": gateway.StatusApproved, "void": gateway.Voided}[call]
				h.expect(h.byKey("op"), nil, want, gateway.OpApproved)
			})
		})
	}
}

func TestALostRefundIsAdoptedOnlyWhenNoOtherCanBeIt(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		cmd := sale(1000)
		cmd.OrderID = "" // which would tell them apart
		first, second := h.create("k1", cmd).Payment, h.create("k2", cmd).Payment
		h.processor.Settle()
		part := gateway.Money(300)
		known, err := h.Refund(t.Context(), as("known"), first.ID, gateway.RefundPayment{Amount: &part})
		h.expect(known, err, gateway.PartiallyRefunded, gateway.OpApproved)
		h.loses("refund")
		_, err = h.Refund(t.Context(), as("lost"), second.ID, gateway.RefundPayment{Amount: &part})
		if err != nil {
			t.Fatal(err)
		}
		h.answers()
		time.Sleep(5 * time.Minute)
		found := h.expect(h.byKey("lost"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
		if found.Operation().TransactionID == known.Operation().TransactionID {
			t.Error("another refund was adopted")
		}
		h.loses("refund")
		for key, p := range map[string]gateway.Payment{"twin1": first, "twin2": second} {
			if _, err := h.Refund(t.Context(), as(key), p.ID, gateway.RefundPayment{Amount: &part}); err != nil {
				t.Fatal(err)
			}
		}
		h.answers()
		time.Sleep(26 * time.Hour)
		for _, key := range []string{"twin1", "twin2"} {
			a := h.byKey(key)
			if a.Operation().Status != gateway.OpUnknown || !a.Payment.NeedsAttention || a.Payment.RefundPending() != 300 {
				t.Errorf("%s is %s, needs attention %v, reserves %s", key, a.Operation().Status, a.Payment.NeedsAttention, a.Payment.RefundPending())
			}
		}
	})
}

func TestARefundThatWaitsIsSentOnceSettled(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		time.Sleep(5 * time.Hour)
		h.expect(h.byKey("r"), nil, gateway.StatusApproved, gateway.OpWaiting)
		h.processor.Settle()
		time.Sleep(61 * time.Minute)
		a = h.expect(h.byKey("r"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
		if h.processor.Calls("refund") != 1 || a.Operation().ProcessedAs != gateway.AsRefund || !a.Operation().Due.IsZero() {
			t.Errorf("%d refunds, %+v", h.processor.Calls("refund"), a.Operation())
		}
	})
}

func TestRefundsThatAddUpToTheWholeAreClosedByOneVoid(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.dies("look") // so that neither refund knows what to do at once
		for key, amount := range map[string]gateway.Money{"r1": 400, "r2": 600} {
			a, err := h.Refund(t.Context(), as(key), p.ID, gateway.RefundPayment{Amount: &amount})
			h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		}
		h.answers()
		time.Sleep(61 * time.Minute)
		for _, key := range []string{"r1", "r2"} {
			a := h.expect(h.byKey(key), nil, gateway.Refunded, gateway.OpApproved)
			if a.Operation().ProcessedAs != gateway.AsVoid {
				t.Errorf("%s was processed as %s", key, a.Operation().ProcessedAs)
			}
		}
		if h.processor.Calls("void") != 1 || h.processor.Calls("refund") != 0 {
			t.Errorf("%d voids, %d refunds", h.processor.Calls("void"), h.processor.Calls("refund"))
		}
	})
}

func TestAnUndecidedUndoHoldsNobodyUp(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.create("given-up", sale(1000))
		h.dies("void")
		_, _ = within(time.Second, func(ctx context.Context) (gateway.Answer, error) { return h.Cancel(ctx, "main", "given-up") })
		h.answers()
		h.loses("charge")
		h.create("other", sale(500))
		h.answers()
		time.Sleep(25 * time.Second)
		h.expect(h.byKey("other"), nil, gateway.StatusApproved, gateway.OpApproved)
		// The void did nothing and PayTrace still shows the payment pending, so it
		// stays unknown and no second void is sent beside it.
		a := h.byKey("given-up")
		if a.Operation().Cancel != gateway.CancelRequested || h.processor.Calls("void") != 1 {
			t.Errorf("cancel %s, %d voids", a.Operation().Cancel, h.processor.Calls("void"))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := h.Stop(ctx); err != nil {
			t.Errorf("a flight never landed: %v", err)
		}
	})
}

func TestAnUndoThatIsRefusedIsTriedAgainAndShown(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "void" {
				return &gateway.Result{Outcome: gateway.Declined, Decline: &gateway.Decline{Code: "110"}}
			}
			return nil
		})
		a, err := h.Cancel(t.Context(), "main", "k")
		if err != nil || !a.Payment.NeedsAttention || a.Operation().Cancel != gateway.CancelRequested {
			t.Fatalf("needs attention %v, cancel %s, %v", a.Payment.NeedsAttention, a.Operation().Cancel, err)
		}
		time.Sleep(20 * time.Minute)
		h.answers()
		h.processor.Settle()
		time.Sleep(time.Hour)
		a = h.byKey("k")
		if a.Payment.Status != gateway.Refunded || a.Payment.NeedsAttention || h.processor.Calls("refund") != 1 {
			t.Errorf("%s, needs attention %v, %d refunds", a.Payment.Status, a.Payment.NeedsAttention, h.processor.Calls("refund"))
		}
	})
}

func TestARefundThatWaitsTooLongIsForAPersonToDecide(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		if _, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(74 * time.Hour)
		if a := h.byKey("r"); !a.Payment.NeedsAttention || a.Operation().Status != gateway.OpWaiting {
			t.Errorf("needs attention %v, %s", a.Payment.NeedsAttention, a.Operation().Status)
		}
	})
}

func TestWhatADeadProcessLeftIsTakenUpByAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		release := make(chan struct{})
		h.processor.SetAfter(func(_ context.Context, call string, r gateway.Result) gateway.Result {
			if call == "charge" {
				<-release // this process never hears the answer
			}
			return r
		})
		_, _ = within(time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("k"), sale(1999))
		})
		// The second instance has the same ledger and knows nothing of the flight.
		other := gateway.New(gateway.Config{
			Ledger: h.ledger, Processors: map[string]gateway.Processor{"main": h.processor}, Instance: "two",
			Merchants: merchants, Now: time.Now, Log: discard, MaxInFlight: 8,
		})
		ctx, cancel := context.WithCancel(t.Context())
		go other.RunDue(ctx, time.Second)
		time.Sleep(90 * time.Second)
		if got := h.byKey("k").Payment.Status; got != gateway.Sending {
			t.Errorf("after 91 s the payment is %s; its sender may still hear of it", got)
		}
		time.Sleep(20 * time.Second)
		h.expect(h.byKey("k"), nil, gateway.StatusApproved, gateway.OpApproved)
		if n := h.processor.Calls("charge"); n != 1 {
			t.Errorf("%d charges", n)
		}
		cancel()
		close(release)
		synctest.Wait()
		h.ledger.Close()
	})
}

// By that time those know who keep a record of each operation: the event names the
// void alone.
func TestARefundThatAVoidClosesHasTheTimeOfThePayment(t *testing.T) {
	days(t, time.Hour, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		a, err := h.refund("r", p, 300)
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		time.Sleep(time.Minute)
		a, err = h.void("v", p)
		h.expect(a, err, gateway.Voided, gateway.OpApproved)
		closed := h.byKey("r")
		if op := closed.Operation(); op.Status != gateway.OpApproved || !op.UpdatedAt.Equal(closed.Payment.UpdatedAt) {
			t.Errorf("the refund is %s at %v, and its payment is of %v", op.Status, op.UpdatedAt, closed.Payment.UpdatedAt)
		}
	})
}
