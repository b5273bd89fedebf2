package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

var merchants = []gateway.Merchant{{
	ID: "main", Currency: "USD", SendWindow: gateway.DefaultSendWindow, CallDeadline: gateway.DefaultCallDeadline,
	ReturnWindow: gateway.DefaultReturnWindow,
}}

var secret = []byte("0123456789abcdef0123456789abcdef")

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

// house is a gateway on a real ledger with a processor in memory.
type house struct {
	*gateway.Gateway
	t         *testing.T
	ledger    *ledger.Ledger
	processor *processortest.Processor
	pace      func(every time.Duration) // of what is due, in heardDays
}

func open(t *testing.T, path, instance string, processor *processortest.Processor) *house {
	t.Helper()
	return openAs(t, path, instance, processor, merchants...)
}

func openAs(t *testing.T, path, instance string, processor *processortest.Processor, of ...gateway.Merchant) *house {
	t.Helper()
	books, err := ledger.OpenSQLite(t.Context(), path, ledger.Options{Archive: archiveOf(path), AuditKey: auditKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { books.Close() })
	g := gateway.New(gateway.Config{
		Ledger:     books,
		Merchants:  of,
		Processors: map[string]gateway.Processor{"main": processor},
		Secret:     secret,
		Instance:   instance, Now: time.Now, MaxInFlight: 256,
		Log: discard,
	})
	return &house{Gateway: g, t: t, ledger: books, processor: processor}
}

// archiveOf is the folder of the archive of the ledger at path.
func archiveOf(path string) string { return filepath.Join(filepath.Dir(path), "archive") }

func newHouse(t *testing.T) *house {
	return open(t, filepath.Join(t.TempDir(), "ledger.db"), "one", processortest.New(time.Now))
}

func as(key string) gateway.Caller { return gateway.Caller{MerchantID: "main", Key: key} }

func sale(amount gateway.Money) gateway.CreatePayment {
	return gateway.CreatePayment{
		Intent: gateway.IntentSale, Amount: amount, OrderID: "100000001",
		Method: gateway.PaymentMethod{HostedFields: &gateway.HostedFields{Token: "t", EncryptionKey: "k"}},
	}
}

func authorization(amount gateway.Money) gateway.CreatePayment {
	cmd := sale(amount)
	cmd.Intent = gateway.IntentAuthorize
	return cmd
}

// within gives a call that much of the caller's time.
func within[T any](budget time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	return call(ctx)
}

func (h *house) create(key string, cmd gateway.CreatePayment) gateway.Answer {
	h.t.Helper()
	a, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
		return h.CreatePayment(ctx, as(key), cmd)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) expect(a gateway.Answer, err error, status gateway.Status, op gateway.OperationStatus) gateway.Answer {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	if a.Payment.Status != status || a.Operation().Status != op {
		h.t.Fatalf("the payment is %s and the operation %s, want %s and %s", a.Payment.Status, a.Operation().Status, status, op)
	}
	return a
}

func codeOf(err error) gateway.Code {
	var refused *gateway.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

func TestTheSameRequestAgainIsReplayedAndNotSentAgain(t *testing.T) {
	h := newHouse(t)
	first := h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
	again := h.create("k", sale(1999))
	if !again.Replayed || first.Replayed || again.Payment.ID != first.Payment.ID {
		t.Errorf("the repeat is payment %s, replayed %v", again.Payment.ID, again.Replayed)
	}
	if n := h.processor.Calls("charge"); n != 1 {
		t.Errorf("%d charges", n)
	}
	_, err := h.CreatePayment(t.Context(), as("k"), sale(2000))
	if codeOf(err) != gateway.CodeKeyReused {
		t.Errorf("the same key with another amount: %v", err)
	}
}

func TestFiftyCallsWithOneKeyMakeOneCharge(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	ids := make([]string, 50)
	for i := range ids {
		wg.Go(func() {
			a, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
				return h.CreatePayment(ctx, as("k"), sale(1999))
			})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = a.Payment.ID + string(a.Operation().Status)
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("one call got %s, another %s", ids[0], id)
		}
	}
	if n := h.processor.Calls("charge"); n != 1 {
		t.Errorf("%d charges", n)
	}
}

func TestTheCallersBudgetEndsTheWaitingAndNotTheWork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		h.processor.SetAfter(func(_ context.Context, _ string, r gateway.Result) gateway.Result {
			time.Sleep(12 * time.Second)
			return r
		})
		start := time.Now()
		_, err := within(2*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("k"), sale(1999))
		})
		if took := time.Since(start); err != nil || took != 2*time.Second {
			t.Errorf("the first answer came after %v, %v", took, err)
		}
		a, err := within(55*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("k"), sale(1999))
		})
		h.expect(a, err, gateway.StatusApproved, gateway.OpApproved)
		if took := time.Since(start); took < 12*time.Second || took > 13*time.Second {
			t.Errorf("the repeat waited until %v after the start", took)
		}
		if n := h.processor.Calls("charge"); n != 1 || !a.Replayed {
			t.Errorf("%d charges, replayed %v", n, a.Replayed)
		}
		synctest.Wait()
	})
}

// stuck is a ledger that takes its time to write.
type stuck struct {
	gateway.Ledger
	free chan struct{}
}

func (s stuck) Apply(ctx context.Context, c gateway.Change) error {
	<-s.free
	return s.Ledger.Apply(context.WithoutCancel(ctx), c)
}

func TestALedgerThatHangsDoesNotOutlastTheCallersBudget(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		slow := stuck{h.ledger, make(chan struct{})}
		h.on(slow)
		start := time.Now()
		_, err := within(2*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("k"), sale(1999))
		})
		if took := time.Since(start); codeOf(err) != gateway.CodeOutcomeUnknown || took > 2100*time.Millisecond {
			t.Errorf("after %v: %v", took, err)
		}
		time.Sleep(10 * time.Second)
		close(slow.free)
		synctest.Wait()
		// The intent was written past its send window, so it was not sent.
		a, err := h.ByKey(t.Context(), "main", "k")
		h.expect(a, err, gateway.Failed, gateway.OpNotSent)
		h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
		if n := len(h.processor.Records()); n != 1 {
			t.Errorf("%d transactions", n)
		}
		synctest.Wait()
	})
}

// forgetful keeps one change and says that it failed, as a database whose reply
// to COMMIT is lost.
type forgetful struct {
	gateway.Ledger
	lose func(gateway.Change) bool
}

func (f forgetful) Apply(ctx context.Context, c gateway.Change) error {
	err := f.Ledger.Apply(ctx, c)
	if err == nil && f.lose(c) {
		return errors.New("the reply to COMMIT was lost")
	}
	return err
}

func (h *house) on(books gateway.Ledger, subscribers ...gateway.Subscriber) {
	h.Gateway = gateway.New(gateway.Config{
		Ledger: books, Processors: map[string]gateway.Processor{"main": h.processor}, Instance: "one", Secret: secret,
		Merchants: merchants, Now: time.Now, Log: discard, MaxInFlight: 8, Subscribers: subscribers,
	})
}

func TestALateRecordOfOneSendingDoesNotDecideTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		var lost atomic.Bool
		h.on(forgetful{h.ledger, func(c gateway.Change) bool {
			op, _ := c.Payment.Operation(c.Operation)
			return op.Status == gateway.OpNotSent && !lost.Swap(true)
		}})
		h.processor.SetBefore(func(context.Context, string) *gateway.Result { return &gateway.Result{Outcome: gateway.NotSent} })
		_, _ = within(time.Millisecond, func(ctx context.Context) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("k"), sale(1999))
		})
		h.processor.SetBefore(func(context.Context, string) *gateway.Result { time.Sleep(time.Second); return nil })
		h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
		if n := len(h.processor.Records()); n != 1 {
			t.Errorf("%d transactions for one key", n)
		}
	})
}

func TestAnIntentThatTheLedgerKeptButDidNotAnswerForIsNotSent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		var lost atomic.Bool
		h.on(forgetful{h.ledger, func(gateway.Change) bool { return !lost.Swap(true) }})
		_, err := h.CreatePayment(t.Context(), as("k"), sale(1999))
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Outcome != gateway.NotSent {
			t.Errorf("%v", err)
		}
		time.Sleep(time.Second)
		h.expect(h.byKey("k"), nil, gateway.Failed, gateway.OpNotSent)
		h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
		synctest.Wait()
	})
}

// blind is a ledger that cannot be read.
type blind struct{ gateway.Ledger }

func (blind) Key(context.Context, string, string) (gateway.KeyRecord, error) {
	return gateway.KeyRecord{}, errors.New("disk I/O error")
}

func TestALedgerThatCannotBeReadNeverSaysNotSent(t *testing.T) {
	h := newHouse(t)
	h.create("k", sale(1999))
	h.on(blind{h.ledger})
	for name, ask := range map[string]func() error{
		"the same request": func() error { _, err := h.CreatePayment(t.Context(), as("k"), sale(1999)); return err },
		"by key":           func() error { _, err := h.ByKey(t.Context(), "main", "k"); return err },
		"giving up":        func() error { _, err := h.Cancel(t.Context(), "main", "k"); return err },
	} {
		var refused *gateway.Error
		if err := ask(); !errors.As(err, &refused) || refused.Outcome != gateway.Unknown {
			t.Errorf("%s: %v, outcome %q", name, err, refused.Outcome)
		}
	}
}

func TestASandboxPaymentDoesNotExistInLiveMode(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", sale(1999)).Payment
	live := merchants[0]
	live.LiveMode = true
	h.Gateway = gateway.New(gateway.Config{
		Ledger: h.ledger, Processors: map[string]gateway.Processor{"main": h.processor},
		Merchants: []gateway.Merchant{live}, Now: time.Now, Log: discard, MaxInFlight: 8,
	})
	for _, id := range []string{p.ID, p.TransactionID} {
		if _, err := h.Void(t.Context(), as("v"), id); codeOf(err) != gateway.CodeNotFound {
			t.Errorf("voiding %s in live mode: %v", id, err)
		}
	}
	if _, err := h.CreatePayment(t.Context(), as("k"), sale(1999)); codeOf(err) == "" {
		t.Error("a sandbox approval was replayed in live mode")
	}
}

func TestASlowLookLeavesTimeForTheRefundToWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		defer h.ledger.Close()
		p := h.create("k", sale(1000)).Payment
		synctest.Wait()
		h.processor.SetBefore(func(ctx context.Context, call string) *gateway.Result {
			if call == "look" {
				<-ctx.Done() // PayTrace takes 19 s
				return &gateway.Result{}
			}
			return nil
		})
		a, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
			return h.Refund(ctx, as("r"), p.ID, gateway.RefundPayment{})
		})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		synctest.Wait()
	})
}

func TestNotSentIsContinuedByItsOwnKey(t *testing.T) {
	h := newHouse(t)
	refused := &gateway.Result{Outcome: gateway.NotSent, Detail: "connection refused"}
	h.processor.SetBefore(func(context.Context, string) *gateway.Result { return refused })
	first := h.expect(h.create("k", sale(1999)), nil, gateway.Failed, gateway.OpNotSent)
	h.processor.SetBefore(nil)
	second := h.expect(h.create("k", sale(1999)), nil, gateway.StatusApproved, gateway.OpApproved)
	if first.Payment.ID != second.Payment.ID || first.Payment.Reference != second.Payment.Reference {
		t.Error("the repeat made another payment")
	}
	if n := len(h.processor.Records()); n != 1 {
		t.Errorf("%d transactions", n)
	}
}

func TestUnknownIsNeverSentAgain(t *testing.T) {
	h := newHouse(t)
	h.processor.SetAfter(func(context.Context, string, gateway.Result) gateway.Result {
		return gateway.Result{Outcome: gateway.Unknown, Detail: "connection lost"}
	})
	h.expect(h.create("k", sale(1999)), nil, gateway.StatusUnknown, gateway.OpUnknown)
	for range 3 {
		a, err := within(time.Second/10, func(ctx context.Context) (gateway.Answer, error) {
			return h.CreatePayment(ctx, as("k"), sale(1999))
		})
		h.expect(a, err, gateway.StatusUnknown, gateway.OpUnknown)
	}
	if n := h.processor.Calls("charge"); n != 1 {
		t.Errorf("%d charges", n)
	}
}

func TestAPanicInTheClientIsUnknown(t *testing.T) {
	h := newHouse(t)
	h.processor.SetBefore(func(context.Context, string) *gateway.Result { panic("boom") })
	h.expect(h.create("k", sale(1999)), nil, gateway.StatusUnknown, gateway.OpUnknown)
}

func TestRefundsNeverExceedTheCapturedUnderConcurrency(t *testing.T) {
	h := newHouse(t)
	a := h.create("k", sale(1000))
	h.processor.Settle()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for range 100 {
				_, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
					amount := gateway.Money(300)
					return h.Refund(ctx, as(fmt.Sprintf("refund-%d", i)), a.Payment.ID, gateway.RefundPayment{Amount: &amount})
				})
				if codeOf(err) != gateway.CodeInProgress {
					return
				}
			}
		})
	}
	wg.Wait()
	p, err := h.Payment(t.Context(), "main", a.Payment.ID)
	// One that meets another's row before it is recorded waits, its amount reserved.
	if err != nil || p.Refunded()+p.RefundPending() != 900 || p.Status != gateway.PartiallyRefunded {
		t.Errorf("refunded %s, promised %s of %s, %s, %v", p.Refunded(), p.RefundPending(), p.Captured(), p.Status, err)
	}
	if n := h.processor.Calls("refund"); gateway.Money(n)*300 != p.Refunded() {
		t.Errorf("%d refunds reached the processor for %s", n, p.Refunded())
	}
}

func TestCapturesHappenOnceUnderConcurrency(t *testing.T) {
	h := newHouse(t)
	a := h.create("k", authorization(1000))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			amount := gateway.Money(600)
			_, _ = within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
				return h.Capture(ctx, as(fmt.Sprintf("capture-%d", i)), a.Payment.ID, gateway.CapturePayment{Amount: &amount})
			})
		})
	}
	wg.Wait()
	if n := h.processor.Calls("capture"); n != 1 {
		t.Errorf("%d captures reached the processor", n)
	}
}

func TestTheLifeOfAPaymentWithPartialRefunds(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	h.expect(h.create("k", authorization(1000)), nil, gateway.Authorized, gateway.OpApproved)
	p := h.create("k", authorization(1000)).Payment
	amount := func(m gateway.Money) *gateway.Money { return &m }

	a, err := h.Capture(ctx, as("c"), p.TransactionID, gateway.CapturePayment{Amount: amount(800)})
	h.expect(a, err, gateway.StatusApproved, gateway.OpApproved)
	_, err = h.Capture(ctx, as("c2"), p.TransactionID, gateway.CapturePayment{Amount: amount(200)})
	if codeOf(err) != gateway.CodeAlreadyCaptured {
		t.Errorf("a second capture: %v", err)
	}
	a, err = h.Refund(ctx, as("r1"), p.TransactionID, gateway.RefundPayment{Amount: amount(300)})
	h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
	h.processor.Settle()
	a, err = h.Refund(ctx, as("r2"), p.TransactionID, gateway.RefundPayment{Amount: amount(500)})
	h.expect(a, err, gateway.PartiallyRefunded, gateway.OpApproved)
	if a.Payment.Refunded() != 500 || a.Payment.RefundPending() != 300 {
		t.Errorf("refunded %s, pending %s", a.Payment.Refunded(), a.Payment.RefundPending())
	}
	_, err = h.Refund(ctx, as("r3"), p.TransactionID, gateway.RefundPayment{Amount: amount(1)})
	if codeOf(err) != gateway.CodeRefundExceeds {
		t.Errorf("a refund of what is reserved: %v", err)
	}
	byRefund, err := h.Find(ctx, "main", a.Operation().TransactionID)
	if err != nil || byRefund.ID != p.ID {
		t.Errorf("the refund's own id finds %s, %v", byRefund.ID, err)
	}
}

func TestAFullRefundBeforeSettlementIsAVoid(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", sale(1000)).Payment
	a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{})
	h.expect(a, err, gateway.Refunded, gateway.OpApproved)
	if a.Operation().ProcessedAs != gateway.AsVoid || h.processor.Calls("void") != 1 || h.processor.Calls("refund") != 0 {
		t.Errorf("processed as %q, %d voids", a.Operation().ProcessedAs, h.processor.Calls("void"))
	}
}

func TestAContestedVoidIsLookedAtBeforeItIsCalledSettled(t *testing.T) {
	h := newHouse(t)
	p := h.create("k", sale(1000)).Payment
	h.processor.Settle()
	a, err := h.Void(t.Context(), as("v"), p.ID)
	h.expect(a, err, gateway.StatusApproved, gateway.OpRejected)
	other := h.create("k2", sale(1000)).Payment
	h.processor.Put(other.TransactionID, gateway.RecordVoided)
	a, err = h.Void(t.Context(), as("v2"), other.ID)
	h.expect(a, err, gateway.Voided, gateway.OpApproved)
	a, err = h.Void(t.Context(), as("v3"), other.ID)
	h.expect(a, err, gateway.Voided, gateway.OpApproved)
}
