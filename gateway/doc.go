// Package gateway is what the product does: the nouns of a payment, their
// rules, the verbs that change them, and the ports through which the outside
// is reached.
//
// A verb decides with pure functions over values, the time handed in, and
// produces one Change. The ledger applies all of it or none. The road that a
// money request takes, from the key to the durable answer, is Gateway.run.
//
// The package imports the standard library only.
package gateway
