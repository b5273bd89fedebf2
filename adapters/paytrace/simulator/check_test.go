package simulator_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"testing"

	"paytrace-gateway/adapters/paytrace/simulator"
)

// drawn is an ACH sale's answer in a word.
func (a *account) drawn(check string) string {
	_, answer := a.post("checks/sale/by_account", `{"amount":"10",`+check+`}`)
	return result(answer)
}

func TestAnAccountIsJudgedByItsNumbers(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	for _, c := range []struct{ account, routing, want string }{
		{"1234", "325070760", "120"},
		{"12345678901234567", "021000021", "120"},
		{"123", "325070760", "error 45"},
		{"123456789012345678", "325070760", "error 45"},
		{"12345a", "325070760", "error 45"},
		{"123456", "325070761", "error 46"},
		{"123456", "32507076", "error 46"},
		{"123456", "000000000", "error 46"},
	} {
		if got := a.drawn(fmt.Sprintf(`"check":{"account_number":%q,"routing_number":%q}`, c.account, c.routing)); got != c.want {
			t.Errorf("%s at %s: %s, want %s", c.account, c.routing, got, c.want)
		}
	}
	_, both := a.post("checks/sale/by_account", `{"amount":"10","check":{"account_number":"","routing_number":""}}`)
	if errors := fmt.Sprint(both["errors"]); errors != "map[45:[Please provide a valid Checking Account Number.] 46:[Please provide a valid Transit Routing Number.]]" {
		t.Errorf("without numbers: %s", errors)
	}
}

func TestAnEncryptedAccountIsDrawnOnAndStored(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, a.encryptionKey(), []byte("99887766"))
	if err != nil {
		t.Fatal(err)
	}
	check := fmt.Sprintf(`"check":{"encrypted_account_number":%q,"routing_number":"325070760"}`, base64.StdEncoding.EncodeToString(sealed))
	if got := a.drawn(check); got != "120" {
		t.Errorf("a sale: %s", got)
	}
	if got := a.drawn(`"check":{"encrypted_account_number":"bm9uc2Vuc2U=","routing_number":"325070760"}`); got != "error 45" {
		t.Errorf("what cannot be decrypted: %s", got)
	}
	_, stored := a.post("customer/create", `{"customer_id":"c",`+check+`,"billing_address":{"name":"Ann"}}`)
	if result(stored) != "160" || stored["masked_card_number"] != nil {
		t.Errorf("a profile: %v", stored)
	}
	if row := a.stored("c"); row.AccountLastFour != "7766" || row.LastFour != "" {
		t.Errorf("the vault shows %+v", row)
	}
	_, exported := a.post("customer/export", `{"customer_id":"c"}`)
	if shown := fmt.Sprint(rows(exported, "customers")[0]["check"]); shown != "map[masked_number:*****7766 routing_number:325070760]" {
		t.Errorf("the export shows %s", shown)
	}
}

func TestChecksGoOutWhenCardsSettle(t *testing.T) {
	a := openAccount(t, simulator.Options{})
	const account = `"check":{"account_number":"123456","routing_number":"325070760"}`
	_, sold := a.post("checks/sale/by_account", `{"amount":"10","invoice_id":"o-1","customer_reference_id":"R1",`+account+`}`)
	_, held := a.post("checks/hold/by_account", `{"amount":"3",`+account+`}`)
	id, hold := fmt.Sprint(sold["check_transaction_id"]), fmt.Sprint(held["check_transaction_id"])
	a.sim.Settle()
	if _, answer := a.post("checks/manage/void", `{"check_transaction_id":"`+id+`"}`); result(answer) != "error 80" {
		t.Errorf("a void of what went out: %v", answer)
	}
	if _, answer := a.post("checks/refund/by_transaction", `{"check_transaction_id":"`+id+`","amount":"4.00"}`); result(answer) != "122" {
		t.Errorf("a refund: %v", answer)
	}
	got := a.sim.Checks()
	if len(got) != 3 {
		t.Fatalf("%d checks", len(got))
	}
	first, second, refund := got[0], got[1], got[2]
	if first.CheckTransactionID != id || first.State != "settled" || first.RefundedAmount != "4.00" || first.InvoiceID != "o-1" || first.CustomerReferenceID != "R1" || first.LastFour != "3456" {
		t.Errorf("the sale: %+v", first)
	}
	if second.CheckTransactionID != hold || second.State != "held" {
		t.Errorf("a hold stays: %+v", second)
	}
	if refund.RefundOf != id || refund.State != "refund" || refund.Amount != "4.00" {
		t.Errorf("the refund: %+v", refund)
	}
}
