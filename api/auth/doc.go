// Package auth decides who may call.
//
// A client gets a short-lived access token from the [Issuer] (with its secret,
// or with an assertion signed under a certificate that its merchant has
// uploaded) and shows it with every request to the [Verifier]. The Verifier
// also takes what Salesforce's Named Credentials send: a JWT signed directly
// with such a certificate. Which client it is decides merchant, environment and
// the most it may do.
package auth
