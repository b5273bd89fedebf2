package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/adapters/magento/magentotest"
	"paytrace-gateway/gateway"
)

// sealedAccount is a bank account that PayTrace's script has encrypted in a
// browser.
func (s *processor) sealedAccount(number string) string {
	s.t.Helper()
	return fmt.Sprintf(`{"bankAccount":{"encryptedAccountNumber":%q,"routingNumber":"325070760","accountType":"checking","holderType":"business","holderName":"Acme Inc."}}`,
		s.sealed(number))
}

// draws has the shop take a payment by bank account for an order, and save the
// order then.
func (h *household) draws(order, method string) answer {
	h.t.Helper()
	h.saving.Lock()
	defer h.saving.Unlock()
	paid := h.shop.pay("sale", order, method, 0)
	want(h.t, "order "+order, paid, "201 accepted")
	h.store.Place(magentotest.Placing{
		IncrementID: order, TransactionID: paid.TransactionID, Items: []magentotest.Item{{SKU: "boots", Qty: 1, Price: 1999}},
	})
	return paid
}

// windowPasses has the payments been sent long ago, so that no bank returns them
// any more.
func (h *household) windowPasses(paymentIDs ...string) {
	h.t.Helper()
	h.whileStopped(func(ctx context.Context, l *ledger.Ledger) {
		for _, id := range paymentIDs {
			p, err := l.Payment(ctx, "main", id)
			if err != nil {
				h.t.Fatal(err)
			}
			base := p.Version
			p.Version++
			for i := range p.Operations {
				p.Operations[i].SentAt = p.Operations[i].SentAt.Add(-30 * 24 * time.Hour)
			}
			p.Operations[0].Due = time.Now()
			if err := l.Apply(ctx, gateway.Change{Payment: p, Base: base, Operation: p.Operations[0].ID}); err != nil {
				h.t.Fatal(err)
			}
		}
	})
}

// order is what the shop shows of an order, and what of its history.
func (h *household) order(increment string) magentotest.Order {
	h.t.Helper()
	o, found := h.store.Order(increment)
	if !found {
		h.t.Fatalf("the shop has no order %s", increment)
	}
	return o
}

// inOrg is what the org has of a payment, under its own field's name.
func (h *household) inOrg(paymentID, field string) any {
	h.t.Helper()
	for _, r := range h.crm.Records("Payment__c") {
		if r.Fields["GatewayPaymentID__c"] == paymentID {
			return r.Fields[field]
		}
	}
	return nil
}

// newsOf are the types of a payment's webhooks, oldest first, and its last body,
// but for what a person is called for: that comes when the shop was told.
func (h *household) newsOf(paymentID string) (types []string, last string) {
	h.t.Helper()
	for _, e := range slices.Backward(h.hooks.events()) {
		var told struct{ PaymentID string }
		if err := json.Unmarshal(e.Data, &told); err != nil {
			h.t.Fatal(err)
		}
		if told.PaymentID == paymentID && e.Type != gateway.EventAttention {
			types, last = append(types, e.Type), string(e.Data)
		}
	}
	return types, last
}

// The life of two payments by bank account, from HTTP to the shop, the org and the
// webhook: one is paid, the other comes back.
func TestTheWholeLifeOfAPaymentByBankAccount(t *testing.T) {
	t.Parallel()
	h := openHousehold(t)
	const number = "90571348206"
	kept := h.draws("100000001", h.paytrace.sealedAccount(number))
	h.shop.vault(http.MethodPost, "", "account", `{"customerId":"acme","paymentMethod":`+h.paytrace.sealedAccount(number)+`}`, http.StatusCreated)
	back := h.draws("100000002", `{"vault":{"customerId":"acme"}}`)
	h.everybodyIsTold()
	for _, order := range []string{"100000001", "100000002"} {
		if o := h.order(order); o.Paid != 0 {
			t.Errorf("the shop takes order %s for paid before its money is there: %+v", order, o)
		}
	}
	h.windowPasses(kept.PaymentID, back.PaymentID)
	for _, order := range []string{"100000001", "100000002"} {
		eventually(t, "the shop knows that order "+order+" is paid", func() bool { return h.order(order).Paid == 1999 })
	}
	h.everybodyIsTold()

	returned := h.operate("attention", "return", back.TransactionID, "--code", "R10", "--returned-at", time.Now().UTC().Format(time.RFC3339), "--note", "report of today", "--by", "Ada Byron")
	returned.says(t, 0, "is entered as returned", "the sale of 19.99, R10", "is returned")
	h.operate("attention", "return", back.TransactionID, "--code", "R10").says(t, 0, "was entered before")
	h.operate("attention", "return", back.TransactionID, "--code", "R02").says(t, 1, "not_returnable")
	h.operate("attention", "return", back.TransactionID, "--code", "R10", "--returned-at", "yesterday").says(t, 1, "--returned-at")
	h.operate("attention", "return", back.TransactionID).says(t, 1, "code")
	h.operate("attention", "show", back.PaymentID).says(t, 0, "business checking 8206", "R10, entered by Ada Byron", "report of today")
	h.everybodyIsTold()
	h.told(kept, "Completed", "payment.accepted payment.approved")
	h.told(back, "Failed", "payment.accepted payment.approved payment.returned")
	if o := h.order("100000002"); !slices.ContainsFunc(o.Comments, func(c magentotest.Comment) bool { return strings.Contains(c.Text, "payment_returned") }) {
		t.Errorf("the shop's order has no word of it: %+v", o.Comments)
	}
	_, last := h.newsOf(back.PaymentID)
	for _, words := range []string{`"bankReturn":{"returnCode":"R10"`, `"bankAccount":{"last4Digits":"8206","accountType":"checking","holderType":"business"}`} {
		if !strings.Contains(last, words) {
			t.Errorf("the webhook does not say %s: %s", words, last)
		}
	}
	for _, secret := range []string{number, "325070760", "Acme Inc."} {
		if strings.Contains(last, secret) || strings.Contains(h.stderr.String(), secret) {
			t.Errorf("%s is told", secret)
		}
	}
}

// told wants the org and the webhook to have been told of a payment's life.
func (h *household) told(p answer, status, types string) {
	h.t.Helper()
	if got := h.inOrg(p.PaymentID, "Status__c"); got != status {
		h.t.Errorf("the org has the status %v, want %s", got, status)
	}
	if got := h.inOrg(p.PaymentID, "PaymentID__c"); got != p.TransactionID || !strings.HasPrefix(p.TransactionID, "chk_") {
		h.t.Errorf("the org has the transaction %v, want %s", got, p.TransactionID)
	}
	if got, _ := h.newsOf(p.PaymentID); strings.Join(got, " ") != types {
		h.t.Errorf("the webhook was told %v, want %s", got, types)
	}
}
