package gateway_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// 15
func TestALateChargeThatAPersonCalledUndoneIsUndoneAgain(t *testing.T) {
	for name, clerk := range map[string]gateway.Record{
		"on another card":  {OrderID: "100000001", Card: gateway.CardSummary{LastFour: "0000"}},
		"without an order": {Card: gateway.CardSummary{LastFour: "5439"}},
	} {
		t.Run(name, func(t *testing.T) {
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
				h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
					if call == "refund" {
						return &gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{Code: "1"}}
					}
					return nil
				})
				h.processor.Hide(nil)
				time.Sleep(3 * time.Hour)
				if !h.payment(lost.Payment.ID).NeedsAttention {
					t.Fatal("nobody is told")
				}
				clerk.Kind, clerk.State, clerk.Amount = gateway.KindRefund, gateway.RecordPending, 1000
				h.processor.Clerk(clerk)
				a, err := h.resolve(lost.Payment, lost.OperationID, gateway.Done, "")
				t.Log(err, a.Operation().Cancel)
				h.answers() // PayTrace takes refunds again
				time.Sleep(3 * time.Hour)
				now := h.payment(lost.Payment.ID)
				if back(h) > 1000 {
					t.Errorf("a person said undone; %s given back of 10.00; %s, cancel %s", back(h), now.Status, now.First().Cancel)
				}
			})
		})
	}
}

// 16: as 13, at the pace of production
func TestAWaitingUndoingAtProductionsPace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := openAs(t, path, "one", processortest.New(time.Now), merchants[0])
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 2*time.Second)
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
		v := h.payment(p.ID).Version
		time.Sleep(6 * time.Hour)
		now := h.payment(p.ID)
		t.Log(err, now.Status, now.Version-v, h.processor.Calls("refund"))
		if now.Version-v > 30 {
			t.Errorf("%d versions in six hours of waiting for settlement", now.Version-v)
		}
		ends(cancel)
		h.ledger.Close()
	})
}

type badRows struct {
	gateway.Ledger
	bad *atomic.Int64
}

func (l badRows) PaymentByTransaction(ctx context.Context, m string, live bool, id string) (gateway.Payment, error) {
	if l.bad.Load() > 0 && id <= "100000012" {
		return gateway.Payment{}, errors.New("a stored payment cannot be read")
	}
	return l.Ledger.PaymentByTransaction(ctx, m, live, id)
}

// 17
func TestTwelveBadRowsStopTheWatcher(t *testing.T) {
	var bad atomic.Int64
	bent(t, rarely, func(l gateway.Ledger) gateway.Ledger { return badRows{l, &bad} }, func(h *house, s *spy) {
		time.Sleep(time.Hour)
		for range 12 {
			h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 500})
		}
		bad.Store(1)
		time.Sleep(24 * time.Hour)
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		h.clerkRefunds(h.payment(p.ID), 700)
		time.Sleep(20 * 24 * time.Hour)
		w, _ := h.ledger.Watch(context.Background(), "main", false)
		h.t.Log(w.Through, h.payment(p.ID).Status)
		if now := h.payment(p.ID); now.Status != gateway.PartiallyRefunded {
			h.t.Errorf("20 days later: %s, through %v, now %v", now.Status, w.Through, time.Now())
		}
	})
}
