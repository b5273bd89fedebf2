package paytrace_test

import (
	"context"

	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

// bankAccount is an account that PayTrace's sandbox takes.
func (a *account) bankAccount() gateway.PaymentMethod {
	a.t.Helper()
	made, err := tokenization.NewBankAccount("90571348206", tokenization.BankDetails{
		RoutingNumber: "325070760", AccountType: gateway.Checking, HolderType: gateway.Personal, HolderName: "Ann Example",
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return gateway.PaymentMethod{BankAccount: made}
}

// storedAccount is a customer with a bank account.
func (a *tapped) storedAccount() string {
	a.must(a.CreateProfile(context.Background(), gateway.SaveProfile{ProfileID: "c", Method: a.bankAccount(), SendBefore: soon()}), gateway.Approved)
	return "c"
}

// draw makes a bank payment, by a stored account where a customer is named.
func (a *tapped) draw(amount gateway.Money, intent gateway.Intent, customer string) gateway.Result {
	charge := gateway.Charge{
		Intent: intent, Amount: amount, OrderID: "100000042", Reference: "ABCDEFGHIJKLMNOP", CustomerID: customer, ACH: true, SendBefore: soon(),
	}
	if customer == "" {
		charge.Method = a.bankAccount()
	} else {
		charge.Method.Vault = &gateway.VaultChoice{CustomerID: customer}
	}
	return a.Charge(context.Background(), charge)
}
