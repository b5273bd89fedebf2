package leakhunt

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/api/auth"
)

// call is one request of a shop's.
type call struct {
	method, path, body string
	// header is laid over what every call has. An empty value takes one away.
	header map[string]string
	// operators marks what is asked on the operators' listener, cards what is on
	// that for card data.
	operators, cards bool
}

// reply is what a test reads of an answer.
type reply struct {
	status int
	body   []byte

	PaymentID, TransactionID, Code string
	Status                         any
}

var client = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

// send makes a call and writes down its answer. A connection that the gateway
// closes is an answer too.
func (w *town) send(c call) reply {
	address, by := "http://"+w.listen, client
	switch {
	case c.operators:
		address = "http://" + w.operators
	case c.cards:
		address, by = "https://"+w.cards, w.cardClient
	}
	request, err := http.NewRequest(c.method, address+c.path, strings.NewReader(c.body))
	if err != nil {
		w.t.Fatalf("the request %s cannot be made", c.method)
	}
	switch {
	case c.path == "/api/v1/session":
		request.Header.Set("Authorization", "Bearer "+w.session())
	case ofCommands(c.path):
		request.Header.Set("Authorization", "Bearer "+w.operatorToken())
	case !c.operators:
		request.Header.Set("Authorization", "Bearer "+w.token)
	}
	if c.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.method == http.MethodPost || c.method == http.MethodPatch {
		request.Header.Set("Idempotency-Key", "hunt-"+rand.Text())
	}
	for name, value := range c.header {
		request.Header.Del(name)
		if value != "" {
			request.Header[name] = []string{value}
		}
	}
	return w.do(by, request)
}

// ofCommands are the calls that a command at the gateway's machine makes, and no
// client.
func ofCommands(path string) bool {
	return strings.HasSuffix(path, "/erase") || slices.ContainsFunc([]string{"/api/v1/clients", "/api/v1/secrets", "/api/v1/operators"},
		func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// operatorToken is what a command at the gateway's machine makes.
func (w *town) operatorToken() string {
	w.t.Helper()
	keys, err := auth.LoadKeys(w.key)
	if err != nil {
		w.t.Fatal(err)
	}
	token, err := auth.NewIssuer(auth.Config{Issuer: "http://hunt.test", Keys: keys, Now: time.Now}).OperatorToken("ada", "main", false)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func (w *town) do(by *http.Client, request *http.Request) reply {
	answer, err := by.Do(request)
	if err != nil {
		return reply{}
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if shown := shownOnce(body); len(shown) > 0 {
		// This one answer is where they belong.
		for _, secret := range shown {
			w.cage.Keep("what the gateway gave out", secret)
		}
		return reply{status: answer.StatusCode, body: body}
	}
	var head bytes.Buffer
	_ = answer.Header.Write(&head)
	w.records.note(answered, answer.Status+"\n"+head.String()+"\n"+string(body))
	r := reply{status: answer.StatusCode, body: body}
	_ = json.Unmarshal(body, &r)
	return r
}

// shownOnce are the secrets in an answer that is there to give them out.
func shownOnce(body []byte) (all []string) {
	var answer struct {
		AccessToken     string `json:"access_token"`
		SessionToken    string `json:"sessionToken"`
		OneTimePassword string `json:"oneTimePassword"`
	}
	_ = json.Unmarshal(body, &answer)
	return slices.DeleteFunc([]string{answer.AccessToken, answer.SessionToken, answer.OneTimePassword}, func(s string) bool { return s == "" })
}

// session is of a person, who is let in once.
func (w *town) session() string {
	w.t.Helper()
	if w.person != "" {
		return w.person
	}
	first := func(r reply) string {
		w.t.Helper()
		all := shownOnce(r.body)
		if len(all) == 0 {
			w.t.Fatalf("nobody is let in: status %d", r.status)
		}
		return all[0]
	}
	oneTime := first(w.send(call{
		method: http.MethodPost, path: "/api/v1/operators", body: `{"operatorName":"hunter","role":"viewer","decidedBy":"Ada Byron"}`,
	}))
	w.person = first(w.send(call{method: http.MethodPost, path: "/sessions", body: fmt.Sprintf(
		`{"operatorName":"hunter","password":%q,"newPassword":%q,"bearer":true}`, oneTime, w.cage.Keep("a person's password", random()))}))
	return w.person
}

// logIn gets a token for the shop.
func (w *town) logIn() {
	w.t.Helper()
	r := w.grant(url.Values{"grant_type": {"client_credentials"}}, "shop", w.known("HUNT_SHOP"))
	if w.token = accessToken(r.body); w.token == "" {
		w.t.Fatalf("no token: status %d", r.status)
	}
}

// known is a variable of the gateway's environment.
func (w *town) known(name string) string {
	for _, variable := range w.environment {
		if value, is := strings.CutPrefix(variable, name+"="); is {
			return value
		}
	}
	return ""
}

// grant asks for a token.
func (w *town) grant(form url.Values, user, password string) reply {
	request, err := http.NewRequest(http.MethodPost, "http://"+w.listen+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		request.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password))
	}
	return w.do(client, request)
}

// shout sends bytes that may be no HTTP.
func (w *town) shout(text string) {
	connection, err := net.Dial("tcp", w.listen)
	if err != nil {
		w.t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(connection, text)
	_ = connection.(*net.TCPConn).CloseWrite()
	said, _ := io.ReadAll(connection)
	w.records.note(answered, string(said))
}

// ask asks the simulator's control port, which is not searched.
func (w *town) ask(method, path, body string, into any) {
	w.t.Helper()
	request, err := http.NewRequest(method, "http://"+w.control+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.t.Fatalf("the simulator answers %s with %d, %v", path, answer.StatusCode, err)
	}
	if into != nil {
		if err := json.Unmarshal(content, into); err != nil {
			w.t.Fatal(err)
		}
	}
}

// misbehave replaces the simulator's faults.
func (w *town) misbehave(faults ...string) {
	w.t.Helper()
	w.ask(http.MethodPut, "/faults", `{"faults":[`+strings.Join(faults, ",")+`]}`, nil)
}

// hostedFields gives a card to PayTrace's script, as a browser does, and gets
// what the shop may know of it. The gateway may not keep that either.
func (w *town) hostedFields(label string) string {
	w.t.Helper()
	number, code := w.cage.Visa(label), w.cage.CSC(label)
	var fields struct{ HPFToken, EncKey string }
	w.ask(http.MethodPost, "/hosted_fields",
		fmt.Sprintf(`{"cardNumber":%q,"csc":%q,"expirationMonth":"12","expirationYear":"2031"}`, number, code), &fields)
	w.cage.Keep("the token of the hosted fields, "+label, fields.HPFToken)
	w.cage.Keep("the key of the hosted fields, "+label, fields.EncKey)
	return fmt.Sprintf(`{"hostedFields":{"hpfToken":%q,"encKey":%q}}`, fields.HPFToken, fields.EncKey)
}

// encryptedCard encrypts a card with PayTrace's key, as its script does.
func (w *town) encryptedCard(label string) string {
	w.t.Helper()
	return fmt.Sprintf(`{"encryptedCard":{"cardNumber":%q,"csc":%q,"expirationMonth":"12","expirationYear":"2031"}}`,
		w.encrypt("number, "+label, w.cage.Visa(label)), w.encrypt("code, "+label, w.cage.CSC(label)))
}

// encrypt is what PayTrace's script makes of a text. The gateway may not keep that
// either.
func (w *town) encrypt(what, plain string) string {
	w.t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+w.control+"/encryption_key", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	block, _ := pem.Decode(text)
	if err != nil || block == nil {
		w.t.Fatalf("no encryption key: %v", err)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		w.t.Fatal(err)
	}
	cipher, err := rsa.EncryptPKCS1v15(rand.Reader, parsed.(*rsa.PublicKey), []byte(plain))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.cage.Keep("the ciphertext of the "+what, base64.StdEncoding.EncodeToString(cipher))
}

// payment is the body of one.
func payment(intent, order, method string) string {
	return fmt.Sprintf(`{"intent":%q,"amount":"19.99","orderId":%q,"paymentMethod":%s,"metadata":{"po":"4711"}}`, intent, order, method)
}

// paying asks for a payment under a key.
func paying(key, body string) call {
	return call{method: http.MethodPost, path: "/api/v1/payments", body: body, header: map[string]string{"Idempotency-Key": key}}
}

func (w *town) pay(key, body string) reply { return w.send(paying(key, body)) }

// changing captures, voids or refunds.
func changing(verb, payment, key, body string) call {
	return call{method: http.MethodPost, path: "/api/v1/transactions/" + payment + "/" + verb, body: body, header: map[string]string{"Idempotency-Key": key}}
}

// must makes a call that has to get this status, and repeats it as a shop does
// while the gateway, on a busy machine, asks for that.
func (w *town) must(what string, status int, c call) reply {
	w.t.Helper()
	if c.header["Idempotency-Key"] == "" {
		c.header = map[string]string{"Idempotency-Key": "must-" + rand.Text()}
	}
	var r reply
	eventually(w.t, what+" is answered", func() bool {
		r = w.send(c)
		return r.status == status || !slices.Contains([]int{0, http.StatusAccepted, http.StatusConflict, http.StatusServiceUnavailable}, r.status)
	})
	if r.status != status {
		w.t.Fatalf("%s: status %d, code %s, want %d", what, r.status, r.Code, status)
	}
	return r
}
