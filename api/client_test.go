package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// call is one request of a test. Empty members take what a good request has.
type call struct {
	as       string // the client, shop when empty
	anyone   bool   // without a token
	operator bool   // on the operator's listener
	cards    bool   // on the listener for card data
	method   string // GET, or POST with a body or a key
	path     string
	key      string
	body     string
	// header adds to the request's headers or replaces them; an empty value
	// removes one.
	header map[string]string
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    []byte
	body   map[string]any
	last   bool // of a raw connection: the gateway said that it ends
}

func (c call) request(h *house) *http.Request {
	h.t.Helper()
	if c.method == "" {
		c.method = http.MethodGet
		if c.body != "" || c.key != "" {
			c.method = http.MethodPost
		}
	}
	address := h.public
	if c.operator {
		address = h.operator
	}
	if c.cards {
		address = h.cards
	}
	req := must(http.NewRequest(c.method, "http://"+address+c.path, strings.NewReader(c.body)))(h.t)
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.as == "" {
		c.as = shop
	}
	if !c.anyone {
		req.Header.Set("Authorization", "Bearer "+h.token(c.as))
	}
	if c.key != "" {
		req.Header.Set("Idempotency-Key", c.key)
	}
	for name, value := range c.header {
		if value == "" {
			req.Header.Del(name)
			continue
		}
		req.Header.Set(name, value)
	}
	return req
}

// do makes the call and holds its answer against the contract. It may be used
// from any goroutine of the test.
func (h *house) do(c call) answer {
	h.t.Helper()
	req := c.request(h)
	res, err := h.client.Do(req)
	if err != nil {
		h.t.Errorf("%s %s: %v", req.Method, c.path, err)
		return answer{t: h.t}
	}
	raw, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		h.t.Errorf("%s %s: %v", req.Method, c.path, err)
	}
	h.judge(req.Method, c.path, res.StatusCode, res.Header, raw)
	return readAnswer(h.t, res.StatusCode, res.Header, raw)
}

// judge holds an answer against the contract and against the rules that every
// answer has to fulfil.
func (h *house) judge(method, target string, status int, header http.Header, raw []byte) {
	h.t.Helper()
	// The scripts and styles of the page are not part of the contract.
	if method != http.MethodHead && !strings.HasPrefix(target, "/docs/") {
		if err := h.contract.Answer(method, target, status, header, raw); err != nil {
			fault, _, _ := strings.Cut(err.Error(), "\nSchema:") // what follows is the whole schema
			h.t.Errorf("%s\n%s", fault, raw)
		}
	}
	if header.Get("X-Request-Id") == "" {
		h.t.Errorf("%s %s: the answer %d has no X-Request-Id", method, target, status)
	}
	if server := header.Get("Server"); server != "" {
		h.t.Errorf("the answer names its server: %q", server)
	}
}

func readAnswer(t *testing.T, status int, header http.Header, raw []byte) answer {
	a := answer{t: t, status: status, header: header, raw: raw}
	if strings.HasPrefix(header.Get("Content-Type"), "application/json") {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&a.body); err != nil && len(raw) > 0 {
			t.Errorf("the answer is not a JSON object: %v: %s", err, raw)
		}
	}
	return a
}

// at reads a member by its dotted name; "" when it is absent.
func (a answer) at(path string) string {
	var here any = a.body
	for name := range strings.SplitSeq(path, ".") {
		object, ok := here.(map[string]any)
		if !ok {
			return ""
		}
		here = object[name]
	}
	switch value := here.(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		text, _ := json.Marshal(value)
		return string(text)
	}
}

// expect checks the status, and members by their dotted names: name, value,
// name, value … An empty value means that the member is absent.
func (a answer) expect(status int, members ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("the answer is %d, want %d: %s", a.status, status, a.raw)
		return a
	}
	for i := 0; i+1 < len(members); i += 2 {
		if got := a.at(members[i]); got != members[i+1] {
			a.t.Errorf("%s is %q, want %q: %s", members[i], got, members[i+1], a.raw)
		}
	}
	return a
}

// refused checks a problem: its status, its code and the field it names.
func (a answer) refused(status int, code, field string) answer {
	a.t.Helper()
	a.expect(status, "code", code)
	var fields []string
	if errors, ok := a.body["errors"].([]any); ok {
		for _, e := range errors {
			name, _ := e.(map[string]any)["field"].(string)
			fields = append(fields, name)
		}
	}
	if got := strings.Join(fields, ","); got != field {
		a.t.Errorf("the fields named are %q, want %q: %s", got, field, a.raw)
	}
	return a
}

const payments = "/api/v1/payments"

// sale is the body of a good payment of that amount.
func sale(amount string, more ...string) string {
	return payment(append([]string{"amount", `"` + amount + `"`}, more...)...)
}

// create makes a payment and expects it decided.
func (h *house) create(key, body string) answer {
	h.t.Helper()
	return h.do(call{path: payments, key: key, body: body}).expect(http.StatusCreated)
}

func transaction(a answer, verb string) string {
	return "/api/v1/transactions/" + a.at("transactionId") + "/" + verb
}
