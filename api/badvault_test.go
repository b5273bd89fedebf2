package api_test

import (
	"net/http"
	"strings"
)

const (
	vault    = "/api/v1/customer_vault"
	hpfToken = "paymentMethod.hostedFields.hpfToken"
)

// card is the body that stores a card, with some members replaced, as payment
// does it.
func card(members ...string) string {
	tree := map[string]any{}
	put(tree, hpfToken, `"hpf-token"`)
	put(tree, "paymentMethod.hostedFields.encKey", `"enc-key"`)
	for i := 0; i+1 < len(members); i += 2 {
		put(tree, members[i], members[i+1])
	}
	return encode(tree)
}

// customer is the body that stores a customer, in the same way.
func customer(members ...string) string {
	return card(append([]string{"customerId", `"main-7"`}, members...)...)
}

// cardFrom is a card from another source than hosted fields.
func cardFrom(source, text string) string {
	return card("paymentMethod", "{}", "paymentMethod."+source, text)
}

// The three calls that may bring a card.
func storeCustomer(body string) call { return call{method: http.MethodPost, path: vault, body: body} }
func storeCard(body string) call {
	return call{method: http.MethodPost, path: vault + "/c/payments", body: body}
}
func replaceCard(body string) call {
	return call{method: http.MethodPatch, path: vault + "/c/payments/pm_1", body: body, key: "replace"}
}

func malformed(name string, c call, field string) badRequest {
	return badRequest{name, c, http.StatusBadRequest, "invalid_request", field}
}

// badCustomers are customers that are none, and changes that change nothing.
func badCustomers() []badRequest {
	var rows []badRequest
	for _, id := range []string{"zqmarker7 a", "zqmarker7/a", "zqmarker7?", "zqmarker7%", "zqmarker7+", "zqmarker7ä", ".", "..", `zqmarker7\u0000`} {
		rows = append(rows, malformed("a customer named "+id, storeCustomer(customer("customerId", `"`+id+`"`)), "customerId"))
	}
	for member, limit := range map[string]int{
		"customerId": 64, "sourceRecords.accountId": 18, "sourceRecords.contactId": 18, "billingAddress.city": 255, hpfToken: 100,
	} {
		long := marker + strings.Repeat("x", limit+1-len(marker))
		rows = append(rows, malformed("a customer whose "+member+" is too long", storeCustomer(customer(member, `"`+long+`"`)), member),
			malformed("a customer whose "+member+" is a number", storeCustomer(customer(member, "7")), member))
	}
	for name, row := range map[string][2]string{
		"without a body":             {"", "body"},
		"that is null":               {"null", "body"},
		"that is an array":           {"[" + customer() + "]", "body"},
		"without a card":             {`{"customerId":"main-7"}`, "paymentMethod"},
		"with an opportunity":        {customer("sourceRecords.opportunityId", `"zqmarker7"`), "sourceRecords.opportunityId"},
		"with an unknown member":     {customer(marker, "1"), "?"},
		"with an amount":             {customer("amount", `"1.00"`), "amount"},
		"with a member twice":        {strings.TrimSuffix(customer(), "}") + `,"customerId":"zqmarker7"}`, "customerId"},
		"in a country of one letter": {customer("billingAddress.countryCode", `"u"`), "billingAddress.countryCode"},
	} {
		rows = append(rows, malformed("a customer "+name, storeCustomer(row[0]), row[1]))
	}
	for name, row := range map[string][2]string{
		"to nothing":                  {"{}", "body"},
		"to null":                     {`{"sourceRecords":null,"defaultPaymentMethodId":null}`, "body"},
		"of another id":               {`{"customerId":"zqmarker7"}`, "customerId"},
		"to a default that is long":   {`{"defaultPaymentMethodId":"` + strings.Repeat(marker, 8) + `"}`, "defaultPaymentMethodId"},
		"to a default that is a list": {`{"defaultPaymentMethodId":["zqmarker7"]}`, "defaultPaymentMethodId"},
		"to a contact that is long":   {`{"sourceRecords":{"contactId":"` + strings.Repeat(marker, 3) + `"}}`, "sourceRecords.contactId"},
	} {
		rows = append(rows, malformed("a change "+name, call{method: http.MethodPatch, path: vault + "/c", body: row[0]}, row[1]))
	}
	return rows
}

// badCards are cards that cannot be stored by any of the three calls.
func badCards() []badRequest {
	var rows []badRequest
	for what, c := range map[string]func(string) call{"a first card": storeCustomer, "one more card": storeCard, "another card": replaceCard} {
		for name, row := range map[string][2]string{
			"of no source":            {card("paymentMethod", "{}"), "paymentMethod"},
			"of two sources":          {card("paymentMethod.encryptedCard", methods["encryptedCard"]), "paymentMethod"},
			"of the vault":            {cardFrom("vault", `{"customerId":"zqmarker7"}`), "paymentMethod.vault"},
			"of an unknown source":    {cardFrom("applePay", `{"zqmarker7":1}`), "paymentMethod.applePay"},
			"without a token":         {card(hpfToken, ""), hpfToken},
			"with an empty token":     {card(hpfToken, `""`), hpfToken},
			"in a plain ciphertext":   {cardFrom("encryptedCard", `{"cardNumber":"`+cardRun+`","expirationMonth":"12","expirationYear":"2031"}`), "paymentMethod.encryptedCard.cardNumber"},
			"of a thirteenth month":   {cardFrom("encryptedCard", `{"cardNumber":"`+ciphertext+`","expirationMonth":"13","expirationYear":"2031"}`), "paymentMethod.encryptedCard.expirationMonth"},
			"that is a text":          {card("paymentMethod", `"zqmarker7"`), "paymentMethod"},
			"with an unknown member":  {card(marker, "1"), "?"},
			"with control characters": {card("shippingAddress.street2", `"zqmarker7\u001b"`), "shippingAddress.street2"},
		} {
			rows = append(rows, malformed(what+" "+name, c(row[0]), row[1]))
		}
		raw := `{"cardNumber":"` + cardRun + `","csc":"999","expirationMonth":"12","expirationYear":"2031"}`
		rows = append(rows,
			badRequest{what + " that is raw", c(cardFrom("card", raw)), 422, "raw_card_not_allowed", "paymentMethod.card"},
			badRequest{what + " that is raw, beside another", c(card("paymentMethod.card", raw)), 422, "raw_card_not_allowed", "paymentMethod.card"},
			badRequest{what + " with a card number in an address", c(card("billingAddress.street", `"`+cardSpaced+`"`)), 422, "card_number_refused", "billingAddress.street"})
	}
	for name, body := range map[string]string{
		"that is empty": "{}", "that is null": `{"paymentMethod":null,"billingAddress":null}`, "that is no default": `{"makeDefault":false}`,
	} {
		rows = append(rows, malformed("a new card "+name, replaceCard(body), "body"))
	}
	return append(rows,
		malformed("a default in words", storeCard(card("makeDefault", `"zqmarker7"`)), "makeDefault"),
		malformed("a default in Apex's forbidden word", storeCard(card("default", "true")), "default"),
		malformed("another card of an earlier payment", replaceCard(cardFrom("earlierPayment", `{"transactionId":"1"}`)), "paymentMethod.earlierPayment"),
		malformed("another card of a profile", replaceCard(cardFrom("processorProfile", `{"profileId":"1"}`)), "paymentMethod.processorProfile"))
}

// badVaultCards are sources that only a new card can have, and card numbers in
// the members of the vault.
func badVaultCards() []badRequest {
	const payment, profile = "paymentMethod.earlierPayment", "paymentMethod.processorProfile"
	var rows []badRequest
	for what, c := range map[string]func(string) call{"a first card": storeCustomer, "one more card": storeCard} {
		for name, row := range map[string][3]string{
			"of a payment without an id":  {"earlierPayment", "{}", payment + ".transactionId"},
			"of a payment that is long":   {"earlierPayment", `{"transactionId":"` + strings.Repeat(marker, 8) + `"}`, payment + ".transactionId"},
			"of a payment that is a text": {"earlierPayment", `"zqmarker7"`, payment},
			"of a profile without an id":  {"processorProfile", "{}", profile + ".profileId"},
			"of a profile that is long":   {"processorProfile", `{"profileId":"` + strings.Repeat(marker, 8) + `"}`, profile + ".profileId"},
			"of a profile with a NUL":     {"processorProfile", `{"profileId":"zqmarker7\u0000"}`, profile + ".profileId"},
		} {
			rows = append(rows, malformed(what+" "+name, c(cardFrom(row[0], row[1])), row[2]))
		}
		for member, body := range map[string]string{
			payment + ".transactionId": cardFrom("earlierPayment", `{"transactionId":"`+cardRun+`"}`),
			profile + ".profileId":     cardFrom("processorProfile", `{"profileId":"`+cardSpaced+`"}`),
		} {
			rows = append(rows, badRequest{what + " whose " + member + " is a card", c(body), 422, "card_number_refused", member})
		}
	}
	for member, c := range map[string]call{
		"customerId":                     storeCustomer(customer("customerId", `"`+cardRun+`"`)),
		"sourceRecords.accountId":        storeCustomer(customer("sourceRecords.accountId", `"`+cardRun+`"`)),
		"defaultPaymentMethodId":         {method: http.MethodPatch, path: vault + "/c", body: `{"defaultPaymentMethodId":"` + cardRun + `"}`},
		"sourceRecords.contactId":        {method: http.MethodPatch, path: vault + "/c", body: `{"sourceRecords":{"contactId":"` + cardRun + `"}}`},
		"path":                           {path: vault + "/" + cardRun},
		"query":                          {path: vault + "?cursor=" + cardRun},
		"Idempotency-Key":                {method: http.MethodPost, path: vault, body: customer(), key: cardRun},
		"paymentMethod.vault.customerId": {path: payments, body: paidBy("vault", "paymentMethod.vault.customerId", `"`+cardRun+`"`)},
	} {
		rows = append(rows, badRequest{"a card number in the vault's " + member, c, 422, "card_number_refused", member})
	}
	return append(rows,
		badRequest{"a stored card in a path that is a card number", call{path: vault + "/c/payments/" + cardRun}, 422, "card_number_refused", "path"},
		badRequest{"a customer's path that is a card number in groups", call{method: http.MethodDelete, path: vault + "/4111%201111%201111%201111"}, 422, "card_number_refused", "path"})
}

// badVaultPaths name customers and cards that are not there.
func badVaultPaths() []badRequest {
	var rows []badRequest
	for name, id := range map[string]string{
		"nobody": "main-" + marker, "a blank": "%20", "a NUL": "%00" + marker, "a slash": "a%2Fb", "not UTF-8": "%ff" + marker,
		"long": strings.Repeat(marker, 500), "a broken escape": "%25zz",
	} {
		path := vault + "/" + id
		for what, c := range map[string]call{
			"reading":           {path: path},
			"changing":          {method: http.MethodPatch, path: path, body: `{"sourceRecords":{}}`},
			"forgetting":        {method: http.MethodDelete, path: path},
			"listing cards of":  {path: path + "/payments"},
			"a card for":        {method: http.MethodPost, path: path + "/payments", body: card()},
			"a card of":         {path: path + "/payments/pm_1"},
			"a new card of":     {method: http.MethodPatch, path: path + "/payments/pm_1", body: card(), key: "replace-" + strings.ReplaceAll(name, " ", "-")},
			"forgetting one of": {method: http.MethodDelete, path: path + "/payments/pm_1"},
		} {
			rows = append(rows, badRequest{what + " a customer that is " + name, c, http.StatusNotFound, "customer_not_found", ""})
		}
	}
	for _, method := range []string{http.MethodPatch, http.MethodDelete} {
		c := call{method: method, path: vault + "/c", header: map[string]string{"X-Request-Timeout-Ms": marker}}
		if method == http.MethodPatch {
			c.body = `{"sourceRecords":{}}`
		}
		rows = append(rows, malformed(method+" of a customer with a budget of words", c, "X-Request-Timeout-Ms"))
	}
	return rows
}

// badCustomerPages are parameters of the list of customers.
func badCustomerPages() []badRequest {
	var rows []badRequest
	for query, field := range map[string]string{
		"?zqmarker7=1":            "query",
		"?customerId=zqmarker":    "customerId",
		"?expiringBy=":            "expiringBy",
		"?expiringBy=2027":        "expiringBy",
		"?expiringBy=2027-13":     "expiringBy",
		"?expiringBy=2027-1":      "expiringBy",
		"?expiringBy=01/2027":     "expiringBy",
		"?expiringBy=2027-01-01":  "expiringBy",
		"?pageSize=0":             "pageSize",
		"?pageSize=101":           "pageSize",
		"?pageSize=1&pageSize=2":  "pageSize",
		"?cursor=":                "cursor",
		"?cursor=zqmarker7":       "cursor",
		"?cursor=cGF5XzA2ZHk4":    "cursor", // of the payments' list
		"?cursor=Y3VzdG9tZXIg":    "cursor", // no id behind its word
		"?cursor=Y3VzdG9tZXIgYQA": "cursor", // a NUL in the id
	} {
		rows = append(rows, malformed("customers"+query, call{path: vault + query}, field))
	}
	return rows
}
