package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var unmatchedSpecs = []spec{
	{"KeepUnmatched/a transaction comes back as it was kept", keptUnmatched},
	{"KeepUnmatched/one that is kept gets its new record and last time only", seenAgain},
	{"KeepUnmatched/tells of a new one only", toldOnce},
	{"KeepUnmatched/keeps nothing that it cannot tell of", keptWithEvent},
	{"KeepUnmatched/of 64 that keep one transaction one tells of it", raceToTell},
	{"KeepUnmatched/needs a merchant, and a transaction to keep and to tell of", impossibleUnmatched},
	{"DropUnmatched/forgets one transaction, of one merchant and mode", droppedUnmatched},
	{"Unmatched/are listed last first-seen first, of one merchant and mode", listUnmatched},
	{"Unmatched/pages keep apart transactions of one instant", pageUnmatched},
	{"Unmatched/of an order are its own, in pages like all", unmatchedOfOrder},
	{"Unmatched/of an order follow the record", unmatchedFollowsOrder},
	{"UnmatchedTransaction/is found by its id, of one merchant and mode", oneUnmatched},
}

// stray is a transaction at the processor with every member filled.
func stray(merchantID, transactionID string, at time.Time) gateway.UnmatchedTransaction {
	return gateway.UnmatchedTransaction{
		MerchantID: merchantID, LiveMode: true, FirstSeen: at, LastSeen: at,
		Record: gateway.Record{
			TransactionID: transactionID, Kind: gateway.KindSale, State: gateway.RecordPending, Amount: 1999,
			OrderID: "100000042", Reference: "ABCDEFGHIJ234567", Card: card, CreatedBy: "clerk",
			CreatedAt: at.Add(-time.Hour), SettledAt: at.Add(time.Hour),
		},
	}
}

// unmatchedEvent tells of a transaction.
func unmatchedEvent(u gateway.UnmatchedTransaction) *gateway.Event {
	return &gateway.Event{
		ID: gateway.NewEventID(u.FirstSeen), MerchantID: u.MerchantID,
		Type: gateway.EventUnmatched, At: u.FirstSeen, Transaction: &u.Record,
	}
}

func keptUnmatched(t *testing.T, l gateway.Ledger) {
	full := stray("m1", "1001", start)
	bare := gateway.UnmatchedTransaction{
		MerchantID: "m1", LiveMode: true, Record: gateway.Record{TransactionID: "1002", State: gateway.RecordOther},
		FirstSeen: start.Add(-time.Second), LastSeen: start,
	}
	keep(t, l, full, unmatchedEvent(full))
	keep(t, l, bare, nil)
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: 10}, full, bare)
}

func seenAgain(t *testing.T, l gateway.Ledger) {
	u := stray("m1", "1001", start)
	u.LastSeen = start.Add(time.Minute)
	keep(t, l, u, unmatchedEvent(u))
	again := stray("m1", "1001", start.Add(time.Hour))
	again.Record.State = gateway.RecordSettled
	keep(t, l, again, unmatchedEvent(again))
	again.FirstSeen = start
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: 10}, again)
}

// toldOnce relies on an event that can be written once: it would fail at the
// second time.
func toldOnce(t *testing.T, l gateway.Ledger) {
	u := stray("m1", "1001", start)
	e := unmatchedEvent(u)
	keep(t, l, u, e)
	keep(t, l, u, e)
	another := stray("m1", "1002", start)
	wantErr(t, l.KeepUnmatched(t.Context(), another, e), nil)
}

func keptWithEvent(t *testing.T, l gateway.Ledger) {
	first, second := stray("m1", "1001", start), stray("m1", "1002", start)
	keep(t, l, first, unmatchedEvent(first))
	taken := unmatchedEvent(second)
	taken.ID = decidedPayment(t, l, start).Events[0].ID
	wantErr(t, l.KeepUnmatched(t.Context(), second, taken), nil)
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: 10}, first)
}

func raceToTell(t *testing.T, l gateway.Ledger) {
	u := stray("m1", "1001", start)
	e := unmatchedEvent(u)
	for i, err := range race(racers, func(int) error { return l.KeepUnmatched(t.Context(), u, e) }) {
		if err != nil {
			t.Fatalf("racer %d: %v", i, err)
		}
	}
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: 10}, u)
}

func impossibleUnmatched(t *testing.T, l gateway.Ledger) {
	u := stray("m1", "1001", start)
	untold, misled := unmatchedEvent(u), unmatchedEvent(u)
	untold.Transaction, misled.PaymentID = nil, decidedPayment(t, l, start).Payment.ID
	for name, test := range map[string]struct {
		u gateway.UnmatchedTransaction
		e *gateway.Event
	}{
		"no merchant":                      {stray("", "1001", start), nil},
		"no transaction":                   {stray("m1", "", start), nil},
		"an event without its transaction": {u, untold},
		"an event of a payment":            {u, misled},
	} {
		t.Run(name, func(t *testing.T) { wantErr(t, l.KeepUnmatched(t.Context(), test.u, test.e), nil) })
	}
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: 10})
}

func droppedUnmatched(t *testing.T, l gateway.Ledger) {
	u, other := stray("m1", "1001", start), stray("m1", "1002", start)
	theirs, test := stray("m2", "1001", start), stray("m1", "1001", start)
	test.LiveMode = false
	e := unmatchedEvent(u)
	keep(t, l, u, e)
	for _, one := range []gateway.UnmatchedTransaction{other, theirs, test} {
		keep(t, l, one, nil)
	}
	for range 2 { // the second time there is nothing to forget
		if err := l.DropUnmatched(t.Context(), "m1", true, "1001"); err != nil {
			t.Fatalf("DropUnmatched: %v", err)
		}
	}
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: 10}, other)
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m2", LiveMode: true, Limit: 10}, theirs)
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", Limit: 10}, test)
	// Its event is still there, and what was forgotten is new again.
	wantErr(t, l.KeepUnmatched(t.Context(), u, e), nil)
	keep(t, l, u, unmatchedEvent(u))
}

func listUnmatched(t *testing.T, l gateway.Ledger) {
	var want []gateway.UnmatchedTransaction
	for _, i := range []int{2, 0, 3, 1} {
		u := stray("m1", fmt.Sprint(1000+i), start.Add(time.Duration(i)*time.Minute))
		u.LastSeen = start.Add(time.Duration(10-i) * time.Hour)
		keep(t, l, u, nil)
		want = append(want, u)
	}
	theirs, test := stray("m2", "2000", start), stray("m1", "3000", start)
	test.LiveMode = false
	keep(t, l, theirs, nil)
	keep(t, l, test, nil)
	slices.SortFunc(want, func(a, b gateway.UnmatchedTransaction) int { return b.FirstSeen.Compare(a.FirstSeen) })
	f := gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: 10}
	wantUnmatched(t, l, f, want...)
	f.Limit = 3
	wantUnmatched(t, l, f, want[:3]...)
	f.Limit = 0
	wantUnmatched(t, l, f)
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", Limit: 10}, test)
}

func pageUnmatched(t *testing.T, l gateway.Ledger) {
	var want []gateway.UnmatchedTransaction
	for i, at := range []time.Time{start.Add(time.Microsecond), start, start.Add(-time.Microsecond)} {
		for j := range 5 {
			// Written in another order than they are listed in.
			u := stray("m1", fmt.Sprint(1000*(3-i)+j*7%5), at)
			keep(t, l, u, nil)
			want = append(want, u)
		}
	}
	slices.SortFunc(want, func(a, b gateway.UnmatchedTransaction) int {
		if c := b.FirstSeen.Compare(a.FirstSeen); c != 0 {
			return c
		}
		return strings.Compare(a.Record.TransactionID, b.Record.TransactionID)
	})
	for limit := 1; limit <= 6; limit++ {
		f := gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, Limit: limit}
		var got []gateway.UnmatchedTransaction
		for page := unmatched(t, l, f); len(page) > 0 && len(got) <= len(want); page = unmatched(t, l, f) {
			got = append(got, page...)
			last := page[len(page)-1]
			f.BeforeSeen, f.BeforeID = last.FirstSeen, last.Record.TransactionID
		}
		equal(t, fmt.Sprintf("pages of %d", limit), got, want)
	}
}

func unmatchedOfOrder(t *testing.T, l gateway.Ledger) {
	var want []gateway.UnmatchedTransaction
	for i, order := range []string{"A", "B", "", "A", "a", "A", "B"} {
		u := stray("m1", fmt.Sprint(1000+i), start.Add(-time.Duration(i/4)*time.Minute))
		u.Record.OrderID = order
		keep(t, l, u, nil)
		if order == "A" {
			want = append(want, u)
		}
	}
	theirs, test := stray("m2", "2000", start), stray("m1", "3000", start)
	theirs.Record.OrderID, test.Record.OrderID, test.LiveMode = "A", "A", false
	keep(t, l, theirs, nil)
	keep(t, l, test, nil)
	f := gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, OrderID: "A", Limit: 2}
	wantUnmatched(t, l, f, want[:2]...)
	f.BeforeSeen, f.BeforeID = want[0].FirstSeen, want[0].Record.TransactionID
	wantUnmatched(t, l, f, want[1:]...)
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", OrderID: "A", Limit: 10}, test)
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, OrderID: "unknown", Limit: 10})
}

func unmatchedFollowsOrder(t *testing.T, l gateway.Ledger) {
	u := stray("m1", "1001", start)
	keep(t, l, u, nil)
	before := u.Record.OrderID
	u.Record.OrderID = "another"
	keep(t, l, u, nil)
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, OrderID: before, Limit: 10})
	wantUnmatched(t, l, gateway.UnmatchedFilter{MerchantID: "m1", LiveMode: true, OrderID: "another", Limit: 10}, u)
}

func oneUnmatched(t *testing.T, l gateway.Ledger) {
	u, theirs, test := stray("m1", "1001", start), stray("m2", "1001", start), stray("m1", "1001", start)
	theirs.LastSeen = start.Add(time.Hour)
	test.LiveMode, test.Record.Amount = false, 1
	for _, want := range []gateway.UnmatchedTransaction{u, theirs, test} {
		_, err := l.UnmatchedTransaction(t.Context(), want.MerchantID, want.LiveMode, "1001")
		wantErr(t, err, gateway.ErrNotFound)
		keep(t, l, want, nil)
	}
	for _, want := range []gateway.UnmatchedTransaction{u, theirs, test} {
		got, err := l.UnmatchedTransaction(t.Context(), want.MerchantID, want.LiveMode, "1001")
		if err != nil {
			t.Fatalf("UnmatchedTransaction: %v", err)
		}
		equal(t, "the unmatched transaction", got, want)
	}
	_, err := l.UnmatchedTransaction(t.Context(), "m1", true, "1002")
	wantErr(t, err, gateway.ErrNotFound)
	if err := l.DropUnmatched(t.Context(), "m1", true, "1001"); err != nil {
		t.Fatal(err)
	}
	_, err = l.UnmatchedTransaction(t.Context(), "m1", true, "1001")
	wantErr(t, err, gateway.ErrNotFound)
}

func keep(t *testing.T, l gateway.Ledger, u gateway.UnmatchedTransaction, e *gateway.Event) {
	t.Helper()
	if err := l.KeepUnmatched(t.Context(), u, e); err != nil {
		t.Fatalf("KeepUnmatched(%s): %v", u.Record.TransactionID, err)
	}
}

func unmatched(t *testing.T, l gateway.Ledger, f gateway.UnmatchedFilter) []gateway.UnmatchedTransaction {
	t.Helper()
	page, err := l.Unmatched(t.Context(), f)
	if err != nil {
		t.Fatalf("Unmatched(%+v): %v", f, err)
	}
	return page
}

func wantUnmatched(t *testing.T, l gateway.Ledger, f gateway.UnmatchedFilter, want ...gateway.UnmatchedTransaction) {
	t.Helper()
	equal(t, "the unmatched transactions", unmatched(t, l, f), want)
}
