package gateway

import (
	"context"
	"time"
)

// Claims is the fast guard in front of the ledger: it keeps two instances from
// working on one key at once, and keeps answers that nothing can change. It may
// forget, lie or be away; whatever it says, the ledger's unique key decides.
// Package claimstest is its specification.
type Claims interface {
	// Claim takes the key for the owner, unless another owner has it or its
	// answer is kept. A claim that nobody finishes is free again after ttl. The
	// same owner's second claim wins too, so that a reply lost on the wire does
	// not lose the claim.
	Claim(ctx context.Context, key ClaimKey, owner string, ttl time.Duration) (Claim, error)
	// Finish ends a claim. With an answer, the answer is kept for that long,
	// whoever has the key by now. Without one the key is free, unless another
	// owner has it by now.
	Finish(ctx context.Context, key ClaimKey, owner string, answer []byte, keep time.Duration) error
}

// ClaimKey is what is claimed: one merchant's idempotency key.
type ClaimKey struct{ MerchantID, Key string }

// Claim is what came of claiming a key. Neither won nor with an answer, it says
// that another owner has the key.
type Claim struct {
	Won    bool
	Answer []byte
}
