package magento

import "strings"

// advice is what a person does about each reason for which one is called, as
// docs/magento.md has it.
var advice = map[string]string{
	"paid_without_order":    "look in the shop's log whether saving the order failed; save it, or refund the payment. Looked for every hour for three days, then a dead letter",
	"partial_amount":        "make the invoice (capture offline) or the offline credit memo by hand. Of a part that the bank gave: take the rest otherwise, or void the payment; correct an invoice of more by an offline credit memo",
	"answer_lost":           "do it once more in the shop; the gateway answers the same request without moving money again, since the module makes the same key",
	"not_booked":            "correct it in the shop by hand, offline: the money has moved",
	"paid_but_canceled":     "refund it, or take the order up again",
	"declined_but_open":     "hold it or cancel it; correct it by hand",
	"voided_but_open":       "hold it or cancel it; correct it by hand",
	"authorization_expired": "cancel the order, or take a new payment",
	"payment_returned":      "ask for the money; or cancel the order, or make an offline credit memo if it was paid. Where something was refunded, ask for the sum that the words name; where all of it was refunded and came back, for nothing",
	"refund_returned":       "pay it in another way; where both came back, pay nothing and ask for none of it",
	"refund_not_made":       "pay it in another way, such as at PayTrace's screens; the order has its credit memo already",
	"amount_lowered":        "correct the order by hand",
	"open_invoice":          "under review, accept or deny the payment in the shop; else set the invoice to paid by hand. The module does both",
	"fraud_review":          "accept or deny the payment in the shop",
	"foreign_review":        "accept or deny the payment in the shop",
	"cancel_refused":        "hold it or cancel it in the shop",
	"no_items":              "correct them by hand",
	"total_differs":         "correct them by hand",
	"magento_totals":        "correct them by hand",
	"order_ambiguous":       "set stores, replay",
	"magento_conflict":      "as its message says",
}

// Advice is what to do about a payment's attention, nothing when it is none of a
// shop's.
func Advice(attention string) string {
	code, _, _ := strings.Cut(attention, ":")
	return advice[code]
}
