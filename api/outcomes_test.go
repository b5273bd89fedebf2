package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// answers makes the processor give that result in place of acting, until the
// returned function is called.
func (h *house) answers(r gateway.Result) (heal func()) {
	h.processor.SetBefore(func(context.Context, string) *gateway.Result { return &r })
	return func() { h.processor.SetBefore(nil) }
}

func TestADeclineIsAResult(t *testing.T) {
	h := newHouse(t)
	for _, replayed := range []string{"", "true"} {
		h.create("k", sale("0.21")).expect(http.StatusCreated, "status", "declined", "outcome", "declined",
			"decline.code", "102", "decline.category", "insufficient_funds", "capturedAmount", "0.00", "idempotentReplay", replayed)
	}
	h.expectCharges(1)
}

func TestUnknownIsSaidAndNotSentAgain(t *testing.T) {
	h := newHouse(t)
	heal := h.answers(gateway.Result{Outcome: gateway.Unknown, Detail: "connection lost"})
	a := h.do(call{path: payments, key: "k", body: sale("1.00")}).
		expect(http.StatusAccepted, "status", "unknown", "outcome", "unknown", "retryAfterSeconds", "2")
	heal()
	h.do(call{path: payments + "/by-key/k"}).expect(http.StatusOK, "status", "unknown", "retryAfterSeconds", "2")
	h.do(call{path: payments + "?paymentStatus=unknown"}).expect(http.StatusOK, "hasMore", "false")
	h.do(call{path: "/api/v1/transactions/" + a.at("paymentId") + "/refund", key: "r"}).
		refused(http.StatusConflict, "payment_undecided", "").
		expect(http.StatusConflict, "retryable", "true", "retryAfterSeconds", "2")
	h.expectCharges(1)
}

func TestNotSentIsUnavailableAndContinuedByItsKey(t *testing.T) {
	h := newHouse(t)
	heal := h.answers(gateway.Result{Outcome: gateway.NotSent, Detail: "connection refused"})
	for range 2 {
		a := h.do(call{path: payments, key: "k", body: sale("1.00")})
		a.refused(http.StatusServiceUnavailable, "processor_unavailable", "")
		a.expect(http.StatusServiceUnavailable, "outcome", "not_sent", "retryable", "true", "retryAfterSeconds", "2")
		if wait := a.header.Get("Retry-After"); wait != "2" {
			t.Errorf("Retry-After is %q", wait)
		}
	}
	const why = `"code":"processor_unavailable","outcome":"not_sent","cause":"PayTrace could not be reached and nothing was sent`
	if log := h.log.String(); strings.Count(log, why) != 2 {
		t.Errorf("the log does not say in words why it failed:\n%s", log)
	}
	first := h.do(call{path: payments + "/by-key/k"}).expect(http.StatusOK, "status", "failed", "outcome", "not_sent")
	heal()
	h.create("k", sale("1.00")).expect(http.StatusCreated, "status", "approved", "paymentId", first.at("paymentId"))
}

func TestARejectionIsTheKeysAnswer(t *testing.T) {
	h := newHouse(t)
	heal := h.answers(gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{
		Code: "58", Message: "Please provide a valid Billing Zip.", Field: "billingAddress.postalCode",
	}})
	h.do(call{path: payments, key: "k", body: sale("1.00")}).
		refused(http.StatusUnprocessableEntity, "processor_rejected", "billingAddress.postalCode").
		expect(http.StatusUnprocessableEntity, "outcome", "rejected", "retryable", "false")
	heal()
	again := h.do(call{path: payments, key: "k", body: sale("1.00")}).
		refused(http.StatusUnprocessableEntity, "processor_rejected", "billingAddress.postalCode")
	if replayed := again.header.Get("Idempotent-Replayed"); replayed != "true" {
		t.Errorf("Idempotent-Replayed is %q", replayed)
	}
	h.do(call{path: payments + "/by-key/k"}).expect(http.StatusOK, "status", "failed", "outcome", "rejected")
	h.expectCharges(1)
}

func TestRefusedCredentialsAreTheOperatorsMatter(t *testing.T) {
	h := newHouse(t)
	heal := h.answers(gateway.Result{Outcome: gateway.Rejected, Rejection: &gateway.Rejection{
		Code: "998", Credentials: true, Again: true,
	}})
	a := h.do(call{path: payments, key: "k", body: sale("1.00")}).refused(http.StatusServiceUnavailable, "processor_credentials", "")
	a.expect(http.StatusServiceUnavailable, "outcome", "rejected", "retryable", "true", "retryAfterSeconds", "60")
	if wait := a.header.Get("Retry-After"); wait != "60" {
		t.Errorf("Retry-After is %q", wait)
	}
	heal()
	h.create("k", sale("1.00")).expect(http.StatusCreated, "status", "approved")
}

func TestBrokenRulesHaveTheirCodes(t *testing.T) {
	h := newHouse(t)
	h.storeCustomers()
	taken := h.create("sale", sale("10.00"))
	reserved := h.create("authorization", sale("10.00", "intent", `"authorize"`))
	declined := h.create("declined", sale("0.21"))
	for name, c := range map[string]struct {
		path, body, code, field string
	}{
		"nothing to charge":      {payments, sale("0.00"), "amount_invalid", "amount"},
		"another currency":       {payments, sale("1.00", "currencyCode", `"EUR"`), "currency_not_supported", "currencyCode"},
		"an unknown customer":    {payments, paidBy("vault", "paymentMethod.vault.customerId", `"`+marker+`"`), "customer_not_found", "paymentMethod.vault.customerId"},
		"an unknown method":      {payments, paidBy("vault", "paymentMethod.vault.paymentMethodId", `"`+marker+`"`), "payment_method_not_found", "paymentMethod.vault.paymentMethodId"},
		"a capture of a sale":    {transaction(taken, "capture"), "", "not_capturable", ""},
		"a capture of too much":  {transaction(reserved, "capture"), `{"amount":"10.01"}`, "capture_exceeds_authorization", "amount"},
		"a capture of nothing":   {transaction(reserved, "capture"), `{"amount":"0"}`, "amount_invalid", "amount"},
		"a refund of too much":   {transaction(taken, "refund"), `{"amount":"10.01"}`, "refund_exceeds_captured", "amount"},
		"a refund of nothing":    {transaction(taken, "refund"), `{"amount":"0.00"}`, "amount_invalid", "amount"},
		"a refund of a promise":  {transaction(reserved, "refund"), "", "not_refundable", ""},
		"a void of a decline":    {transaction(declined, "void"), "", "not_voidable", ""},
		"a capture of a decline": {transaction(declined, "capture"), "", "not_capturable", ""},
		"a refund of a decline":  {transaction(declined, "refund"), "", "not_refundable", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h.do(call{path: c.path, body: c.body, key: "rule", method: http.MethodPost}).
				refused(http.StatusUnprocessableEntity, c.code, c.field)
		})
	}
	// None of these refusals has used the key up.
	h.create("rule", sale("1.00"))
}

func TestGivingUpACaptureIsRefused(t *testing.T) {
	h := newHouse(t)
	a := h.create("k", sale("10.00", "intent", `"authorize"`))
	h.do(call{path: transaction(a, "capture"), key: "c"}).expect(http.StatusCreated)
	h.do(call{method: "POST", path: payments + "/by-key/c/void"}).refused(http.StatusUnprocessableEntity, "not_cancellable", "")
}
