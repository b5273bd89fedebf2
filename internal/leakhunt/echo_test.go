package leakhunt

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// echo is an answer of a neighbour that quotes what no answer should.
type echo struct {
	name   string
	answer func(quote string) http.HandlerFunc
}

// garbled are answers in which anything may stand, whoever gives them: words,
// headers, and bytes that are no HTTP, which Go's own errors quote.
var garbled = []echo{
	{"a page", func(q string) http.HandlerFunc { return says(502, "text/html", "<title>"+q+"</title>") }},
	{"a page with 200", func(q string) http.HandlerFunc { return says(200, "text/html", "<title>"+q+"</title>") }},
	{"torn JSON", func(q string) http.HandlerFunc { return says(200, "application/json", `{"message":"`+q) }},
	{"JSON of another shape", func(q string) http.HandlerFunc { return says(200, "application/json", `["`+q+`"]`) }},
	{"a name in JSON", func(q string) http.HandlerFunc { return says(400, "application/json", `{"`+q+`":1,"`+q+`":2}`) }},
	{"a type of content", func(q string) http.HandlerFunc { return says(400, "text/"+q, "no") }},
	{"a redirect", func(q string) http.HandlerFunc {
		return says(307, "text/plain", "", "Location", "http://127.0.0.1:1/"+url.PathEscape(q))
	}},
	{"a wait", func(q string) http.HandlerFunc { return says(503, "text/plain", "busy", "Retry-After", q) }},
	{"a challenge", func(q string) http.HandlerFunc { return says(401, "text/plain", "no", "WWW-Authenticate", q) }},
	{"a cookie", func(q string) http.HandlerFunc { return says(400, "text/plain", "no", "Set-Cookie", "card="+q) }},
	{"a line of status", func(q string) http.HandlerFunc { return writes("HTTP/1.1 " + q + "\r\n\r\n") }},
	{"a protocol", func(q string) http.HandlerFunc { return writes(q + " 200 OK\r\n\r\n") }},
	{"a reason", func(q string) http.HandlerFunc { return writes("HTTP/1.1 500 " + q + "\r\nContent-Length: 0\r\n\r\n") }},
	{"a broken header", func(q string) http.HandlerFunc { return writes("HTTP/1.1 200 OK\r\n" + q + "\r\n\r\n") }},
	{"a header's name", func(q string) http.HandlerFunc { return writes("HTTP/1.1 200 OK\r\n" + q + " x: 1\r\n\r\n") }},
	{"a length", func(q string) http.HandlerFunc {
		return writes("HTTP/1.1 200 OK\r\nContent-Length: " + q + "x\r\n\r\n")
	}},
	{"an encoding", func(q string) http.HandlerFunc {
		return writes("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + q + "\r\n\r\n")
	}},
	{"a chunk", func(q string) http.HandlerFunc {
		return writes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + q + "zz\r\n" + q)
	}},
	{"a body after its end", func(q string) http.HandlerFunc {
		return writes("HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 " + q + "\r\n\r\n")
	}},
}

// members are answers of PayTrace's own form, with words in each of its members.
var members = []string{
	`{"success":true,"response_code":101,"status_message":"Q","transaction_id":1,"approval_code":"T1","approval_message":"Q","avs_response":"Q","csc_response":"Q","masked_card_number":"Q","external_transaction_id":"Q","Q":"Q"}`,
	`{"success":false,"response_code":1,"status_message":"Q","errors":{"35":["Q"]}}`,
	`{"success":false,"response_code":1,"status_message":"no","errors":{"Q":["no"]}}`,
	`{"success":false,"response_code":102,"status_message":"Q","transaction_id":2,"approval_message":"  DECLINE - Q","discretionary_data":{"Q":"Q"}}`,
	`{"success":true,"response_code":101,"status_message":"Q","transaction_id":"Q","approval_code":"Q"}`,
	`{"error":"Q","error_description":"Q","error_uri":"Q"}`,
}

// quotes are what neighbours quote: a card in two forms, and every secret that
// they know. Each has a card of its own.
func (w *town) quotes(where string, secrets ...string) []string {
	number, spaced := w.cage.Card(where+", a card quoted"), w.cage.Card(where+", a spaced card quoted")
	all := []string{number, "card " + grouped(spaced, " ") + " csc=" + w.cage.CSC(where)}
	for _, secret := range secrets {
		all = append(all, "for "+w.known(secret))
	}
	return all
}

// payTraceEchoes has PayTrace quote cards and our own secrets in all that it
// answers.
func (w *town) payTraceEchoes() {
	w.t.Helper()
	n := 0
	sell := func(answer http.HandlerFunc) {
		n++
		key := fmt.Sprintf("echo-%d", n)
		w.paytrace.instead("/transactions/sale", 1, answer)
		w.send(call{method: http.MethodPost, path: "/api/v1/payments", body: w.place(key, w.hostedFields(key)), header: map[string]string{
			"Idempotency-Key": key, "X-Request-Timeout-Ms": "1000",
		}})
		w.paytrace.peace()
		for j := range 2 {
			good := fmt.Sprintf("between-%d-%d", n, j)
			w.pay(good, w.place(good, w.hostedFields(good)))
		}
	}
	for i, form := range members {
		for _, quote := range w.quotes(fmt.Sprintf("PayTrace's answer %d", i), "HUNT_PAYTRACE") {
			sell(says(200, "application/json", strings.ReplaceAll(form, "Q", quote)))
		}
	}
	for _, e := range garbled {
		for _, quote := range w.quotes("PayTrace's answer, "+e.name, "HUNT_PAYTRACE") {
			sell(e.answer(quote))
		}
	}
}

// checkMembers are answers of PayTrace's own form about bank payments.
var checkMembers = []string{
	`{"success":true,"response_code":120,"status_message":"Q","check_transaction_id":981001,"ach_code":"Q","ach_message":"Q","Q":"Q"}`,
	`{"success":false,"response_code":125,"status_message":"Q","check_transaction_id":981002,"ach_code":"Q","ach_message":"account Q is closed"}`,
	`{"success":false,"response_code":1,"status_message":"Q","errors":{"45":["Q is no account"]}}`,
	`{"success":false,"response_code":1,"status_message":"no","errors":{"80":["no check of Q"],"Q":["no"]}}`,
	`{"error":"Q","error_description":"Q"}`,
}

// checksEcho has PayTrace quote an account number, which may be shorter than that
// of any card, in all that it answers to a bank payment.
func (w *town) checksEcho() {
	w.t.Helper()
	for i, form := range checkMembers {
		key := fmt.Sprintf("echo-check-%d", i)
		number := w.cage.ShortAccount(fmt.Sprintf("PayTrace's answer about a check %d, an account quoted", i))
		w.paytrace.instead("/checks/sale", 1, says(200, "application/json", strings.ReplaceAll(form, "Q", number)))
		w.pay(key, w.place(key, w.encryptedAccount(key)))
		w.paytrace.peace()
		for j := range 2 {
			good := fmt.Sprintf("between-checks-%d-%d", i, j)
			w.pay(good, w.place(good, w.encryptedAccount(good)))
		}
	}
}

// clerkTypesCards has PayTrace's export hold cards that a clerk has typed
// into every field there is, so long ago that they can be no payment that is
// under way.
func (w *town) clerkTypesCards() {
	w.t.Helper()
	now := time.Now().UTC()
	w.ask(http.MethodPost, "/clock", fmt.Sprintf(`{"set":%q}`, now.Add(-2*time.Hour).Format(time.RFC3339)), nil)
	defer w.ask(http.MethodPost, "/clock", fmt.Sprintf(`{"set":%q}`, now.Format(time.RFC3339)), nil)
	for _, member := range []string{"invoiceId", "customerReferenceId"} {
		for how := range written("") {
			number := w.cage.Card("a clerk's " + member + ", " + how)
			w.ask(http.MethodPost, "/clerk", fmt.Sprintf(`{"kind":"sale","amount":"3.00",%q:%q}`, member, written(number)[how]), nil)
		}
	}
}

// loginEchoes has PayTrace quote the password while it refuses a token. Only a
// gateway that was just started asks for one.
func (w *town) loginEchoes() {
	w.t.Helper()
	for i, form := range []string{
		`{"error":"invalid_grant","error_description":"Q"}`, `{"error":"Q"}`, `{"access_token":{"Q":1}}`, "Q",
		`{"access_token":"Q Q","token_type":"Q","expires_in":7200}`,
	} {
		for j, quote := range w.quotes(fmt.Sprintf("PayTrace's refusal %d of a token", i), "HUNT_PAYTRACE") {
			w.paytrace.instead("/oauth/token", 1, says(401-i%2*201, "application/json", strings.ReplaceAll(form, "Q", quote)))
			key := fmt.Sprintf("login-%d-%d", i, j)
			w.pay(key, w.place(key, w.hostedFields(key)))
		}
	}
	w.paytrace.peace()
}

// refusals are answers of those who are told, in their own forms.
var refusals = []string{
	`[{"errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"Q","fields":["Q"]}]`, `[{"errorCode":"Q","message":"Q"}]`,
	`{"message":"Q %1","parameters":["Q"],"trace":"Q"}`, `{"error":"invalid_client","error_description":"Q"}`,
	`[{"id":"Q","success":false,"errors":[{"statusCode":"Q","message":"Q","fields":["Q"]}]}]`,
}

// subscribersEcho has everybody who is told, the collector of spans too, quote
// cards, and the secrets that they know us by. Each such answer is followed by a good one, since who gives
// bad ones only is left in peace for a while.
func (w *town) subscribersEcho() {
	w.t.Helper()
	quote := func(n *neighbour, word string, secrets ...string) {
		for _, e := range garbled {
			for _, q := range w.quotes(n.place+word+", "+e.name, secrets...) {
				n.instead(word, 1, e.answer(q))
				n.instead(word, 1, nil)
			}
		}
		for _, form := range refusals {
			for _, q := range w.quotes(n.place+word+", a refusal", secrets...) {
				n.instead(word, 1, says(400, "application/json", strings.ReplaceAll(form, "Q", q)))
				n.instead(word, 1, nil)
			}
		}
	}
	// Spans are sent so seldom that the collector is asked a few times only.
	for _, q := range w.quotes("the collector of spans", "HUNT_COLLECTOR") {
		w.collector.instead("", 1, writes("HTTP/1.1 "+q+"\r\n\r\n"))
		w.collector.instead("", 1, says(400, "text/plain", q))
	}
	quote(w.erp, "", "HUNT_ERP")
	quote(w.org, "/services/data", "HUNT_ORG")
	// It is asked for a token when it does not know the last one.
	for range len(garbled) {
		w.org.instead("/services/data", 1, says(401, "application/json", `[{"errorCode":"INVALID_SESSION_ID","message":"gone"}]`))
	}
	quote(w.org, "/oauth2/token", "HUNT_ORG")
	quote(w.shop, "/rest", "HUNT_ACCESS_TOKEN", "HUNT_CONSUMER_SECRET")
}

// tellAll has what waits sent again until everybody has given all the answers
// that were ordered: a person who decides that ends the pause of a subscriber
// that seemed to be down.
func (w *town) tellAll() {
	w.t.Helper()
	rounds := 0
	eventually(w.t, "everybody was told often enough", func() bool {
		rounds++
		key := fmt.Sprintf("told-%d", rounds)
		w.pay(key, w.place(key, w.hostedFields(key)))
		for name, n := range map[string]*neighbour{"erp": w.erp, "salesforce": w.org, "magento": w.shop} {
			if n.pending() == 0 {
				continue
			}
			for _, id := range w.deliveries("&deliveryStatus=pending&subscriber=" + name) {
				w.send(call{method: http.MethodPost, path: "/api/v1/callbacks/" + id + "/replay", body: `{"decidedBy":"Ada Byron"}`})
			}
		}
		return w.erp.pending()+w.org.pending()+w.shop.pending() == 0 || rounds == 30
	})
	w.t.Logf("answers that nobody asked for after %d rounds: webhook %d, org %d, shop %d, collector %d",
		rounds, w.erp.pending(), w.org.pending(), w.shop.pending(), w.collector.pending())
}
