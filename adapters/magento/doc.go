// Package magento tells a Magento 2 or Adobe Commerce shop what has become of
// the payments of its orders. It implements gateway.Sink.
//
// There are two ways in. The gateway's own module has an endpoint that does all
// of it in one step inside Magento (module.go). Without it, the core REST API
// has to do (core.go), which was not made for this: it has no call that accepts
// or denies a payment under review, and several of its calls answer success and
// do something else. docs/magento.md says what each way can and cannot do, and
// docs/magento-module.md is the contract of the endpoint.
//
// Package-wide rules follow:
//
//   - Nothing is written before it was read that it is not there yet. An event
//     may be delivered twice, and its first answer may have been lost.
//   - An order is touched only if its payment method and its transaction are
//     this payment's, and an amount is booked only if Magento's own total is
//     short by exactly that amount. All else becomes a comment, and a person's
//     matter.
//   - What Magento did itself, through us, Magento books itself.
//
// The road of a delivery is sink.go (Lane, Deliver), translate.go (what the
// event asks for), core.go or module.go (how it is told), client.go (where it
// goes), oauth.go (how it is signed) and errors.go (what an answer means).
package magento
