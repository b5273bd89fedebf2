package storetest

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var vaultRaceSpecs = []spec{
	{"Vault/of 20 changes of a customer at each version one is applied", raceForCustomer},
	{"Vault/of 20 customers with one profile one is made", raceForProfile},
	{"Vault/of 20 payments and customers with one key one is made", raceForVaultKey},
	{"Vault/of removing and changing a customer one is applied", raceToRemove},
	{"Vault/of 20 customers made after a removed one one is made", raceToFollow},
	{"Vault/a customer that was decided on before another one came and went is never made", raceOfLives},
	{"Vault/of 20 that take an operation up one has it", raceForOperation},
	{"Vault/payments by two customers and changes of both are all applied, each to what it was decided on", raceOfPayments},
	{"Vault/a change decided on a customer before it was removed is stale for the one made anew under its id", changeOfEarlierCustomer},
}

const callers = 20

func raceForCustomer(t *testing.T, l gateway.Ledger) {
	c := shopper("m1", "cus_1", start)
	for version := range 5 {
		changes := make([]gateway.VaultChange, callers)
		for i := range changes {
			next := c
			if version > 0 {
				next = onward(c, start.Add(time.Duration(version)*time.Minute), method(start), method(start))
			}
			next.Source.ContactID = rand.Text()[:16]
			changes[i] = adding(next)
		}
		// Making a customer also competes for its profile: whoever is first has both.
		errs := race(callers, func(i int) error { return l.ApplyVault(t.Context(), changes[i]) })
		winner := oneWins(t, errs, gateway.ErrStale)
		for i, change := range changes {
			if i != winner {
				wantNoTrace(t, l, change)
			}
		}
		wantVault(t, l, changes[winner])
		c = *changes[winner].Customer
	}
}

func raceForProfile(t *testing.T, l gateway.Ledger) {
	changes := make([]gateway.VaultChange, callers)
	for i := range changes {
		c := shopper("m1", gateway.NewCustomerID(start), start)
		c.Methods = append(c.Methods, method(start))
		c.Methods[i%2].ProfileID = "one-profile"
		changes[i] = adding(c)
	}
	errs := race(callers, func(i int) error { return l.ApplyVault(t.Context(), changes[i]) })
	winner := oneWins(t, errs, gateway.ErrProfileTaken)
	for i, change := range changes {
		if i != winner {
			wantNothingOfVault(t, l, change)
		}
	}
	wantVault(t, l, changes[winner])
}

func raceForVaultKey(t *testing.T, l gateway.Ledger) {
	made := make([]gateway.VaultChange, callers)
	errs := race(callers, func(i int) error {
		if i%2 == 0 {
			sale := Sale("m1", start)
			sale.Binds.Key, sale.Payment.Operations[0].Key = "one-key", "one-key"
			return l.Apply(t.Context(), sale)
		}
		made[i] = adding(shopper("m1", "cus_1", start))
		made[i].Binds.Key, made[i].Operations[0].Key = "one-key", "one-key"
		return l.ApplyVault(t.Context(), made[i])
	})
	winner := oneWins(t, errs, gateway.ErrKeyTaken)
	if paid := keyOf(t, l, "one-key").Payment != nil; paid != (winner%2 == 0) {
		t.Fatalf("the key is a payment's: %v, but racer %d was acknowledged", paid, winner)
	}
	if winner%2 == 1 {
		wantVault(t, l, made[winner])
	} else {
		wantNoCustomer(t, l, "m1", true, "cus_1")
	}
}

func raceToRemove(t *testing.T, l gateway.Ledger) {
	c := stored(t, l, shopper("m1", "cus_1", start))
	errs := race(callers, func(i int) error {
		if i%2 == 0 {
			return l.ApplyVault(t.Context(), removing(c, start.Add(time.Minute)))
		}
		return l.ApplyVault(t.Context(), adding(onward(c, start.Add(time.Minute), c.Methods...)))
	})
	if winner := oneWins(t, errs, gateway.ErrStale); winner%2 == 0 {
		wantNoCustomer(t, l, "m1", true, "cus_1")
	}
	if n := len(unspread(t, l, 10)); n != 1 {
		t.Fatalf("%d events tell of one change", n)
	}
}

func raceToFollow(t *testing.T, l gateway.Ledger) {
	applyVault(t, l, removing(stored(t, l, shopper("m1", "cus_1", start)), start.Add(time.Minute)))
	changes := make([]gateway.VaultChange, callers)
	for i := range changes {
		changes[i] = adding(following(t, l, shopper("m1", "cus_1", start.Add(time.Hour))))
	}
	errs := race(callers, func(i int) error { return l.ApplyVault(t.Context(), changes[i]) })
	wantVault(t, l, changes[oneWins(t, errs, gateway.ErrStale)])
}

// raceOfLives has the late ones come while the customer is on its way out.
func raceOfLives(t *testing.T, l gateway.Ledger) {
	for range 10 {
		c := stored(t, l, following(t, l, shopper("m1", "cus_1", start)))
		errs := race(callers, func(i int) error {
			if i == callers/2 {
				return l.ApplyVault(t.Context(), removing(c, start.Add(time.Minute)))
			}
			late := shopper("m1", "cus_1", start.Add(2*time.Minute))
			late.Version, late.Last = c.Version, c.Last
			return l.ApplyVault(t.Context(), adding(late))
		})
		if winner := oneWins(t, errs, gateway.ErrStale); winner != callers/2 {
			t.Fatalf("racer %d has made a customer at version %d again", winner, c.Version)
		}
	}
}

func raceForOperation(t *testing.T, l gateway.Ledger) {
	made := adding(shopper("m1", "cus_1", start))
	applyVault(t, l, made)
	taken := afterwards(made.Operations[0], gateway.OpSending, start.Add(time.Hour), start.Add(time.Minute))
	errs := race(callers, func(int) error {
		return l.ApplyVault(t.Context(), gateway.VaultChange{Operations: []gateway.VaultOperation{taken}})
	})
	oneWins(t, errs, gateway.ErrStale)
	wantVaultOperation(t, l, taken)
}

// changeOfEarlierCustomer has a slow reader come back when another customer has
// the id.
func changeOfEarlierCustomer(t *testing.T, l gateway.Ledger) {
	read := stored(t, l, shopper("m1", "cus_1", start))
	applyVault(t, l, removing(read, start.Add(time.Minute)))
	anew := stored(t, l, following(t, l, shopper("m1", "cus_1", start.Add(2*time.Minute))))

	late := onward(read, start.Add(3*time.Minute), read.Methods...)
	wantErr(t, l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &late}), gateway.ErrStale)
	wantErr(t, l.ApplyVault(t.Context(), removing(read, start.Add(3*time.Minute))), gateway.ErrStale)
	wantCustomer(t, l, anew)
}

// raceOfPayments has everybody hold both customers, in every order.
func raceOfPayments(t *testing.T, l gateway.Ledger) {
	ids := []string{"cus_1", "cus_2"}
	for _, id := range ids {
		stored(t, l, shopper("m1", id, start))
	}
	errs := race(callers, func(i int) error {
		for round := range 6 {
			id, pays := ids[(i+round)%2], (i/2)%2 == 0
			if err := untilFresh(t, l, id, pays); err != nil {
				return err
			}
		}
		return nil
	})
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range ids {
		c, err := l.Customer(t.Context(), "m1", true, id)
		if err != nil || c.Version != 1+callers/2*6/2 {
			t.Fatalf("%s is at version %d, %v", id, c.Version, err)
		}
	}
}

// untilFresh pays by the customer, or changes it, as it is read until nobody is
// faster.
func untilFresh(t *testing.T, l gateway.Ledger, id string, pays bool) error {
	for range 500 {
		c, err := l.Customer(t.Context(), "m1", true, id)
		if err != nil {
			return err
		}
		if pays {
			sale := Sale("m1", start)
			sale.Payment.LiveMode, sale.Charges = true, &c
			err = l.Apply(t.Context(), sale)
		} else {
			next := onward(c, start, c.Methods...)
			err = l.ApplyVault(t.Context(), adding(next))
		}
		if !errors.Is(err, gateway.ErrStale) {
			return err
		}
	}
	return errors.New("somebody else was always faster")
}
