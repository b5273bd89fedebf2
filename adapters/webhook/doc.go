// Package webhook tells subscribers of events as Standard Webhooks 1.0.0 says:
// https://www.standardwebhooks.com. It implements gateway.Sink.
//
// The road of an event is sink.go (what is asked), wire.go (its JSON),
// signature.go (whose it is), client.go (where it goes) and translate.go with
// the table in errors.go (what the answer means).
//
// An event keeps its id however often it is sent; the time in the signature is
// that of the attempt. Only a status from 200 to 299 says that it was taken.
// Nothing else is held against the event: whoever mends a receiver wants what
// was missed meanwhile, so it is kept for later, and given up by the schedule
// alone.
package webhook
