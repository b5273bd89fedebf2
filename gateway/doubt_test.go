package gateway_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

func back(h *house) (sent gateway.Money) {
	for _, r := range h.processor.Records() {
		if r.Kind == gateway.KindRefund {
			sent += r.Amount
		}
	}
	return sent
}

func TestAnUnmatchedRefundIsForgottenAfterTwoDays(t *testing.T) {
	weeks(t)
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k1", sale(1000)).Payment
		q := h.create("k2", sale(1000)).Payment // the order is paid twice
		h.processor.Settle()
		time.Sleep(time.Hour)
		h.clerkRefunds(h.payment(p.ID), 500)
		time.Sleep(10 * time.Minute)
		a, err := h.Refund(t.Context(), as("r1"), p.ID, gateway.RefundPayment{})
		h.expect(a, err, gateway.Settled, gateway.OpWaiting)
		a, err = h.Refund(t.Context(), as("r2"), q.ID, gateway.RefundPayment{})
		h.expect(a, err, gateway.Settled, gateway.OpWaiting)
		told := false
		for range 80 {
			time.Sleep(time.Hour)
			told = told || h.payment(p.ID).NeedsAttention
		}
		t.Logf("refunds sent %d, given back %s of 20.00 captured, anybody told: %v", h.processor.Calls("refund"), back(h), told)
		if back(h) > 2000 {
			t.Errorf("%s given back of 20.00", back(h))
		}
	})
}

func TestARivalOfAnotherPaymentHidesAClerksRefundForGood(t *testing.T) {
	weeks(t)
	watched(t, merchants[0], func(t *testing.T, h *house) {
		cmd := sale(1000)
		p := h.create("k", cmd).Payment
		cmd.OrderID = "100000002"
		q := h.create("q", cmd).Payment
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		part := gateway.Money(300)
		h.processor.Hide(func(r gateway.Record) bool { return r.Kind == gateway.KindRefund }) // the export lags
		h.clerkRefunds(h.payment(p.ID), part)
		time.Sleep(10 * time.Minute)
		h.dies("refund")
		lost, err := h.Refund(t.Context(), as("r"), q.ID, gateway.RefundPayment{Amount: &part})
		h.expect(lost, err, gateway.Settled, gateway.OpUnknown)
		h.answers()
		h.processor.Hide(nil)
		time.Sleep(72 * time.Hour) // a weekend until a person decides
		_, err = h.resolve(q, lost.OperationID, gateway.NotDone, "")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		_, err = h.Refund(t.Context(), as("all"), p.ID, gateway.RefundPayment{})
		t.Logf("refund of the whole: %v; externals %d", err, len(externals(h.payment(p.ID))))
		if back(h) > 1000 {
			t.Errorf("%s given back of 10.00", back(h))
		}
	})
}

func TestARefundOfMoreThanAClerkHasLeft(t *testing.T) {
	m := merchants[0]
	m.WatchEvery = 24 * time.Hour // or: the export lags; or: a minute before the next reading
	watched(t, m, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Hour)
		h.processor.ClerkCaptures(p.TransactionID, 700)
		h.processor.Settle()
		time.Sleep(time.Minute)
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{})
		if h.expect(a, err, gateway.Refunded, gateway.OpApproved).Operation().Amount != 700 {
			t.Errorf("%s refunded of 7.00 taken; the look by id showed 7.00", a.Operation().Amount)
		}
	})
}

func TestAWatcherThatNeverCompletedLetsCatchUpLookTwoDaysBackOnly(t *testing.T) {
	weeks(t)
	bent(t, merchants[0], nil, func(h *house, s *spy) {
		s.shows(func(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
			if text == "" {
				return nil, context.DeadlineExceeded // the whole export is too large to come in time
			}
			return s.Processor.Transactions(ctx, from, to, text)
		})
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		h.clerkRefunds(h.payment(p.ID), 700)
		time.Sleep(72 * time.Hour)
		_, err := h.Refund(context.Background(), as("r"), p.ID, gateway.RefundPayment{})
		if back(h) > 1000 {
			h.t.Errorf("%s given back of 10.00, %v", back(h), err)
		}
	})
}

func TestALateChargeThatAClerkGaveBackIsGivenBackAgain(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.loses("charge")
		h.processor.Hide(func(gateway.Record) bool { return true })
		lost := h.create("k", sale(1000))
		h.answers()
		time.Sleep(10 * time.Minute)
		h.processor.Settle()
		h.clerkRefunds(gateway.Payment{OrderID: "100000001", Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439"}}, 1000)
		_, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, "") // it is over: the shopper has it back
		if err != nil {
			t.Fatal(err)
		}
		h.processor.Hide(nil)
		time.Sleep(30 * time.Hour)
		if back(h) > 1000 {
			t.Errorf("%s given back of 10.00; the payment is %s", back(h), h.payment(lost.Payment.ID).Status)
		}
	})
}

func TestAClerksRefundOfAnUnknownChargeIsCountedToTheRepeatedOne(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.loses("charge")
		first := h.create("k1", sale(1000))
		h.answers()
		lagging := func(r gateway.Record) bool {
			return r.Reference == first.Payment.Reference || r.Kind == gateway.KindRefund
		}
		h.processor.Hide(lagging)
		second := h.create("k2", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(30 * time.Minute)
		h.clerkRefunds(h.payment(second.ID), 1000) // the clerk sees the shopper charged twice
		time.Sleep(2*time.Hour + 20*time.Minute)
		h.processor.Hide(nil)
		time.Sleep(11 * time.Minute)
		now := h.payment(second.ID)
		t.Logf("first %s, second %s", h.payment(first.Payment.ID).Status, now.Status)
		if now.Status == gateway.Refunded {
			t.Error("the refund of an order with an undecided charge was counted to the other charge")
		}
	})
}

func TestALostRefundAdoptsTheClerksOfAnotherOrder(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		cmd := sale(1000)
		p := h.create("k", cmd).Payment
		cmd.OrderID = "100000002"
		q := h.create("q", cmd).Payment
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		part := gateway.Money(300)
		h.dies("refund")
		lost, err := h.Refund(t.Context(), as("r"), q.ID, gateway.RefundPayment{Amount: &part})
		h.expect(lost, err, gateway.Settled, gateway.OpUnknown)
		h.answers()
		time.Sleep(2 * time.Minute)
		h.clerkRefunds(h.payment(p.ID), part) // order 100000001, as the row says
		time.Sleep(2 * time.Hour)
		if a := h.byKey("r"); a.Operation().Status == gateway.OpApproved {
			t.Errorf("the refund of order %s is told approved by a row of order %s; the other payment is %s", q.OrderID, p.OrderID, h.payment(p.ID).Status)
		}
	})
}

func TestAGivenUpPaymentThatSettlesAllTheSameIsShownToNobody(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		a, err := h.Cancel(t.Context(), "main", "k")
		h.expect(a, err, gateway.Voided, gateway.OpApproved)
		time.Sleep(10 * time.Minute)
		h.processor.Put(p.TransactionID, gateway.RecordSettled)
		time.Sleep(20 * time.Minute)
		if !h.payment(p.ID).NeedsAttention {
			t.Error("voided for a shop that gave it up, settled at PayTrace, and nobody is told")
		}
	})
}

func TestAnUndoingThatTheBooksKeepFromBeingSentIsTriedForEverUnseen(t *testing.T) {
	weeks(t)
	bent(t, merchants[0], nil, func(h *house, s *spy) {
		p := h.create("k1", sale(1000)).Payment
		h.create("k2", sale(1000))
		h.processor.Settle()
		time.Sleep(time.Hour)
		h.clerkRefunds(h.payment(p.ID), 500)
		time.Sleep(10 * time.Minute)
		var asked atomic.Int64
		s.shows(func(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
			if text != "" {
				asked.Add(1)
			}
			return s.Processor.Transactions(ctx, from, to, text)
		})
		_, err := within(9*time.Second, func(ctx context.Context) (gateway.Answer, error) { return h.Cancel(ctx, "main", "k1") })
		if err != nil {
			h.t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		now := h.payment(p.ID)
		h.t.Logf("a day later: %s, attention %v, %d exports asked for (RunDue every 5 min here; every 70 s in production)", now.Status, now.NeedsAttention, asked.Load())
		if !now.NeedsAttention && asked.Load() > 30 {
			h.t.Error("tried without end, and nobody is told")
		}
		time.Sleep(48 * time.Hour)
		h.t.Logf("after three days: %s, given back %s", h.payment(p.ID).Status, back(h))
	})
}

func TestAttentionForALateSettlementNeverEnds(t *testing.T) {
	watched(t, rarely, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(12 * 24 * time.Hour)
		if !h.payment(p.ID).NeedsAttention {
			t.Fatal("nobody is told")
		}
		h.processor.Settle()
		time.Sleep(48 * time.Hour)
		if now := h.payment(p.ID); now.Status != gateway.Settled || now.NeedsAttention {
			t.Errorf("%s, needs attention %v: %q", now.Status, now.NeedsAttention, now.First().Attention)
		}
	})
}

func TestAPaymentThatCannotBeSeenSettledIsDroppedUnseen(t *testing.T) {
	weeks(t)
	for name, c := range map[string]struct {
		cmd  gateway.CreatePayment
		does func(h *house, p gateway.Payment)
	}{
		"the looks fail": {sale(1000), func(h *house, _ gateway.Payment) {
			h.processor.SetBefore(func(_ context.Context, call string) *gateway.Result {
				if call == "look" {
					return &gateway.Result{}
				}
				return nil
			})
		}},
		"the capture is not there": {authorization(1000), func(h *house, p gateway.Payment) {
			a, err := h.Capture(context.Background(), as("c"), p.ID, gateway.CapturePayment{})
			h.expect(a, err, gateway.StatusApproved, gateway.OpApproved)
			h.processor.Put(p.TransactionID, gateway.RecordAuthorized)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			watched(t, rarely, func(t *testing.T, h *house) {
				p := h.create("k", c.cmd).Payment
				time.Sleep(time.Minute)
				c.does(h, p)
				time.Sleep(45 * 24 * time.Hour)
				if now := h.payment(p.ID); !now.NeedsAttention {
					t.Errorf("%s, due %v, and nobody is told", now.Status, now.First().Due)
				}
			})
		})
	}
}

func TestASecondContradictionIsShownBesideTheFirst(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(10 * time.Minute)
		h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1000, Reference: p.Reference})
		time.Sleep(10 * time.Minute)
		h.processor.ClerkCaptures(p.TransactionID, 1100)
		time.Sleep(10 * time.Minute)
		why := h.payment(p.ID).First().Attention
		if !strings.Contains(why, "reference too") || !strings.Contains(why, "11.00") {
			t.Errorf("of two contradictions is shown: %s", why)
		}
	})
}

func TestTwoReasonsAreShownInTurnForEver(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(10 * time.Minute)
		for range 2 {
			h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1000, Reference: p.Reference})
		}
		rounds := 0
		for range 8 {
			time.Sleep(11 * time.Minute)
			if h.payment(p.ID).NeedsAttention {
				rounds++
				if _, err := h.resolve(p, p.First().ID, gateway.Seen, ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		if rounds > 2 {
			t.Errorf("two reasons were shown %d times in 88 minutes", rounds)
		}
	})
}

func TestALateChargeOfAnotherAmountIsShownAgainAfterBeingSeen(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.dies("charge")
		lost := h.create("k", sale(1000))
		h.answers()
		time.Sleep(2 * time.Minute) // nobody hears of it any more
		if _, err := h.resolve(lost.Payment, lost.OperationID, gateway.NotDone, ""); err != nil {
			t.Fatal(err)
		}
		h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 900, Reference: lost.Payment.Reference})
		times, versions := 0, h.payment(lost.Payment.ID).Version
		for range 12 {
			time.Sleep(11 * time.Minute)
			if h.payment(lost.Payment.ID).NeedsAttention {
				times++
				if _, err := h.resolve(lost.Payment, lost.OperationID, gateway.Seen, ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		if times > 1 {
			t.Errorf("shown %d times in 2 hours for one reason that a person has seen; %d versions", times, h.payment(lost.Payment.ID).Version-versions)
		}
	})
}

// poisoned is a ledger that cannot read one payment.
type poisoned struct {
	gateway.Ledger
	id   func() string
	slow time.Duration
	rows *atomic.Int64
}

func (p poisoned) PaymentByTransaction(ctx context.Context, merchant string, live bool, id string) (gateway.Payment, error) {
	if p.slow > 0 {
		select {
		case <-time.After(p.slow):
		case <-ctx.Done():
			return gateway.Payment{}, ctx.Err()
		}
	}
	if p.id != nil && id == p.id() {
		return gateway.Payment{}, errors.New("a stored payment cannot be read")
	}
	return p.Ledger.PaymentByTransaction(ctx, merchant, live, id)
}

func (p poisoned) Unmatched(ctx context.Context, f gateway.UnmatchedFilter) ([]gateway.UnmatchedTransaction, error) {
	list, err := p.Ledger.Unmatched(ctx, f)
	if p.rows != nil {
		p.rows.Add(int64(len(list)))
	}
	return list, err
}

func TestOnePoisonedRowMakesEveryReadingAMonthLong(t *testing.T) {
	weeks(t)
	bad := atomic.Value{}
	bad.Store("")
	bend := func(l gateway.Ledger) gateway.Ledger {
		return poisoned{Ledger: l, id: func() string { return bad.Load().(string) }}
	}
	bent(t, merchants[0], bend, func(h *house, s *spy) {
		time.Sleep(time.Hour)
		bad.Store(h.create("k", sale(1000)).Payment.TransactionID)
		time.Sleep(20 * 24 * time.Hour)
		var exports atomic.Int64
		s.shows(func(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
			if text == "" {
				exports.Add(1)
			}
			return s.Processor.Transactions(ctx, from, to, text)
		})
		time.Sleep(time.Hour)
		w, _ := h.ledger.Watch(context.Background(), "main", false)
		// Twelve readings of two exports each, and one more where both ends of the
		// hour are at the moment of a reading.
		if n := exports.Load(); n > 26 {
			h.t.Errorf("%d exports of two days in an hour, 26 would do; read through %v, now %v", n, w.Through, time.Now())
		}
	})
}

func TestAReadingThatIsCutByItsPatienceBeginsAnewForEver(t *testing.T) {
	weeks(t)
	bend := func(l gateway.Ledger) gateway.Ledger { return poisoned{Ledger: l, slow: time.Second} } // or 60,000 rows at 10 ms
	bent(t, merchants[0], bend, func(h *house, s *spy) {
		for range 650 {
			h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 500})
		}
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(20 * time.Hour)
		w, _ := h.ledger.Watch(context.Background(), "main", false)
		if now := h.payment(p.ID); now.Status != gateway.Settled {
			h.t.Errorf("after 20 hours of readings the 651st row was never reached: %s, through %v", now.Status, w.Through)
		}
	})
}

func TestTwoInstancesWhoseReadingsAreLongNeverCompleteOne(t *testing.T) {
	weeks(t)
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		s := &spy{Processor: h.processor}
		s.shows(func(ctx context.Context, from, to time.Time, text string) ([]gateway.Record, error) {
			time.Sleep(6 * time.Minute)
			return s.Processor.Transactions(ctx, from, to, text)
		})
		ctx, cancel := context.WithCancel(t.Context())
		for _, name := range []string{"one", "two"} {
			g := gateway.New(gateway.Config{Ledger: h.ledger, Merchants: merchants, Processors: map[string]gateway.Processor{"main": s},
				Secret: secret, Instance: name, Now: time.Now, MaxInFlight: 256, Log: discard})
			go g.RunWatch(ctx, 2*time.Second)
		}
		time.Sleep(24 * time.Hour)
		w, _ := h.ledger.Watch(context.Background(), "main", false)
		if w.Through.IsZero() {
			t.Errorf("after a day of complete readings, through %v, version %d", w.Through, w.Version)
		}
		cancel()
		time.Sleep(time.Hour)
		synctest.Wait()
		h.ledger.Close()
	})
}

func TestEveryLookReadsTheWholeListOfUnmatched(t *testing.T) {
	var rows atomic.Int64
	bend := func(l gateway.Ledger) gateway.Ledger { return poisoned{Ledger: l, rows: &rows} }
	m := merchants[0]
	m.WatchEvery = 23 * time.Hour
	bent(t, m, bend, func(h *house, s *spy) {
		for range 500 {
			h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 500})
		}
		time.Sleep(24 * time.Hour)
		for range 40 {
			h.create("k"+time.Now().String(), sale(1000))
			time.Sleep(time.Second)
		}
		before := rows.Load()
		time.Sleep(27 * time.Hour)
		if n := rows.Load() - before; n > 2000 {
			h.t.Errorf("%d rows of the list were read for 40 settlement looks and two readings", n)
		}
	})
}
