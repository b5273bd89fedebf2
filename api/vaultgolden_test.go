package api_test

import (
	"net/http"
	"testing"

	"paytrace-gateway/gateway"
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
