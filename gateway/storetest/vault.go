package storetest

import (
	"testing"

	"paytrace-gateway/gateway"
)

var vaultSpecs = []spec{
	{"Customer/comes back as it was saved", savedCustomer},
	{"Customer/may have no method", customerWithout},
	{"Customer/is replaced with all its methods", replacedCustomer},
	{"Customer/is not found when unknown or another merchant's", unknownCustomer},
	{"Customer/two merchants may use the same ids", customersOfMerchants},
}

var customer = gateway.VaultCustomer{
	MerchantID: "m1", ID: "cus_1",
	Methods: []gateway.VaultMethod{
		{ID: "pm_2", ProcessorCustomerID: "pt-2", Card: card},
		{ID: "pm_1", ProcessorCustomerID: "pt-1", Default: true, Card: gateway.CardSummary{
			Brand: gateway.Amex, LastFour: "0005", ExpirationMonth: "01", ExpirationYear: "2031",
		}},
		{ID: "pm_3", ProcessorCustomerID: "pt-3"},
	},
}

func savedCustomer(t *testing.T, l gateway.Ledger) {
	save(t, l, customer)
	wantCustomer(t, l, customer)
}

func customerWithout(t *testing.T, l gateway.Ledger) {
	bare := gateway.VaultCustomer{MerchantID: "m1", ID: "cus_2"}
	save(t, l, bare)
	wantCustomer(t, l, bare)
}

func replacedCustomer(t *testing.T, l gateway.Ledger) {
	save(t, l, customer)
	changed := customer
	changed.Methods = []gateway.VaultMethod{{ID: "pm_4", Default: true, Card: card}, {ID: "pm_2", ProcessorCustomerID: "pt-9"}}
	save(t, l, changed)
	wantCustomer(t, l, changed)
	changed.Methods = nil
	save(t, l, changed)
	wantCustomer(t, l, changed)
}

func unknownCustomer(t *testing.T, l gateway.Ledger) {
	save(t, l, customer)
	for _, who := range [][2]string{{"m1", "cus_unknown"}, {"m2", customer.ID}} {
		_, err := l.Customer(t.Context(), who[0], who[1])
		wantErr(t, err, gateway.ErrNotFound)
	}
}

func customersOfMerchants(t *testing.T, l gateway.Ledger) {
	theirs := gateway.VaultCustomer{MerchantID: "m2", ID: customer.ID, Methods: []gateway.VaultMethod{{ID: "pm_1", Card: card}}}
	save(t, l, customer)
	save(t, l, theirs)
	wantCustomer(t, l, customer)
	wantCustomer(t, l, theirs)
}

func save(t *testing.T, l gateway.Ledger, c gateway.VaultCustomer) {
	t.Helper()
	if err := l.SaveCustomer(t.Context(), c); err != nil {
		t.Fatalf("SaveCustomer: %v", err)
	}
}

func wantCustomer(t *testing.T, l gateway.Ledger, want gateway.VaultCustomer) {
	t.Helper()
	got, err := l.Customer(t.Context(), want.MerchantID, want.ID)
	if err != nil {
		t.Fatalf("Customer(%s): %v", want.ID, err)
	}
	equal(t, "customer", got, want)
}
