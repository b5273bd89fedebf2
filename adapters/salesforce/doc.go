// Package salesforce tells a Salesforce org of payments: it keeps one record
// for each payment, or for each operation, and can publish a platform event
// beside it. It implements gateway.Sink and gateway.Batcher.
//
// A record is upserted by an external id that is ours, so that telling twice
// changes nothing and a lost answer costs nothing. Salesforce has no
// compare-and-set; that no older state overwrites a newer one is owed to the
// order in which the gateway delivers, and a version number can be written into
// a field for the org's own rules.
//
// The road of a delivery is sink.go (what is told, and how its end is judged),
// translate.go (the record), client.go (where it goes), token.go and grant.go
// (with which token), wire.go (what came back) and errors.go (what that means).
//
// Nothing is ever retried here but for one thing: an expired session, after
// which Salesforce has done nothing, is renewed once.
package salesforce
