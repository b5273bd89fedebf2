// Package salesforcetest is a Salesforce org with a memory, for tests and
// demonstrations. It speaks what the gateway needs of the platform: OAuth by JWT
// bearer and by client credentials, the upsert of one record and of a
// collection, the change of one on a condition, the query for one, the publishing
// of platform events, and the description of an object.
//
// It is strict: what the platform would refuse it refuses, with the platform's
// bodies, and where nobody knows what the platform does it refuses too. It can
// be told to misbehave (fault.go), and remembers every call and every revision
// of every record (history.go).
//
// It imports nothing of the gateway's, so that it cannot share a
// misunderstanding with the client.
package salesforcetest
