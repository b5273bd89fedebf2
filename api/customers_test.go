package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// fresh are hosted fields that nobody has used yet: PayTrace takes each once.
func fresh(name string) string { return `"hpf-` + name + `"` }

// store makes a customer with a card.
func (h *house) store(id string, members ...string) answer {
	h.t.Helper()
	body := customer(append([]string{"customerId", `"` + id + `"`, hpfToken, fresh(id)}, members...)...)
	key := "store-" + strings.ReplaceAll(id, "@", "-at-")
	return h.do(call{path: vault, key: key, body: body}).expect(http.StatusCreated)
}

// methodOf is the id of the customer's n-th method.
func methodOf(a answer, n int) string {
	a.t.Helper()
	var shown struct {
		PaymentMethods []struct{ PaymentMethodID string }
	}
	if err := json.Unmarshal(a.raw, &shown); err != nil || len(shown.PaymentMethods) <= n {
		a.t.Fatalf("there is no method %d: %v %s", n, err, a.raw)
	}
	return shown.PaymentMethods[n].PaymentMethodID
}

// customers are those of a page, as they stand in it.
func customers(a answer) []string {
	a.t.Helper()
	var page struct{ Items []struct{ CustomerID string } }
	if err := json.Unmarshal(a.raw, &page); err != nil {
		a.t.Fatal(err)
	}
	found := []string{}
	for _, item := range page.Items {
		found = append(found, item.CustomerID)
	}
	return found
}

// hidesProfiles fails when an answer shows what PayTrace calls a stored card.
func (h *house) hidesProfiles(a answer) {
	h.t.Helper()
	for id := range h.processor.Profiles() {
		if strings.Contains(string(a.raw), id) {
			h.t.Errorf("the answer shows the profile %s: %s", id, a.raw)
		}
	}
}

func TestACustomerIsStoredShownAndForgotten(t *testing.T) {
	h := newHouse(t)
	made := h.store("main-7", "sourceRecords", `{"accountId":"0015g00000AbC34AAD"}`,
		"billingAddress", `{"name":"Ada Byron","street":"8320 Greenwood Ave N","postalCode":"98103"}`)
	made.expect(http.StatusCreated, "customerId", "main-7", "merchantId", "main", "liveMode", "false", "idempotentReplay", "",
		"sourceRecords.accountId", "0015g00000AbC34AAD", "operation.operationKind", "add", "operation.operationStatus", "approved",
		"operation.paymentMethodId", methodOf(made, 0), "operation.idempotencyKey", "store-main-7")
	path := vault + "/main-7"
	shown := h.do(call{path: path, as: keeper}).expect(http.StatusOK, "customerId", "main-7", "version", made.at("version"), "operation", "")
	for _, a := range []answer{made, shown} {
		h.hidesProfiles(a)
		if want := `"cardType":"visa","last4Digits":"5439","expirationMonth":"12","expirationYear":"2030","isDefault":true`; !strings.Contains(string(a.raw), want) {
			t.Errorf("the card is shown as %s", a.raw)
		}
	}
	gone := h.do(call{method: http.MethodDelete, path: path}).expect(http.StatusNoContent)
	if len(gone.raw) != 0 || gone.header.Get("X-Request-Id") == "" {
		t.Errorf("gone is told as %v %q", gone.header, gone.raw)
	}
	h.do(call{path: path}).refused(http.StatusNotFound, "customer_not_found", "")
	h.do(call{method: http.MethodDelete, path: path}).refused(http.StatusNotFound, "customer_not_found", "")
	h.do(call{path: payments, key: "k", body: paidBy("vault", "paymentMethod.vault.customerId", `"main-7"`)}).
		refused(http.StatusUnprocessableEntity, "customer_not_found", "paymentMethod.vault.customerId")
}

func TestACardIsStoredFromEverySource(t *testing.T) {
	h := newHouse(t)
	paid := h.create("sale-1", sale("1.00"))
	h.processor.ClerkStores("smith-visa", gateway.CardSummary{Brand: gateway.Amex, LastFour: "0005", ExpirationMonth: "03", ExpirationYear: "2029"})
	for name, c := range map[string]struct{ body, last4, year string }{
		"hosted-fields":  {customer(hpfToken, fresh("source")), "5439", "2030"},
		"encrypted-card": {customer("paymentMethod", "{}", "paymentMethod.encryptedCard", methods["encryptedCard"]), "5439", "2031"},
		"a-payment":      {customer("paymentMethod", `{"earlierPayment":{"transactionId":"`+paid.at("paymentId")+`"}}`), "5439", "2030"},
		"a-transaction":  {customer("paymentMethod", `{"earlierPayment":{"transactionId":"`+paid.at("transactionId")+`"}}`), "5439", "2030"},
		"a-profile":      {customer("paymentMethod", `{"processorProfile":{"profileId":"smith-visa"}}`), "0005", "2029"},
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.Replace(c.body, "main-7", name, 1)
			a := h.do(call{path: vault, key: name, body: body}).expect(http.StatusCreated, "customerId", name)
			h.hidesProfiles(a)
			h.do(call{path: vault + "/" + name + "/payments/" + methodOf(a, 0)}).
				expect(http.StatusOK, "last4Digits", c.last4, "expirationYear", c.year, "isDefault", "true")
			h.create("pay-"+name, paidBy("vault", "paymentMethod.vault.customerId", `"`+name+`"`)).
				expect(http.StatusCreated, "status", "approved", "customerVaultId", name, "last4Digits", c.last4)
		})
	}
}

func TestACustomerIsNamedByTheCallerOrByTheGateway(t *testing.T) {
	h := newHouse(t)
	for _, id := range []string{"a", "AZaz09._~:@-", strings.Repeat("x", 64), "...", "by-key"} {
		h.store(id)
		h.do(call{path: vault + "/" + id}).expect(http.StatusOK, "customerId", id)
	}
	a := h.do(call{path: vault, key: "nameless", body: card(hpfToken, fresh("nameless"))}).expect(http.StatusCreated)
	if id := a.at("customerId"); !strings.HasPrefix(id, "cus_") {
		t.Errorf("the customer is named %q", id)
	}
	h.do(call{path: vault, key: "again", body: customer("customerId", `"a"`, hpfToken, fresh("again"))}).
		refused(http.StatusUnprocessableEntity, "customer_exists", "customerId")
}

func TestWhatTheGatewayKeepsOfACustomerIsChanged(t *testing.T) {
	h := newHouse(t)
	first := methodOf(h.store("main-7", "sourceRecords", `{"accountId":"0015g00000AbC34AAD"}`), 0)
	second := h.do(call{path: vault + "/main-7/payments", key: "second", body: card(hpfToken, fresh("second"))}).
		expect(http.StatusCreated, "isDefault", "false").at("paymentMethodId")
	change := call{method: http.MethodPatch, path: vault + "/main-7", body: `{"defaultPaymentMethodId":"` + second + `"}`}
	a := h.do(change).expect(http.StatusOK, "sourceRecords.accountId", "0015g00000AbC34AAD", "operation", "")
	if !strings.Contains(string(a.raw), second+`","cardType":"visa","last4Digits":"5439","expirationMonth":"12","expirationYear":"2030","isDefault":true`) {
		t.Errorf("%s is not the default: %s", second, a.raw)
	}
	change.body = `{"sourceRecords":{"contactId":"0035g00000DeF56AAD"},"defaultPaymentMethodId":"` + first + `"}`
	h.do(change).expect(http.StatusOK, "sourceRecords.accountId", "", "sourceRecords.contactId", "0035g00000DeF56AAD")
	h.do(call{path: vault + "/main-7/payments/" + first}).expect(http.StatusOK, "isDefault", "true")
	change.body = `{"sourceRecords":{}}`
	h.do(change).expect(http.StatusOK, "sourceRecords", "")
	change.body = `{"defaultPaymentMethodId":"pm_nobodys"}`
	h.do(change).refused(http.StatusUnprocessableEntity, "payment_method_not_found", "defaultPaymentMethodId")
}

func TestCustomersAreReadToTheEndInTheOrderOfTheirIDs(t *testing.T) {
	h := newHouse(t)
	var want []string
	for _, id := range []string{"b", "a", "a-1", "A", "z~", "c@d", "10", "9"} {
		want = append(want, h.store(id).at("customerId"))
	}
	slices.Sort(want)
	h.do(call{path: vault, key: "theirs", as: rival, body: customer("customerId", `"a"`, hpfToken, fresh("theirs"))}).expect(http.StatusCreated)
	for size := 1; size <= len(want)+1; size++ {
		var seen []string
		query := fmt.Sprintf("?pageSize=%d", size)
		for more := true; more && len(seen) <= len(want); {
			page := h.do(call{path: vault + query, as: keeper}).expect(http.StatusOK)
			h.hidesProfiles(page)
			seen = append(seen, customers(page)...)
			more = page.at("hasMore") == "true"
			query = fmt.Sprintf("?pageSize=%d&cursor=%s", size, page.at("nextCursor"))
		}
		if !slices.Equal(seen, want) {
			t.Errorf("pages of %d show %v, want %v", size, seen, want)
		}
	}
	if theirs := customers(h.do(call{path: vault, as: rival}).expect(http.StatusOK)); !slices.Equal(theirs, []string{"a"}) {
		t.Errorf("another merchant sees %v", theirs)
	}
}

func TestCustomersWhoseCardExpiresAreListed(t *testing.T) {
	h := newHouse(t)
	for id, expires := range map[string][2]string{"early": {"12", "2026"}, "exactly": {"01", "2027"}, "later": {"02", "2027"}} {
		h.processor.ClerkStores("profile-"+id, gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111", ExpirationMonth: expires[0], ExpirationYear: expires[1]})
		body := customer("customerId", `"`+id+`"`, "paymentMethod", `{"processorProfile":{"profileId":"profile-`+id+`"}}`)
		h.do(call{path: vault, key: id, body: body}).expect(http.StatusCreated)
	}
	for month, want := range map[string][]string{"2026-11": {}, "2026-12": {"early"}, "2027-01": {"early", "exactly"}, "2031-01": {"early", "exactly", "later"}} {
		if got := customers(h.do(call{path: vault + "?expiringBy=" + month}).expect(http.StatusOK)); !slices.Equal(got, want) {
			t.Errorf("by %s the cards of %v expire, want %v", month, got, want)
		}
	}
	page := h.do(call{path: vault + "?expiringBy=2027-01&pageSize=1"}).expect(http.StatusOK, "hasMore", "true")
	rest := h.do(call{path: vault + "?expiringBy=2027-01&pageSize=1&cursor=" + page.at("nextCursor")}).expect(http.StatusOK, "hasMore", "false")
	if got := customers(rest); !slices.Equal(got, []string{"exactly"}) {
		t.Errorf("the second page is %v", got)
	}
}
