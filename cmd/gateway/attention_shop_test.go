package main

import "testing"

// What a shop does not agree about is not found at PayTrace: the command says
// what the page says of the reason.
func TestShowSaysWhatToDoAboutAReasonOfTheShop(t *testing.T) {
	t.Parallel()
	gateway, paytrace, shop := serve(t)
	made := shop.pay("sale", "paid", paytrace.hostedFields(), 0)
	want(t, "the sale", made, "201 approved")
	gateway.attend(made.PaymentID, "paid_without_order: the payment is approved and Magento has no order paid")
	shown := gateway.operate("attention", "show", made.PaymentID)
	shown.says(t, 0, "what to do in the shop: look in the shop's log whether saving the order failed; save it, or refund the payment.", "--seen")
	shown.doesNotSay(t, "look at PayTrace for")

	gateway.attend(made.PaymentID, "PayTrace shows transaction 7 as voided, and it was settled before")
	shown = gateway.operate("attention", "show", made.PaymentID)
	shown.says(t, 0, "look at PayTrace for: sale of 19.99")
	shown.doesNotSay(t, "what to do in the shop")
}
