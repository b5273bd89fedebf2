package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var vaultKeySpecs = []spec{
	{"Vault/a key is bound to the first operation, with no payment and no reply", vaultKey},
	{"Vault/a key of the vault binds no payment, and one of a payment nothing of the vault", keyOfBoth},
	{"Vault/a closed key binds nothing of the vault, and a bound one cannot be closed", vaultKeyClosed},
	{"Vault/a payment by a customer that has changed or gone is stale", paymentByCustomer},
	{"Vault/a key that is taken is told before a customer that is there", keyBeforeCustomer},
}

func vaultKey(t *testing.T, l gateway.Ledger) {
	c := shopper("m1", "cus_1", start)
	change := adding(c)
	second := operationOn(c, start)
	change.Operations = append(change.Operations, second)
	applyVault(t, l, change)
	wantVault(t, l, change)
	r := keyOf(t, l, change.Binds.Key)
	if r.Closed() || r.Payment != nil || r.Reply != nil {
		t.Fatalf("the key is %+v, want it bound to an operation and nothing else", r)
	}
	wantNoKey(t, l, "m1", second.Key)
	wantNoKey(t, l, "m2", change.Binds.Key)
}

func keyOfBoth(t *testing.T, l gateway.Ledger) {
	sale := Sale("m1", start)
	apply(t, l, sale)
	made := adding(shopper("m1", "cus_1", start))
	made.Binds.Key, made.Operations[0].Key = sale.Binds.Key, sale.Binds.Key
	wantErr(t, l.ApplyVault(t.Context(), made), gateway.ErrKeyTaken)
	wantNothingOfVault(t, l, made)
	if r := keyOf(t, l, sale.Binds.Key); r.Payment == nil || r.Payment.ID != sale.Payment.ID || r.OperationID != sale.Operation {
		t.Fatalf("the key is %+v", r)
	}

	made = adding(shopper("m1", "cus_1", start))
	applyVault(t, l, made)
	late := Sale("m1", start.Add(time.Minute))
	late.Binds.Key, late.Payment.Operations[0].Key = made.Binds.Key, made.Binds.Key
	wantErr(t, l.Apply(t.Context(), late), gateway.ErrKeyTaken)
	wantNoPayment(t, l, "m1", late.Payment.ID)
	wantVault(t, l, made)
}

func vaultKeyClosed(t *testing.T, l gateway.Ledger) {
	made := adding(shopper("m1", "cus_1", start))
	closeKey(t, l, "m1", made.Binds.Key)
	wantErr(t, l.ApplyVault(t.Context(), made), gateway.ErrKeyTaken)
	wantNothingOfVault(t, l, made)
	made = adding(shopper("m1", "cus_1", start))
	applyVault(t, l, made)
	wantErr(t, l.CloseKey(t.Context(), "m1", made.Binds.Key, start), gateway.ErrKeyTaken)
	wantVault(t, l, made)
}

func keyBeforeCustomer(t *testing.T, l gateway.Ledger) {
	made := adding(shopper("m1", "cus_1", start))
	applyVault(t, l, made)
	again := adding(shopper("m1", "cus_1", start))
	again.Customer.Methods[0].ProfileID = made.Customer.Methods[0].ProfileID
	again.Binds.Key, again.Operations[0].Key = made.Binds.Key, made.Binds.Key
	wantErr(t, l.ApplyVault(t.Context(), again), gateway.ErrKeyTaken)
	wantVault(t, l, made)
}

func paymentByCustomer(t *testing.T, l gateway.Ledger) {
	c := stored(t, l, shopper("m1", "cus_1", start))
	by := func(c gateway.VaultCustomer) gateway.Change {
		sale := Sale("m1", start)
		sale.Payment.LiveMode, sale.Charges = c.LiveMode, &c
		return sale
	}
	apply(t, l, by(c))
	changed := onward(c, start.Add(time.Minute), c.Methods...)
	applyVault(t, l, gateway.VaultChange{Customer: &changed})
	late := by(c)
	wantErr(t, l.Apply(t.Context(), late), gateway.ErrStale)
	wantNoKey(t, l, "m1", late.Binds.Key)
	apply(t, l, by(changed))
	wantCustomer(t, l, changed)
	// A ledger that failed over to a copy without its last change gives its version
	// to another one.
	lost := changed
	lost.UpdatedAt = start.Add(30 * time.Second)
	wantErr(t, l.Apply(t.Context(), by(lost)), gateway.ErrStale)
	applyVault(t, l, removing(changed, start.Add(2*time.Minute)))
	wantErr(t, l.Apply(t.Context(), by(changed)), gateway.ErrStale)
	other := by(c)
	other.Payment.LiveMode = !c.LiveMode
	if err := l.Apply(t.Context(), other); err == nil {
		t.Fatal("a payment charges a card of the other mode")
	}
}
