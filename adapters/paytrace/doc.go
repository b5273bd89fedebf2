// Package paytrace is the client of PayTrace's JSON API, version 1. It speaks
// to https://api.paytrace.com, or to https://api.sandbox.paytrace.com with the
// same paths, and implements gateway.Processor: sales and authorizations,
// captures, voids, refunds for a transaction, and the exports by which a lost
// answer is looked up.
//
// PayTrace's card API has neither idempotency keys nor a look-up by an id of
// ours. So the question that decides everything is whether a byte of the
// request left. Package-wide rules follow from it:
//
//   - Nothing is sent again, by us or by net/http, once a byte may have left.
//     The one exception is PayTrace's own word that nothing was done.
//   - An answer counts only when it is PayTrace's JSON, whole, without
//     contradiction, and known to the table in errors.go. All else is Unknown.
//   - Card data stays in the request's body. It is in no error, detail or log.
//
// The road of a call is processor.go (what is asked), client.go (where it
// goes), token.go (with which token), transport.go and gate.go (how it leaves,
// and whether), and translate.go (what the answer means).
package paytrace
