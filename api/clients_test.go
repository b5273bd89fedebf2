package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/api/auth"
)

const clients = "/api/v1/clients"

// clientKey keys the hashes of the secrets of added clients.
var clientKey = auth.SecretKey("a key of the tests, as long as it needs")

// operator lets a person at the machine call for a merchant.
func (h *house) operators(merchant string) string {
	h.t.Helper()
	as := "ada of " + merchant
	token := must(auth.NewIssuer(h.auth).OperatorToken("ada", merchant, false))(h.t)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens[as] = token
	return as
}

func adding(id, its string) string {
	return fmt.Sprintf(`{"clientId":%q,"scopes":["payments:read"],"channel":"magento","quota":{"requests":100,"perSeconds":10},`+
		`"secretHash":%q,"decidedBy":"Ada Byron"}`, id, clientKey.Hash(its))
}

// tokenOf is the status and the token that a client is answered with.
func (h *house) tokenOf(client, its string) (int, string) {
	granted, refusal := auth.NewIssuer(h.auth).Token(context.Background(), auth.TokenRequest{
		GrantType: "client_credentials", BasicID: client, BasicSecret: its,
	})
	if refusal != nil {
		return refusal.Status, ""
	}
	return http.StatusOK, granted.AccessToken
}

func TestTheLifeOfAClientThatWasAdded(t *testing.T) {
	h := newHouse(t)
	ada := h.operators("main")
	h.do(call{as: ada, path: clients, body: adding("terminal", "first "+marker)}).
		expect(200, "clientId", "terminal", "clientStatus", "active", "origin", "ledger", "secretCount", "1").golden("client_added")
	_, token := h.tokenOf("terminal", "first "+marker)
	h.mu.Lock()
	h.tokens["terminal"] = token
	h.mu.Unlock()
	h.do(call{as: "terminal", path: payments}).expect(200)
	h.do(call{as: "terminal", path: payments, key: "k", body: sale("1.00")}).refused(403, "insufficient_scope", "")

	second := fmt.Sprintf(`{"secretHash":%q,"oldForSeconds":3600,"decidedBy":"Ada Byron"}`, clientKey.Hash("second "+marker))
	h.do(call{as: ada, path: clients + "/terminal/rotate", body: second}).expect(200, "secretCount", "2").golden("client_rotated")
	h.do(call{as: ada, path: clients + "/terminal/rotate", body: second}).refused(422, "secret_not_rotatable", "")
	for _, its := range []string{"first ", "second "} {
		if status, _ := h.tokenOf("terminal", its+marker); status != 200 {
			t.Errorf("during the rotation the %ssecret is answered %d", its, status)
		}
	}
	h.do(call{as: ada, path: clients + "/terminal/rotate", body: `{"finish":true,"decidedBy":"Ada Byron"}`}).expect(200, "secretCount", "1")
	if status, _ := h.tokenOf("terminal", "first "+marker); status != 401 {
		t.Errorf("after the rotation the old secret is answered %d", status)
	}
	h.do(call{as: ada, path: clients}).expect(200)

	h.do(call{as: ada, path: clients + "/terminal/revoke", body: person()}).expect(200, "clientStatus", "revoked", "secretCount", "0").golden("client_revoked")
	h.do(call{as: "terminal", path: payments}).refused(401, "unauthorized", "")
	h.do(call{as: ada, path: clients + "/terminal/revoke", body: person()}).refused(422, "client_revoked", "")
	if log := h.log.String(); strings.Count(log, `"client.changed"`) != 4 || strings.Contains(log, "hmac-sha256") {
		t.Error("the log does not name four changes, or holds a hash")
	}
}

func TestOnlyAnOperatorManagesClientsAndOnlyOfOneMerchant(t *testing.T) {
	h := newHouse(t)
	ada, bob := h.operators("main"), h.operators("other")
	h.do(call{as: ada, path: clients, body: adding("terminal", "first")}).expect(200)
	for _, as := range []string{shop, chief} {
		h.do(call{as: as, path: clients}).refused(403, "insufficient_scope", "")
		h.do(call{as: as, path: clients, body: adding("mine", "its")}).refused(403, "insufficient_scope", "")
		h.do(call{as: as, path: clients + "/terminal/revoke", body: person()}).refused(403, "insufficient_scope", "")
	}
	if list := string(h.do(call{as: bob, path: clients}).expect(200).raw); strings.Contains(list, "terminal") || !strings.Contains(list, rival) {
		t.Errorf("the other merchant's operator sees %s", list)
	}
	h.do(call{as: bob, path: clients + "/terminal/revoke", body: person()}).refused(404, "not_found", "")
	h.do(call{as: bob, path: clients + "/terminal/rotate", body: `{"finish":true,"decidedBy":"Bob"}`}).refused(404, "not_found", "")
	h.do(call{as: bob, path: clients, body: adding("terminal", "its")}).refused(422, "client_exists", "")
}

func TestBadClientsAreRefused(t *testing.T) {
	h := newHouse(t)
	ada := h.operators("main")
	h.do(call{as: ada, path: clients, body: adding(shop, "its")}).refused(422, "client_configured", "")
	h.do(call{as: ada, path: clients + "/shop/revoke", body: person()}).refused(422, "client_configured", "")
	h.do(call{as: ada, path: clients + "?a=1"}).refused(400, "invalid_request", "a")
	good := adding("terminal", "its")
	for name, body := range map[string]string{
		"no id":           strings.Replace(good, `"clientId":"terminal",`, "", 1),
		"no scopes":       strings.Replace(good, `"scopes":["payments:read"],`, "", 1),
		"no such scope":   strings.Replace(good, `payments:read`, `everything`, 1),
		"a bad id":        strings.Replace(good, `"terminal"`, `"operator:ada"`, 1),
		"a bad channel":   strings.Replace(good, `"magento"`, `"Magento 2"`, 1),
		"no limit at all": strings.Replace(good, `"requests":100`, `"requests":0`, 1),
		"no proof":        strings.Replace(good, `"secretHash"`, `"secretHash":"","channel"`, 1),
		"another's hash":  strings.Replace(good, clientKey.Hash("its"), auth.SecretKey("another").Hash("its"), 1),
		"nobody decides":  strings.Replace(good, `"Ada Byron"`, `""`, 1),
	} {
		if a := h.do(call{as: ada, path: clients, body: body}); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	for _, body := range []string{`{"decidedBy":"Ada"}`, fmt.Sprintf(`{"decidedBy":"Ada","finish":true,"secretHash":%q}`, clientKey.Hash("x"))} {
		h.do(call{as: ada, path: clients + "/shop/rotate", body: body}).refused(400, "invalid_request", "secretHash")
	}
}

func TestGuessesAtSecretsAreSlowedDownAndLogged(t *testing.T) {
	h := newHouse(t)
	for n := range 11 {
		a := h.do(call{anyone: true, method: http.MethodPost, path: "/oauth/token",
			body:   "grant_type=client_credentials&client_id=" + shop + "&client_secret=" + marker,
			header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}})
		switch {
		case n < 10 && a.status != 401:
			t.Errorf("guess %d: %d", n+1, a.status)
		case n == 10 && (a.status != 429 || a.header.Get("Retry-After") == "" || a.at("error") != "slow_down"):
			t.Errorf("the last guess: %d %v %s", a.status, a.header, a.raw)
		}
	}
	log := h.log.String()
	if n := strings.Count(log, `"token.refused"`); n != 11 || strings.Count(log, `"client":"shop","address":"127.0.0.1"`) != 11 {
		t.Errorf("%d lines in the log of 11 refusals:\n%s", n, log)
	}
}
