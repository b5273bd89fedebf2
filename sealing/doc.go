// Package sealing keeps the merchants' credentials for other systems so that
// neither the configuration nor the ledger shows them. It is the only package
// that opens one.
//
//   - [Keys] are the master keys. They seal a value with a data key of its own,
//     and bind it to its place.
//   - [Keeper] holds what is good now, follows what others change in the ledger,
//     and takes a person's changes.
package sealing
