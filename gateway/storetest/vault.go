package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var vaultSpecs = []spec{
	{"Vault/a customer lives through all its changes", wholeLife},
}

func wholeLife(t *testing.T, l gateway.Ledger) {
	c := shopper("m1", "cus_1", start)
	made := adding(c)
	applyVault(t, l, made)
	wantVault(t, l, made)

	second := method(start.Add(time.Minute))
	c = onward(c, start.Add(time.Minute), append(c.Methods, second)...)
	grown := adding(c)
	applyVault(t, l, grown)
	wantVault(t, l, grown)

	op := afterwards(made.Operations[0], gateway.OpApproved, time.Time{}, start.Add(time.Hour))
	applyVault(t, l, gateway.VaultChange{Operations: []gateway.VaultOperation{op}})
	wantVaultOperation(t, l, op)
	wantCustomer(t, l, c)

	c = onward(c, start.Add(2*time.Hour), second)
	applyVault(t, l, gateway.VaultChange{Customer: &c})
	wantCustomer(t, l, c)
	c = onward(c, start.Add(3*time.Hour))
	applyVault(t, l, gateway.VaultChange{Customer: &c})
	wantCustomer(t, l, c)

	gone := removing(c, start.Add(4*time.Hour))
	applyVault(t, l, gone)
	wantNoCustomer(t, l, "m1", true, "cus_1")
	wantVaultOperation(t, l, op)
	wantTold(t, l, gone.Events...)
}
