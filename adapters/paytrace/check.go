package paytrace

import (
	"cmp"
	"encoding/json"

	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

// check is a bank account as a request tells of it, but for one in the clear: its
// digits never stand in a string. PayTrace has not confirmed the name of the member
// for an encrypted number, so that it is a setting; see docs/unconfirmed.md.
type check struct {
	field, encryptedNumber, routingNumber string
}

func (c check) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{c.field: c.encryptedNumber, "routing_number": c.routingNumber})
}

// tellCheck writes down the account of a method that brings one, but for one in
// the clear, which the parcel adds. PayTrace's v1 has a place for the holder's name
// in the billing address alone, and none for the types.
func (c *Client) tellCheck(method gateway.PaymentMethod) (told *check, holder string, ok bool) {
	if account := method.EncryptedBankAccount; account != nil {
		return &check{c.config.EncryptedAccountField, account.AccountNumber, account.RoutingNumber}, account.HolderName, true
	}
	account, ok := method.BankAccount.(*tokenization.BankAccount)
	if ok {
		account.Open(func(_ []byte, with tokenization.BankDetails) { holder = with.HolderName })
	}
	return nil, holder, ok
}

// heldBy is the address with the account's holder in it, unless it names somebody.
func (a *address) heldBy(holder string) *address {
	if a == nil {
		return &address{Name: holder}
	}
	a.Name = cmp.Or(a.Name, holder)
	return a
}
