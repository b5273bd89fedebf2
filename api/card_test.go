package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/api"
	"paytrace-gateway/gateway"
)

// entered is a card in the clear. Its digits may stand in no answer and in no
// line of the log.
func entered(number, csc string) string {
	return `{"cardNumber":"` + number + `","csc":"` + csc + `","expirationMonth":"12","expirationYear":"2031"}`
}

func paidByCard(card string, more ...string) string {
	return payment(append([]string{"paymentMethod", `{"card":` + card + `}`}, more...)...)
}

// mainTakesCards is a house whose merchant main takes cards in the clear.
func mainTakesCards(t *testing.T) *house {
	return newHouse(t, func(c *api.Config) {
		c.RawCards = func(merchantID string) bool { return merchantID == "main" }
	})
}

func (a answer) tellsNothingOf(words ...string) answer {
	a.t.Helper()
	for _, word := range words {
		if strings.Contains(string(a.raw), word) || strings.Contains(fmt.Sprint(a.header), word) {
			a.t.Errorf("the answer holds %s: %s", word, a.raw)
		}
	}
	return a
}

func TestACardInTheClearPaysOnItsOwnListenerAlone(t *testing.T) {
	h := mainTakesCards(t)
	body := paidByCard(entered(cardRun, "973"))
	a := h.do(call{cards: true, path: payments, key: "card-1", body: body}).tellsNothingOf(cardRun, `"973"`)
	a.expect(http.StatusCreated, "status", "approved", "cardType", "visa", "last4Digits", "1111")
	h.do(call{path: payments + "/" + a.at("paymentId")}).tellsNothingOf(cardRun, `"973"`).
		expect(http.StatusOK, "status", "approved", "cardType", "visa", "last4Digits", "1111")

	refused := func(c call) {
		t.Helper()
		h.do(c).tellsNothingOf(cardRun, `"973"`).refused(http.StatusUnprocessableEntity, "raw_card_not_allowed", "paymentMethod.card")
	}
	refused(call{path: payments, key: "public", body: body})
	refused(call{cards: true, as: rival, path: payments, key: "without-the-switch", body: body})
	refused(call{path: payments, as: rival, key: "without-either", body: body})
	h.expectCharges(1)
}

func TestNoMerchantTakesCardsInTheClearByDefault(t *testing.T) {
	h := newHouse(t)
	h.do(call{cards: true, path: payments, key: "k", body: paidByCard(entered(cardRun, "973"))}).
		refused(http.StatusUnprocessableEntity, "raw_card_not_allowed", "paymentMethod.card")
	h.expectCharges(0)
}

// The key is what makes a repeat; the security code is no part of it.
func TestACardIsNotSentAgainByARepeat(t *testing.T) {
	h := mainTakesCards(t)
	pay := func(card string) answer {
		return h.do(call{cards: true, path: payments, key: "card-1", body: paidByCard(card)}).tellsNothingOf(cardRun, `"973"`, `"974"`)
	}
	first := pay(entered(cardRun, "973")).expect(http.StatusCreated, "idempotentReplay", "")
	for _, csc := range []string{"973", "974"} {
		pay(entered(cardRun, csc)).expect(http.StatusCreated, "idempotentReplay", "true", "paymentId", first.at("paymentId"))
	}
	pay(entered("4012000098765439", "973")).refused(http.StatusUnprocessableEntity, "idempotency_key_reused", "")
	pay(strings.Replace(entered(cardRun, "973"), "2031", "2032", 1)).refused(http.StatusUnprocessableEntity, "idempotency_key_reused", "")
	h.expectCharges(1)
}

func TestACardThatCannotBeOneNamesItsMembers(t *testing.T) {
	const number, csc, month, year = "paymentMethod.card.cardNumber", "paymentMethod.card.csc", "paymentMethod.card.expirationMonth", "paymentMethod.card.expirationYear"
	h := mainTakesCards(t)
	for i, row := range []struct{ card, fields string }{
		{entered("4111111111111112", "973"), number},
		{entered("4111 1111 1111 1111", "973"), number},
		{entered("zqmarker7", "973"), number},
		{entered("1234567812345670", "973"), number},
		{entered(cardRun, "97"), csc},
		{entered(cardRun, "zqmarker7"), csc},
		{entered("371449635392376", "973"), csc},
		{strings.Replace(entered(cardRun, "973"), `"12"`, `"13"`, 1), month},
		{strings.Replace(entered(cardRun, "973"), `"2031"`, `"31"`, 1), year},
		{`{}`, strings.Join([]string{number, csc, month, year}, ",")},
		{`{"cardNumber":` + cardRun + `,"csc":973,"expirationMonth":12,"expirationYear":2031}`, strings.Join([]string{number, csc, month, year}, ",")},
	} {
		h.do(call{cards: true, path: payments, key: fmt.Sprintf("bad-%d", i), body: paidByCard(row.card)}).
			tellsNothingOf(cardRun, "4111111111111112", cardSpaced, marker, "371449635392376", "1234567812345670").
			refused(http.StatusBadRequest, "invalid_request", row.fields)
	}
	beside := func(key, body, field string) {
		h.do(call{cards: true, path: payments, key: key, body: body}).tellsNothingOf(cardRun).refused(http.StatusBadRequest, "invalid_request", field)
	}
	beside("unknown", paidByCard(`{"cardNumber":"`+cardRun+`","pin":"1"}`), "paymentMethod.card.pin")
	beside("twice", strings.Replace(paidByCard(entered(cardRun, "973")), `"csc"`, `"cardNumber":"`+cardRun+`","csc"`, 1), "paymentMethod.card.cardNumber")
	beside("two-methods", payment("paymentMethod.card", entered(cardRun, "973")), "paymentMethod")
	beside("no-order", paidByCard(entered(cardRun, "973"), "orderId", ""), "orderId")
	h.expectCharges(0)
}

func TestACardOfAmericanExpressPaysWithItsFourDigits(t *testing.T) {
	mainTakesCards(t).do(call{cards: true, path: payments, key: "amex", body: paidByCard(entered("371449635392376", "9973"))}).
		expect(http.StatusCreated, "cardType", "amex", "last4Digits", "2376")
}

func TestTheListenerForCardsServesNothingElse(t *testing.T) {
	h := mainTakesCards(t)
	a := h.do(call{cards: true, path: payments, key: "hosted", body: sale("1.00")}).expect(http.StatusCreated)
	if a.header.Get("Connection") == "keep-alive" {
		t.Error("the connection stays")
	}
	h.do(call{cards: true, path: "/healthz", anyone: true}).expect(http.StatusOK, "status", "ok")
	h.do(call{cards: true, path: payments, anyone: true, key: "k", body: paidByCard(entered(cardRun, "973"))}).
		refused(http.StatusUnauthorized, "unauthorized", "")
	for _, route := range h.server.Routes() {
		if route == "/healthz" || route == "/oauth/token" {
			continue
		}
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			if route == payments && method == http.MethodPost {
				continue
			}
			path := strings.NewReplacer(":paymentId", a.at("paymentId"), ":transactionId", a.at("transactionId"), ":idempotencyKey", "hosted",
				":deliveryId", "1", ":subscriber", "erp", "*", "x").Replace(route)
			req := must(http.NewRequestWithContext(context.Background(), method, "http://"+h.cards+path, nil))(t)
			req.Header.Set("Authorization", "Bearer "+h.token(shop))
			res := must(h.client.Do(req))(t)
			res.Body.Close()
			if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s is answered with %d on the listener for cards", method, path, res.StatusCode)
			}
		}
	}
}

// A caller that has gone does not take its card with it.
func TestACardIsTakenWhenPayTraceIsSlowerThanTheCaller(t *testing.T) {
	h := mainTakesCards(t)
	gone := make(chan struct{})
	h.processor.SetBefore(func(context.Context, string) *gateway.Result { <-gone; return nil })
	a := h.do(call{cards: true, path: payments, key: "slow", body: paidByCard(entered(cardRun, "973")), header: map[string]string{"X-Request-Timeout-Ms": "1000"}}).
		expect(http.StatusAccepted, "outcome", "unknown", "last4Digits", "1111").tellsNothingOf(cardRun)
	close(gone)
	h.processor.SetBefore(nil)
	h.do(call{path: payments + "/by-key/slow", header: map[string]string{"X-Request-Timeout-Ms": "5000"}}).expect(http.StatusOK, "paymentId", a.at("paymentId"))
}
