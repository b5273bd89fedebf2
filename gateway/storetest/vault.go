package storetest

import (
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

var vaultSpecs = []spec{
	{"Vault/a customer lives through all its changes", wholeLife},
	{"Vault/a customer may have no method, and methods of which little is known", customerWithout},
	{"Vault/a customer and its operations belong to one merchant, the customer to one mode", vaultApart},
	{"Vault/a change needs the version before", vaultVersions},
	{"Vault/an operation changes without its customer", operationAlone},
	{"Vault/a profile belongs to one method of one customer", profilesOnce},
	{"Vault/a profile is free again when its method or customer is gone", profilesFreed},
	{"Vault/the versions of a removed customer go on with the next one of its id", idUsedAgain},
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

	c = onward(c, start.Add(2*time.Hour), second)
	applyVault(t, l, gateway.VaultChange{Customer: &c})
	wantCustomer(t, l, c)
	c = onward(c, start.Add(3*time.Hour))
	applyVault(t, l, gateway.VaultChange{Customer: &c})
	wantCustomer(t, l, c)

	gone := removing(c, start.Add(4*time.Hour))
	applyVault(t, l, gone)
	wantNoCustomer(t, l, "m1", true, "cus_1")
	wantVaultOperation(t, l, made.Operations[0])
	wantTold(t, l, gone.Events...)
}

func customerWithout(t *testing.T, l gateway.Ledger) {
	wantCustomer(t, l, stored(t, l, gateway.VaultCustomer{MerchantID: "m1", ID: "cus_1", Version: 1}))
	wantCustomer(t, l, stored(t, l, gateway.VaultCustomer{
		MerchantID: "m1", LiveMode: true, ID: `"\ü 漢`, Version: 1, CreatedAt: start, UpdatedAt: start,
		Methods: []gateway.VaultMethod{
			{ID: "pm_2", ProfileID: "two", Card: gateway.CardSummary{LastFour: "1111", ExpirationYear: "twenty"}},
			{ID: "pm_1", ProfileID: `"\`, Default: true},
		},
		Pending: map[string]string{"pm_3": "vop_1"},
	}))
}

func vaultApart(t *testing.T, l gateway.Ledger) {
	wantNoCustomer(t, l, "m1", true, "cus_1")
	mine := adding(shopper("m1", "cus_1", start))
	applyVault(t, l, mine)
	wantNoCustomer(t, l, "m1", true, "cus_2")
	wantNoCustomer(t, l, "m1", false, "cus_1")
	wantNoCustomer(t, l, "m2", true, "cus_1")
	_, err := l.VaultOperation(t.Context(), "m2", mine.Operations[0].ID)
	wantErr(t, err, gateway.ErrNotFound)

	// The same ids, profiles and keys are others there.
	theirs, test := *mine.Customer, *mine.Customer
	theirs.MerchantID, test.LiveMode = "m2", false
	their := adding(theirs)
	their.Binds.Key, their.Operations[0].Key = mine.Binds.Key, mine.Binds.Key
	tested := adding(test)
	applyVault(t, l, their, tested)
	for _, c := range []gateway.VaultChange{mine, their, tested} {
		wantVault(t, l, c)
	}
	applyVault(t, l, removing(test, start.Add(time.Hour)))
	wantNoCustomer(t, l, "m1", false, "cus_1")
	wantCustomer(t, l, *mine.Customer)
	stolen := mine.Operations[0]
	stolen.MerchantID = "m2"
	stolen = afterwards(stolen, gateway.OpFailed, time.Time{}, start.Add(time.Hour))
	wantErr(t, l.ApplyVault(t.Context(), gateway.VaultChange{Operations: []gateway.VaultOperation{stolen}}), gateway.ErrStale)
	wantVaultOperation(t, l, mine.Operations[0])
}

func vaultVersions(t *testing.T, l gateway.Ledger) {
	unknown := shopper("m1", "cus_2", start)
	unknown.Version = 2
	wantErr(t, l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &unknown}), gateway.ErrStale)
	wantErr(t, l.ApplyVault(t.Context(), removing(shopper("m1", "cus_2", start), start)), gateway.ErrStale)

	made := adding(shopper("m1", "cus_1", start))
	applyVault(t, l, made)
	c := onward(*made.Customer, start.Add(time.Minute), made.Customer.Methods...)
	applyVault(t, l, gateway.VaultChange{Customer: &c})
	for _, version := range []int64{1, 2, 4} {
		wrong := onward(c, start.Add(time.Hour))
		wrong.Version = version
		wantErr(t, l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &wrong}), gateway.ErrStale)
		wrong.Version++
		if version != 2 {
			wantErr(t, l.ApplyVault(t.Context(), gateway.VaultChange{Customer: &wrong, Removes: true}), gateway.ErrStale)
		}
		op := afterwards(made.Operations[0], gateway.OpFailed, time.Time{}, start.Add(time.Hour))
		if op.Version = version; version == 2 {
			op.Version = 3
		}
		wantErr(t, l.ApplyVault(t.Context(), gateway.VaultChange{Operations: []gateway.VaultOperation{op}}), gateway.ErrStale)
	}
	wantCustomer(t, l, c)
	wantVaultOperation(t, l, made.Operations[0])
}

func operationAlone(t *testing.T, l gateway.Ledger) {
	made := adding(shopper("m1", "cus_1", start))
	applyVault(t, l, made)
	op := made.Operations[0]
	for i, status := range []gateway.OperationStatus{gateway.OpUnknown, gateway.OpUnknown, gateway.OpRejected} {
		op = afterwards(op, status, time.Time{}, start.Add(time.Duration(i)*time.Hour))
		applyVault(t, l, gateway.VaultChange{Operations: []gateway.VaultOperation{op}})
		wantVaultOperation(t, l, op)
	}
	wantCustomer(t, l, *made.Customer)
	// Its customer may be gone, and its key stays bound.
	applyVault(t, l, removing(*made.Customer, start.Add(time.Hour)))
	op = afterwards(op, gateway.OpApproved, time.Time{}, start.Add(4*time.Hour))
	applyVault(t, l, gateway.VaultChange{Operations: []gateway.VaultOperation{op}})
	wantVaultOperation(t, l, op)
	wantKey(t, l, "m1", gateway.KeyRecord{Key: op.Key, Fingerprint: made.Binds.Fingerprint, OperationID: op.ID})
}

func profilesOnce(t *testing.T, l gateway.Ledger) {
	taken := stored(t, l, shopper("m1", "cus_1", start))
	made := adding(shopper("m1", "cus_2", start))
	made.Customer.Methods[0].ProfileID = taken.Methods[0].ProfileID
	wantErr(t, l.ApplyVault(t.Context(), made), gateway.ErrProfileTaken)
	wantNothingOfVault(t, l, made)

	other := stored(t, l, shopper("m1", "cus_3", start))
	grown := adding(onward(other, start.Add(time.Minute), other.Methods[0], method(start), taken.Methods[0]))
	wantErr(t, l.ApplyVault(t.Context(), grown), gateway.ErrProfileTaken)
	wantNoTrace(t, l, grown)
	wantCustomer(t, l, other)

	twin := method(start)
	twin.ProfileID = other.Methods[0].ProfileID
	twice := adding(onward(other, start.Add(time.Minute), other.Methods[0], twin))
	wantErr(t, l.ApplyVault(t.Context(), twice), gateway.ErrProfileTaken)
	wantCustomer(t, l, other)
	wantCustomer(t, l, taken)
}

func profilesFreed(t *testing.T, l gateway.Ledger) {
	first := stored(t, l, shopper("m1", "cus_1", start))
	second := stored(t, l, shopper("m1", "cus_2", start))
	moved := first.Methods[0]
	wantUsed(t, l, moved.ProfileID, true)
	first = onward(first, start.Add(time.Minute))
	applyVault(t, l, gateway.VaultChange{Customer: &first})
	wantUsed(t, l, moved.ProfileID, false)
	second = onward(second, start.Add(2*time.Minute), second.Methods[0], moved)
	applyVault(t, l, gateway.VaultChange{Customer: &second})
	wantUsed(t, l, moved.ProfileID, true)
	applyVault(t, l, removing(second, start.Add(time.Hour)))
	wantUsed(t, l, moved.ProfileID, false)
	first = onward(first, start.Add(2*time.Hour), moved, second.Methods[0])
	applyVault(t, l, gateway.VaultChange{Customer: &first})
	wantCustomer(t, l, first)
}

// wantUsed asks for the profile in the mode and merchant of a shopper, and in
// others, where it is never used.
func wantUsed(t *testing.T, l gateway.Ledger, profileID string, want bool) {
	t.Helper()
	for _, of := range []struct {
		merchant string
		live     bool
		want     bool
	}{{"m1", true, want}, {"m1", false, false}, {"m2", true, false}} {
		if used, err := l.ProfileUsed(t.Context(), of.merchant, of.live, profileID); err != nil || used != of.want {
			t.Fatalf("ProfileUsed of %s, live %t: %t, %v; want %t", of.merchant, of.live, used, err, of.want)
		}
	}
}

func idUsedAgain(t *testing.T, l gateway.Ledger) {
	wantLast(t, l, true, gateway.PastCustomer{})
	c := stored(t, l, shopper("m1", "cus_1", start))
	c = onward(c, start.Add(time.Minute), c.Methods...)
	applyVault(t, l, gateway.VaultChange{Customer: &c})
	wantLast(t, l, true, gateway.PastCustomer{})
	applyVault(t, l, removing(c, start.Add(2*time.Minute)))
	wantLast(t, l, true, gateway.PastCustomer{Version: 3, Since: start})
	wantLast(t, l, false, gateway.PastCustomer{})

	made := adding(shopper("m1", "cus_1", start.Add(time.Hour)))
	for _, version := range []int64{1, 2, 3, 5} {
		made.Customer.Version, made.Customer.Last.Version = version, version-1
		wantErr(t, l.ApplyVault(t.Context(), gateway.VaultChange{Customer: made.Customer}), gateway.ErrStale)
	}
	made.Customer.Version, made.Customer.Last = 4, gateway.PastCustomer{Version: 3, Since: start}
	wantNoCustomer(t, l, "m1", true, "cus_1")
	applyVault(t, l, made)
	wantVault(t, l, made)
	applyVault(t, l, removing(*made.Customer, start.Add(2*time.Hour)))
	wantLast(t, l, true, gateway.PastCustomer{Version: 5, Since: start})
}

func wantLast(t *testing.T, l gateway.Ledger, live bool, want gateway.PastCustomer) {
	t.Helper()
	if got, err := l.LastCustomer(t.Context(), "m1", live, "cus_1"); err != nil || got != want {
		t.Fatalf("the last customer, live %t, left %+v, %v; want %+v", live, got, err, want)
	}
}
