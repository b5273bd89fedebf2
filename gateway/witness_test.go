package gateway_test

import (
	"strconv"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// crowd makes that many customers with a card each, an hour apart.
func (h *house) crowd(n int) (all []gateway.VaultCustomer) {
	h.t.Helper()
	for i := range n {
		name := strconv.Itoa(i)
		a, err := h.createCustomer(9*time.Second, "new-"+name, gateway.CreateCustomer{CustomerID: "c" + name, Card: fields(name)})
		all = append(all, h.vaulted(a, err, gateway.OpApproved).Customer)
		time.Sleep(time.Hour)
	}
	return all
}

func (h *house) storedNow() (n int) {
	h.t.Helper()
	all, _, err := h.Customers(h.t.Context(), gateway.CustomerFilter{MerchantID: "main", Limit: 100})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range all {
		n += len(c.Methods)
	}
	return n
}

// With a wrong account PayTrace knows none of the profiles.
func TestAnotherAccountDoesNotEmptyTheVault(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		all := h.crowd(5)
		for _, c := range all {
			h.processor.ClerkDeletes(c.Methods[0].ProfileID)
		}
		time.Sleep(72 * time.Hour)
		if n := h.storedNow(); n != 5 {
			t.Fatalf("%d cards of 5 are left", n)
		}
		if calls := h.processor.Calls("profile"); calls > 5*72*4 {
			t.Errorf("PayTrace was asked %d times", calls)
		}
		for _, c := range all[:4] {
			h.processor.ClerkStores(c.Methods[0].ProfileID, shown)
		}
		time.Sleep(3 * time.Hour)
		if n := h.storedNow(); n != 4 || len(h.customer("c4").Methods) != 0 {
			t.Errorf("with the right account %d cards are left, want all but the one that is really gone", n)
		}
	})
}

func TestManyCardsThatAreGoneGoWhileOthersAreShown(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		all := h.crowd(6)
		for _, c := range all[1:5] {
			h.processor.ClerkDeletes(c.Methods[0].ProfileID)
		}
		time.Sleep(48 * time.Hour)
		if n := h.storedNow(); n != 2 {
			t.Errorf("%d cards are left, want the two that PayTrace shows", n)
		}
	})
}

func TestTheOnlyCardGoesWithoutAWitness(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		h.processor.ClerkDeletes(h.crowd(1)[0].Methods[0].ProfileID)
		time.Sleep(48 * time.Hour)
		if n := h.storedNow(); n != 0 {
			t.Errorf("%d cards are left", n)
		}
	})
}

// One profile that PayTrace cannot show comes first in every round.
func TestAProfileThatCannotBeShownDoesNotKeepTheOthers(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		spoilt := h.stored("a", "b", "d")
		others := h.crowd(2)
		h.processor.Spoil(spoilt.Methods[0].ProfileID)
		renewed := gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111", ExpirationMonth: "03", ExpirationYear: "2034"}
		for _, m := range []gateway.VaultMethod{spoilt.Methods[1], spoilt.Methods[2], others[0].Methods[0], others[1].Methods[0]} {
			h.processor.ClerkStores(m.ProfileID, renewed)
		}
		time.Sleep(30 * time.Hour)
		c := h.customer("c")
		for _, m := range []gateway.VaultMethod{c.Methods[1], c.Methods[2], h.customer("c0").Methods[0], h.customer("c1").Methods[0]} {
			if m.Card != renewed {
				t.Errorf("not compared: %+v", m)
			}
		}
	})
}
