package storetest

import (
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// shopper is a customer with every member filled and one method, at version one.
func shopper(merchantID, id string, at time.Time) gateway.VaultCustomer {
	m := method(at)
	m.Default = true
	return gateway.VaultCustomer{
		MerchantID: merchantID, LiveMode: true, ID: id, Version: 1, CreatedAt: at, UpdatedAt: at,
		Source: gateway.SourceRecords{
			OpportunityID: "006000000000001", SalesforceOrderID: "801000000000001",
			AccountID: "001000000000001", ContactID: "003000000000001",
		},
		Methods: []gateway.VaultMethod{m},
	}
}

// method has a profile of its own, and is to be compared with it a day later.
func method(at time.Time) gateway.VaultMethod {
	return gateway.VaultMethod{
		ID: gateway.NewMethodID(at), ProfileID: gateway.NewProfileID(), Card: card,
		CreatedAt: at, UpdatedAt: at, CheckDue: at.Add(24 * time.Hour), Misses: 1,
	}
}

// following is a new customer of the last one's id.
func following(t *testing.T, l gateway.Ledger, c gateway.VaultCustomer) gateway.VaultCustomer {
	t.Helper()
	last, err := l.LastCustomer(t.Context(), c.MerchantID, c.LiveMode, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.Version, c.Last = last.Version+1, last
	return c
}

// onward is the customer one version on, with other methods.
func onward(c gateway.VaultCustomer, at time.Time, methods ...gateway.VaultMethod) gateway.VaultCustomer {
	c.Version++
	c.UpdatedAt, c.Methods = at, methods
	return c
}

// operationOn is an operation on the customer's last method with every member
// filled, at version one.
func operationOn(c gateway.VaultCustomer, at time.Time) gateway.VaultOperation {
	op := gateway.VaultOperation{
		ID: gateway.NewVaultOperationID(at), MerchantID: c.MerchantID, LiveMode: c.LiveMode, Verb: gateway.VaultAdd,
		Status: gateway.OpSending, CustomerID: c.ID, Key: "vault-" + rand.Text()[:16],
		Card: card, Before: gateway.CardSummary{Brand: gateway.Amex, LastFour: "0005"}, MakesCustomer: true, MakeDefault: true,
		Rejection: &gateway.Rejection{Code: "58", Message: `"no"`}, Sender: "instance-1", IntentID: "intent", Looks: 2,
		SentAt: at, SendBefore: at.Add(5 * time.Second), Due: at.Add(2 * time.Hour), Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	if n := len(c.Methods); n > 0 {
		op.MethodID, op.ProfileID = c.Methods[n-1].ID, c.Methods[n-1].ProfileID
	}
	return op
}

// afterwards is the operation one version on.
func afterwards(op gateway.VaultOperation, status gateway.OperationStatus, due, at time.Time) gateway.VaultOperation {
	op.Version++
	op.Status, op.Due, op.UpdatedAt = status, due, at
	return op
}

// newsOf tells of the customer's last method.
func newsOf(c gateway.VaultCustomer, operationID string, at time.Time) gateway.Event {
	news := gateway.VaultNews{LiveMode: c.LiveMode, CustomerID: c.ID, Source: c.Source, Previous: gateway.SourceRecords{ContactID: "003before"}, Since: c.Counted(), Origin: gateway.OriginAPI}
	if n := len(c.Methods); n > 0 {
		news.Method = c.Methods[n-1]
	}
	return gateway.Event{
		ID: gateway.NewEventID(at), MerchantID: c.MerchantID, OperationID: operationID,
		Type: gateway.EventMethodUpdated, Version: c.Version, At: at, Vault: &news,
	}
}

// adding is a whole change: the customer, an operation with its key, an event.
func adding(c gateway.VaultCustomer) gateway.VaultChange {
	op := operationOn(c, c.UpdatedAt)
	return gateway.VaultChange{
		Customer: &c, Operations: []gateway.VaultOperation{op},
		Binds:  &gateway.Binding{Key: op.Key, Fingerprint: []byte{0, 1, 2, 0xff}},
		Events: []gateway.Event{newsOf(c, op.ID, c.UpdatedAt)},
	}
}

// removing deletes the customer, with an event.
func removing(c gateway.VaultCustomer, at time.Time) gateway.VaultChange {
	gone := onward(c, at, c.Methods...)
	return gateway.VaultChange{Customer: &gone, Removes: true, Events: []gateway.Event{newsOf(gone, "", at)}}
}

func applyVault(t *testing.T, l gateway.Ledger, changes ...gateway.VaultChange) {
	t.Helper()
	for _, c := range changes {
		if err := l.ApplyVault(t.Context(), c); err != nil {
			t.Fatalf("ApplyVault: %v", err)
		}
	}
}

// stored makes the customer with nothing beside it.
func stored(t *testing.T, l gateway.Ledger, c gateway.VaultCustomer) gateway.VaultCustomer {
	t.Helper()
	applyVault(t, l, gateway.VaultChange{Customer: &c})
	return c
}

func wantCustomer(t *testing.T, l gateway.Ledger, want gateway.VaultCustomer) {
	t.Helper()
	got, err := l.Customer(t.Context(), want.MerchantID, want.LiveMode, want.ID)
	if err != nil {
		t.Fatalf("Customer(%s): %v", want.ID, err)
	}
	equal(t, "customer", got, want)
}

func wantNoCustomer(t *testing.T, l gateway.Ledger, merchantID string, liveMode bool, id string) {
	t.Helper()
	if c, err := l.Customer(t.Context(), merchantID, liveMode, id); !errors.Is(err, gateway.ErrNotFound) {
		t.Fatalf("Customer(%s) = %+v, %v; want ErrNotFound", id, c, err)
	}
}

func wantVaultOperation(t *testing.T, l gateway.Ledger, want gateway.VaultOperation) {
	t.Helper()
	got, err := l.VaultOperation(t.Context(), want.MerchantID, want.ID)
	if err != nil {
		t.Fatalf("VaultOperation(%s): %v", want.ID, err)
	}
	equal(t, "operation", got, want)
}

// wantVault wants all of a change that is the last one of its customer.
func wantVault(t *testing.T, l gateway.Ledger, c gateway.VaultChange) {
	t.Helper()
	wantCustomer(t, l, *c.Customer)
	for _, op := range c.Operations {
		wantVaultOperation(t, l, op)
	}
	if c.Binds != nil {
		wantKey(t, l, c.Customer.MerchantID, gateway.KeyRecord{
			Key: c.Binds.Key, Fingerprint: c.Binds.Fingerprint, OperationID: c.Operations[0].ID,
		})
	}
	wantTold(t, l, c.Events...)
}

// wantTold wants the events among those that are not spread.
func wantTold(t *testing.T, l gateway.Ledger, want ...gateway.Event) {
	t.Helper()
	unspreads := unspread(t, l, 1000)
	for _, e := range want {
		i := slices.IndexFunc(unspreads, func(o gateway.Event) bool { return o.ID == e.ID })
		if i < 0 {
			t.Fatalf("event %s was not kept", e.ID)
		}
		equal(t, "event", unspreads[i], e)
	}
}

// wantNothingOfVault wants no trace of a change that makes its customer.
func wantNothingOfVault(t *testing.T, l gateway.Ledger, c gateway.VaultChange) {
	t.Helper()
	wantNoCustomer(t, l, c.Customer.MerchantID, c.Customer.LiveMode, c.Customer.ID)
	wantNoTrace(t, l, c)
}

// wantNoTrace wants neither operations nor key nor events of the change.
func wantNoTrace(t *testing.T, l gateway.Ledger, c gateway.VaultChange) {
	t.Helper()
	for _, op := range c.Operations {
		_, err := l.VaultOperation(t.Context(), op.MerchantID, op.ID)
		wantErr(t, err, gateway.ErrNotFound)
	}
	if c.Binds != nil {
		if r, err := l.Key(t.Context(), c.Customer.MerchantID, c.Binds.Key); err == nil && r.OperationID == c.Operations[0].ID {
			t.Fatalf("key %s was bound", c.Binds.Key)
		}
	}
	for _, e := range unspread(t, l, 1000) {
		if slices.ContainsFunc(c.Events, func(o gateway.Event) bool { return o.ID == e.ID }) {
			t.Fatalf("event %s was kept", e.ID)
		}
	}
}
