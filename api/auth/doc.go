// Package auth decides who may call.
//
// A client gets a short-lived access token from the [Issuer] (with its secret,
// or with an assertion signed under a certificate that its merchant has
// uploaded) and shows it with every request to the [Verifier]. The Verifier
// also takes what Salesforce's Named Credentials send: a JWT signed directly
// with such a certificate. Which client it is decides merchant, environment and
// the most it may do.
//
// An operator, a person at the gateway's own machine, is no client: whoever can
// read the signing key can make a token for one, which ends within minutes and
// cannot take money.
package auth
