package gateway_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// readings is a ledger that counts how often a customer is read.
type readings struct {
	gateway.Ledger
	n atomic.Int32
}

func (r *readings) Customer(ctx context.Context, merchantID string, liveMode bool, id string) (gateway.VaultCustomer, error) {
	r.n.Add(1)
	return r.Ledger.Customer(ctx, merchantID, liveMode, id)
}

// apart is a second gateway on the house's ledger, which hears nothing of what
// the house does. What a reads of customers is counted.
func apart(h *house) (*house, *readings) {
	r := &readings{Ledger: h.ledger}
	other := *h
	other.on(r)
	return &other, r
}

func TestACustomerThatWasShownIsNotReadAgainToPay(t *testing.T) {
	h := newHouse(t)
	h.stored("a")
	shop, read := apart(h)
	shop.customer("c")
	before := read.n.Load()
	for i := range 3 {
		shop.expect(shop.create(fmt.Sprint("k", i), byVault("c", "")), nil, gateway.StatusApproved, gateway.OpApproved)
	}
	if n := read.n.Load() - before; n != 0 {
		t.Errorf("it was read %d times", n)
	}
}

// What another gateway has changed is found by the ledger, or by reading when
// what is remembered does not do.
func TestACustomerThatIsRememberedWronglyIsReadAgain(t *testing.T) {
	h := newHouse(t)
	c := h.stored("a", "b")
	shop, _ := apart(h)
	first, second := c.Methods[0].ID, c.Methods[1].ID
	pays := func(key, method, with string) {
		t.Helper()
		if p := shop.create(key, byVault("c", method)).Payment; p.Status != gateway.StatusApproved || p.PaymentMethodID != with {
			t.Errorf("%s: %s with %s, want %s", key, p.Status, p.PaymentMethodID, with)
		}
	}
	pays("remember", "", first)

	if _, err := h.UpdateCustomer(t.Context(), as(""), gateway.UpdateCustomer{CustomerID: "c", DefaultMethodID: second}); err != nil {
		t.Fatal(err)
	}
	pays("another default", "", second)

	a, err := h.addMethod(9*time.Second, "new-d", gateway.AddMethod{CustomerID: "c", Card: fields("d")})
	h.vaulted(a, err, gateway.OpApproved)
	pays("a new card", a.MethodID, a.MethodID)

	charges := h.processor.Calls("charge")
	if err := h.RemoveMethod(t.Context(), as(""), "c", second); err != nil {
		t.Fatal(err)
	}
	if _, err := shop.CreatePayment(t.Context(), as("gone"), byVault("c", second)); codeOf(err) != gateway.CodeMethodNotFound {
		t.Errorf("a card that is gone: %v", err)
	}
	if err := h.RemoveCustomer(t.Context(), as(""), "c"); err != nil {
		t.Fatal(err)
	}
	again := h.stored("e") // another customer of the same name
	if _, err := shop.CreatePayment(t.Context(), as("old"), byVault("c", first)); codeOf(err) != gateway.CodeMethodNotFound {
		t.Errorf("a card of the customer of before: %v", err)
	}
	if n := h.processor.Calls("charge"); n != charges {
		t.Errorf("%d charges of what was gone", n-charges)
	}
	pays("a new customer", "", again.Methods[0].ID)
}
