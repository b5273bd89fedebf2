package api_test

import (
	"fmt"
	"net/http"
	"strings"
)

// badJSON are bodies that are not one JSON object of the contract.
func badJSON() []badRequest {
	good := sale("1.00")
	open := strings.TrimSuffix(good, "}")
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	var rows []badRequest
	for name, row := range map[string][2]string{
		"cut off":                       {open, "body"},
		"cut off within a text":         {open + `,"storeCode":"zqmarker7`, "storeCode"},
		"trailing text":                 {good + marker, "body"},
		"trailing comma":                {open + ",}", "body"},
		"two documents":                 {good + good, "body"},
		"an array":                      {"[" + good + "]", "body"},
		"a text":                        {`"zqmarker7"`, "body"},
		"a number":                      {"7", "body"},
		"null":                          {"null", "body"},
		"true":                          {"true", "body"},
		"blank":                         {" \t\r\n ", "body"},
		"an empty object":               {"{}", "amount,orderId,paymentMethod"},
		"a form":                        {"amount=1.00&orderId=zqmarker7", "body"},
		"XML":                           {"<payment>zqmarker7</payment>", "body"},
		"a byte-order mark":             {"\xef\xbb\xbf" + good, "body"},
		"UTF-16":                        {"\xff\xfe{\x00}\x00", "body"},
		"invalid UTF-8 in a text":       {open + ",\"storeCode\":\"zqmarker7\xff\"}", "storeCode"},
		"invalid UTF-8 in a name":       {open + ",\"zq\xffmarker7\":1}", "body"},
		"half a surrogate pair":         {open + `,"storeCode":"zqmarker7\ud800"}`, "storeCode"},
		"a raw control character":       {open + ",\"storeCode\":\"zqmarker7\n\"}", "storeCode"},
		"single quotes":                 {"{'orderId':'zqmarker7'}", "body"},
		"a comment":                     {open + "/*zqmarker7*/}", "body"},
		"NaN":                           {`{"amount":NaN}`, "amount"},
		"a leading zero":                {`{"amount":01.00}`, "body"},
		"an unknown member":             {open + `,"zqmarker7":1}`, "?"},
		"an unknown plain member":       {open + `,"tip":"zqmarker7"}`, "tip"},
		"an unknown member of digits":   {open + `,"1":"zqmarker7"}`, "?"},
		"an unknown member of nothing":  {open + `,"":"zqmarker7"}`, "?"},
		"an unknown member with a path": {open + `,"a/b~c":"zqmarker7"}`, "?"},
		"an unknown member that nests":  {open + `,"extra":` + deep(10000) + `}`, "extra"},
		"an unknown member within":      {payment("billingAddress.zqmarker7", "1"), "billingAddress.?"},
		"a member in another case":      {open + `,"StoreCode":"zqmarker7"}`, "StoreCode"},
		"a member twice":                {open + `,"orderId":"zqmarker7"}`, "orderId"},
		"a member twice, escaped":       {open + `,"order\u0049d":"zqmarker7"}`, "orderId"},
		"a nested member twice":         {open + `,"billingAddress":{"city":"a","city":"zqmarker7"}}`, "billingAddress.city"},
		"a note twice":                  {open + `,"metadata":{"note":"a","note":"zqmarker7"}}`, "metadata.note"},
		"street2 twice":                 {open + `,"billingAddress":{"street2":"a","street2":"zqmarker7"}}`, "billingAddress.street2"},
		"10,000 levels":                 {deep(10000), "body"},
		"10,000 levels of objects":      {strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000), "a"},
		"levels without an end":         {strings.Repeat("[", 60000), "body"},
	} {
		rows = append(rows, refuse(name, row[0], row[1]))
	}
	return append(rows, badRequest{"no body", call{method: "POST", path: payments}, 400, "invalid_request", "body"})
}

// objects are the members that hold members.
var objects = []string{"sourceRecords", "billingAddress", "shippingAddress", "metadata", "paymentMethod", "paymentMethod.hostedFields"}

// badTypes are members of another type than the contract's.
func badTypes() []badRequest {
	var rows []badRequest
	texts := []string{"intent", "currencyCode", "billingAddress.countryCode"}
	for member := range limits {
		texts = append(texts, member)
	}
	for _, member := range texts {
		for name, value := range map[string]string{
			"a number": "7", "true": "true", "an object": `{"zqmarker7":1}`, "an array": `["zqmarker7"]`,
		} {
			rows = append(rows, refuse(member+" is "+name, payment(member, value), member))
		}
	}
	for _, member := range objects {
		for name, value := range map[string]string{"a text": `"zqmarker7"`, "an array": `["zqmarker7"]`, "a number": "7"} {
			rows = append(rows, refuse(member+" is "+name, payment(member, value), member))
		}
	}
	return rows
}

func badAmounts() []badRequest {
	var rows []badRequest
	for i, value := range []string{
		`"zqmarker7"`, `""`, `" 1.00"`, `"1.00 "`, `"1,00"`, `"1.000"`, `"1."`, `".50"`, `"-1.00"`, `"+1.00"`, `"1e2"`, `"0x10"`,
		`"1_000.00"`, `"1 000.00"`, `"1000000000"`, `"１.00"`, `"NaN"`, `"Infinity"`, `"$1.00"`, `"1.00zqmarker7"`, `"1.0\u0000"`,
		`-1`, `-0`, `1.005`, `1e2`, `1E2`, `1.0e1`, `1e-1`, `1e999999`, `1000000000`, `19.999999999999999`, `99999999999999999999999999`,
		`4111111111111111`, `true`, `false`, `[]`, `["1.00"]`, `{}`, `{"zqmarker7":"1.00"}`,
	} {
		rows = append(rows, refuse(fmt.Sprintf("amount %d is %.30s", i, value), payment("amount", value), "amount"))
	}
	return rows
}

// badMethods are payment methods that are none.
func badMethods() []badRequest {
	const encrypted, vault = "paymentMethod.encryptedCard", "paymentMethod.vault"
	long := strings.Repeat(marker, 8)
	rows := []badRequest{
		refuse("no method", payment("paymentMethod", "{}"), "paymentMethod"),
		refuse("two methods", payment(vault+".customerId", `"demo-visa"`), "paymentMethod"),
		refuse("an unknown method", payment("paymentMethod.applePay", `{"zqmarker7":1}`), "paymentMethod.applePay"),
		refuse("an unknown member of a method", payment("paymentMethod.hostedFields.zqmarker7", "1"), "paymentMethod.hostedFields.?"),
		refuse("a customer without an id", paidBy("vault", vault, `{"paymentMethodId":"zqmarker7"}`), vault+".customerId"),
		refuse("a customer too long", paidBy("vault", vault+".customerId", `"`+long+`"`), vault+".customerId"),
		refuse("a customer with a control character", paidBy("vault", vault+".customerId", `"zqmarker7\u0000"`), vault+".customerId"),
		refuse("a stored method too long", paidBy("vault", vault+".paymentMethodId", `"`+long+`"`), vault+".paymentMethodId"),
		refuse("a stored method that is a number", paidBy("vault", vault+".paymentMethodId", "7"), vault+".paymentMethodId"),
		refuse("a plain card in place of a ciphertext", paidBy("encryptedCard", encrypted+".cardNumber", `"`+cardRun+`"`), encrypted+".cardNumber"),
		refuse("a plain code in place of a ciphertext", paidBy("encryptedCard", encrypted+".csc", `"999"`), encrypted+".csc"),
		refuse("a ciphertext too long", paidBy("encryptedCard", encrypted+".cardNumber", `"`+strings.Repeat("QUJD", 101)+`"`), encrypted+".cardNumber"),
		refuse("a ciphertext that is not base64", paidBy("encryptedCard", encrypted+".cardNumber", `"`+strings.Repeat("zqmarker7!", 34)+`"`), encrypted+".cardNumber"),
	}
	for _, member := range []string{"cardNumber", "expirationMonth", "expirationYear"} {
		rows = append(rows,
			refuse(member+" missing", paidBy("encryptedCard", encrypted+"."+member, ""), encrypted+"."+member),
			refuse(member+" null", paidBy("encryptedCard", encrypted+"."+member, "null"), encrypted+"."+member),
			refuse(member+" a number", paidBy("encryptedCard", encrypted+"."+member, "12"), encrypted+"."+member))
	}
	for _, month := range []string{"00", "13", "1", "1a", "-1", " 1", "012", "zqmarker7", "１２"} {
		rows = append(rows, refuse("the month "+month, paidBy("encryptedCard", encrypted+".expirationMonth", `"`+month+`"`), encrypted+".expirationMonth"))
	}
	for _, year := range []string{"31", "20312", "203x", "-203", "+203", "20.3", "zqmarker7", "２０３１"} {
		rows = append(rows, refuse("the year "+year, paidBy("encryptedCard", encrypted+".expirationYear", `"`+year+`"`), encrypted+".expirationYear"))
	}
	return rows
}

// cardNumbers stand where no card number may stand.
func cardNumbers() []badRequest {
	found := func(name string, c call, field string) badRequest {
		code := "card_number_refused"
		if field == "orderId" {
			code = "card_number_in_order_id" // with a way out of its own
		}
		return badRequest{name, c, http.StatusUnprocessableEntity, code, field}
	}
	var rows []badRequest
	for _, member := range []string{"orderId", "storeCode", "customerId", "billingAddress.street", "shippingAddress.name", "metadata.note",
		"paymentMethod.hostedFields.hpfToken", "paymentMethod.hostedFields.encKey"} {
		for name, number := range map[string]string{"in one run": cardRun, "in groups": cardSpaced, "within a text": "card " + cardRun + "."} {
			rows = append(rows, found(member+" is a card "+name, call{path: payments, body: payment(member, `"`+number+`"`)}, member))
		}
	}
	rows = append(rows,
		found("an order that is an escaped card", call{path: payments, body: payment("orderId", `"\u0034111111111111111"`)}, "orderId"),
		found("an order that is a full-width card", call{path: payments, body: payment("orderId", `"４１１１１１１１１１１１１１１１"`)}, "orderId"),
		found("a note's name that is a card", call{path: payments, body: payment("metadata", `{"`+cardRun+`":"a"}`)}, "metadata.?"),
		found("a key that is a card", call{method: "POST", path: payments, body: sale("1.00"), key: cardRun}, "Idempotency-Key"),
		found("a key that is a card in quotes", call{path: payments, body: sale("1.00"), key: `"` + cardRun + `"`}, "Idempotency-Key"),
		found("a path that is a card", call{path: payments + "/" + cardRun}, "path"),
		found("a path that is an escaped card", call{path: payments + "/4%31" + cardRun[2:]}, "path"),
		found("a path that is a card in groups", call{path: "/api/v1/transactions/4111%201111%201111%201111"}, "path"),
		found("a key in the path that is a card", call{path: payments + "/by-key/" + cardRun}, "path"),
		found("a stray path that is a card", call{path: "/" + cardRun}, "path"),
		found("a query that is a card", call{path: payments + "?orderId=" + cardRun}, "query"),
		found("a query that is a card with plus signs", call{path: payments + "?orderId=4111+1111+1111+1111"}, "query"),
		found("a query that is an escaped card", call{path: payments + "?orderId=%34%31" + cardRun[2:]}, "query"),
		found("a query that is a full-width card", call{path: payments + "?orderId=%EF%BC%94%EF%BC%91" + strings.Repeat("%EF%BC%91", 14)}, "query"),
		found("a parameter that is a card", call{path: payments + "?" + cardRun}, "query"),
	)
	for name, card := range map[string]string{
		"a raw card":              `{"cardNumber":"` + cardRun + `","csc":"999","expirationMonth":"12","expirationYear":"2031"}`,
		"a raw card of numbers":   `{"cardNumber":` + cardRun + `,"csc":999,"expirationMonth":12,"expirationYear":2031}`,
		"a raw card of nothing":   `{}`,
		"a raw card of an object": `{"cardNumber":{"a":["` + cardRun + `"]}}`,
	} {
		body := payment("paymentMethod", `{"card":`+card+`}`)
		rows = append(rows, badRequest{name, call{path: payments, body: body}, 422, "raw_card_not_allowed", "paymentMethod.card"})
	}
	return append(rows,
		badRequest{"a raw card beside a method", call{path: payments, body: payment("paymentMethod.card", `{"cardNumber":"`+cardRun+`"}`)},
			422, "raw_card_not_allowed", "paymentMethod.card"},
		found("a raw card that is a text", call{path: payments, body: payment("paymentMethod.card", `"`+cardRun+`"`)}, "paymentMethod.card"),
		refuse("a raw card with an unknown member", payment("paymentMethod.card", `{"number":"`+cardRun+`"}`), "paymentMethod.card.number"),
		found("a member's name that is a card", call{path: payments, body: payment(cardRun, "1")}, "?"))
}
