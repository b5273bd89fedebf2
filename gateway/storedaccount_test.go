package gateway_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// encryptedAccount is a bank account that was encrypted in a browser.
func encryptedAccount(number string) gateway.PaymentMethod {
	return gateway.PaymentMethod{EncryptedBankAccount: &gateway.EncryptedBankAccount{
		AccountNumber: number, RoutingNumber: "325070760", AccountType: gateway.Savings, HolderType: gateway.Business, HolderName: "Ann",
	}}
}

// shownAccount is what the processor in memory shows of it.
var shownAccount = gateway.BankSummary{LastFour: "7766", AccountType: gateway.Savings, HolderType: gateway.Business}

func (h *house) storedAccount() gateway.VaultCustomer {
	h.t.Helper()
	a, err := h.createCustomer(9*time.Second, "account", gateway.CreateCustomer{CustomerID: "c", Card: gateway.StoredCard{Method: encryptedAccount("one")}})
	return h.vaulted(a, err, gateway.OpApproved).Customer
}

func TestABankAccountIsStoredAndChargedByItsCustomer(t *testing.T) {
	h := newHouse(t)
	c := h.storedAccount()
	m := c.Methods[0]
	if m.Bank != shownAccount || m.Card != (gateway.CardSummary{}) || !m.ACH() || m.CheckDue.Before(time.Now().Add(23*time.Hour)) {
		t.Errorf("%+v", m)
	}
	if there := h.customer("c").Methods[0]; there.Bank != shownAccount {
		t.Errorf("the ledger has %+v", there)
	}
	again, err := h.createCustomer(9*time.Second, "account", gateway.CreateCustomer{CustomerID: "c", Card: gateway.StoredCard{Method: encryptedAccount("one")}})
	if h.vaulted(again, err, gateway.OpApproved); !again.Replayed || again.Method().Bank != shownAccount || h.processor.Calls("create_profile") != 1 {
		t.Errorf("the repeat is %+v", again)
	}
	_, err = h.createCustomer(9*time.Second, "account", gateway.CreateCustomer{CustomerID: "c", Card: gateway.StoredCard{Method: encryptedAccount("two")}})
	h.isRefused("another account under the same key", err, gateway.CodeKeyReused)
	paid := h.create("pay", byVault("c", m.ID)).Payment
	if !paid.ACH() || *paid.Bank != shownAccount || paid.Card != (gateway.CardSummary{}) || paid.Method != gateway.ByVault {
		t.Errorf("paid with %+v %+v", paid.Bank, paid.Card)
	}
	lined := byVault("c", m.ID)
	lined.Enhanced = &gateway.EnhancedData{PurchaseOrder: "PO-1"}
	if e := h.create("with an order", lined).Payment.Enhancement; e == nil || e.Status != gateway.EnhancementNotPossible {
		t.Errorf("enhanced data of an account: %+v", e)
	}
	card := h.addCard("card")
	if paid := h.create("pay by card", byVault("c", card)).Payment; paid.ACH() {
		t.Errorf("the card beside it pays with %+v", paid.Bank)
	}
}

func (h *house) addCard(token string) (methodID string) {
	h.t.Helper()
	a, err := h.addMethod(9*time.Second, token, gateway.AddMethod{CustomerID: "c", Card: fields(token)})
	return h.vaulted(a, err, gateway.OpApproved).MethodID
}

func (h *house) isRefused(what string, err error, want gateway.Code) {
	h.t.Helper()
	if codeOf(err) != want {
		h.t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestAnAccountIsReplacedByAnAccountOnly(t *testing.T) {
	h := newHouse(t)
	account := h.storedAccount().Methods[0].ID
	card := h.addCard("card")
	replace := func(key, method string, by gateway.PaymentMethod) (gateway.VaultAnswer, error) {
		return h.updateMethod(9*time.Second, key, gateway.UpdateMethod{CustomerID: "c", MethodID: method, Card: by})
	}
	_, err := replace("r1", account, fields("t1").Method)
	h.isRefused("a card for an account", err, gateway.CodeOtherKind)
	_, err = replace("r2", card, encryptedAccount("three"))
	h.isRefused("an account for a card", err, gateway.CodeOtherKind)
	if n := h.processor.Calls("update_profile"); n != 0 {
		t.Errorf("%d changes were sent", n)
	}
	a, err := replace("r3", account, encryptedAccount("four"))
	if h.vaulted(a, err, gateway.OpApproved); a.Method().Bank != shownAccount || a.Operation.BankBefore != shownAccount {
		t.Errorf("replaced: %+v", a)
	}
}

// The account of a payment is not kept, and PayTrace stores none of a payment.
func TestOnlyACardIsStoredOfAPaymentOrOfAProfile(t *testing.T) {
	h := newHouse(t)
	c := h.storedAccount()
	paid := h.create("pay", byVault("c", c.Methods[0].ID)).Payment
	_, err := h.addMethod(9*time.Second, "s1", gateway.AddMethod{CustomerID: "c", Card: gateway.StoredCard{TransactionID: paid.ID}})
	h.isRefused("a payment by account", err, gateway.CodeNotStorable)
	_, err = h.createCustomer(9*time.Second, "s2", gateway.CreateCustomer{CustomerID: "d", Card: gateway.StoredCard{ProcessorProfile: c.Methods[0].ProfileID}})
	h.isRefused("a profile of an account", err, gateway.CodeNotStorable)
}

func TestAnAccountWhoseStoringWasNotAnsweredIsLookedFor(t *testing.T) {
	h := newHouse(t)
	h.processor.SetAfter(func(context.Context, string, gateway.Result) gateway.Result {
		return gateway.Result{Outcome: gateway.Unknown}
	})
	m := h.storedAccount().Methods[0]
	if m.Bank != shownAccount {
		t.Errorf("found as %+v", m)
	}
	replace := func(key string) gateway.VaultAnswer {
		t.Helper()
		a, err := h.updateMethod(9*time.Second, key, gateway.UpdateMethod{CustomerID: "c", MethodID: m.ID, Card: encryptedAccount(key)})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	h.processor.SetAfter(func(context.Context, string, gateway.Result) gateway.Result {
		h.processor.ClerkStoresAccount(m.ProfileID, "0042")
		return gateway.Result{Outcome: gateway.Unknown}
	})
	if a := replace("r1"); a.Operation.Status != gateway.OpApproved || a.Method().Bank.LastFour != "0042" {
		t.Errorf("other digits are shown: %+v", a)
	}
	if a := replace("r2"); a.Operation.Status != gateway.OpUnknown || a.Operation.Misses != 1 {
		t.Errorf("the digits of before tell nothing: %+v", a.Operation)
	}
}

func TestAnotherAccountAtPayTracesScreensIsTakenOver(t *testing.T) {
	compared(t, func(t *testing.T, h *house) {
		h.processor.ClerkStoresAccount(h.storedAccount().Methods[0].ProfileID, "0042")
		time.Sleep(25 * time.Hour)
		now, want := h.customer("c").Methods[0], shownAccount
		want.LastFour = "0042"
		if now.Bank != want || now.Card != (gateway.CardSummary{}) {
			t.Errorf("the vault shows %+v", now)
		}
		e, n := h.lastTold()
		if n != 2 || e.Type != gateway.EventMethodUpdated || e.Vault.Origin != gateway.OriginExternal || e.Vault.Method.Bank != want {
			t.Errorf("%d events, the last %+v", n, e)
		}
		time.Sleep(48 * time.Hour)
		if _, n := h.lastTold(); n != 2 {
			t.Errorf("an account that stays as it is made %d more events", n-2)
		}
	})
}

func TestABankAccountIsNotVerified(t *testing.T) {
	h := newHouse(t)
	h.storedAccount()
	for key, method := range map[string]gateway.PaymentMethod{"told": encryptedAccount("one"), "stored": {Vault: &gateway.VaultChoice{CustomerID: "c"}}} {
		_, err := h.CreatePayment(t.Context(), as(key), gateway.CreatePayment{Intent: gateway.IntentVerify, OrderID: "1", Method: method})
		h.isRefused(key, err, gateway.CodeNotVerifiable)
	}
	if n := h.processor.Calls("verify") + h.processor.Calls("authorize") + h.processor.Calls("sale"); n != 0 {
		t.Errorf("%d calls", n)
	}
}
