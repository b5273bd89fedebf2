package gateway_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

func TestAPromisedRefundIsSentWhateverComesBetween(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		h.processor.Settle()
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "refund" {
				return &gateway.Result{Outcome: gateway.NotSent, Detail: "the breaker is open"}
			}
			return nil
		})
		time.Sleep(70 * time.Minute)
		h.expect(h.byKey("r"), nil, gateway.Settled, gateway.OpWaiting)
		h.answers()
		time.Sleep(70 * time.Minute)
		h.expect(h.byKey("r"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
	})
}

func TestAPromisedRefundSurvivesALedgerThatDoesNotAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		var lost atomic.Bool
		h.on(forgetful{h.ledger, func(c gateway.Change) bool {
			op, _ := c.Payment.Operation(c.Operation)
			return op.Kind == gateway.KindRefund && op.Status == gateway.OpSending && !lost.Swap(true)
		}})
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		if _, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part}); err != nil {
			t.Fatal(err)
		}
		h.processor.Settle()
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 5*time.Minute)
		time.Sleep(5 * time.Hour)
		ends(cancel)
		h.expect(h.byKey("r"), nil, gateway.PartiallyRefunded, gateway.OpApproved)
		if !lost.Load() || h.processor.Calls("refund") != 1 {
			t.Errorf("lost %v, %d refunds", lost.Load(), h.processor.Calls("refund"))
		}
	})
}

func TestARefundThatWaitsWithoutTheLedgersWordIsNotCalledNotSent(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		var lost atomic.Bool
		h.on(forgetful{h.ledger, func(c gateway.Change) bool { return c.Operation != p.First().ID && !lost.Swap(true) }})
		part := gateway.Money(300)
		_, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Code != gateway.CodeLedgerUnavailable || refused.Outcome != gateway.Unknown {
			t.Errorf("%v, outcome %q: it is on disk, and will be sent", err, refused.Outcome)
		}
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
	})
}

// tardy is a ledger that keeps one change a while after it has said that it failed,
// as a database does whose commit waits for a standby.
type tardy struct {
	gateway.Ledger
	delays func(gateway.Change) bool
}

func (l tardy) Apply(ctx context.Context, c gateway.Change) error {
	if !l.delays(c) {
		return l.Ledger.Apply(ctx, c)
	}
	go func() {
		time.Sleep(time.Second)
		_ = l.Ledger.Apply(context.WithoutCancel(ctx), c)
	}()
	return errors.New("the server has not answered in time")
}

// sends says that the change is an intent.
func sends(c gateway.Change) bool {
	op, _ := c.Payment.Operation(c.Operation)
	return op.Status == gateway.OpSending
}

func TestAnIntentThatTheLedgerKeepsLateIsNotSentAllTheSame(t *testing.T) {
	for name, test := range map[string]func(ctx context.Context, h *house, p gateway.Payment) (gateway.Answer, error){
		"a sale": func(ctx context.Context, h *house, _ gateway.Payment) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("o"), sale(1999))
		},
		"a refund": func(ctx context.Context, h *house, p gateway.Payment) (gateway.Answer, error) {
			return h.Refund(ctx, as("o"), p.ID, gateway.RefundPayment{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			days(t, 5*time.Minute, func(t *testing.T, h *house) {
				p := h.create("k", sale(1000)).Payment
				h.processor.Settle()
				time.Sleep(time.Second) // its card is known by then
				var late atomic.Bool
				h.on(tardy{h.ledger, func(c gateway.Change) bool { return sends(c) && !late.Swap(true) }})
				_, err := test(t.Context(), h, p)
				var refused *gateway.Error
				if !errors.As(err, &refused) || refused.Outcome != gateway.NotSent {
					t.Fatalf("%v", err)
				}
				time.Sleep(2 * time.Second)
				if op := h.byKey("o").Operation(); op.Status != gateway.OpNotSent {
					t.Errorf("its caller was told that it was not sent, and it is %s", op.Status)
				}
				a, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) { return test(ctx, h, p) })
				if err != nil || a.Operation().Status != gateway.OpApproved {
					t.Errorf("the same key: %v, %s", err, a.Operation().Status)
				}
			})
		})
	}
}

func TestAWaitingRefundWhoseSendingIsKeptLateGoesOnWaiting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		if _, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part}); err != nil {
			t.Fatal(err)
		}
		var late atomic.Bool
		h.on(tardy{h.ledger, func(c gateway.Change) bool { return sends(c) && !late.Swap(true) }})
		h.processor.Settle()
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 5*time.Minute)
		time.Sleep(5 * time.Hour)
		ends(cancel)
		if op := h.byKey("r").Operation(); op.Status != gateway.OpApproved || !late.Load() || h.processor.Calls("refund") != 1 {
			t.Errorf("late %v, %d refunds, %s", late.Load(), h.processor.Calls("refund"), op.Status)
		}
	})
}

func TestARefundWhoseVoidWasLostIsPromisedStill(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.dies("void")
		if _, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(26 * time.Hour)
		h.answers()
		h.processor.Settle()
		time.Sleep(2 * time.Hour)
		h.expect(h.byKey("r"), nil, gateway.Refunded, gateway.OpApproved)
		if h.processor.Calls("refund") != 1 {
			t.Errorf("%d refunds", h.processor.Calls("refund"))
		}
	})
}

func TestARefundThatCannotLeaveIsShown(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		if _, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part}); err != nil {
			t.Fatal(err)
		}
		h.processor.Settle()
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "refund" {
				return &gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "998", Credentials: true, Again: true}}
			}
			return nil
		})
		time.Sleep(75*time.Hour + time.Minute) // not in the moment in which it is tried
		if a := h.byKey("r"); a.Operation().Status != gateway.OpWaiting || !a.Payment.NeedsAttention {
			t.Errorf("%s, needs attention %v", a.Operation().Status, a.Payment.NeedsAttention)
		}
		h.answers()
		time.Sleep(2 * time.Hour)
		if a := h.byKey("r"); a.Operation().Status != gateway.OpApproved || a.Payment.NeedsAttention {
			t.Errorf("%s, needs attention %v", a.Operation().Status, a.Payment.NeedsAttention)
		}
	})
}

func TestNobodyCapturesWhatWasGivenUp(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", authorization(1000)).Payment
	h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
		if call == "void" {
			return &gateway.Result{Outcome: gateway.Declined, Decline: &gateway.Decline{Code: "110"}}
		}
		return nil
	})
	if _, err := h.Cancel(t.Context(), "main", "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Capture(t.Context(), as("c"), p.ID, gateway.CapturePayment{}); codeOf(err) != gateway.CodeInProgress {
		t.Errorf("a capture: %v", err)
	}
	h.processor.SetBefore(nil)
	a, err := h.Void(t.Context(), as("v"), p.ID)
	h.expect(a, err, gateway.Voided, gateway.OpApproved)
}

func TestAWaitingRefundOfWhatWasVoidedAtPayTraceIsDone(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		if _, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part}); err != nil {
			t.Fatal(err)
		}
		h.processor.Put(p.TransactionID, gateway.RecordVoided)
		time.Sleep(70 * time.Minute)
		h.expect(h.byKey("r"), nil, gateway.Voided, gateway.OpApproved)
	})
}

func TestARefundRowThatIsNotDoneIsNotAdopted(t *testing.T) {
	for state, want := range map[gateway.RecordState]gateway.OperationStatus{
		gateway.RecordDeclined: gateway.OpDeclined, gateway.RecordVoided: gateway.OpUnknown, gateway.RecordOther: gateway.OpUnknown,
	} {
		t.Run(string(state), func(t *testing.T) {
			days(t, 10*time.Second, func(t *testing.T, h *house) {
				p := h.create("k", sale(1000)).Payment
				h.processor.Settle()
				h.loses("refund")
				if _, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{}); err != nil {
					t.Fatal(err)
				}
				h.answers()
				h.processor.Put(h.processor.Records()[1].TransactionID, state)
				time.Sleep(5 * time.Minute)
				if a := h.byKey("r"); a.Operation().Status != want || a.Payment.NeedsAttention != (want == gateway.OpUnknown) {
					t.Errorf("%s, needs attention %v", a.Operation().Status, a.Payment.NeedsAttention)
				}
			})
		})
	}
}

func TestTimeIsCountedFromTheLastSending(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		reference := unsent(h, "k").Reference
		time.Sleep(23*time.Hour + 50*time.Minute)
		h.loses("charge")
		h.processor.Hide(func(r gateway.Record) bool { return r.Reference == reference }) // the export lags
		h.create("k", sale(1999))
		h.answers()
		time.Sleep(time.Hour)
		h.create("other", sale(5))
		time.Sleep(22 * time.Hour)
		h.expect(h.byKey("k"), nil, gateway.StatusUnknown, gateway.OpUnknown)
		h.processor.Hide(nil)
		time.Sleep(70 * time.Minute)
		h.expect(h.byKey("k"), nil, gateway.StatusApproved, gateway.OpApproved)
	})
}

func TestALostCaptureThatNeverHappenedEnds(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		p := h.create("k", authorization(1000)).Payment
		h.dies("capture")
		if _, err := h.Capture(t.Context(), as("c"), p.ID, gateway.CapturePayment{}); err != nil {
			t.Fatal(err)
		}
		h.answers()
		time.Sleep(26 * time.Hour)
		h.expect(h.byKey("c"), nil, gateway.Authorized, gateway.OpFailed)
		a, err := h.Capture(t.Context(), as("c2"), p.ID, gateway.CapturePayment{})
		h.expect(a, err, gateway.StatusApproved, gateway.OpApproved)
	})
}

func TestTheKeyOfAChargeFoundLateIsNotCalledGivenUp(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.loses("charge")
		reference := h.create("k", sale(1999)).Payment.Reference
		h.answers()
		h.processor.Hide(func(r gateway.Record) bool { return r.Reference == reference })
		time.Sleep(time.Hour)
		h.create("later", sale(100))
		time.Sleep(26 * time.Hour)
		h.processor.Hide(nil)
		time.Sleep(25 * time.Hour)
		h.expect(h.create("k", sale(1999)), nil, gateway.Voided, gateway.OpFailed)
	})
}

func TestASlowLookDoesNotSpendTheTimeToSend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		p := h.create("k", sale(1000)).Payment
		synctest.Wait()
		h.processor.Settle()
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "look" {
				time.Sleep(6 * time.Second)
			}
			return nil
		})
		a, err := within(30*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.Refund(ctx, as("r"), p.ID, gateway.RefundPayment{})
		})
		h.expect(a, err, gateway.Refunded, gateway.OpApproved)
		synctest.Wait()
	})
}

// hanging is a processor whose books cannot be looked at.
type hanging struct{ *processortest.Processor }

func (hanging) Transactions(ctx context.Context, _, _ time.Time, _ string) ([]gateway.Record, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAMerchantWhoseProcessorHangsHoldsNobodyUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		healthy := merchants[0]
		healthy.ID = "healthy"
		h.Gateway = gateway.New(gateway.Config{
			Ledger: h.ledger, Merchants: []gateway.Merchant{merchants[0], healthy}, Instance: "one",
			Processors: map[string]gateway.Processor{"main": hanging{h.processor}, "healthy": h.processor},
			Now:        time.Now, Log: discard, MaxInFlight: 256,
		})
		h.loses("charge")
		for i := range 50 {
			h.create(string(rune('A'+i)), sale(1999))
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.Sleep(15 * time.Second)
		go h.RunDue(ctx, time.Second)
		time.Sleep(5 * time.Second)
		_, err := h.CreatePayment(t.Context(), gateway.Caller{MerchantID: "healthy", Key: "k"}, sale(5))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(12 * time.Second)
		a, err := h.ByKey(t.Context(), "healthy", "k")
		h.expect(a, err, gateway.StatusApproved, gateway.OpApproved)
		cancel()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
	})
}
