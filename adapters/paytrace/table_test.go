package paytrace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"paytrace-gateway/gateway"
)

// documented are the codes of PayTrace's material, written down a second time
// so that a row cannot go missing.
var documented = map[source]string{
	responseCode: "1 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 120 121 122 123 124 125 " +
		"149 150 151 152 155 160 161 162 167 170 171 172 175 180 191",
	numberedError: "30 35 43 44 45 46 58 59 80 148 171 811 816 817 818 961 970 971 981 998 999",
	oauthError:    "invalid_grant invalid_token",
}

func TestTableHasEveryDocumentedCodeAndNoOther(t *testing.T) {
	rows := 0
	for source, numbers := range documented {
		for number := range strings.FieldsSeq(numbers) {
			row, ok := table[code{source, number}]
			if !ok {
				t.Errorf("no row for %s %s", source, number)
				continue
			}
			rows++
			checkRow(t, code{source, number}, row)
		}
	}
	if rows != len(table) {
		t.Errorf("%d rows, %d documented", len(table), rows)
	}
}

func checkRow(t *testing.T, c code, row verdict) {
	t.Helper()
	if row.meaning == "" || row.outcome == "" || row.shopper == "" {
		t.Errorf("%v: meaning, outcome or words are missing: %+v", c, row)
	}
	if row.category == "" && row.outcome != gateway.Approved {
		t.Errorf("%v has no category", c)
	}
	if row.category == invalidData && row.field == "" {
		t.Errorf("%v is about data but names no field", c)
	}
	if row.outcome == gateway.Approved && (row.success != yes || row.of == "") {
		t.Errorf("%v approves without success, or any operation", c)
	}
	if row.outcome == gateway.Rejected && c.source == responseCode {
		t.Errorf("%v: only an error can say that nothing was done", c)
	}
	if row.contested && row.outcome != gateway.Unknown {
		t.Errorf("%v is contested and yet decided", c)
	}
	if row.again && !row.credentials {
		t.Errorf("%v may be sent again without the operator", c)
	}
}

var everyVerb = []verb{charging, capturing, voiding, refunding, creating, updating, deleting}

// about7 asks for something to be done to transaction or profile 7.
func about7(v verb, live bool) asked {
	if v == creating || v == updating || v == deleting {
		return asked{verb: v, profileID: "7", live: live}
	}
	return asked{verb: v, transactionID: "7", live: live}
}

// answerTo is an answer about transaction and profile 7.
func answerTo(success bool, response string) reply {
	return reply{left: true, status: 200, body: fmt.Appendf(nil,
		`{"success":%t,"response_code":%s,"status_message":"m","transaction_id":7,"customer_id":"7"}`, success, response)}
}

func TestEveryResponseCodeDecidesOnlyItsOwnOperation(t *testing.T) {
	for number := range strings.FieldsSeq(documented[responseCode]) {
		row := rowOf(responseCode, number)
		for _, v := range everyVerb {
			for _, success := range []bool{true, false} {
				for _, live := range []bool{true, false} {
					q := about7(v, live)
					want := gateway.Unknown
					if row.of == v && row.success.allows(success) && (!row.test || !live) {
						want = row.outcome
					}
					got := result(q, answerTo(success, number))
					if got.Outcome != want {
						t.Errorf("%s answered %s, success %t, live %t: %s, want %s", v, number, success, live, got.Outcome, want)
					}
					if got.Outcome == gateway.Approved && !success {
						t.Errorf("%s answered %s: approved without success", v, number)
					}
				}
			}
		}
	}
}

func TestApprovalsAndDeclinesAreThoseOfTheFacts(t *testing.T) {
	cases := []struct {
		verb    verb
		code    string
		success bool
		want    gateway.Outcome
	}{
		{charging, "101", true, gateway.Approved}, {charging, "101", false, gateway.Unknown},
		{charging, "102", false, gateway.Declined}, {charging, "102", true, gateway.Unknown},
		{charging, "103", true, gateway.Declined}, {charging, "103", false, gateway.Declined},
		{charging, "118", true, gateway.Unknown}, {charging, "1", true, gateway.Unknown},
		{charging, "112", true, gateway.Unknown}, {charging, "192", true, gateway.Unknown},
		{capturing, "112", true, gateway.Approved}, {capturing, "113", false, gateway.Declined},
		{capturing, "101", true, gateway.Unknown},
		{voiding, "109", true, gateway.Approved}, {voiding, "110", false, gateway.Declined},
		{refunding, "106", true, gateway.Approved}, {refunding, "107", false, gateway.Declined},
		{refunding, "109", true, gateway.Unknown},
		{creating, "160", true, gateway.Approved}, {creating, "160", false, gateway.Unknown},
		{creating, "161", true, gateway.Unknown}, {creating, "101", true, gateway.Unknown}, {creating, "1", true, gateway.Unknown},
		{updating, "161", true, gateway.Approved}, {updating, "160", true, gateway.Unknown},
		{deleting, "162", true, gateway.Approved}, {deleting, "162", false, gateway.Unknown},
	}
	for _, c := range cases {
		got := result(about7(c.verb, true), answerTo(c.success, c.code))
		if got.Outcome != c.want {
			t.Errorf("%s answered %s, success %t: %s, want %s", c.verb, c.code, c.success, got.Outcome, c.want)
		}
	}
	voided := result(asked{verb: charging}, answerTo(true, "103"))
	if voided.Decline == nil || voided.Decline.Category != avsCSC || voided.Decline.Code != "103" {
		t.Errorf("103 gives %+v", voided.Decline)
	}
}

// refusal is an answer with these errors.
func refusal(numbers ...string) reply {
	var members []string
	for _, number := range numbers {
		members = append(members, fmt.Sprintf(`%q:["Text of %s."]`, number, number))
	}
	return reply{left: true, status: 400, body: fmt.Appendf(nil,
		`{"success":false,"response_code":1,"status_message":"One or more errors has occurred.","errors":{%s}}`, strings.Join(members, ","))}
}

func TestEveryNumberedErrorHasTheOutcomeOfItsRow(t *testing.T) {
	for number := range strings.FieldsSeq(documented[numberedError]) {
		row := rowOf(numberedError, number)
		for _, v := range everyVerb {
			got := result(asked{verb: v, transactionID: "7", method: gateway.ByCard}, refusal(number))
			if got.Outcome != row.outcome || got.Contested != row.contested {
				t.Errorf("error %s to a %s: %s, contested %t", number, v, got.Outcome, got.Contested)
			}
			if (got.Rejection != nil) != (row.outcome == gateway.Rejected) {
				t.Fatalf("error %s: rejection %+v", number, got.Rejection)
			}
			if r := got.Rejection; r != nil && (r.Code != number || r.Credentials != row.credentials || r.Again != row.again || r.Message != row.shopper) {
				t.Errorf("error %s: rejection %+v", number, r)
			}
		}
	}
}

func TestSeveralErrorsAreARejectionOnlyWhenAllAreKnown(t *testing.T) {
	cases := []struct {
		name      string
		numbers   []string
		outcome   gateway.Outcome
		code      string
		contested bool
	}{
		{"two of the data", []string{"43", "35"}, gateway.Rejected, "35", false},
		{"the operator's comes first", []string{"35", "998", "999"}, gateway.Rejected, "998", false},
		{"one unknown", []string{"35", "12345"}, gateway.Unknown, "", false},
		{"one unconfirmed", []string{"35", "148"}, gateway.Unknown, "", false},
		{"one contested", []string{"58", "818"}, gateway.Unknown, "", true},
		{"contested and unknown", []string{"818", "12345"}, gateway.Unknown, "", false},
		{"no number", []string{"abc"}, gateway.Unknown, "", false},
		{"none at all", nil, gateway.Unknown, "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := result(asked{verb: charging}, refusal(c.numbers...))
			mustBe(t, got, c.outcome)
			if got.Contested != c.contested || (c.code != "" && got.Rejection.Code != c.code) {
				t.Errorf("contested %t, rejection %+v", got.Contested, got.Rejection)
			}
		})
	}
}

// An answer whose words leave everything open says all the same that PayTrace is
// there. What is no answer of PayTrace's, or a failing one, does not.
func TestOnlyAFullAnswerSaysThatPayTraceIsThere(t *testing.T) {
	approval := `{"success":true,"response_code":101,"status_message":"m","transaction_id":7}`
	for name, c := range map[string]struct {
		reply    reply
		outcome  gateway.Outcome
		answered bool
	}{
		"an error of no table":       {refusal("12345"), gateway.Unknown, true},
		"an error that forbids":      {refusal("818"), gateway.Unknown, true},
		"a code of no table":         {answerTo(true, "9999"), gateway.Unknown, true},
		"a known error":              {refusal("35"), gateway.Rejected, false},
		"an approval":                {answerTo(true, "101"), gateway.Approved, false},
		"a page":                     {reply{left: true, status: 404, body: []byte("<html>Not Found</html>")}, gateway.Unknown, false},
		"nothing":                    {reply{left: true, status: 200}, gateway.Unknown, false},
		"half an answer":             {reply{left: true, status: 200, body: []byte(`{"success":false}`)}, gateway.Unknown, false},
		"a failure with an approval": {reply{left: true, status: 500, body: []byte(approval)}, gateway.Unknown, false},
		"a connection that broke":    {reply{left: true, err: errors.New("reset")}, gateway.Unknown, false},
		"a connection never made":    {reply{err: errors.New("refused")}, gateway.NotSent, false},
	} {
		got := result(asked{verb: charging}, c.reply)
		if got.Outcome != c.outcome || got.Answered != c.answered {
			t.Errorf("%s: %s, answered %t, want %s, %t", name, got.Outcome, got.Answered, c.outcome, c.answered)
		}
	}
}

func TestOnlyARefusedLogInMayBeSentAgainByItsKey(t *testing.T) {
	for _, c := range []struct {
		numbers            []string
		credentials, again bool
	}{
		{[]string{"998"}, true, true}, {[]string{"999"}, true, true}, {[]string{"999", "998"}, true, true},
		{[]string{"970"}, true, false}, {[]string{"971"}, true, false}, {[]string{"981"}, true, false},
		{[]string{"971", "998"}, true, false}, {[]string{"35", "998"}, true, false},
		{[]string{"35"}, false, false}, {[]string{"961"}, false, false},
	} {
		for _, v := range everyVerb {
			got := result(asked{verb: v}, refusal(c.numbers...))
			mustBe(t, got, gateway.Rejected)
			if got.Rejection.Credentials != c.credentials || got.Rejection.Again != c.again {
				t.Errorf("errors %v to a %s: %+v", c.numbers, v, got.Rejection)
			}
		}
	}
}

func TestMissingParameterIsTheOperatorsUnlessTheCallerGivesIt(t *testing.T) {
	for parameter, field := range map[string]string{
		"integrator_id": "", "hpf_token": "paymentMethod.hostedFields.hpfToken", "enc_key": "paymentMethod.hostedFields.encKey", "anything": "",
	} {
		got := result(asked{verb: charging}, reply{left: true, status: 400, body: fmt.Appendf(nil,
			`{"success":false,"response_code":1,"status_message":"m","errors":{"970":["Param is missing or the value is empty: %s"]}}`, parameter)})
		mustBe(t, got, gateway.Rejected)
		if got.Rejection.Field != field || got.Rejection.Credentials != (field == "") {
			t.Errorf("%s: %+v", parameter, got.Rejection)
		}
	}
}

func TestCardFieldsAreNamedAsTheCallerGaveThem(t *testing.T) {
	for method, field := range map[gateway.MethodKind]string{
		gateway.ByCard:          "paymentMethod.card.cardNumber",
		gateway.ByEncryptedCard: "paymentMethod.encryptedCard.cardNumber",
		gateway.ByVault:         "paymentMethod",
	} {
		if got := result(asked{verb: charging, method: method}, refusal("35")); got.Rejection.Field != field {
			t.Errorf("%s: %q", method, got.Rejection.Field)
		}
	}
}

func TestDoubtfulAnswersAreUnknown(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                    ``,
		"null":                     `null`,
		"array":                    `[]`,
		"cut":                      goodSale[:len(goodSale)-1],
		"trailing":                 goodSale + `{}`,
		"member twice":             `{"success":true,"success":true,"response_code":101,"transaction_id":7}`,
		"error number twice":       `{"success":false,"response_code":1,"errors":{"35":["a"],"35":["b"]}}`,
		"other case":               `{"SUCCESS":true,"response_code":101,"transaction_id":7}`,
		"no success":               `{"response_code":101,"transaction_id":7}`,
		"success as a string":      `{"success":"true","response_code":101,"transaction_id":7}`,
		"code as a string":         `{"success":true,"response_code":"101","transaction_id":7}`,
		"no id":                    `{"success":true,"response_code":101}`,
		"id of zero":               `{"success":true,"response_code":101,"transaction_id":0}`,
		"negative id":              `{"success":true,"response_code":101,"transaction_id":-7}`,
		"id with a fraction":       `{"success":true,"response_code":101,"transaction_id":7.5}`,
		"approved with errors":     `{"success":true,"response_code":101,"transaction_id":7,"errors":{"35":["a"]}}`,
		"declined with errors":     `{"success":false,"response_code":102,"transaction_id":7,"errors":{"35":["a"]}}`,
		"errors with an id":        `{"success":false,"response_code":1,"transaction_id":7,"errors":{"35":["a"]}}`,
		"declined as a duplicate":  `{"success":false,"response_code":102,"transaction_id":7,"approval_message":"DECLINE - Duplicate transaction"}`,
		"approved as a duplicate":  `{"success":true,"response_code":101,"transaction_id":7,"status_message":"Duplicate of an earlier transaction"}`,
		"error about a duplicate":  `{"success":false,"response_code":1,"errors":{"35":["Possible duplicate."]}}`,
		"approved and oauth error": `{"success":true,"response_code":101,"transaction_id":7,"error":"invalid_grant"}`,
		"unknown oauth error":      `{"error":"invalid_scope"}`,
		"rails":                    `{"status":400,"error":"Bad Request"}`,
	} {
		t.Run(name, func(t *testing.T) {
			mustBe(t, result(asked{verb: charging}, reply{left: true, status: 200, body: []byte(body)}), gateway.Unknown)
		})
	}
}

func TestCaptureAndVoidMustEchoTheirTransaction(t *testing.T) {
	for v, approval := range map[verb]string{capturing: "112", voiding: "109"} {
		mustBe(t, result(asked{verb: v, transactionID: "8"}, answerTo(true, approval)), gateway.Unknown)
		mustBe(t, result(asked{verb: v}, answerTo(true, approval)), gateway.Unknown)
		mustBe(t, result(asked{verb: v, transactionID: "7"}, answerTo(true, approval)), gateway.Approved)
	}
}

const htmlPage = "<html><body><h1>502 Bad Gateway</h1></body></html>"

func TestEveryHTTPStatusWithEveryKindOfBody(t *testing.T) {
	bodies := []struct {
		name, body string
		believed   gateway.Outcome
	}{
		{"approved", goodSale, gateway.Approved},
		{"declined", `{"success":false,"response_code":102,"status_message":"m","transaction_id":7}`, gateway.Declined},
		{"errors", `{"success":false,"response_code":1,"status_message":"m","errors":{"35":["a"]}}`, gateway.Rejected},
		{"html", htmlPage, gateway.Unknown},
		{"empty", "", gateway.Unknown},
	}
	server := rawServer(t)
	c := runClient(t, testConfig(server.url))
	for status := 200; status <= 599; status++ {
		for _, b := range bodies {
			want := b.believed
			// A redirect and a failing server are not PayTrace's word, and 204
			// has no body at all.
			if status == 204 || (status >= 300 && status < 400) || status >= 500 {
				want = gateway.Unknown
			}
			server.answer(status, b.body)
			if got := c.Charge(context.Background(), sale()); got.Outcome != want {
				t.Errorf("HTTP %d with %s: %s, want %s (%s)", status, b.name, got.Outcome, want, got.Detail)
			}
		}
	}
	if got := server.count(); got != 400*len(bodies) {
		t.Errorf("%d requests reached PayTrace, want %d", got, 400*len(bodies))
	}
}

// raw answers with statuses that net/http's server would not let pass with a
// body, one connection for each request.
type raw struct {
	url     string
	replies chan string
	counted chan int
}

func rawServer(t *testing.T) *raw {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	r := &raw{url: "http://" + listener.Addr().String(), replies: make(chan string, 1), counted: make(chan int, 1)}
	r.counted <- 0
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			r.serve(connection)
		}
	}()
	return r
}

func (r *raw) answer(status int, body string) {
	r.replies <- fmt.Sprintf("HTTP/1.1 %d S\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

func (r *raw) count() int { n := <-r.counted; r.counted <- n; return n }

func (r *raw) serve(connection net.Conn) {
	defer connection.Close()
	request, err := http.ReadRequest(bufio.NewReader(connection))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, request.Body)
	if request.URL.Path == tokenPath {
		_, _ = fmt.Fprintf(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(goodToken), goodToken)
		return
	}
	r.counted <- <-r.counted + 1
	_, _ = io.WriteString(connection, <-r.replies)
}

func TestShoppersReadNoCodes(t *testing.T) {
	for c, row := range table {
		if strings.ContainsAny(row.shopper, "0123456789_") {
			t.Errorf("%v: %q has a code in it", c, row.shopper)
		}
	}
}
