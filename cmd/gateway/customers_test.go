package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// forPerson is an order of a person whom it names.
func forPerson(amount, orderID, method string) string {
	return fmt.Sprintf(`{"amount":%q,"orderId":%q,"customerId":"main-7","metadata":{"note":"for Ada Byron"},"paymentMethod":%s}`, amount, orderID, method)
}

func TestACustomerIsErasedByCommandWhileTheGatewayRuns(t *testing.T) {
	t.Parallel()
	s, paytrace, shop := serveVault(t)
	shop.vault(http.MethodPost, "", "card", `{"customerId":"main-7","paymentMethod":`+paytrace.typed("4111111111111111", "999", "12", "2030")+`}`, http.StatusCreated)
	card := forPerson("1.00", "old", `{"vault":{"customerId":"main-7"}}`)
	old := shop.must(http.MethodPost, paymentsPath, "old", card, 0)
	s.stop()
	s.grownOld(old.PaymentID)
	s.rewrite("log: {level: warn}", "log: {level: info}\nretention: {archiveAfterDays: 400}")
	s.operate("archive", "run").says(t, 0, "1 payments archived")
	s.start()
	fresh := shop.must(http.MethodPost, paymentsPath, "new", forPerson("2.00", "new", `{"vault":{"customerId":"main-7"}}`), 0)
	want(t, "the second payment", fresh, "201 approved")

	s.operate("customers", "erase", "main-7", "--dry-run").says(t, 0, "WOULD GO", "records in the archive's files")
	if n := len(shop.cards("main-7")); n != 1 {
		t.Errorf("after a dry run the customer has %d cards", n)
	}
	eventually(t, "nothing of the person stays", func() bool {
		f := s.operate("customers", "erase", "main-7", "--by", "Ada Lovelace")
		return f.code == 0 && strings.Contains(f.stdout, "may still hold old bytes") && !strings.Contains(f.stdout, "stay for now")
	})
	gone := shop.must(http.MethodGet, vaultPath+"/main-7", "", "", 0)
	want(t, "the customer", gone, "404 customer_not_found")
	if n := len(paytrace.profiles()); n != 0 {
		t.Errorf("PayTrace keeps %d profiles", n)
	}
	again := shop.must(http.MethodPost, paymentsPath, "old", card, 0)
	if again.PaymentID != old.PaymentID || !again.IdempotentReplay || again.TransactionID != old.TransactionID {
		t.Errorf("the repeat of the old request: %s", again.tells())
	}
	for _, id := range []string{old.PaymentID, fresh.PaymentID} {
		text := s.operate("archive", "show", id)
		if strings.Contains(text.stdout+text.stderr, "Ada Byron") {
			t.Errorf("the archive shows %s", text.stdout)
		}
	}
	s.operate("archive", "verify").says(t, 0, "1 of 1 files")
	if n := len(paytrace.charges()); n != 2 {
		t.Errorf("%d charges, want the two of before", n)
	}
	log := s.stderr.String()
	if !strings.Contains(log, "customer.erased") || strings.Contains(log, "Ada Byron") {
		t.Error("the log does not tell of the erasure, or names the person")
	}
}
