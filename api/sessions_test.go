package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/api/auth"
)

const (
	sessions    = "/sessions"
	operatorsAt = "/api/v1/operators"
	// chosen is a password that a person has chosen.
	chosen = "three words " + marker
)

// person logs somebody in who has this role for these merchants, and may call
// under the name from then on.
func (h *house) person(name string, role auth.Role, merchants ...string) string {
	h.t.Helper()
	oneTime := h.invite(name, role, merchants...)
	token := h.logIn(name, oneTime, chosen, true).expect(http.StatusCreated).at("sessionToken")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens[name] = token
	return name
}

// viewer is a person of the merchant main who reads.
func (h *house) viewer(name string) string { return h.person(name, auth.RoleViewer, "main") }

func (h *house) invite(name string, role auth.Role, merchants ...string) (oneTime string) {
	h.t.Helper()
	body := fmt.Sprintf(`{"operatorName":%q,"role":%q,"merchantIds":["%s"],"decidedBy":"Ada Byron"}`, name, role, strings.Join(merchants, `","`))
	return h.do(call{as: h.operators(merchants[0]), path: operatorsAt, body: body}).expect(http.StatusOK).at("oneTimePassword")
}

func (h *house) logIn(name, password, another string, bearer bool) answer {
	h.t.Helper()
	return h.do(call{anyone: true, path: sessions, body: fmt.Sprintf(
		`{"operatorName":%q,"password":%q,"newPassword":%q,"bearer":%t}`, name, password, another, bearer)})
}

func TestTheLifeOfAnOperator(t *testing.T) {
	h := newHouse(t)
	oneTime := h.invite("ada", auth.RoleOperator, "main")
	h.logIn("ada", oneTime, "", true).refused(422, "new_password_needed", "newPassword")
	h.logIn("ada", oneTime, "password1234", true).refused(422, "new_password_refused", "newPassword")
	h.logIn("ada", oneTime, chosen, true).expect(201, "operatorName", "ada", "role", "operator")
	h.logIn("ada", oneTime, "", true).refused(401, "log_in_refused", "")

	begun := h.logIn("ada", chosen, "", false).expect(201)
	cookie := begun.header.Get("Set-Cookie")
	for _, word := range []string{"__Host-gateway-session=pgos_", "HttpOnly", "secure", "SameSite=Strict", "path=/"} {
		if !strings.Contains(cookie, word) {
			t.Errorf("the cookie lacks %s: %s", word, cookie)
		}
	}
	if begun.at("sessionToken") != "" || strings.Contains(strings.ToLower(cookie), "domain") {
		t.Errorf("a browser is told %s %s", begun.raw, cookie)
	}
	shown, _, _ := strings.Cut(cookie, ";")
	browser := func(c call) answer {
		c.anyone = true
		if c.header == nil {
			c.header = map[string]string{}
		}
		c.header["Cookie"] = shown
		return h.do(c)
	}
	browser(call{path: "/api/v1/session"}).expect(200, "operatorName", "ada")
	browser(call{path: payments}).expect(200)
	browser(call{method: "DELETE", path: "/api/v1/session"}).refused(403, "cross_site_request", "")
	browser(call{method: "DELETE", path: "/api/v1/session", header: map[string]string{"Origin": "HTTP://Gateway.test:80"}}).expect(204)
	browser(call{path: payments}).refused(401, "unauthorized", "")
	if strings.Contains(h.log.String(), oneTime) || strings.Contains(h.log.String(), "pgos_") {
		t.Error("the log holds a password or a session")
	}
}

// A cookie goes along with whatever page has a browser call; its origin tells.
func TestOnlyTheGatewaysOwnPageChangesSomethingWithACookie(t *testing.T) {
	h := newHouse(t)
	h.person("ada", auth.RoleOperator, "main")
	cookie, _, _ := strings.Cut(h.logIn("ada", chosen, "", false).header.Get("Set-Cookie"), ";")
	for name, c := range map[string]struct {
		header map[string]string
		passes bool
	}{
		"nothing":                  {nil, false},
		"its own origin":           {map[string]string{"Origin": publicURL}, true},
		"in another spelling":      {map[string]string{"Origin": "HTTP://GATEWAY.TEST:80"}, true},
		"another's":                {map[string]string{"Origin": "http://evil.test"}, false},
		"a subdomain's":            {map[string]string{"Origin": "http://a.gateway.test"}, false},
		"another port's":           {map[string]string{"Origin": "http://gateway.test:8080"}, false},
		"over TLS":                 {map[string]string{"Origin": "https://gateway.test"}, false},
		"a sandboxed page's":       {map[string]string{"Origin": "null"}, false},
		"the same site":            {map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		"the same origin":          {map[string]string{"Sec-Fetch-Site": "same-origin"}, true},
		"another site":             {map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"its own, and another say": {map[string]string{"Origin": publicURL, "Sec-Fetch-Site": "cross-site"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			header := map[string]string{"Cookie": cookie}
			for name, value := range c.header {
				header[name] = value
			}
			a := h.do(call{anyone: true, path: callbacks + "/dlv_1/replay", body: "{}", header: header})
			if passed := a.status == http.StatusNotFound; passed != c.passes {
				t.Errorf("%v: %d %s", c.header, a.status, a.raw)
			}
			delete(header, "Cookie")
			if a := h.do(call{anyone: true, path: sessions, body: `{"operatorName":"ada","password":"x"}`, header: header}); !c.passes && len(c.header) > 0 && a.status != http.StatusForbidden {
				t.Errorf("a log-in from %v: %d %s", c.header, a.status, a.raw)
			}
		})
	}
}

func TestARoleThatIsTakenAwayEndsTheSessions(t *testing.T) {
	h := newHouse(t)
	ada, eve := h.person("ada", auth.RoleAdmin, "main"), h.person("eve", auth.RoleViewer, "main")
	h.do(call{as: eve, path: payments}).expect(200)
	h.do(call{as: ada, path: operatorsAt + "/eve/role", body: `{"role":"viewer"}`}).refused(422, "role_not_assignable", "")
	h.do(call{as: eve, path: payments}).expect(200)
	h.do(call{as: ada, path: operatorsAt + "/eve/role", body: `{"role":"operator"}`}).expect(200, "role", "operator").golden("operator_assigned")
	h.do(call{as: eve, path: payments}).refused(401, "unauthorized", "")

	h.logIn("eve", chosen, "", true).expect(201)
	h.do(call{as: ada, path: operatorsAt + "/eve/disable", body: "{}"}).expect(200, "operatorStatus", "disabled", "disabledBy", "operator:ada")
	h.logIn("eve", chosen, "", true).refused(401, "log_in_refused", "")
	h.do(call{as: ada, path: operatorsAt + "/eve/disable", body: "{}"}).refused(422, "operator_disabled", "")
	again := h.do(call{as: ada, path: operatorsAt + "/eve/reset", body: "{}"}).expect(200, "operatorStatus", "invited").at("oneTimePassword")
	h.logIn("eve", chosen, "", true).refused(401, "log_in_refused", "")
	h.logIn("eve", again, "other words "+marker, true).expect(201)
	h.do(call{as: ada, path: operatorsAt, body: `{"operatorName":"eve","role":"viewer"}`}).refused(422, "operator_exists", "")
}

// An admin decides for no more merchants than the admin works for.
func TestAnAdminCannotReachFurtherThanTheirOwnMerchants(t *testing.T) {
	h := newHouse(t)
	ada := h.person("ada", auth.RoleAdmin, "main")
	both := h.person("both", auth.RoleAdmin, "main", "other")
	h.do(call{as: ada, path: operatorsAt, body: `{"operatorName":"bob","role":"viewer","merchantIds":["other"]}`}).refused(400, "invalid_request", "merchantIds")
	h.do(call{as: ada, path: operatorsAt + "/both/disable", body: "{}"}).refused(404, "not_found", "")
	if list := string(h.do(call{as: ada, path: operatorsAt}).expect(200).raw); strings.Contains(list, "both") || !strings.Contains(list, "ada") {
		t.Errorf("the admin of one merchant sees %s", list)
	}
	h.do(call{as: both, path: payments}).refused(400, "invalid_request", "X-Merchant-Id")
	h.do(call{as: both, path: payments, header: map[string]string{"X-Merchant-Id": "nobody"}}).refused(404, "not_found", "X-Merchant-Id")
	h.do(call{as: both, path: payments, header: map[string]string{"X-Merchant-Id": "other"}}).expect(200)
	h.do(call{as: ada, path: payments, header: map[string]string{"X-Merchant-Id": "other"}}).refused(404, "not_found", "X-Merchant-Id")
}

// The decision bears the name of the session, whatever the body says.
func TestADecisionBearsThePersonsName(t *testing.T) {
	h := newHouse(t)
	dead, _ := h.deadLetter()
	ada := h.person("ada", auth.RoleOperator, "main")
	body := `{"decidedBy":"somebody else","note":"seen"}`
	a := h.do(call{as: ada, path: callbacks + "/" + dead.ID + "/skip", body: body}).expect(200)
	if by := a.at("lastAttempt.attemptedBy"); by != "operator:ada" {
		t.Errorf("it was decided by %q, want operator:ada", by)
	}
}

func TestGuessesAtPasswordsAreSlowedDown(t *testing.T) {
	h := newHouse(t)
	h.invite("ada", auth.RoleViewer, "main")
	slowed := 0
	for range 12 {
		for _, name := range []string{"ada", "nobody-" + marker} {
			a := h.logIn(name, "wrong "+marker, "", true)
			switch {
			case a.status == 429 && a.header.Get("Retry-After") != "" && a.at("code") == "slow_down":
				slowed++
			case a.status != 401:
				t.Errorf("%s: %d %s", name, a.status, a.raw)
			}
		}
	}
	if slowed < 4 || strings.Count(h.log.String(), `"session.refused"`) != 24 {
		t.Errorf("%d of 24 guesses were slowed down", slowed)
	}
}
