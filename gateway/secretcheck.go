package gateway

import "context"

// SecretCheck is what a ledger knows of the secret of the gateways that use it.
// Fingerprints of requests are made with that secret: with another one no repeat
// is known for what it is.
type SecretCheck struct {
	// Value is derived from the secret and tells it from another. It is empty
	// before a gateway that leaves one has started on the ledger.
	Value string
	// Used says that something in the ledger was made with a secret, whichever it
	// was: a key is bound, or a decision was recorded.
	Used bool
}

// SecretCheckStore keeps what tells the secret of a ledger from another.
type SecretCheckStore interface {
	SecretCheck(ctx context.Context) (SecretCheck, error)
	// KeepSecretCheck keeps the value, unless one is kept already, and returns the
	// one that is: of several that come at once, all are told the same.
	KeepSecretCheck(ctx context.Context, value string) (kept string, err error)
}
