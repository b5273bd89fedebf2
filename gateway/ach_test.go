package gateway_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// window is longer than the return window of any payment that is made in a bubble.
const window = 11 * 24 * time.Hour

func bankSale(amount gateway.Money) gateway.CreatePayment {
	cmd := sale(amount)
	cmd.Method = processortest.Account()
	return cmd
}

func bankHold(amount gateway.Money) gateway.CreatePayment {
	cmd := bankSale(amount)
	cmd.Intent = gateway.IntentAuthorize
	return cmd
}

func (h *house) capture(key string, p gateway.Payment, cmd gateway.CapturePayment) (gateway.Answer, error) {
	return within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
		return h.Capture(ctx, as(key), p.TransactionID, cmd)
	})
}

func (h *house) void(key string, p gateway.Payment) (gateway.Answer, error) {
	return within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) { return h.Void(ctx, as(key), p.TransactionID) })
}

func (h *house) refund(key string, p gateway.Payment, amount gateway.Money) (gateway.Answer, error) {
	cmd := gateway.RefundPayment{Amount: &amount}
	if amount == 0 {
		cmd.Amount = nil
	}
	return within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) {
		return h.Refund(ctx, as(key), p.TransactionID, cmd)
	})
}

// keepsEvents gives the merchant somebody who could be told, so that events wait to
// be spread, and can be read.
func (h *house) keepsEvents() {
	h.on(h.ledger, gateway.Subscriber{MerchantID: "main", Name: "shop", Sink: &listener{}, Events: []string{gateway.EventUnmatched}})
}

// heardDays are days whose events are kept.
func heardDays(t *testing.T, every time.Duration, test func(t *testing.T, h *house)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		h.keepsEvents()
		ctx, cancel := context.WithCancel(t.Context())
		h.pace = runsDue(ctx, h.Gateway, every)
		test(t, h)
		ends(cancel)
		h.ledger.Close()
	})
}

// told are the types of event of a payment, in order.
func (h *house) told(p gateway.Payment) (types []string) {
	h.t.Helper()
	all, err := h.ledger.Unspread(context.Background(), []string{"main"}, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range all {
		if e.PaymentID == p.ID {
			types = append(types, e.Type)
		}
	}
	return types
}

// wantTold wants exactly these events of a payment. Those of one version are in no
// order.
func (h *house) wantTold(p gateway.Payment, want ...string) {
	h.t.Helper()
	if got := h.told(p); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		h.t.Errorf("told %v, want %v", got, want)
	}
}

// wantNotLookedAt wants the processor never to have been asked about a payment.
func (h *house) wantNotLookedAt() {
	h.t.Helper()
	if looks, exports := h.processor.Calls("look"), h.processor.Calls("export"); looks+exports > 0 {
		h.t.Errorf("%d looks and %d exports for bank payments, which neither shows", looks, exports)
	}
}

func (h *house) wantCalls(call string, want int) {
	h.t.Helper()
	if got := h.processor.Calls(call); got != want {
		h.t.Errorf("%d times %s, want %d", got, call, want)
	}
}

func TestABankPaymentIsApprovedOnceItsReturnWindowHasPassed(t *testing.T) {
	heardDays(t, 5*time.Minute, func(t *testing.T, h *house) {
		a := h.create("k", bankSale(1999))
		h.expect(a, nil, gateway.Accepted, gateway.OpApproved)
		p := a.Payment
		if !p.ACH() || !gateway.CheckID(p.TransactionID) || p.Method != gateway.ByBankAccount || !p.HoldsMoney() || p.Captured() != 1999 || p.Finished() {
			t.Errorf("%+v", p)
		}
		// A bubble begins on the evening of Friday 31 December 1999 in New York: five
		// business days later is Friday 7 January.
		time.Sleep(time.Until(time.Date(2000, 1, 8, 4, 50, 0, 0, time.UTC)))
		h.expect(h.byKey("k"), nil, gateway.Accepted, gateway.OpApproved)
		time.Sleep(20 * time.Minute)
		h.expect(h.byKey("k"), nil, gateway.StatusApproved, gateway.OpApproved)
		h.pace(time.Hour)
		time.Sleep(60 * 24 * time.Hour)
		p = h.payment(p.ID)
		if p.Status != gateway.StatusApproved || p.NeedsAttention || !p.Finished() {
			t.Errorf("two months later: %s, attention %t, finished %t", p.Status, p.NeedsAttention, p.Finished())
		}
		h.wantTold(p, "payment.accepted", "payment.approved")
		h.wantNotLookedAt()
	})
}

func TestAHeldBankPaymentIsFundedAndAccepted(t *testing.T) {
	heardDays(t, 30*time.Minute, func(t *testing.T, h *house) {
		p := h.expect(h.create("k", bankHold(1999)), nil, gateway.Authorized, gateway.OpApproved).Payment
		time.Sleep(20 * 24 * time.Hour) // nothing of a hold is due
		a, err := h.capture("c", p, gateway.CapturePayment{Amount: new(gateway.Money(1500))})
		h.expect(a, err, gateway.Accepted, gateway.OpApproved)
		time.Sleep(4 * 24 * time.Hour)
		if p = h.payment(p.ID); p.Status != gateway.Accepted {
			t.Errorf("the window of a hold begins with its funding; it is %s", p.Status)
		}
		time.Sleep(window)
		if p = h.payment(p.ID); p.Status != gateway.StatusApproved || p.Captured() != 1500 || p.Refundable() != 1500 {
			t.Errorf("%s, captured %s, refundable %s", p.Status, p.Captured(), p.Refundable())
		}
		h.wantTold(p, "payment.authorized", "payment.accepted", "payment.approved")
		h.wantNotLookedAt()
	})
}

func TestAnUnknownBankPaymentIsForAPersonAtOnceAndNeverLookedFor(t *testing.T) {
	for name, lose := range map[string]func(*house, string){"done": (*house).loses, "not done": (*house).dies} {
		t.Run(name, func(t *testing.T) {
			heardDays(t, time.Hour, func(t *testing.T, h *house) {
				lose(h, "charge")
				a := h.create("k", bankSale(1999))
				h.answers()
				h.expect(a, nil, gateway.StatusUnknown, gateway.OpUnknown)
				if !a.Payment.NeedsAttention || a.Operation().Attention == "" {
					t.Error("nobody is told")
				}
				h.create("later", bankSale(100))
				time.Sleep(40 * 24 * time.Hour)
				if again := h.create("k", bankSale(1999)); again.Payment.Status != gateway.StatusUnknown || !again.Payment.NeedsAttention {
					t.Errorf("after forty days it is %s", again.Payment.Status)
				}
				h.wantTold(a.Payment, "payment.unknown", "operator.attention")
				h.wantCalls("charge", 2)
				h.decides(name, a)
				time.Sleep(40 * 24 * time.Hour)
				h.wantNotLookedAt()
			})
		})
	}
}

// decides is a person who knows what became of an unknown sale.
func (h *house) decides(what string, a gateway.Answer) {
	h.t.Helper()
	if what == "not done" {
		b, err := h.resolve(a.Payment, a.OperationID, gateway.NotDone, "")
		h.expect(b, err, gateway.Failed, gateway.OpFailed)
		return
	}
	for _, id := range []string{"", "100000001", "chk_", "chk_1x", h.byKey("later").Payment.TransactionID} {
		if _, err := h.resolve(a.Payment, a.OperationID, gateway.Done, id); codeOf(err) != gateway.CodeNotResolvable {
			h.t.Errorf("done as %q: %v", id, err)
		}
	}
	check := h.processor.Checks()[0].ID
	b, err := h.resolve(a.Payment, a.OperationID, gateway.Done, check)
	h.expect(b, err, gateway.Accepted, gateway.OpApproved)
	if b.Payment.NeedsAttention || b.Payment.TransactionID != check {
		h.t.Errorf("attention %t, transaction %s", b.Payment.NeedsAttention, b.Payment.TransactionID)
	}
	other := h.create("other", bankSale(1)).Payment
	h.loses("charge")
	lost := h.create("lost", bankSale(2))
	h.answers()
	if _, err := h.resolve(lost.Payment, lost.OperationID, gateway.Done, other.TransactionID); codeOf(err) != gateway.CodeNotResolvable {
		h.t.Errorf("done as another payment's: %v", err)
	}
	c, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, "")
	if codeOf(err) != gateway.CodeInProgress {
		h.t.Errorf("decided while its sender may hear of it: %s, %v", c.Payment.Status, err)
	}
}

func TestAnExternalCardRefundIsNeverABankPayments(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		bank := h.create("bank", bankSale(1999)).Payment
		h.loses("charge")
		lost := h.create("lost", bankSale(500)).Payment
		h.answers()
		card := h.create("card", sale(1999)).Payment
		h.processor.Settle()
		time.Sleep(6 * time.Minute)
		h.clerkRefunds(card, 1999)
		time.Sleep(16 * time.Minute)
		if p := h.payment(card.ID); p.Status != gateway.Refunded {
			t.Errorf("the card payment is %s; the order's bank payments stood in the way", p.Status)
		}
		if p := h.payment(bank.ID); p.Status != gateway.Accepted || p.Refunded() > 0 {
			t.Errorf("the bank payment is %s", p.Status)
		}
		if p := h.payment(lost.ID); p.Status != gateway.StatusUnknown {
			t.Errorf("the unknown bank payment is %s", p.Status)
		}
	})
}
