package api_test

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/api"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
	"paytrace-gateway/gateway/storetest"
)

func TestAnswersOfTheVaultAreWhatTheyWere(t *testing.T) {
	h := newHouse(t)
	body := customer(hpfToken, fresh("1"), "sourceRecords", `{"accountId":"0015g00000AbC34AAD","contactId":"0035g00000DeF56AAD"}`)
	h.do(call{path: vault, key: "card-1", body: body}).expect(http.StatusCreated).golden("customer_stored")
	h.do(call{path: vault, key: "card-1", body: body}).expect(http.StatusCreated).golden("customer_replayed")
	more := card(hpfToken, fresh("2"), "makeDefault", "true")
	added := h.do(call{path: vault + "/main-7/payments", key: "card-2", body: more}).expect(http.StatusCreated)
	added.golden("card_stored")
	path := vault + "/main-7/payments/" + added.at("paymentMethodId")
	h.do(call{method: http.MethodPatch, path: path, key: "card-2-renewed", body: card(hpfToken, fresh("3"))}).
		expect(http.StatusOK).golden("card_replaced")
	h.do(call{path: path}).expect(http.StatusOK).golden("card")
	h.do(call{path: vault + "/main-7/payments"}).expect(http.StatusOK).golden("cards")
	h.do(call{path: vault + "/main-7"}).expect(http.StatusOK).golden("customer")
	h.do(call{path: vault + "?expiringBy=2031-01"}).expect(http.StatusOK).golden("customers")
	h.do(call{path: vault + "/main-8"}).expect(http.StatusNotFound).golden("customer_not_found")
	h.do(call{path: vault, key: "card-3", body: customer(hpfToken, fresh("4"))}).expect(http.StatusUnprocessableEntity).golden("customer_exists")

	heal := h.answers(gateway.Result{Outcome: gateway.Unknown})
	h.do(call{path: vault, key: "card-4", body: customer("customerId", `"main-8"`)}).expect(http.StatusAccepted).golden("customer_unknown")
	h.do(call{path: vault + "/main-7/payments", key: "card-5", body: card()}).expect(http.StatusAccepted).golden("card_unknown")
	heal()
}

// verifying has a merchant whose cards are verified before they are stored, and the
// processor that is asked.
func verifying(t *testing.T) (*house, *processortest.Processor) {
	t.Helper()
	now := clock()
	books := must(ledger.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "verifying.db"), ledger.Options{AuditKey: storetest.AuditKey}))(t)
	t.Cleanup(func() { books.Close() })
	careful, asked := merchant("main"), processortest.New(now)
	careful.VerifyCards = true
	h := newHouse(t, func(c *api.Config) {
		c.Gateway = gateway.New(gateway.Config{
			Ledger: books, Merchants: []gateway.Merchant{careful}, Processors: map[string]gateway.Processor{"main": asked},
			Secret: []byte("0123456789abcdef0123456789abcdef"), Instance: "one", Now: now, MaxInFlight: 256, Log: slog.New(slog.DiscardHandler),
		})
	})
	h.processor = asked
	return h, asked
}

func TestAnswersAboutACardThatIsNotVerifiedAreWhatTheyWere(t *testing.T) {
	h, asked := verifying(t)
	heal := h.answers(gateway.Result{Outcome: gateway.Declined, TransactionID: "7", Decline: &gateway.Decline{
		Code: "103", Category: "avs_csc", Message: "The address or the security code does not match.",
	}})
	declined := call{path: vault, key: "card-1", body: customer(hpfToken, fresh("1"))}
	for range 2 { // the repeat has the same answer, and asks nobody
		h.do(declined).expect(http.StatusUnprocessableEntity).golden("verification_declined")
	}
	heal()
	heal = h.answers(gateway.Result{Outcome: gateway.Unknown})
	undecided := call{path: vault, key: "card-2", body: customer(hpfToken, fresh("2"))}
	h.do(undecided).expect(http.StatusConflict).golden("verification_undecided")
	heal()
	if n := asked.Calls("charge"); n != 2 || asked.Calls("create_profile") != 0 {
		t.Errorf("%d verifications, %d profiles", n, asked.Calls("create_profile"))
	}
	added := h.do(call{path: vault, key: "card-3", body: customer(hpfToken, fresh("3"))}).expect(http.StatusCreated)
	path := vault + "/main-7/payments/" + added.at("operation.paymentMethodId")
	h.do(call{method: http.MethodPatch, path: path, key: "card-3-renewed", body: card(hpfToken, fresh("4"))}).
		expect(http.StatusUnprocessableEntity).golden("card_not_replaced")
}
