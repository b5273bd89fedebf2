package paytrace

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"testing"

	"paytrace-gateway/gateway"
	"paytrace-gateway/tokenization"
)

const checkNumber = "90571348206"

func rawAccount(t *testing.T) *tokenization.BankAccount {
	t.Helper()
	account, err := tokenization.NewBankAccount(checkNumber, tokenization.BankDetails{
		RoutingNumber: "325070760", AccountType: gateway.Checking, HolderType: gateway.Personal, HolderName: "Ann Example",
	})
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func TestAnAccountInTheClearIsTheLastMemberAndIsWipedWithItsParcel(t *testing.T) {
	account := rawAccount(t)
	p, opened := plainCard{account: account}.pack([]byte(`{"amount":1.00}`))
	if !opened || cap(p.bytes()) != len(p.bytes()) || !p.secret() {
		t.Fatalf("opened %t; %d bytes in a buffer of %d", opened, len(p.bytes()), cap(p.bytes()))
	}
	reader := p.open()
	read, err := io.ReadAll(reader)
	if want := `{"amount":1.00,"check":{"account_number":"90571348206","routing_number":"325070760"}}`; err != nil || string(read) != want {
		t.Errorf("%s, %v", read, err)
	}
	reader.Close()
	p.release()
	if len(bytes.Trim(p.bytes(), "\x00")) != 0 {
		t.Error("the parcel was not wiped")
	}
	account.Wipe()
	if _, opened := (plainCard{account: account}).pack([]byte(`{}`)); opened {
		t.Error("a wiped account was told")
	}
}

// PayTrace's mask may show more than may be kept.
func TestAStoredAccountIsShownByItsLastDigits(t *testing.T) {
	for mask, want := range map[string]string{
		"*****8206": "8206", "xxxxx8206": "8206", "****8206": "8206", "*8206": "6", "1234": "", "12345": "5",
		"90571348206": "8206", "*****": "", "": "", "ending 8206": "8206",
	} {
		var row profileRow
		body, _ := json.Marshal(map[string]any{"customer_id": "p", "check": map[string]string{"masked_number": mask}})
		if err := json.Unmarshal(body, &row); err != nil {
			t.Fatal(err)
		}
		if got := row.Check.summary(); got != (gateway.BankSummary{LastFour: want}) {
			t.Errorf("%q is shown as %+v, want %q", mask, got, want)
		}
	}
}

func TestAProfileOfAnAccountNamesItsHolder(t *testing.T) {
	const stored = `{"success":true,"response_code":160,"status_message":"","customer_id":"p"}`
	encrypted := gateway.PaymentMethod{EncryptedBankAccount: &gateway.EncryptedBankAccount{
		AccountNumber: "Y2lwaGVydGV4dA==", RoutingNumber: "325070760", HolderName: "Ann Example",
	}}
	for name, c := range map[string]struct {
		method gateway.PaymentMethod
		check  string
	}{
		"in the clear": {gateway.PaymentMethod{BankAccount: rawAccount(t)}, `{"account_number":"90571348206","routing_number":"325070760"}`},
		"encrypted":    {encrypted, `{"encrypted_account_number":"Y2lwaGVydGV4dA==","routing_number":"325070760"}`},
	} {
		f := newFake(t, always(200, stored))
		mustBe(t, f.client(t).CreateProfile(context.Background(), gateway.SaveProfile{ProfileID: "p", Method: c.method, SendBefore: soon()}), gateway.Approved)
		var sent struct {
			Check   json.RawMessage
			Billing address `json:"billing_address"`
		}
		last := f.seen()[len(f.seen())-1]
		if err := json.Unmarshal([]byte(last.body), &sent); err != nil {
			t.Fatal(err)
		}
		if string(sent.Check) != c.check || sent.Billing.Name != "Ann Example" {
			t.Errorf("%s: %s", name, last.body)
		}
	}
}
