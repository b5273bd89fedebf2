package simulator_test

import (
	"fmt"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

func TestCustomerLife(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	steps := []struct {
		name, path, body string
		want             string
	}{
		{"no name", "customer/create", `{"customer_id":"c",` + keyedVisa + `}`, "error 31"},
		{"created", "customer/create", `{"customer_id":"c",` + keyedVisa + `,"billing_address":{"name":"Ann","zip":"1"}}`, "160"},
		{"charged", "transactions/sale/by_customer", `{"integrator_id":"simulator001","customer_id":"c","amount":"1"}`, "101"},
		{"bad card", "customer/update", `{"customer_id":"c","credit_card":{"number":"1","expiration_month":"1","expiration_year":"30"}}`, "error 35"},
		{"other card", "customer/update", `{"customer_id":"c","credit_card":{"number":"5499740000000057","expiration_month":"1","expiration_year":"31"}}`, "161"},
		{"with an account", "customer/update", `{"customer_id":"c","check":{"account_number":"123456","routing_number":"325070760"}}`, "161"},
		{"check drawn", "checks/sale/by_customer", `{"customer_id":"c","amount":"1"}`, "120"},
		{"exported", "customer/export", `{"customer_id":"c"}`, "1"},
		{"deleted", "customer/delete", `{"customer_id":"c"}`, "162"},
		{"gone", "customer/delete", `{"customer_id":"c"}`, "error 30"},
	}
	for _, s := range steps {
		_, answer := a.post(s.path, s.body)
		if got := result(answer); got != s.want {
			t.Errorf("%s: %s, want %s: %v", s.name, got, s.want, answer)
		}
		if s.name == "exported" {
			card := rows(answer, "customers")[0]["credit_card"].(map[string]any)
			if card["masked_number"] != "************0057" || fmt.Sprint(card["expiration_year"]) != "31" {
				t.Errorf("the export shows %v, want the new card", card)
			}
		}
	}
}

// stored is what the vault shows of a profile.
func (a *account) stored(id string) simulator.CustomerRow {
	a.t.Helper()
	for _, row := range a.sim.Customers() {
		if row.CustomerID == id {
			return row
		}
	}
	a.t.Fatalf("no customer %s", id)
	return simulator.CustomerRow{}
}

func TestProfileOfAnEarlierTransaction(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	sale := a.approve("sale/keyed", `"amount":"5",`+keyedVisa+`,"billing_address":{"name":"Ann","zip":"85284"}`)
	nameless := a.sell("5")
	steps := []struct{ name, body, want string }{
		{"made", `"customer_id":"c","transaction_id":"` + sale + `"`, "160"},
		{"again", `"customer_id":"c","transaction_id":"` + sale + `"`, "error 171"},
		{"with another address", `"customer_id":"d","transaction_id":"` + sale + `","billing_address":{"name":"Bea"}`, "160"},
		{"without any name", `"customer_id":"e","transaction_id":"` + nameless + `"`, "160"},
		{"of no transaction", `"customer_id":"f"`, "error 58"},
		{"of an unknown one", `"customer_id":"f","transaction_id":"1"`, "error 811"},
	}
	for _, s := range steps {
		_, answer := a.post("customer/create_from_transaction", "{"+s.body+"}")
		if got := result(answer); got != s.want || answer["masked_card_number"] != nil {
			t.Errorf("%s: %v, want %s without a mask", s.name, answer, s.want)
		}
	}
	for id, name := range map[string]string{"c": "Ann", "d": "Bea", "e": ""} {
		if row := a.stored(id); row.Name != name || row.LastFour != "5439" {
			t.Errorf("%s: %+v, want %q with the sale's card", id, row, name)
		}
	}
}

func TestSaleWithCustomerMakesAProfileOnlyWhenApproved(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	for _, c := range []struct{ amount, want, charged string }{{"0.21", "102", "error 30"}, {"5.00", "101", "101"}} {
		h := a.control("POST", "/hosted_fields", `{"cardNumber":"4012000098765439","csc":"999","expirationMonth":"12","expirationYear":"2030"}`)
		_, answer := a.post("transactions/sale/pt_protect_customer", fmt.Sprintf(
			`{"integrator_id":"simulator001","amount":%q,"customer_id":"c","hpf_token":%q,"enc_key":%q,"billing_address":{"name":"Ann"}}`,
			c.amount, h["hpfToken"], h["encKey"]))
		if result(answer) != c.want {
			t.Errorf("sale of %s: %v", c.amount, answer)
		}
		_, again := a.post("transactions/sale/by_customer", `{"integrator_id":"simulator001","customer_id":"c","amount":"1"}`)
		if result(again) != c.charged {
			t.Errorf("after the sale of %s the customer is charged with %v", c.amount, again)
		}
	}
}

func TestHeldChecks(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	const account = `"amount":"10","check":{"account_number":"123456","routing_number":"325070760"}`
	_, held := a.post("checks/hold/by_account", `{`+account+`}`)
	id := fmt.Sprint(held["check_transaction_id"])
	steps := []struct{ path, members, want string }{
		{"checks/refund/by_transaction", ``, "error 80"},
		{"checks/manage/fund", `,"amount":"8.00"`, "124"},
		{"checks/manage/fund", ``, "error 80"},
		{"checks/refund/by_transaction", `,"amount":"8.01"`, "error 813"},
		{"checks/refund/by_transaction", `,"amount":"8.00"`, "122"},
		{"checks/manage/void", ``, "124"},
		{"checks/manage/void", ``, "error 80"},
	}
	for _, s := range steps {
		if _, answer := a.post(s.path, `{"check_transaction_id":"`+id+`"`+s.members+`}`); result(answer) != s.want {
			t.Errorf("%s %s: %v, want %s", s.path, s.members, answer, s.want)
		}
	}
}
