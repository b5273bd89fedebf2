package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

func TestClerkKeepsTheVault(t *testing.T) {
	a := openAccount(t, simulator.Options{DemoCustomers: true})
	steps := []struct{ body, id, brand, lastFour, expiry string }{
		{`"kind":"customer_create","customerId":"c"`, "c", "visa", "5439", "12/2030"},
		{`"kind":"customer_create","customerId":"d","card":"amex","expirationMonth":"3","expirationYear":"29"`, "d", "amex", "2376", "3/2029"},
		{`"kind":"customer_update","customerId":"d","expirationYear":"2033"`, "d", "amex", "2376", "3/2033"},
		{`"kind":"customer_update","customerId":"d","card":"mastercard"`, "d", "mastercard", "0057", "3/2033"},
		{`"kind":"customer_update","customerId":"demo-visa","card":"discover","expirationMonth":"1"`, "demo-visa", "discover", "6909", "1/2030"},
	}
	for _, s := range steps {
		answer := a.control("POST", "/clerk", "{"+s.body+"}")
		row := a.stored(s.id)
		expiry := fmt.Sprintf("%d/%d", row.ExpirationMonth, row.ExpirationYear)
		if answer["customerId"] != s.id || row.Brand != s.brand || row.LastFour != s.lastFour || expiry != s.expiry {
			t.Errorf("%s: answered %v, the vault shows %+v", s.body, answer, row)
		}
	}
	if row := a.stored("c"); row.CreatedBy != "clerk" {
		t.Errorf("made by %s, want the clerk", row.CreatedBy)
	}
	a.control("POST", "/clerk", `{"kind":"customer_delete","customerId":"c"}`)
	if _, answer := a.post("transactions/sale/by_customer", `{"integrator_id":"simulator001","customer_id":"c","amount":"1"}`); result(answer) != "error 30" {
		t.Errorf("a deleted profile was charged: %v", answer)
	}
}

func TestClerkIsRefusedWhatTheVaultRefuses(t *testing.T) {
	a := openAccount(t, simulator.Options{DemoCustomers: true})
	for body, want := range map[string]string{
		`"kind":"customer_create","customerId":"demo-visa"`:                        "171",
		`"kind":"customer_create","card":"oak"`:                                    "card must be",
		`"kind":"customer_create","expirationMonth":"13"`:                          "43",
		`"kind":"customer_update","customerId":"nobody"`:                           "30: Customer ID, nobody,",
		`"kind":"customer_update","customerId":"demo-visa","expirationYear":"203"`: "44",
		`"kind":"customer_delete","customerId":"nobody"`:                           "30",
	} {
		if got := a.refusedClerk(body); !strings.Contains(got, want) {
			t.Errorf("%s: refused with %q, want %q in it", body, got, want)
		}
	}
	if got := len(a.sim.Customers()); got != 4 {
		t.Errorf("%d profiles, want the four there were", got)
	}
}
