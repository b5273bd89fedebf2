package storetest

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var archiveSpecs = []spec{
	{"Archivable/has what has ended before a time, least recently changed first", archivableInOrder},
	{"Archivable/goes on behind a place", archivablePages},
	{"Archivable/has bank payments that are approved or returned", archivableBankPayments},
	{"Archivable/has neither what is open nor what needs a person nor what has left", archivableOnly},
	{"Archive/changes no answer", archivedReadsAlike},
	{"Archive/keeps every key bound", archivedKeysStay},
	{"Archive/keeps transactions and references one payment's", archivedTransactionsStay},
	{"Archive/takes events and deliveries along", archivedPast},
	{"Archive/leaves what has changed since it was read", archiveStale},
	{"Archive/leaves what is still to be told", archiveUntold},
	{"Archive/brings a payment back with its next change, and lets it leave again", archivedChanges},
	{"Archive/moves a payment once, whoever asks", raceToArchive},
	{"Archive/and a change of one moment do not lose each other", raceToChangeArchived},
	{"Archive/tells of its files", archiveFiles},
	{"Forget/takes what was told before a time, queue by queue", forgetTold},
	{"Forget/leaves a queue of which something waits or was told later", forgetLeaves},
	{"Forget/goes on behind a place", forgetPages},
	{"SaveRetention/keeps it whole, and is stale unless it comes next", retentionKept},
}

// yearLater is when everything of the suite is old.
var yearLater = start.Add(365 * 24 * time.Hour)

// ended makes a payment with a refund, all of it decided and told to nobody.
func ended(t *testing.T, l gateway.Ledger, at time.Time) gateway.Payment {
	t.Helper()
	made := events(t, l, "m1", at, 3)
	if err := l.Spread(t.Context(), made, nil); err != nil {
		t.Fatalf("Spread: %v", err)
	}
	return made[2].Payment
}

func archivable(t *testing.T, l gateway.Ledger, before time.Time, after gateway.ArchivePlace, limit int) []gateway.Payment {
	t.Helper()
	found, err := l.Archivable(t.Context(), before, after, limit)
	if err != nil {
		t.Fatalf("Archivable: %v", err)
	}
	return found
}

func archive(t *testing.T, l gateway.Ledger, payments ...gateway.Payment) int {
	t.Helper()
	moved, err := l.Archive(t.Context(), payments, yearLater)
	if err != nil {
		t.Fatalf("Archive: %v", err)
	}
	return moved
}

// leaves archives a payment that has to go.
func leaves(t *testing.T, l gateway.Ledger, p gateway.Payment) {
	t.Helper()
	if n := archive(t, l, p); n != 1 {
		t.Fatalf("%d payments were archived, want 1", n)
	}
	equal(t, "archivable", archivable(t, l, yearLater, gateway.ArchivePlace{}, 10), []gateway.Payment(nil))
}

func archivableInOrder(t *testing.T, l gateway.Ledger) {
	second := ended(t, l, start.Add(time.Hour))
	first := ended(t, l, start)
	equal(t, "archivable", archivable(t, l, yearLater, gateway.ArchivePlace{}, 10), []gateway.Payment{first, second})
	equal(t, "archivable", archivable(t, l, second.UpdatedAt, gateway.ArchivePlace{}, 10), []gateway.Payment{first})
	equal(t, "archivable", archivable(t, l, first.UpdatedAt, gateway.ArchivePlace{}, 10), []gateway.Payment(nil))
}

func archivablePages(t *testing.T, l gateway.Ledger) {
	var want, got []gateway.Payment
	for range 5 {
		want = append(want, ended(t, l, start))
	}
	slices.SortFunc(want, func(a, b gateway.Payment) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	for after := (gateway.ArchivePlace{}); ; {
		page := archivable(t, l, yearLater, after, 2)
		if len(page) == 0 {
			break
		}
		last := page[len(page)-1]
		got, after = append(got, page...), gateway.ArchivePlace{UpdatedAt: last.UpdatedAt, ID: last.ID}
	}
	equal(t, "all pages", got, want)
}

func archivableOnly(t *testing.T, l gateway.Ledger) {
	applied(t, l, Sale("m1", start))
	decidedPayment(t, l, start)
	raised := touched(ended(t, l, start), start.Add(time.Hour))
	raised.Payment.NeedsAttention = true
	apply(t, l, raised)
	equal(t, "archivable", archivable(t, l, yearLater, gateway.ArchivePlace{}, 10), []gateway.Payment(nil))
	leaves(t, l, ended(t, l, start))
}

func archivableBankPayments(t *testing.T, l gateway.Ledger) {
	var want []gateway.Payment
	for i, status := range []gateway.Status{gateway.StatusApproved, gateway.Returned, gateway.Accepted} {
		p := drawn(t, l, start.Add(time.Duration(i)*time.Hour), status)
		if status != gateway.Accepted {
			want = append(want, p)
		}
	}
	equal(t, "archivable", archivable(t, l, yearLater, gateway.ArchivePlace{}, 10), want)
}

// drawn is a bank payment in that state, of which nothing is open.
func drawn(t *testing.T, l gateway.Ledger, at time.Time, status gateway.Status) gateway.Payment {
	t.Helper()
	sale := Sale("m1", at)
	sale.Payment.Bank = &gateway.BankSummary{LastFour: "8206"}
	c := Approval(applied(t, l, sale), at.Add(time.Second))
	c.Payment.TransactionID = gateway.CheckPrefix + rand.Text()[:10]
	c.Payment.Status, c.Payment.Operations[0].Due, c.Payment.Operations[0].Attention = status, time.Time{}, ""
	c.Payment.Operations[0].TransactionID = c.Payment.TransactionID
	c.Reply = nil
	apply(t, l, c)
	return c.Payment
}

func archivedReadsAlike(t *testing.T, l gateway.Ledger) {
	p, other := ended(t, l, start), ended(t, l, start.Add(time.Minute))
	var keys []gateway.KeyRecord
	for _, o := range p.Operations {
		keys = append(keys, keyOf(t, l, o.Key))
	}
	filter := gateway.PaymentFilter{MerchantID: "m1", OrderID: p.OrderID, Limit: 10}
	page := list(t, l, filter)
	if n := archive(t, l, p, other); n != 2 {
		t.Fatalf("%d payments were archived, want 2", n)
	}
	wantPayment(t, l, p)
	wantPayment(t, l, other)
	wantNoPayment(t, l, "m2", p.ID)
	for i, o := range p.Operations {
		equal(t, "key", keyOf(t, l, o.Key), keys[i])
		wantFound(t, l, o.TransactionID, p)
	}
	byReference, err := l.PaymentByReference(t.Context(), "m1", p.Reference)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "by reference", byReference, p)
	equal(t, "page", list(t, l, filter), page)
	filter.Statuses = []gateway.Status{p.Status}
	equal(t, "page by status", list(t, l, filter), page)
}

func archivedKeysStay(t *testing.T, l gateway.Ledger) {
	p := ended(t, l, start)
	leaves(t, l, p)
	for _, o := range p.Operations {
		wantErr(t, l.CloseKey(t.Context(), "m1", o.Key, yearLater), gateway.ErrKeyTaken)
		again := Sale("m1", yearLater)
		again.Binds.Key = o.Key
		wantErr(t, l.Apply(t.Context(), again), gateway.ErrKeyTaken)
		wantNoPayment(t, l, "m1", again.Payment.ID)
	}
}

func archivedTransactionsStay(t *testing.T, l gateway.Ledger) {
	p := ended(t, l, start)
	leaves(t, l, p)
	other := applied(t, l, Sale("m1", yearLater))
	c := Approval(other, yearLater.Add(time.Second))
	c.Payment.TransactionID = p.TransactionID
	wantErr(t, l.Apply(t.Context(), c), gateway.ErrTransactionTaken)

	c = Approval(other, yearLater.Add(time.Second))
	apply(t, l, c)
	back := refund(c.Payment, yearLater.Add(time.Minute))
	back.Payment.Operations[1].TransactionID = p.Operations[1].TransactionID
	wantErr(t, l.Apply(t.Context(), back), gateway.ErrTransactionTaken)

	same := Sale("m1", yearLater)
	same.Payment.Reference = p.Reference
	if err := l.Apply(t.Context(), same); err == nil {
		t.Error("a second payment has the reference of an archived one")
	}
	wantPayment(t, l, p)
}

func archivedPast(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 2)
	for i := range d {
		d[i] = saved(t, l, d[i], gateway.DeliveryDone)
	}
	p := d[1].Event.Payment
	leaves(t, l, p)
	for _, gone := range d {
		_, err := l.Delivery(t.Context(), "m1", gone.ID)
		wantErr(t, err, gateway.ErrNotFound)
		again := changed(gone, gateway.DeliveryPending)
		wantErr(t, l.ReplayDelivery(t.Context(), again, decision), gateway.ErrStale)
	}
	equal(t, "unspread", unspread(t, l, 10), []gateway.Event(nil))
	wantPayment(t, l, p)
}

func archiveStale(t *testing.T, l gateway.Ledger) {
	p := ended(t, l, start)
	c := touched(p, start.Add(time.Hour))
	apply(t, l, c)
	if n := archive(t, l, p); n != 0 {
		t.Errorf("%d payments were archived as they no longer are", n)
	}
	wantPayment(t, l, c.Payment)
	leaves(t, l, c.Payment)
	if n := archive(t, l, c.Payment); n != 0 {
		t.Errorf("%d payments were archived twice", n)
	}
}

func archiveUntold(t *testing.T, l gateway.Ledger) {
	made := events(t, l, "m1", start, 2)
	p := made[1].Payment
	for _, stage := range []struct {
		name string
		do   func()
	}{
		{"not spread", func() {}},
		{"one of two spread", func() { spread(t, l, deliveryOf(made[0], shop, start)) }},
	} {
		stage.do()
		if n := archive(t, l, p); n != 0 {
			t.Fatalf("%s: %d payments were archived", stage.name, n)
		}
	}
	last := deliveryOf(made[1], shop, start)
	spread(t, l, last)
	first := dueDeliveries(t, l, shop, later, 10)[0]
	for _, status := range []gateway.DeliveryStatus{gateway.DeliveryPending, gateway.DeliveryDead} {
		first = saved(t, l, first, status)
		if n := archive(t, l, p); n != 0 {
			t.Fatalf("%d payments were archived with a delivery that is %s", n, status)
		}
	}
	saved(t, l, first, gateway.DeliverySkipped)
	if n := archive(t, l, p); n != 0 {
		t.Fatalf("%d payments were archived with a delivery that is pending", n)
	}
	last = delivery(t, l, last)
	saved(t, l, last, gateway.DeliveryDone)
	leaves(t, l, p)
}

func archivedChanges(t *testing.T, l gateway.Ledger) {
	p := ended(t, l, start)
	key := keyOf(t, l, p.First().Key)
	for range 2 {
		leaves(t, l, p)
		c := refund(p, p.UpdatedAt.Add(time.Hour))
		wantErr(t, l.Apply(t.Context(), gateway.Change{Payment: c.Payment, Base: p.Version - 1}), gateway.ErrStale)
		apply(t, l, c)
		wantPayment(t, l, c.Payment)
		for _, o := range c.Payment.Operations {
			wantFound(t, l, o.TransactionID, c.Payment)
		}
		equal(t, "unspread", unspread(t, l, 10), c.Events)
		if err := l.Spread(t.Context(), c.Events, nil); err != nil {
			t.Fatal(err)
		}
		p = c.Payment
		equal(t, "archivable", archivable(t, l, yearLater, gateway.ArchivePlace{}, 10), []gateway.Payment{p})
		key.Payment = &p
		equal(t, "the first key", keyOf(t, l, key.Key), key)
		equal(t, "the refund's key", keyOf(t, l, c.Binds.Key).Reply.Payment, p)
	}
}

func raceToArchive(t *testing.T, l gateway.Ledger) {
	p := ended(t, l, start)
	moved := make([]int, racers)
	for i, err := range race(racers, func(i int) (err error) {
		moved[i], err = l.Archive(t.Context(), []gateway.Payment{p}, yearLater)
		return err
	}) {
		if err != nil {
			t.Errorf("racer %d: %v", i, err)
		}
	}
	total := 0
	for _, n := range moved {
		total += n
	}
	if total != 1 {
		t.Errorf("the payment was moved %d times", total)
	}
	wantPayment(t, l, p)
}

func raceToChangeArchived(t *testing.T, l gateway.Ledger) {
	for range 10 {
		p := ended(t, l, start)
		c := refund(p, p.UpdatedAt.Add(time.Hour))
		errs := race(2, func(i int) error {
			if i == 0 {
				return l.Apply(t.Context(), c)
			}
			_, err := l.Archive(t.Context(), []gateway.Payment{p}, yearLater)
			return err
		})
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		wantPayment(t, l, c.Payment)
		equal(t, "reply", keyOf(t, l, c.Binds.Key).Reply.Payment, c.Payment)
		equal(t, "first reply", keyOf(t, l, p.First().Key).Payment.ID, p.ID)
	}
}

func archiveFiles(t *testing.T, l gateway.Ledger) {
	found := func() []gateway.ArchiveFile {
		files, err := l.ArchiveFiles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	equal(t, "files", found(), []gateway.ArchiveFile(nil))
	archive(t, l, ended(t, l, start), ended(t, l, start))
	archive(t, l, ended(t, l, start))
	records := 0
	for _, f := range found() {
		records += f.Records
		if f.Size <= 0 || len(f.SHA256) != 64 || !f.CreatedAt.Equal(yearLater) || !f.UpdatedAt.Equal(yearLater) {
			t.Errorf("file %+v", f)
		}
	}
	if records != 3 {
		t.Errorf("the files have %d records, want 3", records)
	}
	if missing, err := l.MissingFiles(t.Context()); err != nil || missing != nil {
		t.Errorf("missing: %v, %v", missing, err)
	}
}

func forget(t *testing.T, l gateway.Ledger, before time.Time) int {
	t.Helper()
	total := 0
	for next := ""; ; {
		n, after, err := l.Forget(t.Context(), before, next, 2)
		if err != nil {
			t.Fatalf("Forget: %v", err)
		}
		total += n
		if after == "" {
			return total
		}
		next = after
	}
}

func forgetTold(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 2)
	for i := range d {
		d[i] = saved(t, l, d[i], gateway.DeliveryDone)
	}
	u := stray("m1", "1001", start)
	e := unmatchedEvent(u)
	keep(t, l, u, e)
	lone := deliveryOf(*e, shop, start)
	spread(t, l, lone)
	d = append(d, saved(t, l, lone, gateway.DeliverySkipped))
	if n := forget(t, l, start); n != 0 {
		t.Errorf("%d events were forgotten that are not old", n)
	}
	wantDelivery(t, l, d[0])
	if n := forget(t, l, yearLater); n != 3 {
		t.Errorf("%d events were forgotten, want 3", n)
	}
	for _, gone := range d {
		_, err := l.Delivery(t.Context(), "m1", gone.ID)
		wantErr(t, err, gateway.ErrNotFound)
	}
	wantPayment(t, l, d[1].Event.Payment)
	// What happens later is told as ever.
	c := refund(d[1].Event.Payment, yearLater)
	apply(t, l, c)
	equal(t, "unspread", unspread(t, l, 10), c.Events)
}

func forgetLeaves(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 2)
	d[0] = saved(t, l, d[0], gateway.DeliveryDone)
	for _, status := range []gateway.DeliveryStatus{gateway.DeliveryPending, gateway.DeliveryDead} {
		d[1] = saved(t, l, d[1], status)
		if n := forget(t, l, yearLater); n != 0 {
			t.Errorf("%d events were forgotten of a queue with one that is %s", n, status)
		}
	}
	d[1] = saved(t, l, d[1], gateway.DeliveryDone)
	if n := forget(t, l, d[1].UpdatedAt); n != 0 {
		t.Errorf("%d events were forgotten of a queue of which one was told later", n)
	}
	wantDelivery(t, l, d[0])
	events(t, l, "m1", start, 1) // not spread
	if n := forget(t, l, yearLater); n != 2 {
		t.Errorf("%d events were forgotten, want 2", n)
	}
	if n := len(unspread(t, l, 10)); n != 1 {
		t.Errorf("%d events are not spread, want 1", n)
	}
}

func forgetPages(t *testing.T, l gateway.Ledger) {
	for range 5 {
		ended(t, l, start)
	}
	var places []string
	for next := ""; ; {
		_, after, err := l.Forget(t.Context(), yearLater, next, 4)
		if err != nil {
			t.Fatal(err)
		}
		if after == "" {
			break
		}
		places, next = append(places, after), after
	}
	if len(places) != 3 || !slices.IsSorted(places) {
		t.Errorf("the places %v, want 3 in order", places)
	}
	if n := forget(t, l, yearLater); n != 0 {
		t.Errorf("%d events were left", n)
	}
}

func retentionKept(t *testing.T, l gateway.Ledger) {
	got := func() gateway.Retention {
		r, err := l.Retention(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	equal(t, "retention", got(), gateway.Retention{})
	r := gateway.Retention{Due: yearLater, StartedAt: start, FinishedAt: start.Add(time.Minute), Archived: 1, Forgotten: 2, Kept: 3, Version: 1}
	for range 2 {
		if err := l.SaveRetention(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		equal(t, "retention", got(), r)
		wantErr(t, l.SaveRetention(t.Context(), r), gateway.ErrStale)
		r.Version++
		r.Archived += 10
	}
	r.Version++
	wantErr(t, l.SaveRetention(t.Context(), r), gateway.ErrStale)
}
