package salesforcetest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

const upsertPath = "/services/data/v67.0/sobjects/Payment__c/GatewayPaymentID__c/pay_1"
const collectionPath = "/services/data/v67.0/composite/sobjects/Payment__c/GatewayPaymentID__c"

var uploaded = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newOrg(t *testing.T, adjust func(*Settings)) (*Org, string, *rsa.PrivateKey) {
	t.Helper()
	key := uploaded()
	s := Settings{
		Now: func() time.Time { return noon }, ClientID: "id", ClientSecret: "secret", RunAs: "u", Username: "u",
		Certificate: &key.PublicKey, Events: []Object{UpdateEvent()},
	}
	if adjust != nil {
		adjust(&s)
	}
	org := New(s)
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	return org, server.URL, key
}

// ask sends one call and returns status and body.
func ask(t *testing.T, method, address, contentType, token, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(said)
}

func logIn(t *testing.T, base string, form url.Values) (int, string) {
	t.Helper()
	return ask(t, "POST", base+"/services/oauth2/token", "application/x-www-form-urlencoded", "", form.Encode())
}

func tokenOf(t *testing.T, base string) string {
	t.Helper()
	_, body := logIn(t, base, url.Values{"grant_type": {"client_credentials"}, "client_id": {"id"}, "client_secret": {"secret"}})
	var granted struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal([]byte(body), &granted) != nil || granted.Token == "" {
		t.Fatal(body)
	}
	return granted.Token
}

func assertion(t *testing.T, key *rsa.PrivateKey, header, claims string) string {
	t.Helper()
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestOnlyTheRightAssertionIsTaken(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := fmt.Sprintf(`{"iss":"id","sub":"u","aud":"https://login.salesforce.com","exp":%d}`, noon.Unix()+120)
	for name, row := range map[string]struct {
		header, claims string
		key            *rsa.PrivateKey
		status         int
	}{
		"all is right":      {`{"alg":"RS256"}`, good, nil, 200},
		"another key":       {`{"alg":"RS256"}`, good, other, 400},
		"no algorithm":      {`{"alg":"none"}`, good, nil, 400},
		"another algorithm": {`{"alg":"RS512"}`, good, nil, 400},
		"another app":       {`{"alg":"RS256"}`, strings.Replace(good, `"id"`, `"other"`, 1), nil, 400},
		"another user":      {`{"alg":"RS256"}`, strings.Replace(good, `"u"`, `"v"`, 1), nil, 400},
		"another audience":  {`{"alg":"RS256"}`, strings.Replace(good, "login", "test", 1), nil, 400},
		"expired":           {`{"alg":"RS256"}`, strings.Replace(good, fmt.Sprint(noon.Unix()+120), fmt.Sprint(noon.Unix()), 1), nil, 400},
		"lives too long":    {`{"alg":"RS256"}`, strings.Replace(good, fmt.Sprint(noon.Unix()+120), fmt.Sprint(noon.Unix()+181), 1), nil, 400},
		"no expiry":         {`{"alg":"RS256"}`, `{"iss":"id","sub":"u","aud":"https://login.salesforce.com"}`, nil, 400},
	} {
		_, base, key := newOrg(t, nil)
		if row.key == nil {
			row.key = key
		}
		form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion(t, row.key, row.header, row.claims)}}
		if status, body := logIn(t, base, form); status != row.status {
			t.Errorf("%s: %d %s, want %d", name, status, body, row.status)
		}
	}
}

func TestWhatThePlatformRefusesIsRefused(t *testing.T) {
	row := func(fields string) string {
		return `{"allOrNone":false,"records":[{"attributes":{"type":"Payment__c"},"GatewayPaymentID__c":"pay_1"` + fields + `}]}`
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"one is created":                      {upsertPath, `{"Amount__c":19.99}`, 201, `"created":true`},
		"the external id repeated":            {upsertPath, `{"GatewayPaymentID__c":"pay_1"}`, 400, "INVALID_FIELD"},
		"an unknown field":                    {upsertPath, `{"Nope__c":"x"}`, 400, "No such column 'Nope__c'"},
		"an amount as text":                   {upsertPath, `{"Amount__c":"19.99"}`, 400, "JSON_PARSER_ERROR"},
		"a date that is none":                 {upsertPath, `{"TransactionDate__c":"yesterday"}`, 400, "JSON_PARSER_ERROR"},
		"no JSON":                             {upsertPath, `{`, 400, "JSON_PARSER_ERROR"},
		"two values":                          {upsertPath, `{}{}`, 400, "JSON_PARSER_ERROR"},
		"a value off the picklist":            {upsertPath, `{"Status__c":"Paid"}`, 400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"},
		"a text too long":                     {upsertPath, `{"Last4Digits__c":"12345"}`, 400, "STRING_TOO_LONG"},
		"an unknown object":                   {"/services/data/v67.0/sobjects/Nope__c/Id__c/1", `{}`, 404, "NOT_FOUND"},
		"a field that is no external id":      {"/services/data/v67.0/sobjects/Payment__c/Status__c/1", `{}`, 404, "NOT_FOUND"},
		"a version to come":                   {"/services/data/v99.0/sobjects/Payment__c/GatewayPaymentID__c/1", `{}`, 404, "NOT_FOUND"},
		"a collection":                        {collectionPath, row(``), 200, `"created":true`},
		"a collection, all or none":           {collectionPath, strings.Replace(row(``), "false", "true", 1), 400, "MISSING_ARGUMENT"},
		"a collection without types":          {collectionPath, `{"allOrNone":false,"records":[{"GatewayPaymentID__c":"x"}]}`, 400, "INVALID_TYPE"},
		"a collection without external ids":   {collectionPath, `{"allOrNone":false,"records":[{"attributes":{"type":"Payment__c"}}]}`, 400, "MISSING_ARGUMENT"},
		"a collection of none":                {collectionPath, `{"allOrNone":false,"records":[]}`, 400, "EXCEEDED_ID_LIMIT"},
		"a collection of too many":            {collectionPath, `{"allOrNone":false,"records":[0` + strings.Repeat(",0", 200) + `]}`, 400, "EXCEEDED_ID_LIMIT"},
		"a collection with a value of a kind": {collectionPath, row(`,"Amount__c":"x"`), 400, "JSON_PARSER_ERROR"},
		"a collection with a bad record":      {collectionPath, row(`,"Status__c":"Paid"`), 200, `"statusCode":"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"`},
	} {
		_, base, _ := newOrg(t, nil)
		status, body := ask(t, "PATCH", base+c.path, "application/json", tokenOf(t, base), c.body)
		if status != c.status || !strings.Contains(body, c.code) {
			t.Errorf("%s: %d %s, want %d with %s", name, status, body, c.status, c.code)
		}
	}
}

func TestAPublishedEventIsASuccessWithAnError(t *testing.T) {
	org, base, _ := newOrg(t, nil)
	status, body := ask(t, "POST", base+"/services/data/v67.0/sobjects/Payment_Update__e/", "application/json", tokenOf(t, base), `{"EventID__c":"evt_1"}`)
	if status != 201 || !strings.Contains(body, `"success":true,"errors":[{"statusCode":"OPERATION_ENQUEUED"`) || len(org.Published()) != 1 {
		t.Errorf("%d %s", status, body)
	}
}

func TestSessionsLimitsAndLocks(t *testing.T) {
	org, base, _ := newOrg(t, nil)
	token := tokenOf(t, base)
	upsert := func(body string) string {
		status, said := ask(t, "PATCH", base+upsertPath, "application/json", token, body)
		return fmt.Sprint(status, " ", said)
	}
	const parent = "006000000000001AAA"
	if said := upsert(`{"OpportunityId__c":"` + parent + `"}`); !strings.Contains(said, "INVALID_CROSS_REFERENCE_KEY") {
		t.Errorf("a parent that is not there: %s", said)
	}
	org.AddParent(parent)
	unlock := org.Lock(parent[:15])
	if said := upsert(`{"OpportunityId__c":"` + parent + `"}`); !strings.Contains(said, "400 ") || !strings.Contains(said, "UNABLE_TO_LOCK_ROW") {
		t.Errorf("a locked parent: %s", said)
	}
	unlock()
	if said := upsert(`{"OpportunityId__c":"` + parent + `"}`); !strings.HasPrefix(said, "201 ") {
		t.Errorf("an unlocked parent: %s", said)
	}
	org.SetUsage(100, 100)
	if said := upsert(`{}`); !strings.HasPrefix(said, "403 ") || !strings.Contains(said, "REQUEST_LIMIT_EXCEEDED") {
		t.Errorf("an exhausted limit: %s", said)
	}
	org.ExpireSessions()
	if said := upsert(`{}`); !strings.HasPrefix(said, "401 ") || !strings.Contains(said, "INVALID_SESSION_ID") {
		t.Errorf("an expired session: %s", said)
	}
	calls := org.Calls()
	if len(calls) != 6 || calls[3].Status != 201 || !calls[3].Acted || calls[4].Acted {
		t.Errorf("the history is %+v", calls)
	}
}

func TestAnObjectIsDescribedAsThePlatformDoes(t *testing.T) {
	_, url, _ := newOrg(t, nil)
	bearer := tokenOf(t, url)
	status, body := ask(t, http.MethodGet, url+"/services/data/v67.0/sobjects/Payment__c/describe", "", bearer, "")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	for _, said := range []string{
		`"name":"Payment__c"`, `"createable":true,"updateable":true`,
		`"name":"GatewayPaymentID__c","type":"string","length":64,"precision":0,"scale":0,"externalId":true,"unique":true`,
		`"name":"Status__c","type":"picklist"`, `{"active":true,"defaultValue":false,"label":"Completed","value":"Completed"}`, `"restrictedPicklist":true`,
		`"type":"reference","length":18`, `"referenceTo":["Opportunity"]`, `"type":"currency"`, `"type":"datetime"`,
	} {
		if !strings.Contains(body, said) {
			t.Errorf("it does not say %s:\n%s", said, body)
		}
	}
	if status, _ := ask(t, http.MethodGet, url+"/services/data/v67.0/sobjects/Nothing__c/describe", "", bearer, ""); status != http.StatusNotFound {
		t.Errorf("an object that is not there is described with %d", status)
	}
}
