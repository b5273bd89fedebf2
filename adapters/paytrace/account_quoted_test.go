package paytrace

import (
	"fmt"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// An account number has four digits or more, so any run of four may be one.
func TestNoAccountNumberThatPayTraceQuotesIsKept(t *testing.T) {
	forms := []string{
		`{"success":true,"response_code":120,"status_message":"Q","check_transaction_id":981619,"ach_code":"Q","ach_message":"Q","approval_message":"Q"}`,
		`{"success":false,"response_code":125,"status_message":"Q","check_transaction_id":981619,"ach_code":"Q","ach_message":"account Q is closed"}`,
		`{"success":false,"response_code":1,"status_message":"Q","errors":{"45":["Account Q is no account."],"Q":["Q"]}}`,
		`{"success":false,"response_code":1,"status_message":"Q","errors":{"80":["No check of account Q."]}}`,
		`{"success":true,"response_code":160,"status_message":"Q","customer_id":"7"}`,
		`{"error":"Q"}`,
	}
	requests := map[string]asked{
		"a sale": {verb: drawing}, "a void": {verb: managing, transactionID: "chk_981619"}, "a refund": {verb: crediting},
		"a stored account": {verb: creating, profileID: "7", method: gateway.ByBankAccount},
	}
	for name, q := range requests {
		for i, form := range forms {
			for _, number := range []string{"4071", "90571", "9057134", "90571348206", "90571348206123456", "905 713 482"} {
				got := result(q, reply{left: true, status: 200, body: []byte(strings.ReplaceAll(form, "Q", number))})
				if said := fmt.Sprintf("%+v", got); strings.Contains(said, number) || (got.Decline != nil && strings.Contains(got.Decline.Message, number)) ||
					(got.Rejection != nil && strings.Contains(fmt.Sprint(*got.Rejection), number)) {
					t.Errorf("%s, form %d, number %s: %s", name, i, number, said)
				}
			}
		}
	}
	got := result(requests["a sale"], reply{left: true, status: 200, body: []byte(strings.ReplaceAll(forms[0], "Q", "4071"))})
	if want := "PayTrace answered 120 (success true): [digits]; check 981619; [digits]; ACH [digits] [digits]"; got.Detail != want {
		t.Errorf("%q, want %q", got.Detail, want)
	}
}
