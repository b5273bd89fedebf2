package gateway_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// withLines is an order for a company: two lines and freight make 42.00.
func withLines(cmd gateway.CreatePayment, purchaseOrder string) gateway.CreatePayment {
	cmd.Amount, cmd.Shipping = 4200, &gateway.Address{PostalCode: "94947", CountryCode: "US"}
	cmd.Enhanced = &gateway.EnhancedData{
		PurchaseOrder: purchaseOrder, FreightAmount: 200,
		LineItems: []gateway.LineItem{
			{Description: "pipe", Quantity: 25_000, UnitPrice: 80_000},   // 2.5 times 8
			{Description: "joint", Quantity: 100_000, UnitPrice: 20_000}, // 10 times 2
		},
	}
	return cmd
}

// overhearing is a ledger that remembers what was to be told.
type overhearing struct {
	gateway.Ledger
	mu     sync.Mutex
	events []gateway.Event
}

func (l *overhearing) Apply(ctx context.Context, c gateway.Change) error {
	err := l.Ledger.Apply(ctx, c)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.events = append(l.events, c.Events...)
	}
	return err
}

// told are the events of all payments, oldest first.
func (l *overhearing) told() []gateway.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

// overheard lets a test live through days and hear what is told.
func overheard(t *testing.T, every time.Duration, test func(t *testing.T, h *house, l *overhearing)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		l := &overhearing{Ledger: h.ledger}
		h.on(l)
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, every)
		test(t, h, l)
		ends(cancel)
		h.ledger.Close()
	})
}

func (h *house) wantEnhanced(key string, status gateway.EnhancementStatus, attempts, lines int) gateway.Payment {
	h.t.Helper()
	p := h.byKey(key).Payment
	e := p.Enhancement
	if e == nil || e.Status != status || e.Attempts != attempts {
		h.t.Fatalf("the enhanced data is %+v, want %s after %d attempts", e, status, attempts)
	}
	if got := h.processor.EnhancedLines(p.TransactionID); got != lines {
		h.t.Fatalf("PayTrace has %d lines, want %d", got, lines)
	}
	if kept := e.Data != nil; kept != (status == gateway.EnhancementPending) {
		h.t.Fatalf("the lines are kept: %v, though it is %s", kept, status)
	}
	return p
}

func TestEnhancedDataIsSentAfterTheApproval(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		p := h.create("k", withLines(sale(0), "PO-7")).Payment
		if p.Status != gateway.StatusApproved || p.Enhancement.Status != gateway.EnhancementPending {
			t.Fatalf("%s, %+v", p.Status, p.Enhancement)
		}
		time.Sleep(10 * time.Second)
		p = h.wantEnhanced("k", gateway.EnhancementSent, 1, 2)
		if p.Status != gateway.StatusApproved || time.Until(p.First().Due) < 20*time.Hour {
			t.Errorf("%s, due %v", p.Status, p.First().Due)
		}
		if r := h.processor.Records()[0]; r.Reference != "PO-7" {
			t.Errorf("PayTrace shows the reference %q", r.Reference)
		}
	})
}

func TestEnhancedDataOfAnAuthorizationWaitsForItsCapture(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		p := h.create("k", withLines(authorization(0), "PO-7")).Payment
		time.Sleep(time.Hour)
		h.wantEnhanced("k", gateway.EnhancementPending, 0, 0)
		if _, err := h.Capture(t.Context(), as("c"), p.TransactionID, gateway.CapturePayment{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		h.wantEnhanced("k", gateway.EnhancementSent, 1, 2)
	})
}

func TestWhatWasCapturedInPartHasNoLines(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		p := h.create("k", withLines(authorization(0), "PO-7")).Payment
		part := gateway.Money(4100)
		if _, err := h.Capture(t.Context(), as("c"), p.TransactionID, gateway.CapturePayment{Amount: &part}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		h.wantEnhanced("k", gateway.EnhancementNotPossible, 0, 0)
	})
}

func TestRefusedEnhancedDataIsTriedUntilThePaymentIsSettled(t *testing.T) {
	overheard(t, 2*time.Second, func(t *testing.T, h *house, l *overhearing) {
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call != "enhance" {
				return nil
			}
			return &gateway.Result{Outcome: gateway.Rejected, Detail: "PayTrace answered 1: error 814", Rejection: &gateway.Rejection{Code: "814"}}
		})
		h.create("k", withLines(sale(0), "PO-7"))
		time.Sleep(3*time.Hour + 30*time.Minute)
		p := h.wantEnhanced("k", gateway.EnhancementPending, 7, 0) // at once, after 1, 6 and 26 minutes, then every hour
		if p.Status != gateway.StatusApproved || !strings.Contains(p.Enhancement.Detail, "814") {
			t.Errorf("%s, %q", p.Status, p.Enhancement.Detail)
		}
		h.processor.Settle()
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunWatch(ctx, time.Minute)
		time.Sleep(10 * time.Minute)
		cancel()
		p = h.wantEnhanced("k", gateway.EnhancementGivenUp, 7, 0)
		told := l.told()
		if last := told[len(told)-1]; last.Type != "payment.settled" || last.Payment.Enhancement.Status != gateway.EnhancementGivenUp {
			t.Errorf("told %s with %+v", last.Type, last.Payment.Enhancement)
		}
	})
}

func TestEnhancedDataIsGivenUpAfterThirtyCalls(t *testing.T) {
	overheard(t, time.Minute, func(t *testing.T, h *house, l *overhearing) {
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call != "enhance" {
				return nil
			}
			return &gateway.Result{Outcome: gateway.NotSent, Detail: "refused"}
		})
		h.create("k", withLines(sale(0), "PO-7"))
		time.Sleep(72 * time.Hour)
		p := h.wantEnhanced("k", gateway.EnhancementGivenUp, 30, 0)
		told := l.told()
		if last := told[len(told)-1]; last.Type != gateway.EventUpdated || last.Payment.Enhancement.Status != gateway.EnhancementGivenUp {
			t.Errorf("told %s with %+v", last.Type, last.Payment.Enhancement)
		}
		if p.Status != gateway.StatusApproved || p.First().Due.IsZero() {
			t.Errorf("%s, due %v", p.Status, p.First().Due)
		}
	})
}

// What is lost on the way back has been done, and is not done twice.
func TestALostAnswerIsLookedForAndNotSentAgain(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.loses("enhance")
		h.create("k", withLines(sale(0), "PO-7"))
		time.Sleep(time.Minute)
		h.wantEnhanced("k", gateway.EnhancementPending, 1, 2)
		time.Sleep(time.Hour)
		h.wantEnhanced("k", gateway.EnhancementSent, 1, 2)
		if n := h.processor.Calls("enhance"); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

// What is lost on the way there has not been done, which PayTrace shows.
func TestALostCallIsMadeAgain(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.dies("enhance")
		h.create("k", withLines(sale(0), "PO-7"))
		time.Sleep(time.Minute)
		h.answers()
		time.Sleep(time.Hour)
		h.wantEnhanced("k", gateway.EnhancementSent, 2, 2)
	})
}

// Without a purchase order PayTrace shows nothing of it: lines are not sent twice.
func TestALostAnswerThatNothingShowsIsGivenUp(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		h.loses("enhance")
		h.create("k", withLines(sale(0), ""))
		time.Sleep(time.Hour)
		h.wantEnhanced("k", gateway.EnhancementGivenUp, 1, 2)
	})
}

func TestWhatTakesNoMoneyHasNoLines(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		declined := withLines(sale(0), "PO-7")
		declined.Amount, declined.Enhanced.LineItems, declined.Enhanced.FreightAmount = processortest.Declines, nil, 0
		h.create("declined", declined)
		h.wantEnhanced("declined", gateway.EnhancementNotPossible, 0, 0)
		h.dies("enhance")
		p := h.create("voided", withLines(sale(0), "PO-7")).Payment
		time.Sleep(5 * time.Second)
		if _, err := h.Void(t.Context(), as("v"), p.TransactionID); err != nil {
			t.Fatal(err)
		}
		h.wantEnhanced("voided", gateway.EnhancementNotPossible, 1, 0)
	})
}

// Neither an event nor a stored answer has the lines or a postal code.
func TestLinesAreKeptWithThePaymentAlone(t *testing.T) {
	overheard(t, time.Hour, func(t *testing.T, h *house, l *overhearing) {
		h.create("k", withLines(sale(0), "PO-7"))
		again := h.create("k", withLines(sale(0), "PO-7"))
		if !again.Replayed || again.Payment.Enhancement.Data != nil {
			t.Errorf("replayed %v with %+v", again.Replayed, again.Payment.Enhancement)
		}
		for _, e := range l.told() {
			body, err := json.Marshal(e.Payment)
			if err != nil || strings.Contains(string(body), "94947") || strings.Contains(string(body), "joint") || !strings.Contains(string(body), "PO-7") {
				t.Errorf("%s tells %s, %v", e.Type, body, err)
			}
		}
	})
}

func TestAnotherPurchaseOrderIsAnotherRequest(t *testing.T) {
	h := newHouse(t)
	h.create("k", withLines(sale(0), "PO-7"))
	_, err := h.CreatePayment(t.Context(), as("k"), withLines(sale(0), "PO-8"))
	if codeOf(err) != gateway.CodeKeyReused {
		t.Errorf("%v", err)
	}
}

func TestAVerificationHasNoLines(t *testing.T) {
	cmd := withLines(sale(0), "PO-7")
	cmd.Intent, cmd.Amount = gateway.IntentVerify, 0
	if _, err := newHouse(t).CreatePayment(t.Context(), as("k"), cmd); codeOf(err) != gateway.CodeEnhancedData {
		t.Errorf("%v", err)
	}
}

func TestWhatTheChargeBearsNeedsNoCall(t *testing.T) {
	merchant := merchants[0]
	merchant.ChargeBearsPurchaseOrder = true
	tax := gateway.Money(65)
	cmd := sale(1065)
	cmd.Enhanced = &gateway.EnhancedData{TaxAmount: &tax, PurchaseOrder: "PO-7"}
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := openAs(t, path, "one", processortest.New(time.Now), merchant)
		defer h.ledger.Close()
		p := h.create("k", cmd).Payment
		if p.Enhancement.Status != "" || p.Enhancement.PurchaseOrder != "PO-7" || *p.Enhancement.TaxAmount != tax {
			t.Errorf("%+v", p.Enhancement)
		}
	})
}

// Purchase orders in the place of references: a charge that is not there is called
// failed all the same.
func TestAbsenceIsSeenWhereAllChargesBearPurchaseOrders(t *testing.T) {
	days(t, time.Minute, func(t *testing.T, h *house) {
		h.dies("charge")
		if a := h.create("lost", sale(1999)); a.Payment.Status != gateway.StatusUnknown {
			t.Fatal(a.Payment.Status)
		}
		h.answers()
		time.Sleep(time.Hour)
		h.create("k", withLines(sale(0), "PO-7"))
		time.Sleep(30 * time.Hour)
		if r := h.processor.Records()[0]; r.Reference != "PO-7" {
			t.Fatalf("PayTrace shows the reference %q", r.Reference)
		}
		if a := h.byKey("lost"); a.Payment.Status != gateway.Failed {
			t.Errorf("the lost one is %s: %s", a.Payment.Status, a.Operation().Attention)
		}
	})
}

// The tax of the whole order is not told of a part of it.
func TestAPurchaseOrderOfAPartIsToldWithoutTheTaxOfTheWhole(t *testing.T) {
	days(t, 2*time.Second, func(t *testing.T, h *house) {
		tax, part := gateway.Money(900), gateway.Money(500)
		cmd := authorization(5000)
		cmd.Enhanced = &gateway.EnhancedData{TaxAmount: &tax, PurchaseOrder: "PO-7"}
		p := h.create("k", cmd).Payment
		if _, err := h.Capture(t.Context(), as("c"), p.TransactionID, gateway.CapturePayment{Amount: &part}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		p = h.wantEnhanced("k", gateway.EnhancementSent, 1, 0)
		if told := h.processor.Enhanced(p.TransactionID); told.TaxAmount != nil || told.PurchaseOrder != "PO-7" {
			t.Errorf("PayTrace was told %+v", told)
		}
	})
}
