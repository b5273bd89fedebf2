package config

import (
	"regexp"

	"paytrace-gateway/gateway"
)

// ACH is what holds for payments that draw on bank accounts.
type ACH struct {
	// ReturnWindow is after how many business days a payment that no bank has
	// returned counts as approved.
	ReturnWindow int `yaml:"returnWindow"`
	// EncryptedAccountField is PayTrace's member for an encrypted account number.
	EncryptedAccountField string `yaml:"encryptedAccountField"`
}

// ach allows a window of sixty business days: for some reasons a bank may return
// a payment of a person's account for sixty days.
func (o object) ach() ACH {
	a := o.child("ach", "ach")
	return ACH{
		ReturnWindow:          read(a, "returnWindow", number(1, 60), gateway.DefaultReturnWindow),
		EncryptedAccountField: read(a, "encryptedAccountField", accountField, "encrypted_account_number"),
	}
}

// accountField is a member of PayTrace's JSON.
var accountField = kind[string]{
	expected: "a name of 1 to 40 lower-case letters and underscores, such as encrypted_account_number",
	parse:    func(s string) (string, bool) { return s, accountFieldName.MatchString(s) },
}

var accountFieldName = regexp.MustCompile(`^[a-z][a-z_]{0,39}$`)
