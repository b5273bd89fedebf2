package magentotest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// asker signs with a signer of its own: header by header, as the facts say.
type asker struct {
	t      *testing.T
	shop   *Shop
	server *httptest.Server
	header map[string]string // what differs from a good header
	n      int
}

func open(t *testing.T, options Options) *asker {
	shop := New(options)
	server := httptest.NewServer(shop)
	t.Cleanup(server.Close)
	return &asker{t: t, shop: shop, server: server, header: map[string]string{}}
}

// ask sends a signed request and returns status and body.
func (a *asker) ask(method, path, body string) (int, string) {
	a.t.Helper()
	a.n++
	c := DefaultCredentials
	p := map[string]string{
		"oauth_consumer_key": c.ConsumerKey, "oauth_nonce": fmt.Sprintf("%032d", a.n), "oauth_signature_method": "HMAC-SHA256",
		"oauth_timestamp": fmt.Sprint(time.Now().Unix()), "oauth_token": c.AccessToken, "oauth_version": "1.0",
	}
	for name, value := range a.header {
		p[name] = value
	}
	request, err := http.NewRequest(method, a.server.URL+"/rest/V1"+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	signed := request.Clone(a.t.Context())
	signed.RequestURI = request.URL.RequestURI()
	if p["oauth_signature"] == "" {
		p["oauth_signature"] = a.shop.signatureOf(signed, p)
	}
	var parts []string
	for name, value := range p {
		parts = append(parts, fmt.Sprintf(`%s="%s"`, name, rawurlencode(value)))
	}
	request.Header.Set("Authorization", "OAuth "+strings.Join(parts, ", "))
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	if len(answer.Cookies()) != 1 {
		a.t.Error("an answer without PHPSESSID")
	}
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(said))
}

// wants holds an answer against status and a part of its body.
func (a *asker) wants(method, path, body string, status int, part string) {
	a.t.Helper()
	got, said := a.ask(method, path, body)
	if got != status || !strings.Contains(said, part) {
		a.t.Errorf("%s %s: %d %s, want %d with %s", method, path, got, said, status, part)
	}
}

// The vectors were made with the code of Magento's own servers.
func TestTheDoubleComputesMagentosSignatures(t *testing.T) {
	const tail = "_0123456789abcdef0123456789abcd"
	shop := New(Options{Address: "https://shop.example.com", Credentials: Credentials{"ck" + tail, "cs" + tail, "at" + tail, "as" + tail}})
	header := map[string]string{
		"oauth_consumer_key": "ck" + tail, "oauth_nonce": "0123456789abcdef0123456789abcdef", "oauth_signature_method": "HMAC-SHA256",
		"oauth_timestamp": "1700000000", "oauth_token": "at" + tail, "oauth_version": "1.0",
	}
	const search = "/rest/V1/orders?searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bfield%5D=increment_id" +
		"&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=000000123" +
		"&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bcondition_type%5D=eq&searchCriteria%5BpageSize%5D=2"
	for uri, want := range map[string]string{
		"GET " + search:                  "MfHM1kEzcK7yD934Bnc94u2g49tSD3/R2QaxTuDbyAQ=",
		"POST /rest/V1/order/42/invoice": "snK4CNWcoxHYQCzUtVci5hr1ZYl+DVuXihrSnkYSPZg=",
	} {
		method, path, _ := strings.Cut(uri, " ")
		if got := shop.signatureOf(httptest.NewRequest(method, path, nil), header); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}

func TestEveryFaultOfASignatureHasMagentosAnswer(t *testing.T) {
	other := strings.Repeat("x", 32)
	for name, c := range map[string]struct {
		header map[string]string
		status int
		part   string
	}{
		"all is well":       {nil, 200, `"total_count":0`},
		"bad signature":     {map[string]string{"oauth_signature": "bm8="}, 401, "The signature is invalid. Verify and try again."},
		"unknown token":     {map[string]string{"oauth_token": other}, 401, "Specified token does not exist"},
		"unknown consumer":  {map[string]string{"oauth_consumer_key": other}, 401, "A consumer having the specified key does not exist"},
		"short token":       {map[string]string{"oauth_token": "short"}, 400, "The token length is invalid"},
		"HMAC-SHA1":         {map[string]string{"oauth_signature_method": "HMAC-SHA1"}, 400, "Signature method %1 is not supported"},
		"a clock ahead":     {map[string]string{"oauth_timestamp": fmt.Sprint(time.Now().Add(11 * time.Minute).Unix())}, 401, "An error occurred validating the nonce"},
		"a clock a day ago": {map[string]string{"oauth_timestamp": fmt.Sprint(time.Now().Add(-24 * time.Hour).Unix())}, 200, `"items":[]`},
		"a long nonce":      {map[string]string{"oauth_nonce": strings.Repeat("a", 33)}, 401, "An error occurred validating the nonce"},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t, Options{})
			a.header = c.header
			a.wants("GET", "/orders", "", c.status, c.part)
		})
	}
	a := open(t, Options{})
	a.header["oauth_nonce"] = strings.Repeat("7", 32)
	a.wants("GET", "/orders", "", 200, "items")
	a.wants("GET", "/orders", "", 401, "The nonce is already being used by the consumer with ID %1")
}

func TestRoutesAndRightsAreMagentos(t *testing.T) {
	a := open(t, Options{})
	a.wants("GET", "/nothing", "", 404, "Request does not match any route.")
	a.wants("POST", "/paytrace-gateway/events", "{}", 404, "Request does not match any route.")
	a.shop.InstallModule(true)
	a.wants("POST", "/paytrace-gateway/events", "{}", 400, "is required. Enter and try again.")
	a.wants("GET", "/orders/7", "", 404, "The entity that was requested doesn't exist.")
	a.wants("POST", "/orders/7/cancel", "", 404, "The entity that was requested doesn't exist.")
	a.shop.Place(Placing{})
	a.wants("POST", "/orders/1/comments", "{", 400, "Decoding error.")
	a.wants("POST", "/orders/1/comments", `{"statusHistory":{"words":"x"}}`, 400, "words")
	a.shop.Forbid(RightCancel)
	a.wants("POST", "/orders/1/cancel", "", 401, `"resources":"Magento_Sales::cancel"`)
}

// boots is an order of 100.00.
func boots(state string) Placing {
	return Placing{State: state, TransactionID: "A1", Items: []Item{{SKU: "boot", Qty: 2, Price: 40_00}, {SKU: "lace", Qty: 1, Price: 15_00}}, Shipping: 5_00}
}

func TestACommentWithoutStatusTakesTheOrdersAway(t *testing.T) {
	a := open(t, Options{Version: V246})
	number := a.shop.Place(boots(StateProcessing))
	a.wants("POST", "/orders/1/comments", `{"statusHistory":{"comment":"x","status":"zzz"}}`, 200, "true")
	a.wants("POST", "/orders/1/comments", `{"statusHistory":{"comment":"x"}}`, 200, "true")
	if o, _ := a.shop.Order(number); !o.StatusLost || o.State != StateProcessing {
		t.Errorf("%+v", o)
	}
	a.wants("GET", "/orders/1", "", 200, `"status":null`)
}

func TestACommentMovesNoStateAndIsRefusedFrom247On(t *testing.T) {
	for version, status := range map[Version]int{V246: 200, V247: 400} {
		a := open(t, Options{Version: version})
		number := a.shop.Place(boots(StatePaymentReview))
		a.wants("POST", "/orders/1/comments", `{"statusHistory":{"comment":"x","status":"processing"}}`, status, "")
		if o, _ := a.shop.Order(number); o.State != StatePaymentReview {
			t.Errorf("state %s", o.State)
		}
		a.wants("POST", "/orders/1/comments", `{"statusHistory":{"comment":"x","status":"payment_review"}}`, 200, "true")
	}
}

// Under review nothing works but the raw save, after which all does.
func TestAReviewIsLeftByTheRawSaveAlone(t *testing.T) {
	a := open(t, Options{})
	number := a.shop.Place(boots(StatePaymentReview))
	a.wants("POST", "/orders/1/cancel", "", 200, "false")
	a.wants("POST", "/orders/1/hold", "", 400, "A hold action is not available.")
	a.wants("POST", "/order/1/invoice", `{}`, 400, "The order does not allow an invoice to be created.")
	a.wants("POST", "/order/1/refund", `{}`, 400, "Creditmemo Document Validation Error")
	a.wants("POST", "/orders", `{"entity":{"entity_id":1,"increment_id":"`+number+`","state":"processing","status":"processing"}}`, 200, `"base_grand_total":null`)
	a.wants("POST", "/order/1/invoice", `{"capture":false}`, 200, `"1"`)
	if o, _ := a.shop.Order(number); o.Paid != 100_00 || o.State != StateProcessing {
		t.Errorf("%+v", o)
	}
}

func TestARawSaveWithoutNumberReplacesIt(t *testing.T) {
	a := open(t, Options{})
	number := a.shop.Place(boots(StatePaymentReview))
	a.wants("POST", "/orders", `{"entity":{"entity_id":1,"state":"processing","status":"processing"}}`, 200, "")
	if _, found := a.shop.Order(number); found {
		t.Error("the order kept its number")
	}
}

func TestDocumentsMoveTheTotals(t *testing.T) {
	a := open(t, Options{})
	number := a.shop.Place(boots(StateProcessing))
	a.wants("POST", "/order/1/invoice", `{"capture":true}`, 400, "Could not save an invoice, see error log for details")
	a.wants("POST", "/order/1/invoice", `{"items":[{"order_item_id":100,"qty":1}]}`, 200, `"1"`)
	a.wants("POST", "/order/1/invoice", `{"items":[{"order_item_id":100,"qty":2}]}`, 400, "Invoice Document Validation Error")
	a.wants("POST", "/order/1/invoice", `{}`, 200, `"2"`)
	a.wants("POST", "/order/1/invoice", `{}`, 400, "Invoice Document Validation Error")
	a.wants("POST", "/orders/1/cancel", "", 200, "false")
	a.wants("POST", "/order/1/refund", `{"items":[{"order_item_id":100,"qty":1}]}`, 200, `"1"`)
	if o, _ := a.shop.Order(number); o.Paid != 100_00 || o.Refunded != 40_00 || o.State != StateProcessing {
		t.Errorf("%+v", o)
	}
	a.wants("POST", "/order/1/refund", `{"items":[{"order_item_id":100,"qty":1},{"order_item_id":101,"qty":1}],"arguments":{"shipping_amount":5.00}}`, 200, `"2"`)
	if o, _ := a.shop.Order(number); o.Refunded != 100_00 || o.State != StateClosed || o.Status != "closed" {
		t.Errorf("%+v", o)
	}
	a.wants("GET", "/creditmemos?searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bfield%5D=order_id&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=1", "", 200, `"total_count":2`)
}

func TestHoldAndUnholdRestoreTheStatus(t *testing.T) {
	a := open(t, Options{})
	a.shop.AssignStatus("picking", StateProcessing)
	number := a.shop.Place(Placing{Status: "picking"})
	a.wants("POST", "/orders/1/unhold", "", 400, "You cannot remove the hold.")
	a.wants("POST", "/orders/1/hold", "", 200, "true")
	a.wants("POST", "/orders/1/hold", "", 400, "A hold action is not available.")
	a.wants("POST", "/orders/1/cancel", "", 200, "false")
	a.wants("POST", "/orders/1/unhold", "", 200, "true")
	if o, _ := a.shop.Order(number); o.Status != "picking" {
		t.Errorf("%+v", o)
	}
}

// A Lost fault acts and says nothing; a Deadlock says something and does not
// act.
func TestFaultsActOrDoNot(t *testing.T) {
	a := open(t, Options{})
	number := a.shop.Place(boots(StateProcessing))
	a.shop.Fail(Fault{Kind: Deadlock, Path: "/invoice$", Count: 2})
	a.wants("POST", "/order/1/invoice", `{}`, 500, "Internal Error. Details are available in Magento log file.")
	a.wants("POST", "/order/1/invoice", `{}`, 500, "Report ID")
	a.shop.Fail(Fault{Kind: Lost, Path: "/invoice$"})
	if status, _ := a.ask("POST", "/order/1/invoice", `{}`); status != 0 {
		t.Errorf("an answer of %d", status)
	}
	o, _ := a.shop.Order(number)
	calls := a.shop.Writes()
	if len(o.Invoices) != 1 || len(calls) != 3 || calls[1].Acted || !calls[2].Acted || calls[2].Status != 0 {
		t.Errorf("%d invoices, calls %+v", len(o.Invoices), calls)
	}
}

func TestWhoWatchesIsWoken(t *testing.T) {
	shop := New(Options{})
	changed := shop.Changed()
	shop.Place(Placing{})
	select {
	case <-changed:
	default:
		t.Error("an order was placed and nobody was told")
	}
}
