package gateway_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// With invoiceSuffix on, PayTrace's refund row bears the charge's invoice, from
// which the client takes the beginning of the reference.
func TestTheBeginningOfAReferenceTellsWhoseMoneyWentBack(t *testing.T) {
	bent(t, merchants[0], nil, func(h *house, s *spy) {
		p := h.create("k", sale(1000)).Payment
		q := h.create("q", sale(1000)).Payment // of the same order and card
		h.processor.Settle()
		time.Sleep(time.Hour)
		h.processor.Clerk(gateway.Record{
			Kind: gateway.KindRefund, State: gateway.RecordPending, Amount: 700, OrderID: p.OrderID, ReferenceStart: p.Reference[:6],
		})
		time.Sleep(time.Hour)
		if len(externals(h.payment(p.ID))) != 1 || len(externals(h.payment(q.ID))) != 0 {
			h.t.Errorf("%d refunds of the one, %d of the other", len(externals(h.payment(p.ID))), len(externals(h.payment(q.ID))))
		}
	})
}

func TestARefundDoneAsAVoidThatSettlesAllTheSameIsShownToNobody(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{})
		h.expect(a, err, gateway.Refunded, gateway.OpApproved)
		time.Sleep(10 * time.Minute)
		h.processor.Put(p.TransactionID, gateway.RecordSettled)
		time.Sleep(20 * time.Minute)
		if !h.payment(p.ID).NeedsAttention {
			t.Error("refunded by a void, settled at PayTrace, and nobody is told")
		}
	})
}

func TestWhatAClerkDoesToABusyPaymentIsForgottenAfterTwoDays(t *testing.T) {
	weeks(t)
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		part := gateway.Money(200)
		h.dies("refund")
		lost, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(lost, err, gateway.Settled, gateway.OpUnknown)
		h.answers()
		time.Sleep(10 * time.Minute)
		h.clerkRefunds(h.payment(p.ID), 700) // the shopper complains
		time.Sleep(72 * time.Hour)           // a weekend until a person decides
		if _, err := h.resolve(p, lost.OperationID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		_, err = h.Refund(t.Context(), as("all"), p.ID, gateway.RefundPayment{})
		if back(h) > 1000 {
			t.Errorf("%s given back of 10.00 (%v); externals %d", back(h), err, len(externals(h.payment(p.ID))))
		}
	})
}

// An undoing by refund whose look was a stale one.
func TestALateChargesUndoingThatWaitsIsCalledGivenBack(t *testing.T) {
	days(t, 10*time.Second, func(t *testing.T, h *house) {
		h.loses("charge")
		h.processor.Hide(func(gateway.Record) bool { return true })
		lost := h.create("k", sale(1000))
		h.answers()
		time.Sleep(2 * time.Minute) // nobody hears of it any more
		if _, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		h.processor.Settle()
		id := h.processor.Records()[0].TransactionID
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "refund" { // refused until the batch is closed, though the look showed it settled
				h.processor.Put(id, gateway.RecordPending)
			}
			return nil
		})
		h.processor.Hide(nil)
		time.Sleep(25 * time.Hour)
		h.processor.SetBefore(nil)
		said := ""
		for range 4 {
			time.Sleep(time.Hour)
			for _, op := range h.payment(lost.Payment.ID).Operations {
				if op.Rejection != nil {
					said = op.Rejection.Message
				}
				t.Log(op.Kind, op.Status, op.ProcessedAs, op.Rejection)
			}
		}
		if said != "" {
			t.Errorf("nothing was given back, and an operation says: %s", said)
		}
	})
}

// faulty is a ledger that cannot keep an unmatched transaction.
type faulty struct {
	gateway.Ledger
	refuses *atomic.Bool
}

func (f faulty) KeepUnmatched(ctx context.Context, u gateway.UnmatchedTransaction, e *gateway.Event) error {
	if f.refuses.Load() {
		return errors.New("the ledger does not answer")
	}
	return f.Ledger.KeepUnmatched(ctx, u, e)
}

// A clerk takes an order's money once more and gives that back; of the two rows
// the first cannot be written down.
func TestARefundIsNotCountedWhileAChargeOfItsOrderCouldNotBeFollowed(t *testing.T) {
	var refuses atomic.Bool
	bent(t, merchants[0], func(l gateway.Ledger) gateway.Ledger { return faulty{l, &refuses} }, func(h *house, s *spy) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		refuses.Store(true)
		sold := h.payment(p.ID)
		h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 500, OrderID: p.OrderID, Card: sold.Card})
		time.Sleep(time.Second)
		h.clerkRefunds(sold, 500)
		time.Sleep(time.Hour)
		refuses.Store(false)
		time.Sleep(time.Hour)
		if ops := externals(h.payment(p.ID)); len(ops) != 0 || len(h.unmatched()) != 2 {
			h.t.Errorf("counted %+v, unmatched %d", ops, len(h.unmatched()))
		}
	})
}

func TestAVoidDoesNotGiveBackMoreThanWasTaken(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(600)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		h.processor.ClerkCaptures(p.TransactionID, 500)
		time.Sleep(10 * time.Minute)
		h.processor.Put(p.TransactionID, gateway.RecordVoided)
		time.Sleep(10 * time.Minute)
		h.expect(h.byKey("r"), nil, gateway.Voided, gateway.OpRejected)
	})
}
