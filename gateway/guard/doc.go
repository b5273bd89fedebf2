// Package guard stands between the gateway and a processor and keeps the two
// from hurting each other:
//
//	timeout → retry → rate limit → circuit breaker → processor
//
// Guard.stack builds the line. Every attempt, a repeated one too, takes a slot
// of the rate limit and counts at the breaker. What the guard refuses is
// certain not to have been sent, and says how long to wait.
//
// Operations come in classes with a breaker each: money moves, looks do not.
// So the looks that decide an unknown payment go on while PayTrace fails to
// charge, and charges go on while stored cards cannot be deleted.
package guard
