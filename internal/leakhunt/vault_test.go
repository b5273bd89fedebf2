package leakhunt

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// customer is what a test reads of an answer about a customer.
type customer struct {
	CustomerID     string
	PaymentMethods []struct{ PaymentMethodID, Last4Digits string }
}

// method is the one that was stored last.
func (c customer) method() string {
	if len(c.PaymentMethods) == 0 {
		return ""
	}
	return c.PaymentMethods[len(c.PaymentMethods)-1].PaymentMethodID
}

func (r reply) customer() customer {
	var c customer
	_ = json.Unmarshal(r.body, &c)
	return c
}

const vaultPath = "/api/v1/customer_vault"

// store makes a customer of a card.
func (w *town) store(id, method string) customer {
	w.t.Helper()
	return w.must("a customer", http.StatusCreated, call{method: http.MethodPost, path: vaultPath, body: fmt.Sprintf(`{"customerId":%q,"paymentMethod":%s}`, id, method)}).customer()
}

// vaultDays are the whole lives of customers with stored cards.
func (w *town) vaultDays() {
	w.t.Helper()
	keyed := map[string]string{"Idempotency-Key": "stored"}
	storing := fmt.Sprintf(`{"customerId":"anna","paymentMethod":%s}`, w.hostedFields("a stored card"))
	path := vaultPath + "/anna"
	for _, what := range []string{"a customer", "its repetition"} {
		w.must(what, 201, call{method: http.MethodPost, path: vaultPath, body: storing, header: keyed})
	}
	w.must("the customer's id again", 422, call{method: http.MethodPost, path: vaultPath,
		body: fmt.Sprintf(`{"customerId":"anna","paymentMethod":%s}`, w.hostedFields("a customer who is there"))})
	w.must("a second card", 201, call{method: http.MethodPost, path: path + "/payments",
		body: fmt.Sprintf(`{"paymentMethod":%s,"makeDefault":true}`, w.encryptedCard("a second stored card"))})
	second := w.must("the customer", 200, call{method: http.MethodGet, path: path}).customer().method()
	charge := `{"vault":{"customerId":"anna","paymentMethodId":"` + second + `"}}`
	w.must("a sale by the vault", 201, paying("vault", w.place("vault", charge)))
	w.must("a sale by the default", 201, paying("default", w.place("default", `{"vault":{"customerId":"anna"}}`)))
	w.must("another card in its place", 200, call{method: http.MethodPatch, path: path + "/payments/" + second,
		body: fmt.Sprintf(`{"paymentMethod":%s}`, w.hostedFields("a card in another's place"))})
	w.must("a decline by the vault", 201, paying("poor", strings.Replace(w.place("poor", charge), "19.99", "1.12", 1)))
	w.must("the records of an org", 200, call{method: http.MethodPatch, path: path, body: `{"sourceRecords":{"contactId":"0035g00000DeF56AAD"}}`})

	paid := w.must("a guest's sale", 201, paying("guest", w.place("guest", w.hostedFields("a guest"))))
	guest := w.store("guest", `{"earlierPayment":{"transactionId":"`+paid.PaymentID+`"}}`)
	w.ask(http.MethodPost, "/clerk", `{"kind":"customer_create","customerId":"walk-in","card":"amex","expirationMonth":"3","expirationYear":"2029"}`, nil)
	w.store("walk-in", `{"processorProfile":{"profileId":"walk-in"}}`)
	w.must("all customers", 200, call{method: http.MethodGet, path: vaultPath})
	w.must("a card taken away", 204, call{method: http.MethodDelete, path: path + "/payments/" + second})
	w.must("a customer taken away", 204, call{method: http.MethodDelete, path: vaultPath + "/" + guest.CustomerID})
	w.must("a key for the browser", 201, call{method: http.MethodPost, path: "/api/v1/client_tokens"})
}

// vaultBadDays let PayTrace fail while cards are stored and put in others' places.
func (w *town) vaultBadDays() {
	w.t.Helper()
	for i, kind := range []string{`"reset_after"`, `"late_action","seconds":1`, `"status_after","status":502`, `"html","status":200`, `"denied"`, `"truncated_body"`} {
		for _, operation := range []string{"customer_create", "customer_update"} {
			w.misbehave(fmt.Sprintf(`{"operation":%q,"kind":%s,"count":1}`, operation, kind))
			c := call{method: http.MethodPost, path: vaultPath, header: map[string]string{
				"Idempotency-Key": fmt.Sprintf("bad-%s-%d", operation, i), "X-Request-Timeout-Ms": "1000",
			}}
			if operation == "customer_update" {
				stored := w.store(fmt.Sprintf("changed-%d", i), w.hostedFields("before a bad day"))
				c.method, c.path = http.MethodPatch, vaultPath+"/"+stored.CustomerID+"/payments/"+stored.method()
			}
			c.body = fmt.Sprintf(`{"paymentMethod":%s}`, w.hostedFields(operation+" with "+kind))
			for range 2 {
				w.send(c)
			}
			w.misbehave()
		}
	}
}

// findTheLostCard waits until the gateway has found out that a card was stored
// for the one that was killed.
func (w *town) findTheLostCard() {
	w.t.Helper()
	eventually(w.t, "a lost card is found", func() bool {
		return w.send(call{method: http.MethodGet, path: vaultPath + "/killed"}).status == http.StatusOK
	})
}

// clerkChangesCards changes a stored card at PayTrace's own screens.
func (w *town) clerkChangesCards() {
	w.t.Helper()
	w.ask(http.MethodPost, "/clerk", `{"kind":"customer_update","customerId":"walk-in","expirationYear":"2033"}`, nil)
}

// findTheChanged waits until the change at PayTrace's screens was taken over.
func (w *town) findTheChanged() {
	w.t.Helper()
	eventually(w.t, "a changed card is taken over", func() bool {
		return strings.Contains(string(w.send(call{method: http.MethodGet, path: vaultPath + "/walk-in"}).body), `"2033"`)
	})
}

// cardsAreTold waits until all who are told of stored cards were.
func (w *town) cardsAreTold() {
	w.t.Helper()
	for place, words := range map[string][]string{
		toERP: {"payment_method.created", "payment_method.updated", "payment_method.deleted"}, toOrg: {"CustomerVaultID__c"},
	} {
		for _, what := range words {
			eventually(w.t, place+" has "+what, func() bool { return w.records.holds(place, what) })
		}
	}
}
