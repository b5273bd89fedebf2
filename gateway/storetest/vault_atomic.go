package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var vaultAtomicSpecs = []spec{
	{"Vault/a change that fails leaves nothing behind", nothingLeftOfVault},
	{"Vault/a change that no verb makes is refused", impossibleVault},
	{"Vault/a failing change does not touch those beside it", vaultFailuresApart},
}

// vaultSpoils each make a change of customer cus_2 fail. It changes a customer
// that is there, and brings an operation, a key and an event. cus_1 is there
// too, as other has made it.
var vaultSpoils = []struct {
	name  string
	want  error // nil: an error that is none of the port's
	spoil func(c *gateway.VaultChange, other gateway.VaultChange)
}{
	{"its key is taken", gateway.ErrKeyTaken, func(c *gateway.VaultChange, other gateway.VaultChange) {
		c.Binds.Key = other.Binds.Key
	}},
	{"its customer is at another version", gateway.ErrStale, func(c *gateway.VaultChange, _ gateway.VaultChange) {
		c.Customer.Version++
	}},
	{"its operation is at another version", gateway.ErrStale, func(c *gateway.VaultChange, _ gateway.VaultChange) {
		c.Operations[0].Version = 2
	}},
	{"its second operation is there", gateway.ErrStale, func(c *gateway.VaultChange, other gateway.VaultChange) {
		op := operationOn(*c.Customer, start)
		op.ID = other.Operations[0].ID
		c.Operations = append(c.Operations, op)
	}},
	{"its profile is another's", gateway.ErrProfileTaken, func(c *gateway.VaultChange, other gateway.VaultChange) {
		m := method(start)
		m.ProfileID = other.Customer.Methods[0].ProfileID
		c.Customer.Methods = append(c.Customer.Methods, m)
	}},
	{"its event exists", nil, func(c *gateway.VaultChange, other gateway.VaultChange) {
		c.Events[0].ID = other.Events[0].ID
	}},
}

func nothingLeftOfVault(t *testing.T, l gateway.Ledger) {
	other := adding(shopper("m1", "cus_1", start))
	applyVault(t, l, other)
	before := stored(t, l, shopper("m1", "cus_2", start))
	for _, s := range vaultSpoils {
		t.Run(s.name, func(t *testing.T) {
			change := adding(onward(before, start.Add(time.Minute), method(start), before.Methods[0]))
			right := change
			s.spoil(&change, other)
			wantErr(t, l.ApplyVault(t.Context(), change), s.want)
			wantCustomer(t, l, before)
			wantVault(t, l, other)
			for _, op := range right.Operations {
				_, err := l.VaultOperation(t.Context(), "m1", op.ID)
				wantErr(t, err, gateway.ErrNotFound)
			}
			wantNoKey(t, l, "m1", right.Operations[0].Key)
			if n := len(unspread(t, l, 10)); n != 1 {
				t.Fatalf("%d events are there, want the other's alone", n)
			}
		})
	}
	// Nothing of all that stands in the way of the right one.
	right := adding(onward(before, start.Add(time.Minute), method(start), before.Methods[0]))
	applyVault(t, l, right)
	wantVault(t, l, right)
}

func impossibleVault(t *testing.T, l gateway.Ledger) {
	sale := decidedPayment(t, l, start)
	for name, spoil := range map[string]func(*gateway.VaultChange){
		"of nothing":                   func(c *gateway.VaultChange) { *c = gateway.VaultChange{Events: c.Events} },
		"that removes nobody":          func(c *gateway.VaultChange) { c.Customer, c.Removes = nil, true },
		"that removes what is not yet": func(c *gateway.VaultChange) { c.Removes = true },
		"without a merchant":           func(c *gateway.VaultChange) { c.Customer.MerchantID = "" },
		"without a customer's id":      func(c *gateway.VaultChange) { c.Customer.ID = "" },
		"without a version":            func(c *gateway.VaultChange) { c.Customer.Version = 0 },
		"without a profile":            func(c *gateway.VaultChange) { c.Customer.Methods[0].ProfileID = "" },
		"without a method's id":        func(c *gateway.VaultChange) { c.Customer.Methods[0].ID = "" },
		"without an operation's id":    func(c *gateway.VaultChange) { c.Operations[0].ID = "" },
		"of another's operation":       func(c *gateway.VaultChange) { c.Operations[0].CustomerID = "cus_2" },
		"of another merchant's":        func(c *gateway.VaultChange) { c.Operations[0].MerchantID = "m2" },
		"of another mode":              func(c *gateway.VaultChange) { c.Operations[0].LiveMode = false },
		"that binds a key to nothing":  func(c *gateway.VaultChange) { c.Operations = nil },
		"that tells of a payment":      func(c *gateway.VaultChange) { c.Events = sale.Events },
		"that tells of nothing":        func(c *gateway.VaultChange) { c.Events[0].Vault = nil },
		"that tells of another":        func(c *gateway.VaultChange) { c.Events[0].Vault.CustomerID = "cus_2" },
		"that tells another merchant":  func(c *gateway.VaultChange) { c.Events[0].MerchantID = "m2" },
	} {
		change := adding(shopper("m1", "cus_1", start))
		spoil(&change)
		if err := l.ApplyVault(t.Context(), change); err == nil {
			t.Errorf("a change %s was applied", name)
		}
	}
	told := adding(shopper("m1", "cus_1", start)).Events
	c := touched(sale.Payment, start.Add(time.Hour))
	c.Events = told
	wantErr(t, l.Apply(t.Context(), c), nil)
	made := adding(shopper("m1", "cus_1", start))
	applyVault(t, l, made)
	wantVault(t, l, made)
}

func vaultFailuresApart(t *testing.T, l gateway.Ledger) {
	taken := adding(shopper("m1", "taken", start))
	applyVault(t, l, taken)
	changes := make([]gateway.VaultChange, racers)
	for i := range changes {
		c := shopper("m1", gateway.NewCustomerID(start), start)
		switch i % 4 {
		case 1:
			c.Methods[0].ProfileID = taken.Customer.Methods[0].ProfileID
		case 2:
			c.Version = 2
		}
		changes[i] = adding(c)
		if i%4 == 3 {
			changes[i].Binds.Key = taken.Binds.Key
		}
	}
	errs := race(racers, func(i int) error { return l.ApplyVault(t.Context(), changes[i]) })
	for i, c := range changes {
		if i%4 == 0 {
			if errs[i] != nil {
				t.Fatalf("racer %d: %v", i, errs[i])
			}
			wantVault(t, l, c)
			continue
		}
		wantErr(t, errs[i], []error{1: gateway.ErrProfileTaken, 2: gateway.ErrStale, 3: gateway.ErrKeyTaken}[i%4])
		wantNoCustomer(t, l, "m1", true, c.Customer.ID)
	}
}
