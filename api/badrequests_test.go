package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// badRequest is a request that has to be refused: how exactly, and which field
// the answer names.
type badRequest struct {
	name string
	call
	status int
	code   string
	field  string
}

// refuse is a row for a body of POST /api/v1/payments that is malformed.
func refuse(name, body, field string) badRequest {
	return badRequest{name, call{path: payments, body: body}, http.StatusBadRequest, "invalid_request", field}
}

func TestBadRequestsAreRefusedExactlyAndDoNothing(t *testing.T) {
	h := newHouse(t)
	rows := badRequests(t, h)
	if len(rows) < 80 {
		t.Errorf("%d rows, want at least 80", len(rows))
	}
	names := map[string]bool{}
	for i, row := range rows {
		if names[row.name] {
			t.Errorf("two rows are named %q", row.name)
		}
		names[row.name] = true
		t.Run(row.name, func(t *testing.T) {
			inner := *h
			inner.t = t
			if row.method == "" && row.body != "" {
				row.method = http.MethodPost
			}
			if row.method == http.MethodPost && row.key == "" {
				row.key = fmt.Sprintf("bad-%d", i)
			}
			if row.key == absent {
				row.key = ""
			}
			a := inner.do(row.call)
			a.refused(row.status, row.code, row.field)
			for _, word := range []string{marker, cardRun, cardSpaced} {
				if strings.Contains(string(a.raw), word) || strings.Contains(fmt.Sprint(a.header), word) {
					t.Errorf("the answer quotes the request: %v %s", a.header, a.raw)
				}
			}
			challenged := row.status == http.StatusUnauthorized || row.code == "insufficient_scope"
			if challenge := a.header.Get("WWW-Authenticate"); (challenge != "") != challenged {
				t.Errorf("beside %d WWW-Authenticate is %q", row.status, challenge)
			}
			inner.expectCleanLog()
		})
	}
	h.expectCharges(0)
	if made := ids(h.list("")); len(made) != 0 {
		t.Errorf("bad requests have made the payments %v", made)
	}
	if made := customers(h.do(call{path: vault}).expect(http.StatusOK)); len(made) != 0 || len(h.processor.Profiles()) != 0 {
		t.Errorf("bad requests have made the customers %v and the profiles %v", made, h.processor.Profiles())
	}
}

// absent is the key of a row that has none.
const absent = "absent"

func badRequests(t *testing.T, h *house) []badRequest {
	var rows []badRequest
	for _, part := range [][]badRequest{
		badJSON(), badTypes(), badMembers(), badAmounts(), badMethods(), cardNumbers(),
		badTokens(t, h), badKeys(), badHeaders(), badOperations(), badDecisions(), badPages(), badReports(), badCallbacks(), badCallbackPages(),
		badCustomers(), badCards(), badVaultCards(), badVaultPaths(), badCustomerPages(),
	} {
		rows = append(rows, part...)
	}
	return rows
}

// limits are the text members and how many characters they may have.
var limits = map[string]int{
	"orderId": 50, "storeCode": 32, "customerId": 64, "channel": 32,
	"sourceRecords.opportunityId": 18, "sourceRecords.salesforceOrderId": 18,
	"sourceRecords.accountId": 18, "sourceRecords.contactId": 18,
	"billingAddress.name": 255, "billingAddress.street": 255, "billingAddress.street2": 255, "billingAddress.city": 255,
	"billingAddress.state": 255, "billingAddress.postalCode": 20,
	"shippingAddress.name": 255, "shippingAddress.street2": 255, "shippingAddress.postalCode": 20,
	"paymentMethod.hostedFields.hpfToken": 100, "paymentMethod.hostedFields.encKey": 200,
}

// badMembers are texts that are too long, or hold what no text may hold.
func badMembers() []badRequest {
	var rows []badRequest
	for member, limit := range limits {
		long := marker + strings.Repeat("x", limit+1-len(marker))
		if limit < len(marker) {
			panic("the marker is longer than " + member)
		}
		rows = append(rows,
			refuse(member+" too long", payment(member, `"`+long+`"`), member),
			refuse(member+" with a control character", payment(member, `"zqmarker7\u0007"`), member),
			refuse(member+" with a C1 control character", payment(member, `"zqmarker7\u0085"`), member),
			refuse(member+" with a NUL", payment(member, `"\u0000zqmarker7"`), member),
		)
	}
	for _, member := range []string{"orderId", "amount", "paymentMethod", "paymentMethod.hostedFields.hpfToken", "paymentMethod.hostedFields.encKey"} {
		for name, value := range map[string]string{"missing": "", "null": "null"} {
			rows = append(rows, refuse(member+" "+name, payment(member, value, "storeCode", `"`+marker+`"`), member))
		}
	}
	for name, members := range map[string][3]string{
		"orderId empty":              {"orderId", `""`, "orderId"},
		"hpfToken empty":             {"paymentMethod.hostedFields.hpfToken", `""`, "paymentMethod.hostedFields.hpfToken"},
		"intent of another kind":     {"intent", `"` + marker + `"`, "intent"},
		"intent in capitals":         {"intent", `"SALE"`, "intent"},
		"currency too long":          {"currencyCode", `"` + marker + `"`, "currencyCode"},
		"currency in small letters":  {"currencyCode", `"usd"`, "currencyCode"},
		"currency of digits":         {"currencyCode", `"840"`, "currencyCode"},
		"country too long":           {"billingAddress.countryCode", `"USAA"`, "billingAddress.countryCode"},
		"country of one letter":      {"shippingAddress.countryCode", `"u"`, "shippingAddress.countryCode"},
		"channel in capitals":        {"channel", `"Magento"`, "channel"},
		"channel with a blank":       {"channel", `"zqmarker7 a"`, "channel"},
		"metadata text too long":     {"metadata", `{"a":"` + strings.Repeat(marker, 56) + `"}`, "metadata"},
		"metadata text with control": {"metadata", `{"a":"zqmarker7\u001b[2J"}`, "metadata"},
		"metadata name too long":     {"metadata", `{"` + strings.Repeat(marker, 8) + `":"a"}`, "metadata"},
		"metadata name empty":        {"metadata", `{"":"` + marker + `"}`, "metadata"},
		"metadata name with control": {"metadata", `{"zqmarker7\n":"a"}`, "metadata"},
		"metadata too many":          {"metadata", manyNotes(21), "metadata"},
		"metadata of objects":        {"metadata", `{"zqmarker7":{}}`, "metadata.?"},
		"metadata of numbers":        {"metadata", `{"note":7}`, "metadata.note"},
	} {
		rows = append(rows, refuse(name, payment(members[0], members[1]), members[2]))
	}
	return append(rows, refuse("several at once", payment("orderId", "", "channel", `"A"`, "intent", `"zqmarker7"`), "intent,orderId,channel"))
}

func manyNotes(n int) string {
	notes := make([]string, n)
	for i := range notes {
		notes[i] = fmt.Sprintf(`"n%d":"zqmarker7"`, i)
	}
	return "{" + strings.Join(notes, ",") + "}"
}
