// Package ledger is the durable truth in SQL: every payment, operation,
// idempotency key, event and stored payment method. SQLite in one file is the
// embedded default.
//
// The road of a change is one-way. A caller's goroutine turns the change into
// rows (change.go) and queues it (group.go). One writer gathers what waits,
// writes each change under a savepoint of its own (session.go), commits them
// together, and answers each caller only after the commit has returned. Reads
// (read.go, list.go) go past all that, on connections that cannot write.
//
// Schema and queries keep to SQL that PostgreSQL also understands. All that is
// SQLite's own is in sqlite.go, check.go and errors.go; a second dialect brings
// its own file beside them, turns BLOB into BYTEA and ? into $n where
// statements are prepared, and passes package storetest.
package ledger
