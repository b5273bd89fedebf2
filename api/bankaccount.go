package api

import (
	"github.com/go-playground/validator/v10"

	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

// bankAccount is the contract's paymentMethod.bankAccount.
type bankAccount struct {
	// AccountNumber is checked by itself, once it is known that one may be told here.
	AccountNumber          tokenization.Digits `json:"accountNumber" validate:"-"`
	EncryptedAccountNumber string              `json:"encryptedAccountNumber" validate:"omitempty,min=300,max=400,base64"`
	RoutingNumber          string              `json:"routingNumber" validate:"required,routing"`
	AccountType            string              `json:"accountType" validate:"required,oneof=checking savings"`
	HolderType             string              `json:"holderType" validate:"required,oneof=personal business"`
	HolderName             string              `json:"holderName" validate:"required,max=255,printable"`
}

func exactlyOneNumber(level validator.StructLevel) {
	b := level.Current().Interface().(bankAccount)
	exactlyOne(level, "accountNumber, encryptedAccountNumber", b.AccountNumber.Given(), b.EncryptedAccountNumber != "")
}

// account is the bank account of the request, nil when it is paid in another way.
func (r createPaymentRequest) account() *bankAccount {
	if r.PaymentMethod == nil {
		return nil
	}
	return r.PaymentMethod.BankAccount
}

// raw says that the number is told in the clear.
func (b *bankAccount) raw() bool { return b != nil && b.AccountNumber.Given() }

// wipe overwrites the number.
func (b *bankAccount) wipe() {
	if b != nil {
		b.AccountNumber.Wipe()
	}
}

// entered is the account whose number is told in the clear.
func (b *bankAccount) entered() (*tokenization.BankAccount, error) {
	return b.AccountNumber.BankAccount(tokenization.BankDetails{
		RoutingNumber: b.RoutingNumber, AccountType: gateway.AccountType(b.AccountType),
		HolderType: gateway.HolderType(b.HolderType), HolderName: b.HolderName,
	})
}

func (b *bankAccount) encrypted() *gateway.EncryptedBankAccount {
	return &gateway.EncryptedBankAccount{
		AccountNumber: b.EncryptedAccountNumber, RoutingNumber: b.RoutingNumber, AccountType: gateway.AccountType(b.AccountType),
		HolderType: gateway.HolderType(b.HolderType), HolderName: b.HolderName,
	}
}

func rawAccountProblem(others string) *Problem {
	return fieldProblem(codeRawAccount, "paymentMethod.bankAccount.accountNumber", "no account numbers are taken here; use "+others)
}

// bankView is what is shown of a bank account.
type bankView struct {
	Last4Digits string              `json:"last4Digits,omitempty"`
	AccountType gateway.AccountType `json:"accountType,omitempty"`
	HolderType  gateway.HolderType  `json:"holderType,omitempty"`
}

// viewOfBank is nil for a card.
func viewOfBank(b gateway.BankSummary) *bankView {
	if b == (gateway.BankSummary{}) {
		return nil
	}
	return &bankView{Last4Digits: b.LastFour, AccountType: b.AccountType, HolderType: b.HolderType}
}
