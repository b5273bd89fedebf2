package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var refundAll = gateway.RefundPayment{}

// 1
func TestAClerksRefundOfAWholeOrderPaidInInstalmentsIsIgnored(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k1", sale(500)).Payment
		q := h.create("k2", sale(500)).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		h.clerkRefunds(h.payment(p.ID), 1000)
		time.Sleep(time.Hour)
		a, err := h.Refund(t.Context(), as("r1"), p.ID, refundAll)
		b, err2 := h.Refund(t.Context(), as("r2"), q.ID, refundAll)
		t.Log(a.Operation().Status, err, b.Operation().Status, err2)
		if back(h) > 1000 {
			t.Errorf("%s given back of 10.00", back(h))
		}
	})
}

// 1b
func TestAClerkGivesBackMoreThanIsLeftOfOne(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k1", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r1"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.PartiallyRefunded, gateway.OpApproved)
		h.clerkRefunds(h.payment(p.ID), 1000) // the clerk has not seen the first one
		time.Sleep(time.Hour)
		b, err2 := h.Refund(t.Context(), as("r2"), p.ID, refundAll)
		t.Log(b.Operation().Status, err2, h.payment(p.ID).NeedsAttention)
		if back(h) > 1300 {
			t.Errorf("%s given back of 10.00", back(h))
		}
	})
}

// 2
func TestALateChargesWaitingUndoIsSentAfterAClerk(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.loses("charge")
		h.processor.Hide(func(gateway.Record) bool { return true })
		lost := h.create("k", sale(1000))
		h.answers()
		time.Sleep(3 * time.Minute)
		if _, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		h.processor.Settle()
		id := h.processor.Records()[0].TransactionID
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "refund" { // the batch is being made: settled in one view, not yet in another
				h.processor.Put(id, gateway.RecordPending)
				return &gateway.Result{Outcome: gateway.Unknown, Contested: true}
			}
			return nil
		})
		h.processor.Hide(nil)
		time.Sleep(30 * time.Minute)
		h.answers()
		now := h.payment(lost.Payment.ID)
		for _, op := range now.Operations {
			t.Log(now.Status, op.Kind, op.Status, op.Due, op.Attention)
		}
		h.processor.Put(id, gateway.RecordSettled)
		h.clerkRefunds(gateway.Payment{OrderID: "100000001", Card: gateway.CardSummary{LastFour: "5439"}}, 1000)
		time.Sleep(5 * time.Hour)
		now = h.payment(lost.Payment.ID)
		for _, op := range now.Operations {
			t.Log(now.Status, op.Kind, op.Status, op.Origin, op.Due, op.Attention)
		}
		if back(h) > 1000 {
			t.Errorf("%s given back of 10.00", back(h))
		}
	})
}

// bySubstring is the text search of PayTrace.
func bySubstring(s *spy, rowCap int) {
	s.shows(func(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
		rows, err := s.Processor.Transactions(ctx, from, to, "")
		var out []gateway.Record
		for _, r := range rows {
			if strings.Contains(r.OrderID+"-"+r.ReferenceStart+" "+r.Reference, text) {
				out = append(out, r)
			}
		}
		if rowCap > 0 && len(out) > rowCap {
			out = out[:rowCap]
		}
		return out, err
	})
}

// 3
func TestAnOrderThatLooksSuffixedIsGivenBackTwice(t *testing.T) {
	bent(t, merchants[0], nil, func(h *house, s *spy) {
		bySubstring(s, 0)
		cmd := sale(1000)
		cmd.OrderID = "2026-234567"
		p := h.create("k", cmd).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		// what adapters/paytrace makes of a clerk's refund with the order's number as invoice
		h.processor.Clerk(gateway.Record{Kind: gateway.KindRefund, State: gateway.RecordPending, Amount: 1000,
			OrderID: "2026", ReferenceStart: "234567", Card: h.payment(p.ID).Card})
		time.Sleep(time.Hour)
		a, err := h.Refund(context.Background(), as("r"), p.ID, refundAll)
		h.t.Log(a.Operation().Status, err)
		if back(h) > 1000 {
			h.t.Errorf("%s given back of 10.00", back(h))
		}
	})
}

// 4
func TestARefundOfAShortOrderNumberWaitsForEver(t *testing.T) {
	weeks(t)
	m := merchants[0]
	m.ExportRowCap = 10
	bent(t, m, nil, func(h *house, s *spy) {
		bySubstring(s, 10)
		cmd := sale(1000)
		cmd.OrderID = "7"
		p := h.create("k", cmd).Payment
		for i := range 12 {
			time.Sleep(24 * time.Hour)
			cmd.OrderID = fmt.Sprintf("7%d", i)
			h.create(cmd.OrderID, cmd)
			h.processor.Settle()
		}
		time.Sleep(time.Hour)
		part := gateway.Money(300)
		a, err := h.Refund(context.Background(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.t.Log(a.Operation().Status, err, h.payment(p.ID).Status)
		time.Sleep(10 * 24 * time.Hour)
		if op := h.byKey("r").Operation(); op.Status != gateway.OpApproved {
			h.t.Errorf("ten days later the refund is %s, %d sent, %q; one row a day, nobody gave anything back", op.Status, h.processor.Calls("refund"), op.Attention)
		}
	})
}

// 5
func TestARefundOfAFailedChargeIsCountedToTheRepeatedOne(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.loses("charge")
		first := h.create("k1", sale(1000))
		h.answers()
		h.processor.Hide(func(r gateway.Record) bool {
			return r.Reference == first.Payment.Reference || r.Kind == gateway.KindRefund
		})
		time.Sleep(4 * time.Minute)
		if _, err := h.resolve(first.Payment, first.OperationID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		second := h.create("k2", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(30 * time.Minute)
		h.clerkRefunds(h.payment(second.ID), 1000) // the clerk sees the shopper charged twice
		time.Sleep(time.Hour)
		h.processor.Hide(nil)
		time.Sleep(3 * time.Hour)
		a, b := h.payment(first.Payment.ID), h.payment(second.ID)
		t.Logf("first %s, second %s, given back %s", a.Status, b.Status, back(h))
		if back(h) > 1000 && b.Status == gateway.Refunded {
			t.Errorf("one order, paid twice: %s of 20.00 given back, the good payment is %s", back(h), b.Status)
		}
	})
}

// 6
type hiccup struct {
	gateway.Ledger
	until *atomic.Int64
}

func (l hiccup) PaymentByTransaction(ctx context.Context, m string, live bool, id string) (gateway.Payment, error) {
	if l.until.Load() > 0 {
		l.until.Add(-1)
		return gateway.Payment{}, errors.New("the connection was lost")
	}
	return l.Ledger.PaymentByTransaction(ctx, m, live, id)
}

func TestRowsOfAnOldDayThatFailOnceAreForgotten(t *testing.T) {
	weeks(t)
	var until atomic.Int64
	m := merchants[0]
	bent(t, m, func(l gateway.Ledger) gateway.Ledger { return hiccup{l, &until} }, func(h *house, s *spy) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		away := true
		s.shows(func(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
			if away {
				return nil, errors.New("PayTrace is away")
			}
			return s.Processor.Transactions(ctx, from, to, text)
		})
		h.clerkRefunds(h.payment(p.ID), 700)
		time.Sleep(5 * 24 * time.Hour) // an outage of five days
		until.Store(3)                 // and a hiccup of the ledger for three rows as it ends
		away = false
		time.Sleep(3 * 24 * time.Hour)
		if now := h.payment(p.ID); now.Status != gateway.PartiallyRefunded {
			w, _ := h.ledger.Watch(context.Background(), "main", false)
			h.t.Errorf("three days after: %s, externals %d, read through %v; left %d", now.Status, len(externals(now)), w.Through, until.Load())
		}
	})
}

// 7
func TestAnUndoingWipesWhatElseAPersonHadToSee(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(10 * time.Minute)
		h.processor.ClerkCaptures(p.TransactionID, 1100)
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		t.Log(h.payment(p.ID).Status, h.payment(p.ID).First().Attention)
		if !h.payment(p.ID).NeedsAttention {
			t.Fatal("nobody is told")
		}
		_, err := h.Cancel(t.Context(), "main", "k")
		time.Sleep(48 * time.Hour)
		now := h.payment(p.ID)
		if !now.NeedsAttention {
			t.Errorf("11.00 taken, %s given back, %s, and it left the attention list unseen by anybody (%v)", back(h), now.Status, err)
		}
	})
}

// 8
func TestAClerksRefundOnAnotherCardCannotBeToldAndIsMadeTwice(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		part := gateway.Money(300)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &part})
		h.expect(a, err, gateway.StatusApproved, gateway.OpWaiting)
		time.Sleep(10 * time.Minute)
		// the shopper's card was closed: the clerk gives it back on the new one
		id := h.processor.Clerk(gateway.Record{Kind: gateway.KindRefund, State: gateway.RecordPending, Amount: part, OrderID: p.OrderID, Card: gateway.CardSummary{LastFour: "0000"}})
		time.Sleep(10 * time.Minute)
		_, err = h.resolve(p, a.OperationID, gateway.Done, id)
		h.processor.Settle()
		time.Sleep(3 * time.Hour)
		if back(h) > 300 {
			t.Errorf("a person may not say it is done (%v); %s given back of 3.00", err, back(h))
		}
	})
}

// 11
func TestAnOrderWithMoreThanAHundredPayments(t *testing.T) {
	watched(t, rarely, func(t *testing.T, h *house) {
		old := h.create("old", sale(1000)).Payment
		for i := range 99 {
			time.Sleep(time.Second)
			h.create(fmt.Sprint("k", i), sale(100))
		}
		time.Sleep(time.Second)
		other := h.create("other", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(7 * time.Hour)
		h.clerkRefunds(h.payment(old.ID), 900) // of one of the two: nobody can tell which
		time.Sleep(time.Hour)
		a, err := h.Refund(t.Context(), as("r"), old.ID, refundAll)
		t.Log(a.Operation().Status, err, len(externals(h.payment(other.ID))))
		if len(externals(h.payment(other.ID))) > 0 {
			t.Errorf("counted to the newest of two that it can be of; of the oldest %s given back of 10.00", back(h))
		}
	})
}

// 13
func TestAWaitingUndoingIsWrittenEveryMinute(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
			if call == "refund" {
				h.processor.Put(p.TransactionID, gateway.RecordPending)
				return &gateway.Result{Outcome: gateway.Unknown, Contested: true}
			}
			return nil
		})
		_, err := h.Cancel(t.Context(), "main", "k")
		h.answers()
		h.processor.Put(p.TransactionID, gateway.RecordSettled)
		v := h.payment(p.ID).Version
		time.Sleep(24 * time.Hour)
		now := h.payment(p.ID)
		t.Log(err, now.Status, now.Version-v)
		for _, op := range now.Operations {
			t.Log(op.Kind, op.Status, op.Due, op.Attention)
		}
		if now.Status != gateway.Refunded {
			t.Errorf("a day later %s, %d versions, %d refunds", now.Status, now.Version-v, h.processor.Calls("refund"))
		}
	})
}

// 14
func TestAClerksRefundOnAnotherCardIsNotCountedAndSentAgain(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		h.processor.Clerk(gateway.Record{Kind: gateway.KindRefund, State: gateway.RecordPending, Amount: 1000, OrderID: p.OrderID, Card: gateway.CardSummary{LastFour: "0000"}})
		time.Sleep(time.Hour)
		a, err := h.Refund(t.Context(), as("r"), p.ID, refundAll)
		if back(h) > 1000 {
			t.Errorf("%s given back of 10.00: %s %v", back(h), a.Operation().Status, err)
		}
	})
}
