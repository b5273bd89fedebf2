package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var eraseSpecs = []spec{
	{"Erase/takes the person from a payment and its answers, and what was told", eraseTakes},
	{"Erase/takes cards and bank accounts from what was done in the vault", eraseTakesVaultChanges},
	{"Erase/takes the person out of the archive and brings the payment back", eraseTakesArchived},
	{"Erase/finds records that nothing leads to any more", eraseTakesLeftBehind},
	{"Erase/counts the same without changing anything", eraseRehearsed},
	{"Erase/leaves those of others", eraseLeavesOthers},
	{"Erase/leaves what is not decided or still to be told", eraseLeavesOpen},
	{"Erase/and a change of one moment do not lose each other", raceToErase},
}

// person is the customer whom all payments of the suite are made for.
func person(at time.Time) gateway.Erasing {
	return gateway.Erasing{MerchantID: "m1", LiveMode: true, CustomerID: "7", At: at}
}

// erasedAt is when everything of the suite was archived long ago.
var erasedAt = yearLater.Add(10 * 24 * time.Hour)

// erase takes all steps of all stages.
func erase(t *testing.T, l gateway.Ledger, e gateway.Erasing) gateway.Erased {
	t.Helper()
	var all gateway.Erased
	for _, stage := range []gateway.ErasureStage{
		gateway.EraseVaultChanges, gateway.EraseVaultNews, gateway.ErasePayments, gateway.EraseArchived,
	} {
		for after, steps := "", 0; ; steps++ {
			done, next, err := l.Erase(t.Context(), e, stage, after)
			if err != nil {
				t.Fatalf("Erase of %s after %q: %v", stage, after, err)
			}
			all.Add(done)
			if after = next; after == "" {
				break
			}
			if steps > 100 {
				t.Fatalf("Erase of %s does not end", stage)
			}
		}
	}
	return all
}

// forgotten is how a payment has to stand after it was erased.
func forgotten(p gateway.Payment) gateway.Payment {
	p = p.Forgotten()
	p.Version, p.UpdatedAt = p.Version+1, erasedAt
	return p
}

// wantForgotten wants a payment that names nobody, whose keys answer as before.
func wantForgotten(t *testing.T, l gateway.Ledger, p gateway.Payment, keys []gateway.KeyRecord) {
	t.Helper()
	wantPayment(t, l, forgotten(p))
	stands := forgotten(p)
	for _, key := range keys {
		key.Payment, key.Reply.Payment = &stands, key.Reply.Payment.Forgotten()
		wantKey(t, l, "m1", key)
	}
	for _, o := range p.Operations {
		wantFound(t, l, o.TransactionID, forgotten(p))
	}
}

func keysOf(t *testing.T, l gateway.Ledger, p gateway.Payment) (keys []gateway.KeyRecord) {
	t.Helper()
	for _, o := range p.Operations {
		keys = append(keys, keyOf(t, l, o.Key))
	}
	return keys
}

func eraseTakes(t *testing.T, l gateway.Ledger) {
	d := queued(t, l, 2)
	for i := range d {
		d[i] = saved(t, l, d[i], gateway.DeliveryDone)
	}
	p := d[1].Event.Payment
	keys := keysOf(t, l, p)
	equal(t, "erased", erase(t, l, person(erasedAt)), gateway.Erased{Payments: 1, Answers: 2, Events: 2, Deliveries: 2})
	wantForgotten(t, l, p, keys)
	for _, gone := range d {
		_, err := l.Delivery(t.Context(), "m1", gone.ID)
		wantErr(t, err, gateway.ErrNotFound)
	}
	equal(t, "erased again", erase(t, l, person(erasedAt)), gateway.Erased{})
}

func eraseTakesVaultChanges(t *testing.T, l gateway.Ledger) {
	account := gateway.BankSummary{LastFour: "8206", AccountType: gateway.Checking, HolderType: gateway.Business}
	of := func(change func(*gateway.VaultOperation)) gateway.VaultOperation {
		op := operationOn(shopper("m1", "7", start), start)
		op.Status, op.Due, op.Card, op.Before = gateway.OpApproved, time.Time{}, gateway.CardSummary{}, gateway.CardSummary{}
		change(&op)
		applyVault(t, l, gateway.VaultChange{Operations: []gateway.VaultOperation{op}})
		return op
	}
	all := []gateway.VaultOperation{
		of(func(op *gateway.VaultOperation) { op.Card = card }),
		of(func(op *gateway.VaultOperation) { op.Before = card }),
		of(func(op *gateway.VaultOperation) { op.Bank = account }),
		of(func(op *gateway.VaultOperation) { op.BankBefore = account }),
	}
	equal(t, "erased", erase(t, l, person(erasedAt)), gateway.Erased{VaultChanges: len(all)})
	for _, op := range all {
		wantVaultOperation(t, l, op.Forgotten(erasedAt))
	}
	equal(t, "erased again", erase(t, l, person(erasedAt)), gateway.Erased{})
}

func eraseTakesArchived(t *testing.T, l gateway.Ledger) {
	p, other := ended(t, l, start), ended(t, l, start.Add(time.Minute))
	c := touched(other, start.Add(time.Hour))
	c.Payment.CustomerID, c.Payment.CustomerVaultID = "8", ""
	apply(t, l, c)
	keys := keysOf(t, l, p)
	if n := archive(t, l, p, c.Payment); n != 2 {
		t.Fatalf("%d payments were archived, want 2", n)
	}
	equal(t, "erased", erase(t, l, person(erasedAt)), gateway.Erased{Archived: 1, Answers: 3, Events: 3})
	wantForgotten(t, l, p, keys)
	wantPayment(t, l, c.Payment)
	equal(t, "erased again", erase(t, l, person(erasedAt)), gateway.Erased{})
	leaves(t, l, forgotten(p))
	wantForgotten(t, l, p, keys)
	equal(t, "erased once more", erase(t, l, person(erasedAt)), gateway.Erased{})
}

// A payment that was archived and has come back leaves its record behind.
func eraseTakesLeftBehind(t *testing.T, l gateway.Ledger) {
	p := ended(t, l, start)
	keys := keysOf(t, l, p)
	leaves(t, l, p)
	c := touched(p, yearLater.Add(time.Hour))
	apply(t, l, c)
	leaves(t, l, c.Payment)
	done := erase(t, l, person(erasedAt))
	if done.Archived != 2 {
		t.Errorf("%d records were erased, want both", done.Archived)
	}
	wantForgotten(t, l, c.Payment, keys)
	equal(t, "erased again", erase(t, l, person(erasedAt)), gateway.Erased{})
}

func eraseRehearsed(t *testing.T, l gateway.Ledger) {
	p, archived := ended(t, l, start), ended(t, l, start.Add(time.Minute))
	if n := archive(t, l, archived); n != 1 {
		t.Fatalf("%d payments were archived, want 1", n)
	}
	rehearsal := person(erasedAt)
	rehearsal.DryRun = true
	would := erase(t, l, rehearsal)
	wantPayment(t, l, p)
	wantPayment(t, l, archived)
	equal(t, "what would be erased again", erase(t, l, rehearsal), would)
	equal(t, "erased", erase(t, l, person(erasedAt)), would)
}

func eraseLeavesOthers(t *testing.T, l gateway.Ledger) {
	p, archived := ended(t, l, start), ended(t, l, start.Add(time.Minute))
	if n := archive(t, l, archived); n != 1 {
		t.Fatalf("%d payments were archived, want 1", n)
	}
	for _, change := range []func(*gateway.Erasing){
		func(e *gateway.Erasing) { e.MerchantID = "m2" },
		func(e *gateway.Erasing) { e.LiveMode = false },
		func(e *gateway.Erasing) { e.CustomerID = "77" },
		func(e *gateway.Erasing) { e.CustomerID = "" },
	} {
		e := person(erasedAt)
		change(&e)
		equal(t, "erased", erase(t, l, e), gateway.Erased{})
	}
	wantPayment(t, l, p)
	wantPayment(t, l, archived)
}

func eraseLeavesOpen(t *testing.T, l gateway.Ledger) {
	sending := applied(t, l, Sale("m1", start))
	untold := events(t, l, "m1", start, 2)
	equal(t, "erased", erase(t, l, person(erasedAt)), gateway.Erased{Open: 1, Untold: 1})
	wantPayment(t, l, sending)
	wantPayment(t, l, untold[1].Payment)
}

func raceToErase(t *testing.T, l gateway.Ledger) {
	for range 10 {
		p := ended(t, l, start)
		c := refund(p, p.UpdatedAt.Add(time.Hour))
		errs := race(2, func(i int) error {
			if i == 0 {
				return l.Apply(t.Context(), c)
			}
			_, _, err := l.Erase(t.Context(), person(erasedAt), gateway.ErasePayments, "")
			return err
		})
		if errs[1] != nil {
			t.Fatal(errs[1])
		}
		if errs[0] != nil {
			wantErr(t, errs[0], gateway.ErrStale)
			wantPayment(t, l, forgotten(p))
			continue
		}
		got, err := l.Payment(t.Context(), "m1", p.ID)
		if err != nil || got.Refunded() != c.Payment.Refunded() {
			t.Fatalf("the refund is lost: %+v %v", got, err)
		}
		if err := l.Spread(t.Context(), c.Events, nil); err != nil {
			t.Fatal(err)
		}
		erase(t, l, person(erasedAt))
	}
}
