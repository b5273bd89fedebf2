package gateway_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

func TestTheRefundOfADoubledChargeIsCountedToTheGoodOne(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(10 * time.Minute)
		p = h.payment(p.ID)
		h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1000, Reference: p.Reference, OrderID: p.OrderID, Card: p.Card})
		time.Sleep(10 * time.Minute)
		if !h.payment(p.ID).NeedsAttention {
			t.Fatal("nobody is told")
		}
		h.processor.Settle()
		h.clerkRefunds(p, 1000) // operating.md: "refund at PayTrace's screens what is too much"
		time.Sleep(10 * time.Minute)
		if now := h.payment(p.ID); now.Status == gateway.Refunded {
			t.Errorf("two charges, one given back, and the payment is %s; unmatched %d", now.Status, len(h.unmatched()))
		}
	})
}

func TestAClaimThatIsAlwaysBusyKeepsAHastyCallerOut(t *testing.T) {
	atDesk(t, func(h *house, d *desk) {
		d.lies(func(gateway.ClaimKey, gateway.Claim) (gateway.Claim, error) { return gateway.Claim{}, nil })
		for range 10 {
			_, err := within(1500*time.Millisecond, func(ctx context.Context) (gateway.Answer, error) {
				return h.CreatePayment(ctx, as("k"), sale(1000))
			})
			if err == nil {
				return
			}
		}
		t.Error("ten tries of 1.5 s each: the ledger was free all the time and was never asked to decide")
	})
}

// keeping counts what is kept anew.
type keeping struct {
	gateway.Ledger
	kept *atomic.Int64
}

func (k keeping) KeepUnmatched(ctx context.Context, u gateway.UnmatchedTransaction, e *gateway.Event) error {
	k.kept.Add(1)
	return k.Ledger.KeepUnmatched(ctx, u, e)
}

func TestMoreUnmatchedThanAreKnownAreWrittenWithEveryReading(t *testing.T) {
	weeks(t)
	var kept atomic.Int64
	bent(t, merchants[0], func(l gateway.Ledger) gateway.Ledger { return keeping{l, &kept} }, func(h *house, s *spy) {
		for range 5300 {
			h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 500})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(11 * time.Minute)
		before := kept.Load()
		time.Sleep(time.Hour)
		if n := kept.Load() - before; n > 0 {
			h.t.Errorf("%d writes (and as many WARN lines) in an hour in which nothing changed", n)
		}
	})
}

// A person ends an unknown refund as not done; the export shows it a minute
// later; the shop refunds anew at once.
func TestNotDoneIsBelievedThoughTheBooksShowTheRefund(t *testing.T) {
	bent(t, merchants[0], nil, func(h *house, s *spy) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		h.loses("refund")
		a, err := h.Refund(context.Background(), as("r"), p.ID, gateway.RefundPayment{})
		h.expect(a, err, gateway.Settled, gateway.OpUnknown)
		h.answers()
		b, err := h.resolve(p, a.OperationID, gateway.NotDone, "")
		h.t.Logf("not done, with the refund on the books: %v, %s", err, b.Operation().Status)
		time.Sleep(10 * time.Minute)
		_, err = h.Refund(context.Background(), as("r2"), p.ID, gateway.RefundPayment{})
		if back(h) > 1000 {
			h.t.Errorf("%s given back of 10.00 (%v)", back(h), err)
		}
	})
}

// A charge that a person calls not done while the books show it plainly.
func TestNotDoneOfAChargeThatTheBooksShowIsToldFailedAndThenUndone(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.loses("charge")
		lost := h.create("k", sale(1000))
		h.answers()
		_, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, "")
		t.Logf("not done: %v; %s", err, h.byKey("k").Payment.Status)
		time.Sleep(30 * time.Minute)
		if err == nil {
			t.Errorf("its reference and amount were on the books; now %s", h.byKey("k").Payment.Status)
		}
	})
}

// Two people name one transaction for two lost charges at the same time.
func TestTwoChargesAreResolvedByOneTransactionAtOnce(t *testing.T) {
	days(t, 5*time.Minute, func(t *testing.T, h *house) {
		h.dies("charge")
		one, two := h.create("k1", sale(1000)), h.create("k2", sale(1000))
		h.answers()
		id := h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1000})
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "look" {
				time.Sleep(time.Second)
			}
			return nil
		})
		done := make(chan error, 2)
		for _, a := range []gateway.Answer{one, two} {
			go func() {
				_, err := h.Resolve(context.Background(), "main", anna, a.Payment.ID, gateway.ResolveOperation{OperationID: a.OperationID, Decision: gateway.Done, TransactionID: id})
				done <- err
			}()
		}
		x, y := <-done, <-done
		if x == nil && y == nil {
			t.Errorf("both payments stand on transaction %s: %s and %s", id, h.byKey("k1").Payment.Status, h.byKey("k2").Payment.Status)
		}
	})
}

// A payment is settled, then a clerk makes a refund whose row the export shows
// for a while as declined or other, as an old state.
func TestARefundRowThatWasFirstShownDeclined(t *testing.T) {
	bent(t, merchants[0], nil, func(h *house, s *spy) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		h.clerkRefunds(h.payment(p.ID), 700)
		s.shows(func(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
			rows, err := s.Processor.Transactions(ctx, from, to, text)
			for i := range rows {
				if rows[i].Kind == gateway.KindRefund {
					rows[i].State = gateway.RecordOther
				}
			}
			return rows, err
		})
		time.Sleep(30 * time.Minute)
		now := h.payment(p.ID)
		h.t.Logf("%s %+v", now.Status, externals(now))
		if now.Status == gateway.PartiallyRefunded {
			h.t.Error("a refund row in a state that the gateway does not know was counted as money given back")
		}
	})
}
