// Package simulator is a stateful stand-in for PayTrace's v1 API.
//
// It speaks the recorded and documented answers of the real service byte for
// byte where they are known, and makes a setting of what is not. It is unkind
// on request: a second, control port injects faults, moves the clock, settles,
// and shows everything that was asked of it and every transaction it made.
//
// It imports the standard library only, so that it cannot share a
// misunderstanding with the client that is tested against it. Card numbers and
// CSCs are judged when they arrive and then forgotten: what is kept of a card
// is its first six and last four digits, its expiry and a keyed hash.
package simulator
