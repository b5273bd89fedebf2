package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// storeCustomers gives the vault the customer that the tests pay with.
func (h *house) storeCustomers() {
	h.t.Helper()
	shopper := gateway.VaultCustomer{
		MerchantID: "main", ID: "demo-visa", Version: 1,
		Methods: []gateway.VaultMethod{{
			ID: "pm_1", ProfileID: "c-1", Default: true,
			Card: gateway.CardSummary{Brand: gateway.Visa, LastFour: "1111", ExpirationMonth: "12", ExpirationYear: "2030"},
		}},
	}
	if err := h.ledger.ApplyVault(h.t.Context(), gateway.VaultChange{Customer: &shopper}); err != nil {
		h.t.Fatal(err)
	}
}

func TestASaleIsApproved(t *testing.T) {
	h := newHouse(t)
	a := h.create("sale-1", payment(
		"intent", `"sale"`, "currencyCode", `"USD"`, "storeCode", `"main"`, "customerId", `"7"`, "channel", `"magento"`,
		"sourceRecords", `{"opportunityId":"0065g00000XyZ12AAB","accountId":"0015g00000AbC34AAD"}`,
		"billingAddress", `{"name":"Ada Byron","street":"8320 Greenwood Ave N","street2":"Flat 2","city":"Seattle","state":"WA","postalCode":"98103","countryCode":"US"}`,
		"shippingAddress", `{"name":"Ada Byron","countryCode":"US"}`, "metadata", `{"campaign":"spring","note":"<&> \"ü\" 漢"}`))
	a.expect(http.StatusCreated, "status", "approved", "outcome", "approved", "amount", "19.99", "capturedAmount", "19.99",
		"refundedAmount", "0.00", "orderId", "100000001", "storeCode", "main", "merchantId", "main", "liveMode", "false",
		"sourceRecords.accountId", "0015g00000AbC34AAD", "metadata.note", `<&> "ü" 漢`, "operation.operationKind", "sale",
		"operation.idempotencyKey", "sale-1", "operation.channel", "magento", "idempotentReplay", "")
	if a.at("requestId") != a.header.Get("X-Request-Id") {
		t.Errorf("body and header name the call differently: %s, %s", a.at("requestId"), a.header.Get("X-Request-Id"))
	}
	if cache := a.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control is %q", cache)
	}
}

func TestEveryPaymentMethodPays(t *testing.T) {
	h := newHouse(t)
	h.storeCustomers()
	for method := range methods {
		for _, intent := range []string{"sale", "authorize"} {
			a := h.create(method+"-"+intent, paidBy(method, "intent", `"`+intent+`"`))
			status := map[string]string{"sale": "approved", "authorize": "authorized"}[intent]
			a.expect(http.StatusCreated, "status", status, "operation.operationKind", intent)
		}
	}
	h.create("named", paidBy("vault", "paymentMethod.vault.paymentMethodId", `"pm_1"`)).
		expect(http.StatusCreated, "customerVaultId", "demo-visa", "cardType", "visa", "last4Digits", "1111")
}

func TestACardIsVerified(t *testing.T) {
	h := newHouse(t)
	a := h.create("verify-1", sale("0.00", "intent", `"verify"`))
	a.expect(http.StatusCreated, "status", "verified", "outcome", "approved", "amount", "0.00", "capturedAmount", "0.00",
		"operation.operationKind", "verify")
	h.do(call{path: transaction(a, "capture"), key: "capture-1"}).refused(http.StatusUnprocessableEntity, "not_capturable", "")
	h.do(call{path: transaction(a, "void"), key: "void-1"}).refused(http.StatusUnprocessableEntity, "not_voidable", "")
	h.do(call{path: transaction(a, "refund"), key: "refund-1"}).refused(http.StatusUnprocessableEntity, "not_refundable", "")
	h.do(call{path: payments, key: "verify-2", body: sale("0.01", "intent", `"verify"`)}).refused(http.StatusUnprocessableEntity, "amount_invalid", "amount")
	h.do(call{path: payments, key: "sale-1", body: sale("0.00")}).refused(http.StatusUnprocessableEntity, "amount_invalid", "amount")
	h.do(call{path: payments + "?paymentStatus=verified"}).expect(http.StatusOK)
}

func TestAPaymentGoesThroughItsLife(t *testing.T) {
	h := newHouse(t)
	a := h.create("authorize-1", sale("10.00", "intent", `"authorize"`))
	a.expect(http.StatusCreated, "status", "authorized", "capturedAmount", "0.00")
	h.do(call{path: transaction(a, "capture"), key: "capture-1", body: `{"amount":"8.00"}`}).
		expect(http.StatusCreated, "status", "approved", "capturedAmount", "8.00", "operation.operationKind", "capture")
	h.do(call{path: transaction(a, "capture"), key: "capture-2", body: `{"amount":"2.00"}`}).
		refused(http.StatusUnprocessableEntity, "already_captured", "")
	h.do(call{path: transaction(a, "refund"), key: "refund-1", body: `{"amount":"3.00"}`}).
		expect(http.StatusCreated, "outcome", "waiting_settlement", "refundPendingAmount", "3.00")
	h.do(call{path: transaction(a, "refund"), key: "refund-2", body: `{"amount":5.01}`}).
		refused(http.StatusUnprocessableEntity, "refund_exceeds_captured", "amount")
	h.processor.Settle()
	refund := h.do(call{path: transaction(a, "refund"), key: "refund-3", body: `{"amount":"5.00"}`}).
		expect(http.StatusCreated, "status", "partially_refunded", "refundedAmount", "5.00", "operation.processedAs", "refund")
	h.do(call{path: transaction(a, "void"), key: "void-1"}).
		refused(http.StatusUnprocessableEntity, "already_settled", "")

	id := a.at("paymentId")
	for _, path := range []string{
		payments + "/" + id, "/api/v1/transactions/" + id,
		"/api/v1/transactions/" + a.at("transactionId"), "/api/v1/transactions/" + refund.at("operation.transactionId"),
	} {
		h.do(call{path: path, as: reader}).expect(http.StatusOK, "paymentId", id, "status", "partially_refunded", "operation", "")
	}
}

func TestAnOperationWithoutABodyMeansAllOfIt(t *testing.T) {
	h := newHouse(t)
	for i, body := range []string{"", "{}", " \r\n", `{"amount":null}`} {
		n := strconv.Itoa(i)
		a := h.create("authorize-"+n, sale("10.00", "intent", `"authorize"`))
		h.do(call{path: transaction(a, "capture"), key: "capture-" + n, body: body}).
			expect(http.StatusCreated, "capturedAmount", "10.00")
		h.do(call{path: transaction(a, "refund"), key: "refund-" + n, body: body}).
			expect(http.StatusCreated, "refundedAmount", "10.00", "status", "refunded", "operation.processedAs", "void")
	}
	for i, body := range []string{"", "{}"} {
		n := strconv.Itoa(i)
		a := h.create("sale-"+n, sale("10.00"))
		h.do(call{path: transaction(a, "void"), key: "void-" + n, body: body}).
			expect(http.StatusCreated, "status", "voided", "operation.operationKind", "void")
		h.do(call{path: transaction(a, "void"), key: "void-again-" + n}).
			expect(http.StatusCreated, "status", "voided", "idempotentReplay", "")
	}
}

func TestAnAmountIsTheSameAsTextAndAsANumber(t *testing.T) {
	h := newHouse(t)
	first := h.create("k", sale("19.90"))
	for _, amount := range []string{`19.9`, `19.90`, `"19.9"`, `"\u00319.90"`} {
		a := h.create("k", payment("amount", amount))
		a.expect(http.StatusCreated, "paymentId", first.at("paymentId"), "amount", "19.90", "idempotentReplay", "true")
	}
	for amount, shown := range map[string]string{`5`: "5.00", `"0.01"`: "0.01", `999999999.99`: "999999999.99"} {
		h.create("k-"+shown, payment("amount", amount)).expect(http.StatusCreated, "amount", shown)
	}
}

func TestNullCountsAsAbsent(t *testing.T) {
	h := newHouse(t)
	first := h.create("k", sale("1.00"))
	a := h.create("k", sale("1.00", "intent", "null", "currencyCode", "null", "storeCode", "null", "sourceRecords", "null",
		"customerId", "null", "billingAddress", "null", "shippingAddress", "null", "channel", "null", "metadata", "null",
		"paymentMethod.vault", "null", "paymentMethod.card", "null", "paymentMethod.encryptedCard", "null"))
	a.expect(http.StatusCreated, "paymentId", first.at("paymentId"), "idempotentReplay", "true")
	b := h.create("k2", sale("1.00", "metadata", `{"gift":"yes"}`))
	h.create("k2", sale("1.00", "metadata", `{"gift":"yes","note":null}`)).
		expect(http.StatusCreated, "paymentId", b.at("paymentId"), "idempotentReplay", "true")
}

func TestAFullBodyIsTaken(t *testing.T) {
	h := newHouse(t)
	body := sale("1.00")
	body += strings.Repeat(" ", 64<<10-len(body))
	h.create("k", body)
}

func TestWhatBelongsToAnotherMerchantIsNotFound(t *testing.T) {
	h := newHouse(t)
	a := h.create("k", sale("1.00"))
	id, transactionID := a.at("paymentId"), a.at("transactionId")
	for _, c := range []call{
		{path: payments + "/" + id},
		{path: payments + "/by-key/k"},
		{path: "/api/v1/transactions/" + id},
		{path: "/api/v1/transactions/" + transactionID},
		{path: "/api/v1/transactions/" + id + "/capture", key: "c"},
		{path: "/api/v1/transactions/" + transactionID + "/void", key: "v"},
		{path: "/api/v1/transactions/" + transactionID + "/refund", key: "r"},
	} {
		c.as = rival
		h.do(c).refused(http.StatusNotFound, "not_found", "")
	}
	h.do(call{path: payments, as: rival}).expect(http.StatusOK, "items", "[]", "hasMore", "false")
	h.do(call{method: "POST", path: payments + "/by-key/k/void", as: rival}).expect(http.StatusCreated, "outcome", "cancelled")
	h.do(call{path: payments + "/" + id}).expect(http.StatusOK, "status", "approved")
	h.do(call{path: payments, key: "k", body: sale("2.00"), as: "rival"}).refused(http.StatusUnprocessableEntity, "key_cancelled", "")
}
