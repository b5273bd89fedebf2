package leakhunt

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// shoutCards sends bytes that are hardly HTTP. The server's own errors quote
// all that it has read.
func (w *town) shoutCards() {
	w.t.Helper()
	for _, form := range []string{
		"%s\r\n\r\n",
		"%s / HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /%s HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET / %s\r\nHost: x\r\n\r\n",
		"GET http://%s/ HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://user:%s@x/ HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /%%zz%s HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n%s : 1\r\n\r\n",
		"GET / HTTP/1.1\nHost: x\nX-Card: %s\n\n",
		"GET / HTTP/1.1\r\nHost: x\r\nX-Card: " + strings.Repeat("x", 70_000) + "%s\r\n\r\n",
		"GET /" + strings.Repeat("x", 70_000) + "%s HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n",
		"POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: -%s\r\n\r\n",
		"POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"orderId\":\"%s",
		"POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: %s\r\n\r\n0\r\n\r\n",
		"POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%sz\r\n",
		"POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n%s",
		"POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nIdempotency-Key: %s\r\n\r\n",
		"POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nExpect: %s\r\nContent-Length: 2\r\n\r\n{}",
		"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"\x16\x03\x01%s\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n%s",
	} {
		where := strings.TrimSpace(strings.NewReplacer("\r\n", " ", "\n", " ", strings.Repeat("x", 70_000), "xxx").Replace(form))
		w.shout(fmt.Sprintf(form, w.cage.Card("bytes: "+where)))
		// With a token beside it, an error that quotes all shows that too.
		if before, after, cut := strings.Cut(form, "Host: x\r\n"); cut {
			w.shout(fmt.Sprintf(before+"Host: x\r\nAuthorization: Bearer "+w.token+"\r\n"+after, w.cage.Card("bytes with a token: "+where)))
		}
	}
}

// logInWithCards asks for tokens with cards, and with secrets, in the wrong
// places.
func (w *town) logInWithCards() {
	w.t.Helper()
	secret := w.known("HUNT_SHOP")
	card := func(where string) string { return w.cage.Card("log-in, " + where) }
	grant := func(pairs ...string) url.Values {
		form := url.Values{"grant_type": {"client_credentials"}}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	w.grant(grant(), card("the user"), secret)
	w.grant(grant(), secret, card("the password"))
	w.grant(grant(), "shop", w.cage.Keep("a wrong secret", random()))
	w.grant(grant("grant_type", card("the grant")), "shop", secret)
	w.grant(grant("scope", card("the scope")), "shop", secret)
	w.grant(grant("scope", secret), "shop", secret)
	w.grant(grant(card("a name"), secret), "shop", secret)
	w.grant(grant("client_id", "shop", "client_secret", card("the secret of a form")), "", "")
	w.grant(grant("client_id", secret, "client_secret", secret), "", "")
	assertion := func(header, claims string) string {
		encode := base64.RawURLEncoding.EncodeToString
		return encode([]byte(header)) + "." + encode([]byte(claims)) + "." + encode([]byte(strings.Repeat("s", 256)))
	}
	for where, text := range map[string]string{
		"an assertion's key":      assertion(`{"alg":"RS256","kid":"`+card("an assertion's key")+`"}`, `{"iss":"shop","sub":"shop"}`),
		"an assertion's method":   assertion(`{"alg":"`+card("an assertion's method")+`"}`, `{}`),
		"an assertion's subject":  assertion(`{"alg":"RS256"}`, `{"iss":"`+card("an issuer")+`","sub":"`+card("a subject")+`","aud":"`+card("an audience")+`"}`),
		"an assertion that is no": card("an assertion"),
	} {
		w.grant(url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {text}, "client_assertion": {text},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		}, "", "")
		w.send(call{method: "GET", path: "/api/v1/payments", header: map[string]string{"Authorization": "Bearer " + text, "X-Case": where}})
	}
	// A good token whose end is not its own.
	w.send(call{method: "GET", path: "/api/v1/payments", header: map[string]string{"Authorization": "Bearer " + w.token[:len(w.token)-20] + card("a token's end")}})
	// One that has too few requests left, and may not do what it asks.
	hurried := accessToken(w.grant(grant(), "hurried", w.known("HUNT_HURRIED")).body)
	for range 3 {
		w.send(call{method: "GET", path: "/api/v1/payments?orderId=" + card("a query beyond the quota"), header: map[string]string{"Authorization": "Bearer " + hurried}})
	}
	w.send(call{method: "POST", path: "/api/v1/payments", body: `{"orderId":"` + card("without the scope") + `"}`, header: map[string]string{"Authorization": "Bearer " + hurried}})
}
