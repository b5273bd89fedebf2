// Package ledger is the durable truth in SQL: every payment, operation,
// idempotency key, event and stored payment method, and what was seen on the
// processor's books. SQLite in one file is the embedded default; PostgreSQL is
// for several gateways on one ledger.
//
// The road of a change is one-way. A caller's goroutine turns the change into
// rows (change.go) and queues it (group.go). One writer gathers what waits,
// writes each change under a savepoint of its own (session.go), commits them
// together, and answers each caller only after the commit has returned. Reads
// (read.go, list.go) go past all that, on connections that cannot write.
//
// Schema and queries are written once, in SQL that both databases understand;
// dialect.go turns the rest. All that is SQLite's own is in sqlite.go, check.go
// and errors.go, all that is PostgreSQL's in postgres.go and postgres_errors.go.
// Both pass package storetest.
package ledger
