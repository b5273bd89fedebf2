package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/adapters/salesforce/salesforcetest"
)

const (
	cardOwner = "0035g00000DeF56AAD"
	clerkName = "org"
)

// household is a gateway with a shop and an org, both of which call it and are
// told, and a webhook.
type household struct {
	*serving
	paytrace *processor
	store    *magentotest.Shop
	crm      *salesforcetest.Org
	hooks    *hookLog
	// shop and clerk are the clients that act for the two.
	shop, clerk *shop
	// saving is held while the shop has paid for an order and not saved it: until
	// then it answers nobody.
	saving sync.RWMutex
}

const householdYAML = `      - id: org
        secret: ${CLERK_SECRET}
        channel: salesforce
        scopes: [payments:write, payments:read, vault:write, vault:read]
    callbacks:
      magento:
        baseURL: %s
        consumerKey: ${CONSUMER_KEY}
        consumerSecret: ${CONSUMER_SECRET}
        accessToken: ${ACCESS_TOKEN}
        accessTokenSecret: ${ACCESS_TOKEN_SECRET}
        way: core
        allowNetworks: [127.0.0.0/8]
      salesforce:
        loginURL: %s
        clientID: org
        clientSecret: ${ORG_SECRET}
        customerVaultField: CustomerVaultID__c
        allowNetworks: [127.0.0.0/8]
      webhooks:
        - name: erp
          url: %s
          secret: ${ERP_SECRET}
          allowNetworks: [127.0.0.0/8]
`

// openHousehold starts a household, once it has been prepared.
func openHousehold(t *testing.T, prepare ...func(*household)) *household {
	t.Helper()
	h := &household{
		paytrace: startProcessor(t), store: magentotest.New(magentotest.Options{}), hooks: newHookLog(hookSecret),
		crm: salesforcetest.New(salesforcetest.Settings{
			ClientID: "org", ClientSecret: orgSecret, RunAs: "gateway@shop.test",
			Objects: []salesforcetest.Object{companysPayment(), salesforcetest.PersonObject("Contact")},
		}),
	}
	h.crm.Keep("Contact", cardOwner, map[string]any{"LastName": "Byron"})
	h.serving = configure(t, h.paytrace.api).withVault()
	h.rewrite("      - id: shop\n", "      - id: shop\n        channel: magento\n")
	content, err := os.ReadFile(h.config)
	if err != nil {
		t.Fatal(err)
	}
	var urls []any
	store := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.saving.RLock()
		defer h.saving.RUnlock()
		h.store.ServeHTTP(w, r)
	})
	for _, handler := range []http.Handler{store, h.crm, h.hooks} {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		urls = append(urls, server.URL)
	}
	h.write(string(content) + fmt.Sprintf(householdYAML, urls...))
	c := magentotest.DefaultCredentials
	const clerkSecret = "the org's own secret, at least long enough"
	h.environment = []string{
		"CLERK_SECRET=" + clerkSecret, "ORG_SECRET=" + orgSecret, "ERP_SECRET=" + hookSecret, "CONSUMER_KEY=" + c.ConsumerKey,
		"CONSUMER_SECRET=" + c.ConsumerSecret, "ACCESS_TOKEN=" + c.AccessToken, "ACCESS_TOKEN_SECRET=" + c.AccessTokenSecret,
	}
	for _, change := range prepare {
		change(h)
	}
	h.start()
	h.shop = openShop(t, h.address, shopID, shopSecret)
	h.clerk = openShop(t, h.address, clerkName, clerkSecret)
	return h
}

// sells has a client pay for an order, which the shop saves then, and leaves the
// invoice to whoever tells it that it is paid.
func (h *household) sells(by *shop, order, method, lastFour string) answer {
	h.t.Helper()
	h.saving.Lock()
	defer h.saving.Unlock()
	paid := by.pay("sale", order, method, 0)
	want(h.t, "order "+order, paid, "201 approved")
	if lastFour != "" && paid.Last4Digits != lastFour {
		h.t.Errorf("order %s was paid with a card that ends in %s, want %s", order, paid.Last4Digits, lastFour)
	}
	h.store.Place(magentotest.Placing{
		IncrementID: order, TransactionID: paid.TransactionID, Items: []magentotest.Item{{SKU: "boots", Qty: 1, Price: 1999}},
	})
	return paid
}

// contact is the id that the org's contact has of the vault.
func (h *household) contact() any { return h.crm.Records("Contact")[0].Fields["CustomerVaultID__c"] }

// everybodyIsTold waits until nothing is owed, and wants no dead letter.
func (h *household) everybodyIsTold() {
	h.t.Helper()
	eventually(h.t, "nothing is owed", func() bool { return strings.Contains(h.callbacks("list").stdout, "nothing is owed to anybody") })
	h.callbacks("list", "--status", "dead").says(h.t, 0, "there are no such deliveries")
}

// vaultNews are the webhook's events of stored cards in words, the events of each
// change in a line. Versions must rise from change to change.
func (h *household) vaultNews() []string {
	h.t.Helper()
	var news [][]string
	last := int64(0)
	for _, e := range slices.Backward(h.hooks.events()) {
		what, ok := strings.CutPrefix(e.Type, "payment_method.")
		if !ok {
			continue
		}
		var told struct {
			CustomerID    string
			SourceRecords struct{ ContactID string }
			PaymentMethod storedCard
			Origin        string
			Version       int64
		}
		if err := json.Unmarshal(e.Data, &told); err != nil {
			h.t.Fatal(err)
		}
		if told.Version < last || told.CustomerID != "main-7" || told.SourceRecords.ContactID != cardOwner {
			h.t.Errorf("%s of %s, contact %q, version %d after %d", e.Type, told.CustomerID, told.SourceRecords.ContactID, told.Version, last)
		}
		if told.Version != last {
			news = append(news, nil)
		}
		last = told.Version
		news[len(news)-1] = append(news[len(news)-1], fmt.Sprintf("%s %s %s", what, told.PaymentMethod, told.Origin))
	}
	var lines []string
	for _, change := range news {
		slices.Sort(change)
		lines = append(lines, strings.Join(change, ", "))
	}
	return lines
}

// lifeAsTold is what the webhook hears of the customer's life, in this order.
var lifeAsTold = []string{
	"created 5439 12/2030* api",
	"created 5454 01/2031 api",
	"created 2376 12/2031 api",
	"updated 5439 12/2030 api, updated 5454 01/2031* api",
	"updated 5439 06/2035 api",
	"deleted 2376 12/2031 api",
	"updated 5454 01/2033* external",
	"updated 5439 07/2035 external",
	"deleted 5454 01/2033* external, updated 5439 07/2035* external",
	"deleted 5439 07/2035* api",
}

func TestTheWholeLifeOfACustomerWithThreeCards(t *testing.T) {
	t.Parallel()
	h := openHousehold(t)
	second := h.storesThreeCards()
	h.paysFromBothSides(second)
	h.changesCards(second)
	h.isChangedAtPayTrace(second)
	h.leaves()
	if news := h.vaultNews(); !slices.Equal(news, lifeAsTold) {
		t.Errorf("the webhook was told\n%s\nwant\n%s", strings.Join(news, "\n"), strings.Join(lifeAsTold, "\n"))
	}
}

// storesThreeCards stores a card of each source. It returns the second.
func (h *household) storesThreeCards() string {
	h.t.Helper()
	h.shop.vault(http.MethodPost, "", "card-1", fmt.Sprintf(`{"customerId":"main-7","paymentMethod":%s,"sourceRecords":{"contactId":%q}}`,
		h.paytrace.typed("4012000098765439", "999", "12", "2030"), cardOwner), http.StatusCreated)
	eventually(h.t, "the org's contact knows the customer", func() bool { return h.contact() == "main-7" })
	second := h.shop.vault(http.MethodPost, "/main-7/payments", "card-2",
		`{"paymentMethod":`+h.paytrace.encrypted("5454545454545454", "998", "01", "2031")+`}`, http.StatusCreated)
	guest := h.sells(h.shop, "100000001", h.paytrace.typed("371449635392376", "9997", "12", "2031"), "")
	h.shop.vault(http.MethodPost, "/main-7/payments", "card-3",
		`{"paymentMethod":{"earlierPayment":{"transactionId":"`+guest.PaymentID+`"}}}`, http.StatusCreated)
	h.shows("5439 12/2030*", "5454 01/2031", "2376 12/2031")
	return second.PaymentMethodID
}

// shows wants these cards, in the order in which they were stored.
func (h *household) shows(cards ...string) {
	h.t.Helper()
	if got := fmt.Sprint(h.clerk.cards("main-7")); got != fmt.Sprint(cards) {
		h.t.Errorf("the vault shows %s, want %s", got, cards)
	}
}

// paysFromBothSides has the clerk charge the second card for an order of the
// shop, and the shopper pay with the default.
func (h *household) paysFromBothSides(second string) {
	h.t.Helper()
	charged := h.sells(h.clerk, "100000002", `{"vault":{"customerId":"main-7","paymentMethodId":"`+second+`"}}`, "5454")
	h.sells(h.shop, "100000003", `{"vault":{"customerId":"main-7"}}`, "5439")
	for _, order := range []string{"100000002", "100000003"} {
		eventually(h.t, "the shop knows that order "+order+" is paid", func() bool { o, _ := h.store.Order(order); return o.Paid == 1999 })
	}
	eventually(h.t, "the org has the clerk's payment", func() bool {
		return slices.ContainsFunc(h.crm.Records("Payment__c"), func(r salesforcetest.Record) bool {
			return r.Fields["GatewayPaymentID__c"] == charged.PaymentID && r.Fields["CustomerVaultID__c"] == "main-7"
		})
	})
}

// changesCards makes the second card the default, renews the first and deletes
// the third.
func (h *household) changesCards(second string) {
	h.t.Helper()
	cards := h.shop.cards("main-7")
	first, third := cards[0].PaymentMethodID, cards[2].PaymentMethodID
	h.clerk.vault(http.MethodPatch, "/main-7", "", `{"defaultPaymentMethodId":"`+second+`"}`, http.StatusOK)
	renewed := h.shop.vault(http.MethodPatch, "/main-7/payments/"+first, "card-1-renewed",
		`{"paymentMethod":`+h.paytrace.typed("4012000098765439", "999", "06", "2035")+`}`, http.StatusOK)
	if renewed.PaymentMethodID != first {
		h.t.Errorf("the renewed card is %s and was %s", renewed.PaymentMethodID, first)
	}
	h.shop.vault(http.MethodDelete, "/main-7/payments/"+third, "", "", http.StatusNoContent)
	h.shows("5439 06/2035", "5454 01/2031*")
	eventually(h.t, "PayTrace has two profiles", func() bool { return len(h.paytrace.profiles()) == 2 })
	h.everybodyIsTold()
}

// isChangedAtPayTrace has PayTrace's clerk change the second card, and then
// delete it, which is believed after two looks.
func (h *household) isChangedAtPayTrace(second string) {
	h.t.Helper()
	there := h.paytrace.profileOf("5454")
	h.paytrace.clerk(`{"kind":"customer_update","customerId":"` + there + `","expirationYear":"2033"}`)
	h.comparesNow("main-7")
	eventually(h.t, "the change at PayTrace is seen", func() bool { return h.shop.cards("main-7")[1].ExpirationYear == "2033" })

	h.paytrace.clerk(`{"kind":"customer_delete","customerId":"` + there + `"}`)
	refused := h.clerk.pay("sale", "100000004", `{"vault":{"customerId":"main-7","paymentMethodId":"`+second+`"}}`, 0)
	if refused.httpStatus != http.StatusUnprocessableEntity {
		h.t.Errorf("a card that PayTrace has not any more: %s (%s)", refused.tells(), refused.Detail)
	}
	// One look that shows no card removes none; the first card tells that it was
	// there.
	h.paytrace.clerk(`{"kind":"customer_update","customerId":"` + h.paytrace.profileOf("5439") + `","expirationMonth":"7"}`)
	h.comparesNow("main-7")
	eventually(h.t, "both cards are compared", func() bool { return h.shop.cards("main-7")[0].ExpirationMonth == "07" })
	h.shows("5439 07/2035", "5454 01/2033*")
	h.comparesNow("main-7")
	eventually(h.t, "the card is gone after two looks", func() bool { return len(h.shop.cards("main-7")) == 1 })
	h.shows("5439 07/2035*")
}

// leaves has the org delete the customer.
func (h *household) leaves() {
	h.t.Helper()
	h.agrees(h.paytrace, "main-7")
	if h.contact() != "main-7" {
		h.t.Errorf("the contact of a customer with one card has %v", h.contact())
	}
	h.clerk.vault(http.MethodDelete, "/main-7", "", "", http.StatusNoContent)
	eventually(h.t, "PayTrace has no profile left", func() bool { return len(h.paytrace.profiles()) == 0 })
	eventually(h.t, "the org's contact has no customer any more", func() bool { return h.contact() == nil })
	h.everybodyIsTold()
	want(h.t, "a charge after that", h.shop.pay("sale", "100000005", `{"vault":{"customerId":"main-7"}}`, 0), "422 customer_not_found")
}
