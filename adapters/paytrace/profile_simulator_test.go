package paytrace_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

// card is the sandbox's card in the clear.
func (a *account) card() gateway.PaymentMethod {
	a.t.Helper()
	return gateway.PaymentMethod{Card: a.rawCard("999")}
}

// store makes a profile of a card.
func (a *account) store(profileID string, card gateway.PaymentMethod, billing gateway.Address) gateway.Result {
	return a.CreateProfile(context.Background(), gateway.SaveProfile{ProfileID: profileID, Method: card, Billing: &billing, SendBefore: soon()})
}

// vault is what the simulator shows of its profiles.
func (a *account) vault() map[string]simulator.CustomerRow {
	a.t.Helper()
	var shown struct{ Customers []simulator.CustomerRow }
	if err := json.Unmarshal(a.order("GET", "/customers", ""), &shown); err != nil {
		a.t.Fatal(err)
	}
	rows := map[string]simulator.CustomerRow{}
	for _, row := range shown.Customers {
		rows[row.CustomerID] = row
	}
	return rows
}

func TestStoredCardIsShownWithBrandLastFourAndExpiry(t *testing.T) {
	a := openAccount(t)
	for id, want := range map[string]gateway.CardSummary{
		"demo-visa": {Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"},
		"demo-amex": {Brand: gateway.Amex, LastFour: "2376", ExpirationMonth: "12", ExpirationYear: "2030"},
	} {
		got, err := a.Profile(context.Background(), id)
		if err != nil || got.Card != want {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
}

func TestEveryWayToStoreACardIsTaken(t *testing.T) {
	a := openAccount(t)
	sold := a.mustCharge(visa(2500), gateway.Approved)
	encrypted := gateway.PaymentMethod{EncryptedCard: &gateway.EncryptedCard{
		Number: a.encrypt("4012000098765439"), CSC: a.encrypt("999"), ExpirationMonth: "12", ExpirationYear: "2030",
	}}
	for id, save := range map[string]gateway.SaveProfile{
		"keyed":       {Method: a.card()},
		"encrypted":   {Method: encrypted},
		"hosted":      {Method: a.fields()},
		"transaction": {SourceTransactionID: sold.TransactionID},
	} {
		save.ProfileID, save.SendBefore = id, soon()
		a.must(a.CreateProfile(context.Background(), save), gateway.Approved)
		got, err := a.Profile(context.Background(), id)
		if want := (gateway.CardSummary{Brand: gateway.Visa, LastFour: "5439", ExpirationMonth: "12", ExpirationYear: "2030"}); err != nil || got.Card != want {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
		charge := visa(100)
		charge.CustomerID = id
		a.mustCharge(charge, gateway.Approved)
	}
	for id, name := range map[string]string{"keyed": "Name not given", "hosted": "Name not given", "transaction": "Demo Customer"} {
		if got := a.vault()[id].Name; got != name {
			t.Errorf("%s is stored for %q, want %q", id, got, name)
		}
	}
}

func TestProfileIsChangedInWhatIsNamed(t *testing.T) {
	a := openAccount(t)
	a.must(a.store("p", a.card(), losAngeles), gateway.Approved)
	change := func(save gateway.SaveProfile) simulator.CustomerRow {
		t.Helper()
		save.ProfileID, save.SendBefore = "p", soon()
		a.must(a.UpdateProfile(context.Background(), save), gateway.Approved)
		return a.vault()["p"]
	}
	if got := change(gateway.SaveProfile{Billing: &spokane}); got.Name != spokane.Name || got.LastFour != "5439" {
		t.Errorf("with another address: %+v", got)
	}
	a.order("POST", "/clerk", `{"kind":"customer_update","customerId":"p","card":"amex"}`)
	if got := change(gateway.SaveProfile{Method: a.fields()}); got.Name != spokane.Name || got.LastFour != "5439" {
		t.Errorf("with hosted fields: %+v", got)
	}
}

func TestLostAnswersOfTheVaultAreUnknownAndLookedFor(t *testing.T) {
	a, ctx := openAccount(t), context.Background()
	cases := []struct {
		operation string
		before    string
		do        func() gateway.Result
		found     error
		again     gateway.Outcome
	}{
		{"customer_create", "", func() gateway.Result { return a.store("p", a.card(), losAngeles) }, nil, gateway.Rejected},
		{"customer_update", `{"kind":"customer_create","customerId":"p"}`, func() gateway.Result {
			return a.UpdateProfile(ctx, gateway.SaveProfile{ProfileID: "p", Method: a.card(), SendBefore: soon()})
		}, nil, gateway.Approved},
		{"customer_delete", `{"kind":"customer_create","customerId":"p"}`, func() gateway.Result {
			return a.DeleteProfile(ctx, gateway.RemoveProfile{ProfileID: "p", SendBefore: soon()})
		}, gateway.ErrNotFound, gateway.Rejected},
	}
	for _, c := range cases {
		for _, fault := range []string{"reset_after", "html", "status_after", "truncated_body"} {
			a.order("POST", "/reset", "")
			if c.before != "" {
				a.order("POST", "/clerk", c.before)
			}
			a.order("PUT", "/faults", `{"faults":[{"operation":"`+c.operation+`","kind":"`+fault+`","count":1}]}`)
			a.must(c.do(), gateway.Unknown)
			if left, _ := a.requests(c.operation); left != 1 {
				t.Errorf("%s with %s left %d times", c.operation, fault, left)
			}
			if _, err := a.Profile(ctx, "p"); err != c.found {
				t.Errorf("after a lost %s: %v", c.operation, err)
			}
			a.must(c.do(), c.again)
		}
	}
}

func TestStaleTokenStoresACardOnce(t *testing.T) {
	a := openAccount(t)
	a.order("PUT", "/faults", `{"faults":[{"operation":"customer_create","kind":"unauthorized","count":1}]}`)
	a.must(a.store("p", a.fields(), spokane), gateway.Approved)
	if count, acted := a.requests("customer_create"); count != 2 || acted != 1 {
		t.Errorf("%d requests, %d acted on", count, acted)
	}
	late := gateway.RemoveProfile{ProfileID: "p", SendBefore: time.Now().Add(-time.Second)}
	a.must(a.DeleteProfile(context.Background(), late), gateway.NotSent)
	if _, there := a.vault()["p"]; !there {
		t.Error("what was not sent was done")
	}
}

// encryptedAccount is a bank account that PayTrace's script has encrypted.
func (a *account) encryptedAccount(number string) gateway.PaymentMethod {
	return gateway.PaymentMethod{EncryptedBankAccount: &gateway.EncryptedBankAccount{
		AccountNumber: a.encrypt(number), RoutingNumber: "325070760", AccountType: gateway.Checking, HolderType: gateway.Business, HolderName: "Ann Example",
	}}
}

func TestABankAccountIsStoredShownAndReplaced(t *testing.T) {
	a := openAccount(t)
	clear, err := tokenization.NewBankAccount("90571348206", tokenization.BankDetails{RoutingNumber: "325070760", HolderName: "Bea"})
	if err != nil {
		t.Fatal(err)
	}
	for id, method := range map[string]gateway.PaymentMethod{"encrypted": a.encryptedAccount("90571348206"), "clear": {BankAccount: clear}} {
		a.must(a.CreateProfile(context.Background(), gateway.SaveProfile{ProfileID: id, Method: method, SendBefore: soon()}), gateway.Approved)
		if got, err := a.Profile(context.Background(), id); err != nil || got != (gateway.ProfileSummary{Bank: gateway.BankSummary{LastFour: "8206"}}) {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
	change := gateway.SaveProfile{ProfileID: "clear", Method: a.encryptedAccount("11223344"), SendBefore: soon()}
	a.must(a.UpdateProfile(context.Background(), change), gateway.Approved)
	if row := a.vault()["clear"]; row.AccountLastFour != "3344" || row.Name != "Bea" {
		t.Errorf("replaced by %+v", row)
	}
	refused := a.CreateProfile(context.Background(), gateway.SaveProfile{ProfileID: "bad", Method: a.encryptedAccount("123"), SendBefore: soon()})
	a.must(refused, gateway.Rejected)
	if refused.Rejection.Field != "paymentMethod.bankAccount.accountNumber" {
		t.Errorf("refused with %+v", refused.Rejection)
	}
}
