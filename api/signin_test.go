package api_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// vouching is an identity provider that vouches for whom it is told to.
type vouching struct{ id gateway.Identity }

func (v *vouching) Begin(_ context.Context, s gateway.SignIn) (string, error) {
	return "https://id.test/authorize?state=" + s.State, nil
}

func (v *vouching) Finish(_ context.Context, s gateway.SignIn, code string) (gateway.Identity, error) {
	if code != "good" || s.Nonce == "" || s.Verifier == "" {
		return gateway.Identity{}, gateway.NotLoggedIn("the identity provider refuses the code")
	}
	return v.id, nil
}

// begins sends a browser off, and gives the state and the cookie that it has.
func (h *house) begins() (state, cookie string) {
	h.t.Helper()
	h.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := h.do(call{anyone: true, path: "/sessions/oidc"}).expect(http.StatusSeeOther)
	u := must(url.Parse(a.header.Get("Location")))(h.t)
	cookie, _, _ = strings.Cut(a.header.Get("Set-Cookie"), ";")
	if !strings.Contains(a.header.Get("Set-Cookie"), "SameSite=Lax") {
		h.t.Errorf("the cookie is %s", a.header.Get("Set-Cookie"))
	}
	return u.Query().Get("state"), cookie
}

func (h *house) comesBack(state, code, cookie string) answer {
	h.t.Helper()
	return h.do(call{anyone: true, path: "/sessions/oidc/callback?state=" + state + "&code=" + code, header: map[string]string{"Cookie": cookie}})
}

func TestAPersonComesFromTheIdentityProvider(t *testing.T) {
	h := newHouse(t)
	provider := &vouching{gateway.Identity{Issuer: "https://id.test", Subject: "7", Name: "ada", Role: "viewer"}}
	h.people.Provider = provider
	state, cookie := h.begins()
	in := h.comesBack(state, "good", cookie).expect(201, "operatorName", "ada", "role", "viewer")
	shown := ""
	for _, line := range in.header.Values("Set-Cookie") {
		if strings.HasPrefix(line, "__Host-gateway-session=pgos_") {
			shown, _, _ = strings.Cut(line, ";")
		}
	}
	sees := func() answer {
		return h.do(call{anyone: true, path: payments, header: map[string]string{"Cookie": shown, "X-Merchant-Id": "main"}})
	}
	sees().expect(200)

	// Another role at the provider is another role here, and ends what was begun.
	provider.id.Role = "admin"
	state, cookie = h.begins()
	h.comesBack(state, "good", cookie).expect(201, "role", "admin")
	sees().refused(401, "unauthorized", "")

	h.do(call{as: h.operators("main"), path: operatorsAt + "/ada/role", body: `{"role":"viewer","decidedBy":"Ada Byron"}`}).refused(422, "role_not_assignable", "")
	h.do(call{as: h.operators("main"), path: operatorsAt + "/ada/disable", body: person()}).expect(200)
	state, cookie = h.begins()
	h.comesBack(state, "good", cookie).refused(401, "log_in_refused", "")
	h.logIn("ada", chosen, "", true).refused(401, "log_in_refused", "")
	if a := h.do(call{as: h.operators("main"), path: operatorsAt + "/ada/reset", body: person()}).expect(200, "operatorStatus", "active"); a.at("oneTimePassword") != "" {
		t.Errorf("a reset gives a password: %s", a.raw)
	}
}

func TestWhatWasNotBegunInThisBrowserIsNotFinished(t *testing.T) {
	h := newHouse(t)
	h.people.Provider = &vouching{gateway.Identity{Issuer: "https://id.test", Subject: "7", Name: "ada", Role: "viewer"}}
	state, cookie := h.begins()
	other, _ := h.begins()
	for name, c := range map[string][3]string{
		"without a cookie":      {state, "good", ""},
		"with a cookie of ours": {state, "good", "__Host-gateway-sign-in=x"},
		"another's state":       {other, "good", cookie},
		"no state":              {"", "good", cookie},
		"no code":               {state, "", cookie},
		"another's code":        {state, "bad", cookie},
	} {
		if a := h.comesBack(c[0], c[1], c[2]); a.status != 401 || a.at("code") != "log_in_refused" {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	h.comesBack(state, "good", cookie).expect(201)

	// A name that somebody else has is not given away.
	h.invite("bob", "viewer", "main")
	h.people.Provider = &vouching{gateway.Identity{Issuer: "https://id.test", Subject: "8", Name: "bob", Role: "admin"}}
	state, cookie = h.begins()
	h.comesBack(state, "good", cookie).refused(401, "log_in_refused", "")
}
