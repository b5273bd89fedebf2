package api_test

import (
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

const clientTokens = "/api/v1/client_tokens"

func TestAClientTokenOpensTheCardForm(t *testing.T) {
	h := newHouse(t)
	first := h.do(call{method: "POST", path: clientTokens, as: writer}).expect(http.StatusCreated, "clientKey", "client-key-of-the-test-1",
		"scriptUrl", "https://protect.test/protect.js", "merchantId", "main", "liveMode", "false")
	first.golden("client_token")
	if first.header.Get("Cache-Control") != "no-store" {
		t.Error("the key may be kept on its way")
	}
	h.do(call{method: "POST", path: clientTokens, body: "{}"}).expect(http.StatusCreated, "clientKey", "client-key-of-the-test-2")
	if log := h.log.String(); strings.Contains(log, "client-key-of-the-test") {
		t.Errorf("the log holds the key: %s", log)
	}
	h.expectCharges(0)
}

func TestAClientTokenThatPayTraceDoesNotGive(t *testing.T) {
	h := newHouse(t)
	heal := h.answers(gateway.Result{Outcome: gateway.NotSent})
	h.do(call{method: "POST", path: clientTokens}).refused(http.StatusServiceUnavailable, "processor_unavailable", "").
		expect(http.StatusServiceUnavailable, "retryable", "true", "retryAfterSeconds", "2", "outcome", "")
	heal()
	heal = h.answers(gateway.Result{Rejection: &gateway.Rejection{Credentials: true}})
	h.do(call{method: "POST", path: clientTokens}).refused(http.StatusServiceUnavailable, "processor_credentials", "").
		expect(http.StatusServiceUnavailable, "retryable", "true", "retryAfterSeconds", "60", "outcome", "")
	heal()
	if log := h.log.String(); strings.Count(log, "cardform.failed") != 2 {
		t.Errorf("the log does not say why: %s", log)
	}
	h.do(call{method: "POST", path: clientTokens, body: `{"amount":"1.00"}`}).refused(http.StatusBadRequest, "invalid_request", "amount")
}
