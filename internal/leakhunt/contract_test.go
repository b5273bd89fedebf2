package leakhunt

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"paytrace-gateway/openapi"
)

// bodies has a row for each call of the contract: the body of a good request,
// from which bad ones are made. A call without a row fails the hunt. What a new
// path's {name} stands for goes into named.
var bodies = map[string]string{
	"GET /.well-known/jwks.json":                                         "",
	"GET /api/v1/callbacks":                                              "",
	"GET /api/v1/callbacks/{deliveryId}":                                 "",
	"GET /api/v1/clients":                                                "",
	"POST /api/v1/clients":                                               `{"clientId":"a","scopes":["payments:read"],"decidedBy":"Ada Byron"}`,
	"POST /api/v1/clients/{clientId}/rotate":                             `{"finish":true,"decidedBy":"Ada Byron"}`,
	"POST /api/v1/clients/{clientId}/revoke":                             `{"decidedBy":"Ada Byron"}`,
	"GET /api/v1/operators":                                              "",
	"POST /api/v1/operators":                                             `{"operatorName":"ada","role":"viewer","decidedBy":"Ada Byron"}`,
	"POST /api/v1/operators/{operatorName}/role":                         `{"role":"operator","decidedBy":"Ada Byron"}`,
	"POST /api/v1/operators/{operatorName}/reset":                        `{"decidedBy":"Ada Byron"}`,
	"POST /api/v1/operators/{operatorName}/disable":                      `{"decidedBy":"Ada Byron"}`,
	"GET /api/v1/session":                                                "",
	"DELETE /api/v1/session":                                             "",
	"POST /sessions":                                                     `{"operatorName":"ada","password":"three words of hers","newPassword":"other words that she likes"}`,
	"GET /sessions/oidc":                                                 "",
	"GET /sessions/oidc/callback":                                        "",
	"GET /api/v1/payments":                                               "",
	"GET /api/v1/payments/by-key/{idempotencyKey}":                       "",
	"GET /api/v1/payments/{paymentId}":                                   "",
	"GET /api/v1/reports/settlement":                                     "",
	"GET /api/v1/secrets":                                                "",
	"GET /api/v1/subscribers":                                            "",
	"GET /api/v1/transactions/{transactionId}":                           "",
	"GET /api/v1/unmatched_transactions":                                 "",
	"GET /api/v1/customer_vault":                                         "",
	"GET /api/v1/customer_vault/{customerId}":                            "",
	"GET /api/v1/customer_vault/{customerId}/payments":                   "",
	"GET /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}": "",
	"GET /docs":         "",
	"GET /healthz":      "",
	"GET /metrics":      "",
	"GET /openapi.json": "",
	"GET /openapi.yaml": "",
	"GET /readyz":       "",
	"DELETE /api/v1/customer_vault/{customerId}":                            "",
	"DELETE /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}": "",
	"PATCH /api/v1/customer_vault/{customerId}":                             `{"sourceRecords":{"accountId":"0015g00000AbC34AAD"}}`,
	"PATCH /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}":  `{"paymentMethod":` + aMethod + `}`,
	"POST /api/v1/client_tokens":                                            `{}`,
	"POST /api/v1/customer_vault":                                           `{"paymentMethod":` + aMethod + `}`,
	"POST /api/v1/customer_vault/{customerId}/erase":                        `{"dryRun":true,"decidedBy":"Ada Byron"}`,
	"POST /api/v1/customer_vault/{customerId}/payments":                     `{"paymentMethod":` + aMethod + `}`,
	"POST /api/v1/callbacks/replay":                                         `{"subscriber":"erp","createdFrom":"2026-03-02T00:00:00Z","createdTo":"2026-03-02T01:00:00Z","decidedBy":"Ada Byron"}`,
	"POST /api/v1/callbacks/skip":                                           `{"subscriber":"nobody","decidedBy":"Ada Byron","note":"seen"}`,
	"POST /api/v1/callbacks/{deliveryId}/replay":                            `{"decidedBy":"Ada Byron"}`,
	"POST /api/v1/callbacks/{deliveryId}/skip":                              `{"decidedBy":"Ada Byron","note":"seen"}`,
	"POST /api/v1/payments":                                                 `{"amount":"5.00","orderId":"o","paymentMethod":` + aMethod + `}`,
	"POST /api/v1/payments/by-key/{idempotencyKey}/void":                    "",
	"POST /api/v1/transactions/{transactionId}/return":                      `{"returnCode":"R01","decidedBy":"Ada Byron","note":"seen"}`,
	"POST /api/v1/payments/{paymentId}/resolve":                             `{"operationId":"op_1","decision":"seen","decidedBy":"Ada Byron","note":"seen"}`,
	"POST /api/v1/secrets":                                                  `{"act":"remove","secrets":[{"secretName":"unused"}],"decidedBy":"Ada Byron"}`,
	"POST /api/v1/subscribers/{subscriber}/enable":                          `{"decidedBy":"Ada Byron"}`,
	"POST /api/v1/transactions/{transactionId}/capture":                     `{"amount":"1.00"}`,
	"POST /api/v1/transactions/{transactionId}/refund":                      `{"amount":"1.00"}`,
	"POST /api/v1/transactions/{transactionId}/void":                        `{}`,
	"POST /oauth/token":                                                     "grant_type=client_credentials&client_id=shop&client_secret=wrong",
}

// aMethod stands for a method that is good for one payment.
const aMethod = `{"hostedFields":{"encKey":"a key","hpfToken":"a token"}}`

// named are the good values of what stands in paths.
func (w *town) named() map[string]string {
	r := w.must("a sale to be named", http.StatusCreated, paying("named", w.place("named", w.hostedFields("a named sale"))))
	eventually(w.t, "there is a delivery", func() bool { return len(w.deliveries("")) > 0 })
	stored := w.store("named", w.hostedFields("a named customer"))
	return map[string]string{
		"paymentId": r.PaymentID, "transactionId": r.PaymentID, "idempotencyKey": "named", "subscriber": "erp", "clientId": "shop", "operatorName": "ada",
		"deliveryId": w.deliveries("")[0], "customerId": stored.CustomerID, "paymentMethodId": stored.method(),
	}
}

// methods are payment methods to be spoiled, by the contract's names.
var methods = map[string]string{
	"hostedFields":     `{"hpfToken":"x","encKey":"x"}`,
	"encryptedCard":    `{"cardNumber":"x","expirationMonth":"12","expirationYear":"2031"}`,
	"vault":            `{"customerId":"demo-visa"}`,
	"earlierPayment":   `{"transactionId":"x"}`,
	"processorProfile": `{"profileId":"x"}`,
	"bankAccount":      `{"encryptedAccountNumber":"x","routingNumber":"325070760","accountType":"checking","holderType":"business","holderName":"x"}`,
	"card":             `{"cardNumber":"x","csc":"123","expirationMonth":"12","expirationYear":"2031"}`,
}

// operated are the paths of the operators' listener.
var operated = []string{"/readyz", "/metrics"}

func contract(t testing.TB) *openapi3.T {
	t.Helper()
	c, err := openapi3.NewLoader().LoadFromData(openapi.JSON())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// driveTheContract makes a good request of each call, and every bad one that
// the contract's own members let one think of, each with a card of its own. What
// takes something away comes last.
func (w *town) driveTheContract() {
	w.t.Helper()
	named := w.named()
	driven := map[string]bool{}
	paths := contract(w.t).Paths.Map()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			operation := paths[path].Operations()[method]
			if operation == nil {
				continue
			}
			row := method + " " + path
			body, known := bodies[row]
			if !known {
				w.t.Errorf("%s is driven by nobody: give it a row in bodies", row)
				continue
			}
			driven[row] = true
			p := &prober{w: w, row: row, method: method, path: path, named: named, body: body, operation: operation}
			p.probe(append(slices.Clone(paths[path].Parameters), operation.Parameters...))
		}
	}
	for row := range bodies {
		if !driven[row] {
			w.t.Errorf("%s is in bodies and not in the contract", row)
		}
	}
}

// prober spoils one call in every way.
type prober struct {
	w                       *town
	row, method, path, body string
	named                   map[string]string
	operation               *openapi3.Operation
}

// filled is the path with good values but for one.
func (p *prober) filled(bad, value string) string {
	path := p.path
	for strings.Contains(path, "{") {
		before, rest, _ := strings.Cut(path, "{")
		name, after, _ := strings.Cut(rest, "}")
		good, known := p.named[name]
		if !known {
			p.w.t.Fatalf("%s: give {%s} a value in named", p.row, name)
		}
		if name == bad {
			good = value
		}
		path = before + good + after
	}
	return path
}

func (p *prober) send(path, body string, header map[string]string) reply {
	if strings.Contains(body, aMethod) {
		body = strings.Replace(body, aMethod, p.w.hostedFields(p.row), 1)
	}
	return p.w.send(call{method: p.method, path: path, body: body, header: header, operators: slices.Contains(operated, p.path)})
}

func (p *prober) card(where string) string { return p.w.cage.Card(p.row + ", " + where) }

func (p *prober) probe(parameters openapi3.Parameters) {
	var good reply
	eventually(p.w.t, p.row+" is answered", func() bool {
		good = p.send(p.filled("", ""), p.body, nil)
		return good.status != http.StatusServiceUnavailable // a busy machine
	})
	if good.status == http.StatusForbidden || good.status >= 500 {
		p.w.t.Errorf("%s: the good request gets %d, so that the bad ones may not come far", p.row, good.status)
	}
	for _, ref := range parameters {
		p.spoilParameter(ref.Value.In, ref.Value.Name)
	}
	p.spoilHeaders()
	p.send(p.filled("", "")+"?"+url.QueryEscape(p.card("a query's name"))+"="+p.card("an unknown query"), p.body, nil)
	p.send(p.filled("", "")+"/"+p.card("below the path"), p.body, nil)
	p.send("/"+p.card("an unknown path")+p.filled("", ""), p.body, nil)
	if p.method != http.MethodGet {
		p.spoilBody()
		p.spoilMembers()
	}
}

// written are the ways in which people and programs write a number.
func written(number string) map[string]string {
	return map[string]string{
		"plain": number, "spaced": grouped(number, " "), "dashed": grouped(number, "-"), "in words": "card " + number + " please",
		"full width": strings.Map(func(r rune) rune { return r - '0' + '０' }, number),
	}
}

func (p *prober) spoilParameter(in, name string) {
	for how := range written("") {
		value := written(p.card("parameter " + name + ", " + how))[how]
		switch in {
		case "path":
			p.send(p.filled(name, url.PathEscape(value)), p.body, nil)
		case "query":
			p.send(p.filled("", "")+"?"+url.Values{name: {value}}.Encode(), p.body, nil)
		case "header":
			p.send(p.filled("", ""), p.body, map[string]string{name: value})
		}
	}
	if in == "path" {
		p.send(p.filled(name, each(p.card("parameter "+name+", in percents"), "%%%02X")), p.body, nil)
	}
}

func (p *prober) spoilHeaders() {
	for _, name := range []string{
		"Idempotency-Key", "X-Request-Timeout-Ms", "X-Request-Id", "User-Agent", "Accept", "Content-Type", "Content-Encoding", "Origin",
		"Referer", "Cookie", "Traceparent", "Tracestate", "Baggage", "X-Forwarded-For", "Forwarded", "Expect", "If-None-Match",
	} {
		p.send(p.filled("", ""), p.body, map[string]string{name: p.card("header " + name)})
	}
	p.send(p.filled("", ""), p.body, map[string]string{"X-" + p.card("a header's name"): "1"})
	p.send(p.filled("", ""), p.body, map[string]string{"Authorization": "Bearer " + p.card("a bearer")})
	p.send(p.filled("", ""), p.body, map[string]string{"Authorization": p.card("a scheme")})
	p.send(p.filled("", ""), p.body, map[string]string{"Traceparent": "00-" + p.card("a trace") + "0000000000000000-00f067aa0ba902b7-01"})
}

// spoilBody sends what is no body of this call.
func (p *prober) spoilBody() {
	path := p.filled("", "")
	for where, body := range map[string]string{
		"a torn body":         `{"orderId":"%s`,
		"a bare number":       `%s`,
		"a bare string":       `"%s"`,
		"an array":            `["%s"]`,
		"behind the body":     `{} %s`,
		"an unknown member":   `{"%s":1}`,
		"a member twice":      `{"x%s":1,"x%[1]s":2}`,
		"a bad escape":        `{"orderId":"\q%s"}`,
		"deep in the body":    strings.Repeat(`{"a":`, 40) + `"%s"` + strings.Repeat("}", 40),
		"a form's body":       `cardNumber=%s&csc=123`,
		"bytes that are none": "\xff\xfe%s",
		"an oversize body":    `{"orderId":"` + strings.Repeat("x", 1<<20) + `%s"}`,
	} {
		p.send(path, fmt.Sprintf(body, p.card(where)), nil)
	}
	p.send(path, "cardNumber="+p.card("a form"), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	p.send(path, `{"orderId":"`+p.card("a body of another type")+`"}`, map[string]string{"Content-Type": "text/plain"})
}

// spoilMembers puts a card into each member that the contract knows.
func (p *prober) spoilMembers() {
	if p.operation.RequestBody == nil {
		return
	}
	content := p.operation.RequestBody.Value.Content
	if form := content.Get("application/x-www-form-urlencoded"); form != nil {
		for name := range form.Schema.Value.Properties {
			values, _ := url.ParseQuery(p.body)
			values.Set(name, p.card("form member "+name))
			p.send(p.path, values.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": ""})
		}
		return
	}
	media := content.Get("application/json")
	if media == nil {
		p.w.t.Errorf("%s takes a body that the hunt cannot spoil", p.row)
		return
	}
	for _, member := range membersOf(media.Schema, nil) {
		for how := range written("") {
			p.put(member, written(p.card(strings.Join(member, ".") + ", " + how))[how])
		}
		p.put(member, json.Number(p.card(strings.Join(member, ".")+", a number")))
		p.put(append(slices.Clone(member[:len(member)-1]), p.card("a name beside "+strings.Join(member, "."))), "x")
	}
	p.putCards()
}

// putCards sends whole cards and bank accounts.
func (p *prober) putCards() {
	label := p.row + ", a raw card"
	p.put([]string{"paymentMethod"}, map[string]any{"card": map[string]string{
		"cardNumber": p.card("a raw card"), "csc": p.w.cage.CSC(label), "expirationMonth": "12", "expirationYear": "2031",
	}})
	for _, name := range []string{"bankAccount", "check", "ach"} {
		for _, member := range []string{"accountNumber", "encryptedAccountNumber", "account_number", "routingNumber"} {
			p.put([]string{"paymentMethod"}, map[string]any{name: map[string]string{
				"routingNumber": "325070760", member: p.w.cage.Account(label), "accountType": "checking", "holderType": "personal", "holderName": "Ann",
			}})
		}
		p.put([]string{"paymentMethod"}, map[string]any{name: map[string]any{"accountNumber": json.Number(p.w.cage.Account(label + ", a number"))}})
	}
	p.put([]string{"csc"}, p.w.cage.CSC(p.row+", a code alone"))
}

// put sends the good body with one member in its place.
func (p *prober) put(member []string, value any) {
	var body map[string]any
	if p.body == "" || json.Unmarshal([]byte(p.body), &body) != nil {
		body = map[string]any{}
	}
	if len(member) > 2 && member[0] == "paymentMethod" && methods[member[1]] != "" {
		var method any
		_ = json.Unmarshal([]byte(methods[member[1]]), &method)
		body["paymentMethod"] = map[string]any{member[1]: method}
	}
	at := body
	for _, name := range member[:len(member)-1] {
		inner, is := at[name].(map[string]any)
		if !is {
			inner = map[string]any{}
			at[name] = inner
		}
		at = inner
	}
	at[member[len(member)-1]] = value
	text, err := json.Marshal(body)
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.send(p.filled("", ""), string(text), nil)
}

// membersOf are the paths to all members of a schema that hold no others.
func membersOf(ref *openapi3.SchemaRef, above []string) [][]string {
	schema := ref.Value
	var all [][]string
	for _, part := range slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf) {
		all = append(all, membersOf(part, above)...)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		all = append(all, membersOf(schema.Properties[name], append(slices.Clone(above), name))...)
	}
	if schema.AdditionalProperties.Schema != nil {
		all = append(all, append(slices.Clone(above), "note"))
	}
	if len(all) == 0 && len(above) > 0 {
		all = append(all, above)
	}
	return all
}
