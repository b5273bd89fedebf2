package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"paytrace-gateway/api/auth"
)

func badTokens(t *testing.T, h *house) []badRequest {
	t.Helper()
	good := h.token(shop)
	expired := h.auth
	expired.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	elsewhere := h.auth
	elsewhere.Issuer = "http://" + marker + ".test"
	strange := h.auth
	strange.Keys = must(auth.NewKeys(must(strangeKey())(t)))(t)
	parts := strings.Split(good, ".")
	unsigned := must(jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": publicURL, "aud": publicURL, "client_id": shop}).
		SignedString(jwt.UnsafeAllowNoneSignatureType))(t)
	symmetric := must(jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": publicURL, "aud": publicURL, "client_id": shop}).
		SignedString([]byte(marker)))(t)

	var rows []badRequest
	for name, authorization := range map[string]string{
		"no token":                    "",
		"an empty bearer":             "Bearer ",
		"no scheme":                   good,
		"another scheme":              "Token " + good,
		"Basic":                       basic(shop, secret)["Authorization"],
		"a token that is none":        "Bearer " + marker,
		"a token of dots":             "Bearer ..",
		"a token of two parts":        "Bearer " + parts[0] + "." + parts[1],
		"a token without signature":   "Bearer " + parts[0] + "." + parts[1] + ".",
		"another token's signature":   "Bearer " + parts[0] + "." + parts[1] + "." + strings.Split(h.token(rival), ".")[2],
		"another token's claims":      "Bearer " + parts[0] + "." + strings.Split(h.token(rival), ".")[1] + "." + parts[2],
		"a token and more":            "Bearer " + good + " " + marker,
		"two blanks":                  "Bearer  " + good,
		"a token with a line":         "Bearer " + good + "=",
		"an expired token":            "Bearer " + issue(t, expired, shop, ""),
		"a token of another issuer":   "Bearer " + issue(t, elsewhere, shop, ""),
		"a token of another key":      "Bearer " + issue(t, strange, shop, ""),
		"an unsigned token":           "Bearer " + unsigned,
		"a token of a shared secret":  "Bearer " + symmetric,
		"a token of 5 KiB":            "Bearer " + strings.Repeat(marker, 570),
		"a good token made 9 KiB":     "Bearer " + good + strings.Repeat("A", 9<<10),
		"a card in place of a token":  "Bearer " + cardRun,
		"a token with a key's header": "Bearer eyJhbGciOiJSUzI1NiIsImp3ayI6e319." + parts[1] + "." + parts[2],
	} {
		header := map[string]string{"Authorization": authorization}
		for path, c := range map[string]call{
			" to write": {path: payments, body: sale("1.00"), header: header, anyone: true},
			" to read":  {path: payments, header: header, anyone: true},
		} {
			rows = append(rows, badRequest{name + path, c, http.StatusUnauthorized, "unauthorized", ""})
		}
	}
	for name, c := range map[string]call{
		"a sale by a reader":         {path: payments, body: sale("1.00"), as: reader},
		"a sale by a clerk":          {path: payments, body: sale("1.00"), as: clerk},
		"a list by a writer":         {path: payments, as: writer},
		"a payment by a clerk":       {path: payments + "/pay_1", as: clerk},
		"a key by a writer":          {path: payments + "/by-key/k", as: writer},
		"a key's void by a reader":   {method: "POST", path: payments + "/by-key/k/void", as: reader},
		"a transaction by a writer":  {path: "/api/v1/transactions/1", as: writer},
		"a capture by a reader":      {method: "POST", path: "/api/v1/transactions/1/capture", as: reader},
		"a void by a reader":         {method: "POST", path: "/api/v1/transactions/1/void", as: reader},
		"a refund by a reader":       {method: "POST", path: "/api/v1/transactions/1/refund", as: reader},
		"a decision by a shop":       {path: payments + "/pay_1/resolve", body: decision(), as: shop},
		"a decision by a reader":     {path: payments + "/pay_1/resolve", body: decision(), as: reader},
		"a customer by a keeper":     {path: vault, body: customer(), as: keeper},
		"a card by a keeper":         {path: vault + "/c/payments", body: card(), as: keeper},
		"a change by a keeper":       {method: "PATCH", path: vault + "/c", body: "{}", as: keeper},
		"a new card by a keeper":     {method: "PATCH", path: vault + "/c/payments/pm_1", body: card(), as: keeper},
		"forgetting by a keeper":     {method: "DELETE", path: vault + "/c", as: keeper},
		"forgetting one by a keeper": {method: "DELETE", path: vault + "/c/payments/pm_1", as: keeper},
		"customers by a writer":      {path: vault, as: writer},
		"a stored card by a reader":  {path: vault + "/c/payments/pm_1", as: reader},
		"client token by a reader":   {method: "POST", path: clientTokens, as: reader},
		"client token by a clerk":    {method: "POST", path: clientTokens, as: clerk},
		"unmatched by a writer":      {path: unmatched, as: writer},
		"unmatched by a clerk":       {path: unmatched, as: clerk},
		"deliveries by a shop":       {path: callbacks, as: shop},
		"a delivery by a shop":       {path: callbacks + "/dlv_1", as: shop},
		"a replay by an auditor":     {path: callbacks + "/dlv_1/replay", body: person(), as: auditor},
		"a skip by an auditor":       {path: callbacks + "/dlv_1/skip", body: person(), as: auditor},
		"leftovers by an auditor":    {path: callbacks + "/skip", body: person("subscriber", `"old"`), as: auditor},
		"a range by an auditor":      {path: callbacks + "/replay", body: replayRange(), as: auditor},
		"subscribers by a chief":     {path: subscribers, as: chief},
		"enabling by an auditor":     {path: subscribers + "/erp/enable", body: person(), as: auditor},
		"a bad body by a reader":     {path: payments, body: "{" + marker, as: reader},
		"a token narrowed to reads":  {path: payments, body: sale("1.00"), anyone: true, header: map[string]string{"Authorization": "Bearer " + issue(t, h.auth, shop, "payments:read")}},
		"a token narrowed to writes": {path: payments, anyone: true, header: map[string]string{"Authorization": "Bearer " + issue(t, h.auth, shop, "payments:write")}},
	} {
		rows = append(rows, badRequest{name, c, http.StatusForbidden, "insufficient_scope", ""})
	}
	return rows
}

func badKeys() []badRequest {
	rows := []badRequest{
		{"no key", call{path: payments, body: sale("1.00"), key: absent}, 400, "idempotency_key_missing", "Idempotency-Key"},
		{"no key and a bad body", call{path: payments, body: "{" + marker, key: absent}, 400, "idempotency_key_missing", "Idempotency-Key"},
	}
	for name, c := range map[string]call{
		"a customer":   {path: vault, body: customer(), key: absent},
		"a card":       {path: vault + "/c/payments", body: card(), key: absent},
		"another card": {method: "PATCH", path: vault + "/c/payments/pm_1", body: card(), key: absent},
	} {
		rows = append(rows, badRequest{name + " without a key", c, 400, "idempotency_key_missing", "Idempotency-Key"})
	}
	for _, verb := range []string{"capture", "void", "refund"} {
		c := call{method: "POST", path: "/api/v1/transactions/1/" + verb, key: absent}
		rows = append(rows, badRequest{"a " + verb + " without a key", c, 400, "idempotency_key_missing", "Idempotency-Key"})
	}
	for name, key := range map[string]string{
		"of quotes":               `""`,
		"of one quote":            `"`,
		"with half a quote":       `"zqmarker7`,
		"in single quotes":        `'zqmarker7'`,
		"in two pairs of quotes":  `""zqmarker7""`,
		"of 256 characters":       strings.Repeat("k", 256),
		"of 256 in quotes":        `"` + strings.Repeat("k", 256) + `"`,
		"of a dot":                ".",
		"of two dots in quotes":   `".."`,
		"with a blank":            "zqmarker7 a",
		"with a tab":              "zqmarker7\ta",
		"with a slash":            "zqmarker7/void",
		"with a comma":            "zqmarker7,b",
		"with an accent":          "zqmarker7é",
		"of Chinese":              "漢字",
		"of full-width letters":   "ｋｅｙ",
		"with invalid UTF-8":      "zqmarker7\xff",
		"with a percent sign":     "zqmarker7%20",
		"that looks like a query": "zqmarker7'; DROP TABLE keys;--",
	} {
		rows = append(rows, badRequest{"a key " + name, call{path: payments, body: sale("1.00"), key: key},
			http.StatusBadRequest, "idempotency_key_invalid", "Idempotency-Key"})
	}
	for name, key := range map[string]string{
		"with a blank": "zqmarker7%20a", "with a slash": "zqmarker7%2Fvoid", "of 256 characters": strings.Repeat("k", 256),
		"with a NUL": "zqmarker7%00", "with a line": "zqmarker7%0d%0aX: y", "of quotes": "%22%22", "of Chinese": "%E6%BC%A2",
		"with invalid UTF-8": "%ff", "escaped twice": "zqmarker7%2520", "with a broken escape": "zqmarker7%25zz", "with a plus": "a+b",
	} {
		path := payments + "/by-key/" + key
		rows = append(rows,
			badRequest{"a key in the path " + name, call{path: path}, 400, "idempotency_key_invalid", "idempotencyKey"},
			badRequest{"giving up a key " + name, call{method: "POST", path: path + "/void"}, 400, "idempotency_key_invalid", "idempotencyKey"})
	}
	return rows
}

func badHeaders() []badRequest {
	var rows []badRequest
	add := func(name string, status int, code, field string, header map[string]string) {
		rows = append(rows, badRequest{name, call{path: payments, body: sale("1.00"), header: header}, status, code, field})
	}
	for _, coding := range []string{"gzip", "br", "deflate", "zstd", "identity", "gzip, gzip", marker} {
		add("Content-Encoding "+coding, 415, "content_encoding_not_supported", "", map[string]string{"Content-Encoding": coding})
	}
	for name, media := range map[string]string{
		"nothing": "", "a form": "application/x-www-form-urlencoded", "plain text": "text/plain", "XML": "application/xml",
		"problem JSON": "application/problem+json", "a multipart form": "multipart/form-data; boundary=" + marker,
		"JSON's neighbour": "application/jsonp", "nonsense": marker, "two in one": "application/json, text/plain",
	} {
		add("the media type of "+name, 415, "media_type_not_supported", "", map[string]string{"Content-Type": media})
	}
	for name, budget := range map[string]string{
		"of words": marker, "below nothing": "-1", "with a fraction": "1000.5", "with a unit": "9s", "with an exponent": "1e4",
		"in hexadecimals": "0x100", "with a sign": "+1000", "with a blank": "1 000", "beyond reason": "99999999999999999999",
	} {
		add("a budget "+name, 400, "invalid_request", "X-Request-Timeout-Ms", map[string]string{"X-Request-Timeout-Ms": budget})
	}
	rows = append(rows, badRequest{"a budget of words to read",
		call{path: payments + "/pay_1", header: map[string]string{"X-Request-Timeout-Ms": marker}}, 400, "invalid_request", "X-Request-Timeout-Ms"})
	return rows
}

// badOperations are bad bodies and targets of capture, void and refund.
func badOperations() []badRequest {
	const transactions = "/api/v1/transactions/"
	var rows []badRequest
	for _, verb := range []string{"capture", "refund", "void"} {
		for name, row := range map[string][2]string{
			"an unknown member": {`{"zqmarker7":1}`, "?"}, "null": {"null", "body"}, "an array": {"[]", "body"}, "a text": {`"zqmarker7"`, "body"},
			"two documents": {"{}{}", "body"}, "trailing text": {"{}zqmarker7", "body"}, "half a document": {"{", "body"},
			"a member of digits": {`{"1":1}`, "?"}, "a member of nothing": {`{"":1}`, "?"},
			"a payment": {`{"orderId":"zqmarker7"}`, "orderId"},
		} {
			rows = append(rows, badRequest{verb + " with " + name, call{path: transactions + "1/" + verb, body: row[0]}, 400, "invalid_request", row[1]})
		}
		for name, id := range map[string]string{
			"nobody's": "pay_" + marker, "a stranger's": "999999999", "a blank": "%20", "a NUL": "%00" + marker, "a slash": "a%2Fb",
			"not UTF-8": "%ff" + marker, "long": strings.Repeat(marker, 500), "a broken escape": "%25zz", "a wildcard": "%25",
		} {
			rows = append(rows, badRequest{verb + " of a transaction that is " + name, call{method: "POST", path: transactions + id + "/" + verb}, 404, "not_found", ""})
		}
	}
	for _, verb := range []string{"capture", "refund"} {
		for name, body := range map[string]string{
			"three decimals": `{"amount":"1.000"}`, "a negative": `{"amount":-1}`, "an exponent": `{"amount":1e2}`, "words": `{"amount":"zqmarker7"}`,
			"an amount twice": `{"amount":"1.00","amount":"2.00"}`,
		} {
			rows = append(rows, badRequest{verb + " of " + name, call{path: transactions + "1/" + verb, body: body}, 400, "invalid_request", "amount"})
		}
	}
	return append(rows,
		badRequest{"a void with an amount", call{path: transactions + "1/void", body: `{"amount":"1.00"}`}, 400, "invalid_request", "amount"},
		badRequest{"giving up with a body", call{path: payments + "/by-key/k/void", body: `{"zqmarker7":1}`}, 400, "invalid_request", "?"},
		badRequest{"giving up with null", call{path: payments + "/by-key/k/void", body: "null"}, 400, "invalid_request", "body"},
		badRequest{"an escaped slash that leads elsewhere", call{method: "POST", path: payments + "/by-key/" + marker + "%2Fvoid"}, 405, "method_not_allowed", ""},
		badRequest{"no such payment", call{path: payments + "/pay_" + marker}, 404, "not_found", ""},
		badRequest{"a payment by a broken escape", call{path: payments + "/pay_%25zz"}, 404, "not_found", ""},
		badRequest{"a payment by a long id", call{path: payments + "/pay_" + strings.Repeat(marker, 800)}, 404, "not_found", ""},
		badRequest{"no such transaction", call{path: transactions + marker}, 404, "not_found", ""},
	)
}
