package gateway_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// watched lets a test live through days with the watcher and the due work
// running.
func watched(t *testing.T, m gateway.Merchant, test func(t *testing.T, h *house)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := openAs(t, path, "one", processortest.New(time.Now), m)
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 5*time.Minute)
		go h.RunWatch(ctx, 5*time.Minute)
		test(t, h)
		ends(cancel)
		h.ledger.Close()
	})
}

// weeks leaves a test that lives through weeks to the run without the race
// detector, under which the ledger in it is ten times slower.
func weeks(t *testing.T) {
	if underRace {
		t.Skip("it runs without the race detector")
	}
}

// rarely is a merchant whose export is read a few times a day, for tests that
// live through weeks.
var rarely = func() gateway.Merchant {
	m := merchants[0]
	m.WatchEvery = 6 * time.Hour
	return m
}()

func (h *house) payment(id string) gateway.Payment {
	h.t.Helper()
	p, err := h.Gateway.Payment(context.Background(), "main", id)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// externals are the operations of a payment that were done at PayTrace's own
// screens.
func externals(p gateway.Payment) []gateway.Operation {
	var found []gateway.Operation
	for _, op := range p.Operations {
		if op.Origin == gateway.OriginExternal {
			found = append(found, op)
		}
	}
	return found
}

func (h *house) clerkRefunds(p gateway.Payment, amount gateway.Money) string {
	return h.processor.Clerk(gateway.Record{
		Kind: gateway.KindRefund, State: gateway.RecordPending, Amount: amount, OrderID: p.OrderID, Card: p.Card,
	})
}

func (h *house) unmatched() []gateway.UnmatchedTransaction {
	h.t.Helper()
	return h.unmatchedPage().Transactions
}

func (h *house) unmatchedPage() gateway.UnmatchedPage {
	h.t.Helper()
	page, err := h.Unmatched(context.Background(), gateway.UnmatchedFilter{MerchantID: "main", Limit: 10})
	if err != nil {
		h.t.Fatal(err)
	}
	return page
}

// An empty list is not taken for "nothing is unmatched" while nobody has looked, nor
// an old one for a new one.
func TestTheListOfUnmatchedSaysUpToWhenItKnows(t *testing.T) {
	if page := newHouse(t).unmatchedPage(); len(page.Transactions) != 0 || !page.SeenThrough.IsZero() {
		t.Errorf("before the books were read: %+v", page)
	}
	watched(t, merchants[0], func(t *testing.T, h *house) {
		time.Sleep(time.Hour)
		h.dies("export")
		time.Sleep(time.Hour)
		if age := time.Since(h.unmatchedPage().SeenThrough); age < time.Hour || age > time.Hour+gateway.DefaultWatchEvery {
			t.Errorf("known until %s ago, and PayTrace has not answered for an hour", age)
		}
	})
}

func TestTheBacklogSaysHowFarTheExportWasFollowed(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(time.Hour)
		h.dies("export")
		time.Sleep(time.Hour)
		rows, err := h.Backlog(t.Context())
		if err != nil || len(rows) != 1 || !rows[0].Watched {
			t.Fatalf("the backlog: %+v, %v", rows, err)
		}
		if age := time.Since(rows[0].SeenThrough); age < time.Hour || age > time.Hour+gateway.DefaultWatchEvery {
			t.Errorf("followed until %s ago, and PayTrace has not answered for an hour", age)
		}
	})
}

func TestASettlementIsSeenInTheExport(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Hour)
		h.processor.Settle()
		time.Sleep(6 * time.Minute)
		now := h.payment(p.ID)
		if now.Status != gateway.Settled || now.SettledAt.IsZero() || len(now.Operations) != 1 || !now.First().Due.IsZero() {
			t.Errorf("%s, settled at %v, %d operations, due %v", now.Status, now.SettledAt, len(now.Operations), now.First().Due)
		}
	})
}

func TestWhatClerksDoIsCounted(t *testing.T) {
	part := gateway.Money(700)
	for name, c := range map[string]struct {
		cmd    gateway.CreatePayment
		does   func(h *house, p gateway.Payment)
		status gateway.Status
		kind   gateway.OperationKind
		amount gateway.Money
	}{
		"void of an authorization": {authorization(1000), func(h *house, p gateway.Payment) { h.processor.Put(p.TransactionID, gateway.RecordVoided) },
			gateway.Voided, gateway.KindVoid, 1000},
		"void of a sale": {sale(1000), func(h *house, p gateway.Payment) { h.processor.Put(p.TransactionID, gateway.RecordVoided) },
			gateway.Voided, gateway.KindVoid, 1000},
		"capture of a part": {authorization(1000), func(h *house, p gateway.Payment) { h.processor.ClerkCaptures(p.TransactionID, part) },
			gateway.StatusApproved, gateway.KindCapture, part},
		"capture, settled before it was seen": {authorization(1000), func(h *house, p gateway.Payment) {
			h.processor.ClerkCaptures(p.TransactionID, part)
			h.processor.Settle()
		}, gateway.Settled, gateway.KindCapture, part},
		"lowering of a sale": {sale(1000), func(h *house, p gateway.Payment) { h.processor.ClerkCaptures(p.TransactionID, part) },
			gateway.StatusApproved, gateway.KindAdjust, part},
		"refund of a part": {sale(1000), func(h *house, p gateway.Payment) { h.processor.Settle(); h.clerkRefunds(p, part) },
			gateway.PartiallyRefunded, gateway.KindRefund, part},
		"refund of the whole": {sale(1000), func(h *house, p gateway.Payment) { h.processor.Settle(); h.clerkRefunds(p, 1000) },
			gateway.Refunded, gateway.KindRefund, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			watched(t, merchants[0], func(t *testing.T, h *house) {
				p := h.create("k", c.cmd).Payment
				time.Sleep(10 * time.Minute)
				c.does(h, h.payment(p.ID))
				time.Sleep(12 * time.Minute)
				now := h.payment(p.ID)
				ops := externals(now)
				if now.Status != c.status || len(ops) != 1 || ops[0].Kind != c.kind || ops[0].Amount != c.amount || ops[0].Status != gateway.OpApproved {
					t.Errorf("%s, %+v", now.Status, ops)
				}
				time.Sleep(24 * time.Hour)
				if again := h.payment(p.ID); len(again.Operations) != len(now.Operations) || len(h.unmatched()) != 0 {
					t.Errorf("a day later: %+v, unmatched %+v", again.Operations, h.unmatched())
				}
			})
		})
	}
}

func TestARefundCountsWhatClerksGaveBackAMomentAgo(t *testing.T) {
	m := merchants[0]
	m.WatchEvery = 24 * time.Hour // the watcher does not see it in time
	watched(t, m, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		h.clerkRefunds(h.payment(p.ID), 700)
		time.Sleep(5 * time.Minute)
		amount := gateway.Money(400)
		_, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{Amount: &amount})
		if codeOf(err) != gateway.CodeRefundExceeds {
			t.Errorf("700 of 1000 were given back by a clerk, and 400 more: %v", err)
		}
		amount = 300
		a, err := h.Refund(t.Context(), as("r2"), p.ID, gateway.RefundPayment{Amount: &amount})
		h.expect(a, err, gateway.Refunded, gateway.OpApproved)
	})
}

func TestARefundWaitsWhileAClerksMayBelongToIt(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		h.clerkRefunds(h.payment(p.ID), 1000) // a moment ago: it may be one of ours that is not recorded yet
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{})
		h.expect(a, err, gateway.Settled, gateway.OpWaiting)
		time.Sleep(11 * time.Minute) // and not an hour
		h.expect(h.byKey("r"), nil, gateway.Refunded, gateway.OpRejected)
		if n := h.processor.Calls("refund"); n != 0 {
			t.Errorf("%d refunds were sent", n)
		}
	})
}

func TestAClerksRefundOfAnOrderPaidTwiceIsListed(t *testing.T) {
	m := merchants[0]
	m.TellUnmatched = true
	watched(t, m, func(t *testing.T, h *house) {
		p := h.create("k1", sale(1000)).Payment
		h.create("k2", sale(1000))
		cmd := sale(1000)
		cmd.OrderID = "by-mail" // of another card
		mailed := h.create("k3", cmd).Payment
		h.processor.Settle()
		time.Sleep(time.Hour)
		id := h.clerkRefunds(h.payment(p.ID), 500)
		h.processor.Clerk(gateway.Record{
			Kind: gateway.KindRefund, State: gateway.RecordPending, Amount: 500, OrderID: "by-mail", Card: gateway.CardSummary{LastFour: "0000"},
		})
		sold := h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 900, OrderID: "by-telephone"})
		time.Sleep(time.Hour)
		list := h.unmatched()
		if len(list) != 3 || len(externals(h.payment(mailed.ID))) != 0 {
			t.Fatalf("%+v", list)
		}
		for _, u := range list {
			if u.Record.TransactionID != id && u.Record.TransactionID != sold && u.Record.OrderID != "by-mail" {
				t.Errorf("%+v", u)
			}
		}
		if ops := externals(h.payment(p.ID)); len(ops) != 0 {
			t.Errorf("it was counted to one of two: %+v", ops)
		}
	})
}

func TestAnotherInstancesChargeIsNotUnmatched(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.loses("charge")
		a := h.create("k", sale(1000))
		h.expect(a, nil, gateway.StatusUnknown, gateway.OpUnknown)
		h.answers()
		h.processor.Hide(nil)
		time.Sleep(20 * time.Minute)
		h.expect(h.byKey("k"), nil, gateway.StatusApproved, gateway.OpApproved)
		if list := h.unmatched(); len(list) != 0 {
			t.Errorf("%+v", list)
		}
	})
}

func TestAMissedWeekIsCaughtUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		run := func() context.CancelFunc {
			ctx, cancel := context.WithCancel(t.Context())
			go h.RunWatch(ctx, 5*time.Minute)
			return func() { cancel(); synctest.Wait() }
		}
		stop := run()
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Hour)
		stop()
		h.processor.Put(p.TransactionID, gateway.RecordVoided)
		time.Sleep(10 * 24 * time.Hour)
		stop = run()
		time.Sleep(6 * time.Minute)
		stop()
		if now := h.payment(p.ID); now.Status != gateway.Voided {
			t.Errorf("ten days later the payment is %s", now.Status)
		}
		h.ledger.Close()
	})
}

func TestACaptureLongAfterItsAuthorizationIsSeenSettled(t *testing.T) {
	weeks(t)
	watched(t, merchants[0], func(t *testing.T, h *house) {
		p := h.create("k", authorization(1000)).Payment
		time.Sleep(7 * 24 * time.Hour)
		a, err := h.Capture(t.Context(), as("c"), p.ID, gateway.CapturePayment{})
		h.expect(a, err, gateway.StatusApproved, gateway.OpApproved)
		h.processor.Settle()
		time.Sleep(27 * time.Hour)
		if now := h.payment(p.ID); now.Status != gateway.Settled {
			t.Errorf("the payment is %s", now.Status)
		}
	})
}

func TestBooksThatContradictOursAreForAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		before, after func(h *house, p gateway.Payment)
	}{
		"a voided payment is settled there": {
			func(h *house, p gateway.Payment) { _, _ = h.Void(context.Background(), as("v"), p.ID) },
			func(h *house, p gateway.Payment) { h.processor.Put(p.TransactionID, gateway.RecordSettled) }},
		"a settled payment is voided there": {
			func(h *house, p gateway.Payment) { h.processor.Settle() },
			func(h *house, p gateway.Payment) { h.processor.Put(p.TransactionID, gateway.RecordVoided) }},
		"a sale has a larger amount there": {
			func(h *house, p gateway.Payment) {},
			func(h *house, p gateway.Payment) { h.processor.ClerkCaptures(p.TransactionID, 1100) }},
		"another transaction bears its reference": {
			func(h *house, p gateway.Payment) {},
			func(h *house, p gateway.Payment) {
				h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1000, Reference: p.Reference})
			}},
		"a refund is voided there": {
			func(h *house, p gateway.Payment) {
				h.processor.Settle()
				_, _ = h.Refund(context.Background(), as("r"), p.ID, gateway.RefundPayment{})
			},
			func(h *house, p gateway.Payment) {
				all := h.processor.Records()
				h.processor.Put(all[len(all)-1].TransactionID, gateway.RecordVoided)
			}},
	} {
		t.Run(name, func(t *testing.T) {
			watched(t, merchants[0], func(t *testing.T, h *house) {
				p := h.create("k", sale(1000)).Payment
				c.before(h, p)
				time.Sleep(10 * time.Minute)
				if h.payment(p.ID).NeedsAttention {
					t.Fatal("it needs attention already")
				}
				c.after(h, p)
				time.Sleep(10 * time.Minute)
				now := h.payment(p.ID)
				if !now.NeedsAttention {
					t.Fatalf("%s, and nobody is told", now.Status)
				}
				for _, op := range now.Operations {
					if op.Attention == "" {
						continue
					}
					if _, err := h.Resolve(t.Context(), "main", ann, p.ID, gateway.ResolveOperation{OperationID: op.ID, Decision: gateway.Seen}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Hour)
				if h.payment(p.ID).NeedsAttention {
					t.Error("what a person has seen is shown again")
				}
			})
		})
	}
}

func TestAnExportThatIsCutIsReadInParts(t *testing.T) {
	m := merchants[0]
	m.ExportRowCap = 2
	watched(t, m, func(t *testing.T, h *house) {
		var ids []string
		for _, key := range []string{"a", "b", "c", "d"} {
			ids = append(ids, h.create(key, sale(1000)).Payment.ID)
			time.Sleep(13 * time.Hour)
		}
		h.processor.SetRowCap(2)
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		for _, id := range ids[1:] {
			if p := h.payment(id); p.Status != gateway.Settled {
				t.Errorf("a payment is %s", p.Status)
			}
		}
	})
}

func TestALateChargeIsUndoneAsSoonAsTheExportShowsIt(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		h.loses("charge")
		h.processor.Hide(func(r gateway.Record) bool { return r.Amount == 1000 })
		h.create("k", sale(1000))
		h.answers()
		for range 9 {
			time.Sleep(3 * time.Hour)
			h.create("later"+time.Now().String(), sale(500))
		}
		time.Sleep(2 * time.Hour)
		h.expect(h.byKey("k"), nil, gateway.Failed, gateway.OpFailed)
		h.processor.Hide(nil)
		time.Sleep(30 * time.Minute)
		h.expect(h.byKey("k"), nil, gateway.Voided, gateway.OpFailed)
	})
}

func TestAnotherUndecidedRefundOfTheAmountKeepsARowFromBeingCounted(t *testing.T) {
	watched(t, merchants[0], func(t *testing.T, h *house) {
		cmd := sale(1000)
		p := h.create("k", cmd).Payment
		q := h.create("q", cmd).Payment
		h.processor.Settle()
		time.Sleep(10 * time.Minute)
		part := gateway.Money(300)
		h.dies("refund")
		lost, err := h.Refund(t.Context(), as("r"), q.ID, gateway.RefundPayment{Amount: &part})
		h.expect(lost, err, gateway.Settled, gateway.OpUnknown)
		h.answers()
		h.processor.Hide(func(r gateway.Record) bool { return r.Kind == gateway.KindRefund })
		time.Sleep(5 * time.Minute)
		h.clerkRefunds(h.payment(p.ID), part)
		time.Sleep(5 * time.Minute)
		h.processor.Hide(nil)
		time.Sleep(12 * time.Minute)
		if ops := externals(h.payment(p.ID)); len(ops) != 0 {
			t.Errorf("a row that may be the lost refund's was counted: %+v", ops)
		}
	})
}
