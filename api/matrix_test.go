package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"paytrace-gateway/api/auth"
	"paytrace-gateway/gateway"
	"paytrace-gateway/openapi"
)

// Who may call what stands in the contract and nowhere else. Every call is made
// by everybody there is, and has to let those pass whom the contract names, and
// no others.

// everybodys are the calls for which the contract asks no token.
var everybodys = []string{
	"POST /oauth/token", "GET /.well-known/jwks.json", "GET /healthz", "GET /openapi.yaml", "GET /openapi.json", "GET /docs",
	"GET /readyz", "GET /metrics", "POST /sessions", "GET /sessions/oidc", "GET /sessions/oidc/callback",
}

// loggingIn are those of them that need more than a question to be answered well.
var loggingIn = []string{"GET /sessions/oidc", "GET /sessions/oidc/callback"}

// permit is what the contract says of one call.
type permit struct {
	Security []map[string][]string
	// OnlyOperators keeps every client away, whatever its scopes.
	OnlyOperators bool `json:"x-only-operators"`
	// Roles are those of people with a session who may call.
	Roles []string `json:"x-roles"`
}

// open says that the call asks no token.
func (p permit) open() bool {
	return len(p.Security) == 0 || slices.ContainsFunc(p.Security, func(way map[string][]string) bool { return len(way) == 0 })
}

// scope is the one that the call asks for.
func (p permit) scope(t *testing.T, row string) string {
	t.Helper()
	if p.ofPeople() {
		return ""
	}
	if len(p.Security) != 2 && len(p.Security) != 3 || len(p.Security[0]["oauth2"]) != 1 || p.Security[1]["bearer"] == nil {
		t.Fatalf("%s: the contract says %v, where one scope of oauth2, and a bearer, are expected", row, p.Security)
	}
	return p.Security[0]["oauth2"][0]
}

// ofPeople says that no token opens the call.
func (p permit) ofPeople() bool { return len(p.Security) == 1 && p.Security[0]["session"] != nil }

// permits are all calls of the contract, METHOD /path.
func permits(t *testing.T) map[string]permit {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	must(0, json.Unmarshal(openapi.JSON(), &document))(t)
	all := map[string]permit{}
	for path, operations := range document.Paths {
		for method, operation := range operations {
			var said struct {
				permit
				Security *[]map[string][]string
			}
			must(0, json.Unmarshal(operation, &said))(t)
			row := strings.ToUpper(method) + " " + path
			if said.Security == nil {
				t.Fatalf("the contract does not say who may call %s", row)
			}
			said.permit.Security = *said.Security
			all[row] = said.permit
		}
	}
	return all
}

// asking is the good request of every call, but for what its path names. A call
// of the contract without one fails the test.
var asking = map[string]struct {
	body string
	key  bool
	// query stands behind the path.
	query string
}{
	"GET /api/v1/payments":                                               {},
	"GET /api/v1/payments/{paymentId}":                                   {},
	"GET /api/v1/payments/by-key/{idempotencyKey}":                       {},
	"GET /api/v1/transactions/{transactionId}":                           {},
	"GET /api/v1/unmatched_transactions":                                 {},
	"GET /api/v1/reports/settlement":                                     {query: "?settlementDate=2020-02-29"},
	"GET /api/v1/customer_vault":                                         {},
	"GET /api/v1/customer_vault/{customerId}":                            {},
	"GET /api/v1/customer_vault/{customerId}/payments":                   {},
	"GET /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}": {},
	"GET /api/v1/callbacks":                                              {},
	"GET /api/v1/callbacks/{deliveryId}":                                 {},
	"GET /api/v1/subscribers":                                            {},
	"GET /api/v1/clients":                                                {},
	"GET /api/v1/secrets":                                                {},
	"GET /api/v1/operators":                                              {},
	"GET /api/v1/session":                                                {},

	"POST /api/v1/operators":                                                {body: `{"operatorName":"newcomer","role":"viewer","decidedBy":"Ada Byron"}`},
	"POST /api/v1/operators/{operatorName}/role":                            {body: `{"role":"operator","decidedBy":"Ada Byron"}`},
	"POST /api/v1/operators/{operatorName}/reset":                           {body: person()},
	"POST /api/v1/operators/{operatorName}/disable":                         {body: person()},
	"DELETE /api/v1/session":                                                {},
	"POST /api/v1/payments":                                                 {sale("1.00"), true, ""},
	"POST /api/v1/payments/by-key/{idempotencyKey}/void":                    {},
	"POST /api/v1/payments/{paymentId}/resolve":                             {body: decision("decision", `"seen"`)},
	"POST /api/v1/transactions/{transactionId}/capture":                     {`{"amount":"1.00"}`, true, ""},
	"POST /api/v1/transactions/{transactionId}/void":                        {"{}", true, ""},
	"POST /api/v1/transactions/{transactionId}/refund":                      {`{"amount":"1.00"}`, true, ""},
	"POST /api/v1/transactions/{transactionId}/return":                      {body: `{"returnCode":"R01","decidedBy":"Ada Byron"}`},
	"POST /api/v1/client_tokens":                                            {body: "{}"},
	"POST /api/v1/customer_vault":                                           {card(hpfToken, fresh("new")), true, ""},
	"POST /api/v1/customer_vault/{customerId}/erase":                        {body: person("dryRun", "true")},
	"POST /api/v1/customer_vault/{customerId}/payments":                     {card(hpfToken, fresh("second")), true, ""},
	"PATCH /api/v1/customer_vault/{customerId}":                             {body: `{"sourceRecords":{"accountId":"0015g00000AbC34AAD"}}`},
	"PATCH /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}":  {body: `{"makeDefault":true}`},
	"DELETE /api/v1/customer_vault/{customerId}":                            {},
	"DELETE /api/v1/customer_vault/{customerId}/payments/{paymentMethodId}": {},
	"POST /api/v1/callbacks/replay":                                         {body: replayRange("subscriber", `"erp"`, "createdTo", `"2026-03-02T01:00:00Z"`)},
	"POST /api/v1/callbacks/skip":                                           {body: person("subscriber", `"nobody"`)},
	"POST /api/v1/callbacks/{deliveryId}/replay":                            {body: person()},
	"POST /api/v1/callbacks/{deliveryId}/skip":                              {body: person("note", `"seen"`)},
	"POST /api/v1/subscribers/{subscriber}/enable":                          {body: person()},
	"POST /api/v1/clients":                                                  {body: adding("newcomer", "its")},
	"POST /api/v1/clients/{clientId}/rotate":                                {body: fmt.Sprintf(`{"secretHash":%q,"oldForSeconds":60,"decidedBy":"Ada Byron"}`, clientKey.Hash("second"))},
	"POST /api/v1/clients/{clientId}/revoke":                                {body: person()},
	"POST /api/v1/secrets":                                                  {body: `{"act":"reseal","decidedBy":"Ada Byron"}`},
}

// rowsOf are the calls that ask for a token: what reads first, what takes away
// last, and of that the longer path first, since a customer has cards.
func rowsOf(all map[string]permit) []string {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete}
	rank := func(row string) int {
		method, path, _ := strings.Cut(row, " ")
		rank := slices.Index(methods, method) * 1000
		if method == http.MethodDelete {
			rank -= len(path)
		}
		return rank
	}
	rows := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(row string) bool { return slices.Contains(everybodys, row) })
	slices.SortStableFunc(rows, func(a, b string) int { return rank(a) - rank(b) })
	return rows
}

// estate is one thing of each kind that a path can name, all of one merchant.
type estate map[string]string

// endow gives the merchant main one of everything.
func (h *house) endow() estate {
	h.t.Helper()
	dead, _ := h.deadLetter()
	stored := h.store("main-7")
	made := h.create("its-key", sale("19.99"))
	h.knowsCard(made)
	h.keepUnmatched("main", "450583925", time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC))
	h.do(call{as: h.operators("main"), path: clients, body: adding("terminal", "first")}).expect(http.StatusOK)
	h.do(call{as: h.operators("main"), path: secrets, body: valued(h.t, "set", "erp-signing", "fit", 1)}).expect(http.StatusOK)
	must(0, h.ledger.SaveSubscriberState(h.t.Context(), gateway.SubscriberState{
		MerchantID: "main", Subscriber: "erp", DisabledAt: time.Now().UTC().Truncate(time.Microsecond), Reason: "answered 410", Version: 1,
	}))(h.t)
	return estate{
		"operationId": made.at("operation.operationId"),
		"paymentId":   made.at("paymentId"), "transactionId": made.at("transactionId"), "idempotencyKey": "its-key", "customerId": "main-7",
		"paymentMethodId": methodOf(stored, 0), "deliveryId": dead.ID, "subscriber": "erp", "clientId": "terminal", "operatorName": h.viewer("guest"),
	}
}

// knowsCard waits until PayTrace was asked for the payment's card, which comes
// after the answer and is a change, too.
func (h *house) knowsCard(made answer) {
	h.t.Helper()
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); runtime.Gosched() {
		if h.do(call{path: payments + "/" + made.at("paymentId")}).at("last4Digits") != "" {
			return
		}
	}
	h.t.Fatal("the card was not asked for")
}

// call is a row's request about what the estate has. Each attempt has a key of
// its own.
func (e estate) call(t *testing.T, row string, attempt int) call {
	t.Helper()
	request, known := asking[row]
	if !known {
		t.Fatalf("nobody asks for %s: give it a row in asking", row)
	}
	method, path, _ := strings.Cut(row, " ")
	for name, value := range e {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if strings.Contains(path, "{") {
		t.Fatalf("%s: give what its path names a value in endow", row)
	}
	body := strings.Replace(request.body, `"op_1"`, `"`+e["operationId"]+`"`, 1)
	c := call{method: method, path: path + request.query, body: body}
	if request.key {
		c.key = fmt.Sprintf("attempt-%d", attempt)
	}
	return c
}

// look is all that the merchant can see of what it has.
func (h *house) look(e estate) string {
	h.t.Helper()
	var all strings.Builder
	for row := range asking {
		if !strings.HasPrefix(row, "GET ") || strings.HasSuffix(row, "/settlement") { // that is PayTrace's to show
			continue
		}
		c := e.call(h.t, row, 0)
		c.as = lord
		if strings.HasSuffix(row, "/clients") || strings.HasSuffix(row, "/secrets") || strings.HasSuffix(row, "/operators") {
			c.as = h.operators("main")
		}
		if strings.HasSuffix(row, "/session") {
			c.as = "guest"
		}
		a := h.do(c).expect(http.StatusOK)
		fmt.Fprintf(&all, "%s %s\n", row, a.without())
	}
	lines := strings.Split(all.String(), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// unchanged fails where the merchant sees something else than before, or PayTrace
// was asked since.
func (h *house) unchanged(who string, e estate, before string, asked int) {
	h.t.Helper()
	was := strings.Split(before, "\n")
	for i, line := range strings.Split(h.look(e), "\n") {
		if i >= len(was) || line != was[i] {
			h.t.Errorf("%s have changed something: %s", who, line)
		}
	}
	if n := h.asked() - asked; n != 0 {
		h.t.Errorf("%s had PayTrace asked %d times", who, n)
	}
}

// without is the answer's body without what is the request's own: its id, and
// the names that it gave.
func (a answer) without(names ...string) string {
	text := strings.ReplaceAll(string(a.raw), a.header.Get("X-Request-Id"), "req")
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) }) // of two that begin alike the longer first
	for _, name := range names {
		text = strings.ReplaceAll(text, name, "name")
	}
	return text
}

// asked counts what PayTrace was asked, of whatever kind.
func (h *house) asked() int {
	n := 0
	for _, kind := range []string{"charge", "capture", "void", "refund", "look", "export", "create_profile", "update_profile", "delete_profile", "profile"} {
		n += h.processor.Calls(kind)
	}
	return n
}

// scopeless is a token with a scope that there is not. The gateway gives none
// out; only its key can make one.
func (h *house) scopeless() string {
	h.t.Helper()
	said := jwt.MapClaims{}
	token, _, err := jwt.NewParser().ParseUnverified(h.token(lord), said)
	must(0, err)(h.t)
	said["scope"] = "payments payments:* admin:read"
	bare := jwt.NewWithClaims(jwt.SigningMethodRS256, said)
	bare.Header = token.Header
	return must(bare.SignedString(must(signingKey())(h.t)))(h.t)
}

// everybody are tokens by the names of those who have them; what a scope alone
// opens is named by the scope.
func (h *house) everybody() map[string]string {
	h.t.Helper()
	tokens := map[string]string{"nobody": "", "no scope": h.scopeless(), "operator": h.token(h.operators("main"))}
	for _, scope := range auth.AllScopes() {
		tokens[string(scope)] = issue(h.t, h.auth, lord, string(scope))
	}
	for _, role := range auth.AllRoles() {
		tokens["person: "+string(role)] = h.token(h.person("the-"+string(role), role, "main"))
	}
	return tokens
}

// operatorsOwn are the scopes of the token with which a command calls.
var operatorsOwn = []string{"payments:read", "reports:read", "callbacks:read", "callbacks:write", "admin"}

// passes says whether the contract lets them pass.
func (p permit) passes(t *testing.T, row, who string) bool {
	if role, is := strings.CutPrefix(who, "person: "); is {
		return slices.Contains(p.Roles, role)
	}
	switch {
	case p.ofPeople():
		return false
	case who == "operator":
		return slices.Contains(operatorsOwn, p.scope(t, row))
	case p.OnlyOperators:
		return false
	default:
		return who == p.scope(t, row)
	}
}

func TestEveryCallLetsThosePassWhomTheContractNames(t *testing.T) {
	h := newHouse(t)
	e, all, tokens := h.endow(), permits(t), h.everybody()
	for row := range asking {
		if _, known := all[row]; !known {
			t.Errorf("%s is asked for, and not in the contract", row)
		}
	}
	send := func(row, who string, attempt int) answer {
		c := e.call(t, row, attempt)
		c.anyone, c.header = true, map[string]string{}
		if tokens[who] != "" {
			c.header["Authorization"] = "Bearer " + tokens[who]
		}
		return h.do(c)
	}
	// Those who are refused come first, and have changed nothing afterwards.
	before, asked, attempt, refusals, passages := h.look(e), h.asked(), 0, 0, 0
	for _, row := range rowsOf(all) {
		for who := range tokens {
			if all[row].passes(t, row, who) {
				continue
			}
			attempt++
			refusals++
			if a := send(row, who, attempt); who == "nobody" {
				a.refused(http.StatusUnauthorized, "unauthorized", "")
			} else if a.refused(http.StatusForbidden, refusalOf(all[row], who), ""); t.Failed() {
				t.Fatalf("%s: %q got this", row, who)
			}
		}
	}
	h.unchanged("those who were refused", e, before, asked)
	for _, row := range rowsOf(all) {
		for _, who := range slices.Sorted(maps.Keys(tokens)) {
			if !all[row].passes(t, row, who) {
				continue
			}
			attempt++
			passages++
			// What the rules say of the second who asks the same is no matter of scopes.
			again := strings.HasSuffix(row, "/enable")
			a := send(row, who, attempt)
			if a.status >= 300 && a.status != http.StatusUnprocessableEntity && !(again && a.status == http.StatusNotFound) {
				t.Errorf("%s: %q should pass, and is answered %d %s", row, who, a.status, a.raw)
			}
		}
	}
	t.Logf("%d calls, %d refusals, %d passages", len(all), refusals, passages)
}

// refusalOf is the code for whom the contract does not name.
func refusalOf(p permit, who string) string {
	if p.ofPeople() || strings.HasPrefix(who, "person: ") {
		return "insufficient_role"
	}
	return "insufficient_scope"
}

func TestTheCallsThatAskNoTokenAreThese(t *testing.T) {
	h := newHouse(t)
	for row, p := range permits(t) {
		open := slices.Contains(everybodys, row)
		if p.open() != open {
			t.Errorf("%s asks no token by the contract: %t, by this test: %t", row, p.open(), open)
		}
		method, path, _ := strings.Cut(row, " ")
		if open && method == http.MethodGet && !slices.Contains(loggingIn, row) {
			h.do(call{anyone: true, path: path, operator: slices.Contains(operators, row)}).expect(http.StatusOK)
		}
	}
	form := call{anyone: true, method: http.MethodPost, path: "/oauth/token", body: "grant_type=client_credentials",
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
	if a := h.do(form); a.status != http.StatusBadRequest && a.status != http.StatusUnauthorized {
		t.Errorf("a token for nobody: %d %s", a.status, a.raw)
	}
}

// On the listener for card data the same scope is asked for, and nothing but the
// payment can be called with a token.
func TestTheListenerForCardsAsksForTheSameScope(t *testing.T) {
	h := mainTakesCards(t)
	p := permits(t)["POST /api/v1/payments"]
	tokens := h.everybody()
	for n, who := range slices.Sorted(maps.Keys(tokens)) {
		c := call{cards: true, anyone: true, path: payments, key: fmt.Sprintf("card-%d", n), body: sale("1.00"), header: map[string]string{}}
		if tokens[who] != "" {
			c.header["Authorization"] = "Bearer " + tokens[who]
		}
		want := http.StatusForbidden
		switch {
		case who == "nobody":
			want = http.StatusUnauthorized
		case p.passes(t, "POST /api/v1/payments", who):
			want = http.StatusCreated
		}
		h.do(c).expect(want)
	}
}
