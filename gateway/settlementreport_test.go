package gateway_test

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// reported lives in a bubble, whose time begins at four in the afternoon of the last
// day of 1999 where this merchant counts its days.
func reported(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	pacific, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	m := merchants[0]
	m.Zone, m.ExportRowCap = pacific, 9
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) { test(t, openAs(t, path, "one", processortest.New(time.Now), m)) })
}

// report asks for days such as 1999-12-31.
func (h *house) report(from, to string) gateway.SettlementReport {
	h.t.Helper()
	r, err := h.askReport(time.Second, from, to)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) askReport(budget time.Duration, from, to string) (gateway.SettlementReport, error) {
	h.t.Helper()
	q := gateway.SettlementQuery{MerchantID: "main"}
	for text, day := range map[*string]*time.Time{&from: &q.From, &to: &q.To} {
		var err error
		if *day, err = time.Parse(time.DateOnly, *text); err != nil {
			h.t.Fatal(err)
		}
	}
	return within(budget, func(ctx context.Context) (gateway.SettlementReport, error) { return h.SettlementReport(ctx, q) })
}

func TestASettlementReportHasTheDaysOfTheMerchantsZone(t *testing.T) {
	reported(t, func(t *testing.T, h *house) {
		h.create("a", sale(1000))
		held := h.create("b", authorization(500)).Payment
		time.Sleep(4*time.Hour + 13*time.Minute) // still 1999 there, and 2000 in UTC
		h.processor.Settle()
		time.Sleep(24 * time.Hour)
		if _, err := h.capture("c", held, gateway.CapturePayment{}); err != nil {
			t.Fatal(err)
		}
		h.create("d", sale(700))
		h.processor.Settle()

		sums := func(charges int, amount gateway.Money) gateway.SettlementSums {
			return gateway.SettlementSums{Charges: charges, ChargeAmount: amount}
		}
		day := func(date, batch string, s gateway.SettlementSums) gateway.SettlementDay {
			of := func(name string) []gateway.SettlementGroup { return []gateway.SettlementGroup{{Name: name, Sums: s}} }
			return gateway.SettlementDay{Date: date, Sums: s, Batches: of(batch), Cards: of("visa")}
		}
		first, second := day("1999-12-31", "1", sums(1, 1000)), day("2000-01-01", "2", sums(2, 1200))
		for _, c := range []struct {
			from, to string
			days     []gateway.SettlementDay
			all      gateway.SettlementSums
		}{
			{"1999-12-31", "2000-01-01", []gateway.SettlementDay{first, second}, sums(3, 2200)},
			{"1999-12-31", "1999-12-31", []gateway.SettlementDay{first}, first.Sums},
			{"2000-01-01", "2000-01-31", []gateway.SettlementDay{second}, second.Sums},
			{"1999-12-01", "1999-12-30", []gateway.SettlementDay{}, sums(0, 0)},
			{"2000-01-02", "2000-01-02", []gateway.SettlementDay{}, sums(0, 0)},
			{"2000-02-01", "2000-02-02", []gateway.SettlementDay{}, sums(0, 0)}, // nothing is asked for that is to come
		} {
			r := h.report(c.from, c.to)
			if !reflect.DeepEqual(r.Days(), c.days) || r.Sums() != c.all || len(r.Differences()) != 0 {
				t.Errorf("%s to %s: %+v, %+v, %+v", c.from, c.to, r.Days(), r.Sums(), r.Differences())
			}
		}
	})
}

// Whatever PayTrace and the ledger disagree on is a difference, and nothing else is.
func TestPayTracesBooksAreHeldAgainstTheLedger(t *testing.T) {
	reported(t, func(t *testing.T, h *house) {
		agreed := h.create("agreed", sale(1000)).Payment
		h.processor.Settle()
		if _, err := h.refund("back", agreed, 300); err != nil {
			t.Fatal(err)
		}
		held := h.create("held", authorization(500)).Payment
		h.processor.ClerkCaptures(held.TransactionID, 400)
		h.loses("charge")
		lost := h.create("lost", sale(600)).Payment
		h.answers()
		h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1999, OrderID: "phone-17"})
		h.processor.Clerk(gateway.Record{State: gateway.RecordPending, Amount: 5})
		h.processor.Clerk(gateway.Record{Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1000, Reference: agreed.Reference}) // charged twice
		undone := h.create("undone", sale(800)).Payment
		if _, err := h.void("undo", undone); err != nil {
			t.Fatal(err)
		}
		h.processor.Put(undone.TransactionID, gateway.RecordPending)
		h.processor.Settle()
		undated := h.create("undated", sale(900)).Payment
		h.processor.Put(undated.TransactionID, gateway.RecordSettled)

		type line struct {
			payment      string
			theirs, ours gateway.Money
			match        gateway.SettlementMatch
		}
		want := []line{
			{undated.ID, 900, 900, gateway.SettlementDateUnknown},
			{held.ID, 400, 0, gateway.SettlementAmountDiffers},
			{lost.ID, 600, 0, gateway.SettlementAmountDiffers},
			{"", 1999, 0, gateway.SettlementUnmatched},
			{"", 5, 0, gateway.SettlementKindUnknown},
			{"", 1000, 0, gateway.SettlementUnmatched},
			{undone.ID, 800, 0, gateway.SettlementAmountDiffers},
		}
		r := h.report("1999-12-31", "1999-12-31")
		var got []line
		for _, d := range r.Differences() {
			got = append(got, line{d.PaymentID, d.Amount, d.LedgerAmount, d.Match})
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the differences are\n%+v, want\n%+v", got, want)
		}
		// What has no kind or no date is in no sum.
		if s := r.Sums(); s != (gateway.SettlementSums{Charges: 6, ChargeAmount: 5799, Refunds: 1, RefundAmount: 300}) || s.Net() != 5499 {
			t.Errorf("the sums are %+v", s)
		}
	})
}

func TestAReportSaysWhenTheExportWasCut(t *testing.T) {
	reported(t, func(t *testing.T, h *house) {
		for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			h.create(key, sale(1000))
		}
		h.processor.Settle()
		if r := h.report("1999-12-31", "1999-12-31"); !r.Complete || r.Sums().Charges != 8 {
			t.Errorf("below the cap: %t, %+v", r.Complete, r.Sums())
		}
		h.create("i", sale(1000))
		h.processor.SetRowCap(9)
		if r := h.report("1999-12-31", "1999-12-31"); r.Complete {
			t.Error("an export that reaches the cap is called complete")
		}
	})
}

// PayTrace shows what was made on some days. What was made earlier is not seen, and
// the report says from when on it is.
func TestAReportReachesTenDaysBack(t *testing.T) {
	reported(t, func(t *testing.T, h *house) {
		old := h.create("old", authorization(500)).Payment
		time.Sleep(24 * time.Hour)
		young := h.create("young", authorization(600)).Payment
		time.Sleep(10 * 24 * time.Hour)
		for _, p := range []gateway.Payment{old, young} {
			if _, err := h.capture("capture-"+p.ID, p, gateway.CapturePayment{}); err != nil {
				t.Fatal(err)
			}
		}
		h.processor.Settle()
		r := h.report("2000-01-11", "2000-01-11")
		if want := "2000-01-01T00:00:00-08:00"; r.MadeFrom.Format(time.RFC3339) != want || r.Sums().ChargeAmount != 600 {
			t.Errorf("made from %s, %+v; want from %s, and the young one alone", r.MadeFrom.Format(time.RFC3339), r.Sums(), want)
		}
	})
}

func TestOneReportOfAMerchantIsMadeAtATime(t *testing.T) {
	reported(t, func(t *testing.T, h *house) {
		go waitsInVain(t, h)
		synctest.Wait()
		_, err := h.askReport(time.Second, "1999-12-31", "1999-12-31")
		wantRefusal(t, err, gateway.CodeOverloaded)
		if n := h.processor.Calls("export"); n != 1 {
			t.Errorf("PayTrace is asked %d times at once", n)
		}
	})
}

// waitsInVain asks for a report, and is shown nothing for as long as it waits.
func waitsInVain(t *testing.T, h *house) {
	h.processor.SetBefore(func(ctx context.Context, _ string) *gateway.Result {
		<-ctx.Done()
		return &gateway.Result{}
	})
	_, err := h.askReport(10*time.Second, "1999-12-31", "1999-12-31")
	wantRefusal(t, err, gateway.CodeProcessorUnavailable)
}

func wantRefusal(t *testing.T, err error, code gateway.Code) {
	t.Helper()
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != code || !refused.Retryable {
		t.Errorf("%v, want a refusal with %s that may be repeated", err, code)
	}
}

// answeredBy has another gateway answer, on this ledger and with this processor.
func (h *house) answeredBy(l gateway.Ledger, p gateway.Processor) {
	h.Gateway = gateway.New(gateway.Config{
		Ledger: l, Merchants: merchants, Processors: map[string]gateway.Processor{"main": p},
		Secret: secret, Instance: "two", Now: time.Now, MaxInFlight: 1, Log: discard,
	})
}

// unreadable is a ledger in which no transaction can be looked for.
type unreadable struct {
	gateway.Ledger
	err error
}

func (u unreadable) PaymentByTransaction(ctx context.Context, _ string, _ bool, _ string) (gateway.Payment, error) {
	if u.err == nil {
		<-ctx.Done()
		return gateway.Payment{}, ctx.Err()
	}
	return gateway.Payment{}, u.err
}

func TestALedgerThatCannotBeReadIsSaidOfAReport(t *testing.T) {
	for code, err := range map[gateway.Code]error{
		gateway.CodeLedgerUnavailable: errors.New("gone"), gateway.CodeArchiveUnavailable: gateway.ErrArchive, "": nil,
	} {
		reported(t, func(t *testing.T, h *house) {
			h.create("a", sale(1000))
			h.processor.Settle()
			h.answeredBy(unreadable{h.ledger, err}, h.processor)
			_, refused := h.askReport(10*time.Second, "2000-01-01", "2000-01-01")
			wantRefusal(t, refused, cmp.Or(code, gateway.CodeLedgerUnavailable))
		})
	}
}

// lockedOut is a PayTrace that refuses the log-in.
type lockedOut struct{ *processortest.Processor }

func (lockedOut) Books(context.Context, time.Time, time.Time) ([]gateway.Record, error) {
	return nil, gateway.ErrCredentials
}

func TestAReportWithoutALogInIsForTheOperatorToMend(t *testing.T) {
	reported(t, func(t *testing.T, h *house) {
		h.answeredBy(h.ledger, lockedOut{h.processor})
		_, err := h.askReport(time.Second, "1999-12-31", "1999-12-31")
		wantRefusal(t, err, gateway.CodeProcessorCredentials)
	})
}
