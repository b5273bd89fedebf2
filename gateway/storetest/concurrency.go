package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var concurrencySpecs = []spec{
	{"Concurrency/of 64 changes that bind one key one is applied", raceForKey},
	{"Concurrency/of 64 changes at one version one is applied", raceForVersion},
	{"Concurrency/of closing and binding one key one wins", raceToClose},
	{"Concurrency/a failing change does not touch those beside it", raceWithFailures},
	{"Concurrency/what was acknowledged is read at once", readOwnWrite},
}

const racers = 64

// race starts all at once and returns their errors in order.
func race(n int, run func(i int) error) []error {
	errs := make([]error, n)
	begin := make(chan struct{})
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			<-begin
			errs[i] = run(i)
		})
	}
	close(begin)
	running.Wait()
	return errs
}

// oneWins returns the index of the only nil error; all others have to be lost.
func oneWins(t *testing.T, errs []error, lost error) int {
	t.Helper()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			t.Fatalf("both %d and %d were acknowledged", winner, i)
		case err == nil:
			winner = i
		case !errors.Is(err, lost):
			t.Fatalf("racer %d: %v, want %v", i, err, lost)
		}
	}
	if winner < 0 {
		t.Fatal("none was acknowledged")
	}
	return winner
}

func raceForKey(t *testing.T, l gateway.Ledger) {
	changes := make([]gateway.Change, racers)
	for i := range changes {
		changes[i] = Sale("m1", start)
		changes[i].Binds.Key, changes[i].Payment.Operations[0].Key = "one-key", "one-key"
	}
	errs := race(racers, func(i int) error { return l.Apply(t.Context(), changes[i]) })
	winner := changes[oneWins(t, errs, gateway.ErrKeyTaken)]
	if r := keyOf(t, l, "one-key"); r.OperationID != winner.Operation {
		t.Fatalf("the key is bound to %s, the acknowledged operation is %s", r.OperationID, winner.Operation)
	}
	equal(t, "the payments", list(t, l, gateway.PaymentFilter{Limit: racers}), []gateway.Payment{winner.Payment})
}

func raceForVersion(t *testing.T, l gateway.Ledger) {
	p := decidedPayment(t, l, start).Payment
	changes := make([]gateway.Change, racers)
	for i := range changes {
		changes[i] = refund(p, p.UpdatedAt.Add(time.Second))
	}
	errs := race(racers, func(i int) error { return l.Apply(t.Context(), changes[i]) })
	winner := oneWins(t, errs, gateway.ErrStale)
	wantPayment(t, l, changes[winner].Payment)
	for i, c := range changes {
		if i != winner {
			wantNoKey(t, l, "m1", c.Binds.Key)
		}
	}
}

func raceToClose(t *testing.T, l gateway.Ledger) {
	c := Sale("m1", start)
	errs := race(racers, func(i int) error {
		if i%2 == 0 {
			return l.CloseKey(t.Context(), "m1", c.Binds.Key, start)
		}
		mine := Sale("m1", start)
		mine.Binds.Key, mine.Payment.Operations[0].Key = c.Binds.Key, c.Binds.Key
		return l.Apply(t.Context(), mine)
	})
	winner := oneWins(t, errs, gateway.ErrKeyTaken)
	if closed := keyOf(t, l, c.Binds.Key).Closed(); closed != (winner%2 == 0) {
		t.Fatalf("closed = %v, but racer %d was acknowledged", closed, winner)
	}
}

func raceWithFailures(t *testing.T, l gateway.Ledger) {
	taken := decidedPayment(t, l, start)
	changes := make([]gateway.Change, racers)
	for i := range changes {
		changes[i] = Sale("m1", start.Add(time.Duration(i)*time.Minute))
		switch i % 5 {
		case 1:
			changes[i].Binds.Key = taken.Payment.First().Key
		case 2:
			changes[i].Base, changes[i].Payment.Version = 1, 2
		case 3:
			changes[i].Events = taken.Events
		case 4:
			changes[i].Payment.TransactionID = taken.Payment.TransactionID
		}
	}
	errs := race(racers, func(i int) error { return l.Apply(t.Context(), changes[i]) })
	for i, c := range changes {
		if i%5 == 0 {
			if errs[i] != nil {
				t.Fatalf("racer %d: %v", i, errs[i])
			}
			wantPayment(t, l, c.Payment)
			continue
		}
		wantErr(t, errs[i], []error{1: gateway.ErrKeyTaken, 2: gateway.ErrStale, 3: nil, 4: gateway.ErrTransactionTaken}[i%5])
		wantNoPayment(t, l, "m1", c.Payment.ID)
	}
}

func readOwnWrite(t *testing.T, l gateway.Ledger) {
	errs := race(racers, func(int) error {
		c := Sale("m1", start)
		if err := l.Apply(t.Context(), c); err != nil {
			return err
		}
		if _, err := l.Key(t.Context(), "m1", c.Binds.Key); err != nil {
			return err
		}
		_, err := l.Payment(t.Context(), "m1", c.Payment.ID)
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
