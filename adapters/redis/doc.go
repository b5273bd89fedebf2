// Package redis keeps idempotency claims and shared quotas in Redis, for several
// gateways on one ledger, and in the process's own memory, for one. Both pass
// packages claimstest and quotatest.
//
// Redis is fast and forgetful: it may be away, slow, wiped or failed over to a
// copy that lacks the last writes. So it decides nothing that matters. The
// ledger's unique key says which request is a payment; an error from here only
// means that the ledger is asked without its guard.
//
// The road of a call is one-way: claims.go and quotas.go say what is asked,
// client.go bounds it by a deadline, breaker.go refuses it while Redis is away,
// command.go sends it once, batch.go together with what others ask at that
// moment, errors.go says what went wrong, and state.go counts it. The server may
// stand alone, behind Sentinel, or in a Cluster: each key stands by itself, so that
// it needs one slot only. Redis 6 or newer is expected; from 7 on a claim needs no
// script.
//
// Nothing that a caller sent is stored, except the answer that Finish was given:
// keys are hashes.
package redis
