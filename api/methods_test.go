package api_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/gateway"
)

func TestCardsAreAddedReplacedAndForgotten(t *testing.T) {
	h := newHouse(t)
	first := methodOf(h.store("main-7"), 0)
	path := vault + "/main-7/payments"
	added := h.do(call{path: path, key: "card-2", body: card(hpfToken, fresh("2"), "makeDefault", "true")}).
		expect(http.StatusCreated, "customerId", "main-7", "merchantId", "main", "liveMode", "false", "isDefault", "true",
			"cardType", "visa", "last4Digits", "5439", "operation.operationKind", "add", "operation.operationStatus", "approved")
	second := added.at("paymentMethodId")
	if second == first || added.at("operation.paymentMethodId") != second {
		t.Errorf("the second method is %s, the first %s: %s", second, first, added.raw)
	}
	h.do(call{path: path + "/" + first, as: keeper}).expect(http.StatusOK, "isDefault", "false", "operation", "")

	encrypted := card("paymentMethod", "{}", "paymentMethod.encryptedCard", methods["encryptedCard"])
	replaced := h.do(call{method: http.MethodPatch, path: path + "/" + second, key: "renewed", body: encrypted}).
		expect(http.StatusOK, "paymentMethodId", second, "expirationYear", "2031", "isDefault", "true", "operation.operationKind", "replace")
	h.do(call{path: payments, key: "pay", body: paidBy("vault", "paymentMethod.vault", `{"customerId":"main-7"}`)}).
		expect(http.StatusCreated, "status", "approved", "customerVaultId", "main-7")
	all := h.do(call{path: path, as: keeper}).expect(http.StatusOK)
	for _, a := range []answer{added, replaced, all} {
		h.hidesProfiles(a)
	}
	if strings.Count(string(all.raw), `"paymentMethodId"`) != 2 {
		t.Errorf("the cards are %s", all.raw)
	}

	h.do(call{method: http.MethodDelete, path: path + "/" + second}).expect(http.StatusNoContent)
	h.do(call{path: path + "/" + second}).refused(http.StatusNotFound, "payment_method_not_found", "")
	h.do(call{method: http.MethodDelete, path: path + "/" + second}).refused(http.StatusNotFound, "payment_method_not_found", "")
	h.do(call{path: path + "/" + first}).expect(http.StatusOK, "isDefault", "true")
	h.do(call{method: http.MethodDelete, path: path + "/" + first}).expect(http.StatusNoContent)
	h.do(call{path: path}).expect(http.StatusOK, "items", "[]")
	h.do(call{path: vault + "/main-7"}).expect(http.StatusOK, "paymentMethods", "")
}

func TestWhatIsNoCardIsChangedWithoutAKey(t *testing.T) {
	h := newHouse(t)
	h.store("main-7")
	path := vault + "/main-7/payments"
	second := h.do(call{path: path, key: "card-2", body: card(hpfToken, fresh("2"))}).expect(http.StatusCreated).at("paymentMethodId")
	h.do(call{method: http.MethodPatch, path: path + "/" + second, body: `{"makeDefault":true}`}).
		expect(http.StatusOK, "paymentMethodId", second, "isDefault", "true", "operation", "")
	h.do(call{method: http.MethodPatch, path: path + "/" + second, body: `{"billingAddress":{"postalCode":"98103"}}`}).
		expect(http.StatusOK, "paymentMethodId", second, "operation.operationKind", "replace")
	if n := h.processor.Calls("update_profile"); n != 1 {
		t.Errorf("PayTrace was asked for %d changes, want that of the address", n)
	}
}

func TestCardsOfAnotherMerchantOrCustomerAreNotFound(t *testing.T) {
	h := newHouse(t)
	method := methodOf(h.store("main-7"), 0)
	h.store("main-8")
	for customer, c := range map[string]struct{ as, code string }{
		"main-7": {rival, "customer_not_found"}, "main-8": {shop, "payment_method_not_found"}, "nobody": {shop, "customer_not_found"},
	} {
		path := vault + "/" + customer + "/payments/" + method
		for _, call := range []call{
			{path: path}, {method: http.MethodDelete, path: path}, {method: http.MethodPatch, path: path, body: `{"makeDefault":true}`},
			{method: http.MethodPatch, path: path, body: card(hpfToken, fresh(customer)), key: "replace"},
		} {
			call.as = c.as
			h.do(call).refused(http.StatusNotFound, c.code, "")
		}
	}
	h.do(call{path: vault + "/main-7", as: rival}).refused(http.StatusNotFound, "customer_not_found", "")
	h.do(call{path: vault + "/main-7/payments/" + method}).expect(http.StatusOK, "isDefault", "true")
}

func TestAKeyOfTheVaultIsUsedOnce(t *testing.T) {
	h := newHouse(t)
	first := h.store("main-7")
	again := h.store("main-7").expect(http.StatusCreated, "idempotentReplay", "true", "operation.operationId", first.at("operation.operationId"))
	if replayed := again.header.Get("Idempotent-Replayed"); replayed != "true" {
		t.Errorf("Idempotent-Replayed is %q", replayed)
	}
	if n := h.processor.Calls("create_profile"); n != 1 {
		t.Errorf("PayTrace was asked to store %d cards", n)
	}
	path := vault + "/main-7/payments"
	for name, c := range map[string]call{
		"another customer": {path: vault, body: customer("customerId", `"main-8"`)},
		"another card":     {path: vault, body: customer(hpfToken, fresh("other"))},
		"one more card":    {path: path, body: card(hpfToken, fresh("main-7"))},
		"a replacement":    {method: http.MethodPatch, path: path + "/" + methodOf(first, 0), body: card(hpfToken, fresh("main-7"))},
		"a payment":        {path: payments, body: sale("1.00")},
	} {
		c.key = "store-main-7"
		t.Run(name, func(t *testing.T) {
			h.do(c).refused(http.StatusUnprocessableEntity, "idempotency_key_reused", "")
		})
	}
	h.create("sale-1", sale("1.00"))
	h.do(call{path: vault, key: "sale-1", body: customer(hpfToken, fresh("late"))}).
		refused(http.StatusUnprocessableEntity, "idempotency_key_reused", "")
	h.expectCharges(1)
}

func TestFiftyOfTheSameStoreOneCard(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	answers := make([]answer, 50)
	for i := range answers {
		wg.Go(func() { answers[i] = h.do(call{path: vault, key: "k", body: customer()}) })
	}
	wg.Wait()
	for _, a := range answers {
		a.expect(http.StatusCreated, "customerId", "main-7", "operation.operationId", answers[0].at("operation.operationId"))
	}
	if n := h.processor.Calls("create_profile"); n != 1 {
		t.Errorf("PayTrace was asked to store %d cards", n)
	}
}

func TestAnAnswerOfPayTraceThatIsLateOrNoneIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		r       gateway.Result
		status  int
		code    string
		members []string
	}{
		"unknown":     {gateway.Result{Outcome: gateway.Unknown}, http.StatusAccepted, "", []string{"operation.operationStatus", "unknown", "retryAfterSeconds", "2"}},
		"not sent":    {gateway.Result{Outcome: gateway.NotSent}, http.StatusServiceUnavailable, "processor_unavailable", []string{"outcome", "not_sent", "retryable", "true", "retryAfterSeconds", "2"}},
		"rejected":    {rejected(gateway.Rejection{Code: "43", Message: "The card is not valid."}), http.StatusUnprocessableEntity, "processor_rejected", []string{"outcome", "rejected", "retryable", "false"}},
		"credentials": {rejected(gateway.Rejection{Code: "998", Message: "no", Credentials: true, Again: true}), http.StatusServiceUnavailable, "processor_credentials", []string{"outcome", "rejected", "retryable", "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			first := methodOf(h.store("main-7"), 0)
			heal := h.answers(c.r)
			defer heal()
			for _, request := range []call{
				{path: vault, key: "customer", body: customer("customerId", `"main-8"`, hpfToken, fresh("a"))},
				{path: vault + "/main-7/payments", key: "card", body: card(hpfToken, fresh("b"))},
				{method: http.MethodPatch, path: vault + "/main-7/payments/" + first, key: "renewed", body: card(hpfToken, fresh("c"))},
			} {
				request.header = map[string]string{"X-Request-Timeout-Ms": "1000"}
				a := h.do(request).expect(c.status, append(c.members, "code", c.code)...)
				if wait := a.header.Get("Retry-After"); wait != a.at("retryAfterSeconds") {
					t.Errorf("Retry-After is %q beside %s", wait, a.raw)
				}
			}
			h.do(call{path: vault + "/main-7/payments/" + first}).expect(http.StatusOK, "last4Digits", "5439", "isDefault", "true")
			h.do(call{path: payments, key: "pay", body: paidBy("vault", "paymentMethod.vault.customerId", `"main-8"`)}).
				expect(http.StatusUnprocessableEntity)
		})
	}
}

func TestACardThatWasNotSentIsStoredByItsKeyLater(t *testing.T) {
	h := newHouse(t)
	heal := h.answers(gateway.Result{Outcome: gateway.NotSent})
	nameless := call{path: vault, key: "k", body: card()}
	h.do(nameless).refused(http.StatusServiceUnavailable, "processor_unavailable", "")
	if made := customers(h.do(call{path: vault}).expect(http.StatusOK)); len(made) != 0 {
		t.Errorf("nothing was sent, and there are the customers %v", made)
	}
	heal()
	first := h.do(nameless).expect(http.StatusCreated, "operation.operationStatus", "approved")
	h.do(nameless).expect(http.StatusCreated, "customerId", first.at("customerId"), "idempotentReplay", "true")
}

// A key of the vault is none of a payment: to repeat the request is what tells.
func TestByKeyTellsOfPaymentsOnly(t *testing.T) {
	h := newHouse(t)
	h.store("main-7")
	h.do(call{path: payments + "/by-key/store-main-7"}).refused(http.StatusNotFound, "not_found", "")
	h.do(call{method: "POST", path: payments + "/by-key/store-main-7/void"}).refused(http.StatusUnprocessableEntity, "idempotency_key_reused", "")
	h.store("main-7").expect(http.StatusCreated, "idempotentReplay", "true")
}

// PayTrace has stored the card, and cannot be asked what it is.
func TestACardThatCannotBeReadBackIsStoredWithoutItsDigits(t *testing.T) {
	h := newHouse(t)
	h.processor.HideCards()
	a := h.store("main-7").expect(http.StatusCreated, "operation.operationStatus", "approved")
	h.do(call{path: vault + "/main-7/payments/" + methodOf(a, 0)}).expect(http.StatusOK, "cardType", "", "last4Digits", "", "expirationYear", "", "isDefault", "true")
	h.create("pay", paidBy("vault", "paymentMethod.vault.customerId", `"main-7"`)).expect(http.StatusCreated, "status", "approved")
}

func rejected(r gateway.Rejection) gateway.Result {
	return gateway.Result{Outcome: gateway.Rejected, Rejection: &r}
}

// PayTrace holds its answer back, so that the smallest budget ends first.
func TestAStoringThatTakesLongIsAnsweredWithinTheBudgetAndThenByItsKey(t *testing.T) {
	h := newHouse(t)
	release := make(chan struct{})
	h.processor.SetAfter(func(_ context.Context, name string, r gateway.Result) gateway.Result {
		if name == "create_profile" {
			<-release
		}
		return r
	})
	hurry := map[string]string{"X-Request-Timeout-Ms": "1"}
	early := h.do(call{path: vault, key: "k", body: customer(), header: hurry}).
		expect(http.StatusAccepted, "customerId", "main-7", "paymentMethods", "", "operation.operationStatus", "unknown", "retryAfterSeconds", "2")
	method := early.at("operation.paymentMethodId")
	h.do(call{path: payments, key: "pay", body: paidBy("vault", "paymentMethod.vault.customerId", `"main-7"`)}).
		expect(http.StatusUnprocessableEntity)
	h.do(call{method: http.MethodDelete, path: vault + "/main-7", header: hurry}).
		refused(http.StatusConflict, "operation_in_progress", "").expect(http.StatusConflict, "retryAfterSeconds", "2")
	close(release)
	a := h.do(call{path: vault, key: "k", body: customer()}).expect(http.StatusCreated, "operation.operationStatus", "approved")
	if methodOf(a, 0) != method {
		t.Errorf("first the method was %s: %s", method, a.raw)
	}
}

func TestWhatCannotBeStoredIsRefused(t *testing.T) {
	h := newHouse(t)
	h.processor.ClerkStores("smith-visa", gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111"})
	declined := h.create("declined", sale("0.21"))
	const payment, profile = "paymentMethod.earlierPayment.transactionId", "paymentMethod.processorProfile.profileId"
	earlier := func(id string) string { return `{"earlierPayment":{"transactionId":"` + id + `"}}` }
	taken := customer("paymentMethod", `{"processorProfile":{"profileId":"smith-visa"}}`)
	h.do(call{path: vault, key: "taken", body: taken}).expect(http.StatusCreated)
	for name, c := range map[string]struct{ source, code, field string }{
		"a declined payment": {earlier(declined.at("paymentId")), "not_storable", payment},
		"nobody's payment":   {earlier("pay_nobodys"), "not_storable", payment},
		"no transaction":     {earlier("999999999"), "not_storable", payment},
		"no profile":         {`{"processorProfile":{"profileId":"nobodys"}}`, "profile_not_found", profile},
		"a profile in use":   {`{"processorProfile":{"profileId":"smith-visa"}}`, "profile_taken", profile},
	} {
		t.Run(name, func(t *testing.T) {
			key := strings.ReplaceAll(name, " ", "-")
			key = strings.ReplaceAll(key, "'", "")
			h.do(call{path: vault, key: key, body: customer("customerId", `"main-8"`, "paymentMethod", c.source)}).
				refused(http.StatusUnprocessableEntity, c.code, c.field)
			h.do(call{path: vault + "/main-7/payments", key: key + "-more", body: card("paymentMethod", c.source)}).
				refused(http.StatusUnprocessableEntity, c.code, c.field)
		})
	}
}
