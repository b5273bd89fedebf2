package gateway

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"
)

const (
	// claimFor is how long a claim that nobody finishes keeps the others
	// waiting. It only has to last until the ledger has a row; whoever takes
	// longer loses nothing but the guard.
	claimFor = 2 * time.Second
	// keepFor is how long an answer is kept. Requests that are sent twice come
	// within minutes; later ones are answered by the ledger.
	keepFor = 10 * time.Minute
	// finishAtOnce bounds the claims that are being finished. Beyond it they
	// end by themselves.
	finishAtOnce = 256
	// finishWithin bounds one of them.
	finishWithin = time.Second

	firstClaim = 10 * time.Millisecond
	lastClaim  = 100 * time.Millisecond
)

// held is a key in hand, or the answer that was kept for it.
type held struct {
	answer *Answer
	// fresh says that nobody has used the key lately, as far as the claims know.
	fresh bool
	// finish ends the claim once the request has its answer, which is that of the
	// departure where there is no error.
	finish func(*departure, error)
}

// hold takes the key before the ledger is asked. While another instance has it
// and has written nothing yet, it waits. It never decides: what it is told of a
// free or a busy key only saves work, and an answer that was kept carries our
// own seal.
func (g *Gateway) hold(ctx context.Context, v verb) (held, error) {
	free := held{finish: func(*departure, error) {}}
	if g.claims == nil || v.unattended {
		return free, nil
	}
	key, owner := ClaimKey{MerchantID: v.merchant.ID, Key: v.key}, rand.Text()
	patience := g.clock().Add(claimPatience(ctx))
	for pause := firstClaim; ; pause = min(2*pause, lastClaim) {
		claim, err := g.claims.Claim(ctx, key, owner, claimFor)
		switch {
		case err != nil:
			return free, nil // the ledger does without
		case claim.Won:
			return held{fresh: true, finish: func(d *departure, err error) { g.finish(v, key, owner, d, err) }}, nil
		case claim.Answer != nil:
			return g.kept(v, key, claim.Answer)
		case g.bound(ctx, v) || !g.clock().Before(patience):
			return free, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			e := refuse(CodeKeyInProgress, "a request with this idempotency key is being worked on; repeat with the same key").retry(askAgain)
			e.Outcome = Unknown
			return held{}, e
		}
	}
}

// claimPatience leaves half of the caller's time for the request itself.
func claimPatience(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return claimFor
	}
	return min(claimFor, time.Until(deadline)/2)
}

// bound says that the ledger has the key, or cannot be asked.
func (g *Gateway) bound(ctx context.Context, v verb) bool {
	_, err := g.ledger.Key(ctx, v.merchant.ID, v.key)
	return !errors.Is(err, ErrNotFound)
}

// finish ends the claim off the caller's way. One whose key the ledger has, and
// whose answer is not kept, is left to end by itself: whoever finds it taken asks
// the ledger and goes on at once, and so each payment is spared a second round
// trip.
func (g *Gateway) finish(v verb, key ClaimKey, owner string, d *departure, err error) {
	var answer Answer
	if err == nil {
		answer = d.landed()
	}
	keeps := err == nil && !answer.Replayed && answer.Operation().unchanging()
	if err == nil && !keeps {
		return
	}
	select {
	case g.finishing <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-g.finishing }()
		ctx, cancel := context.WithTimeout(context.Background(), finishWithin)
		defer cancel()
		var sealed []byte
		if keeps {
			sealed = g.seal(key, keptAnswer{Fingerprint: v.fingerprint, OperationID: answer.OperationID, Payment: answer.Payment.told()})
		}
		// A claim that cannot be finished ends by itself.
		_ = g.claims.Finish(ctx, key, owner, sealed, keepFor)
	}()
}

// unchanging says that nothing can ever change what the operation's key is
// answered: not its being given up, not a charge found late, not a person.
// Only such an answer may be kept outside the ledger.
func (o Operation) unchanging() bool {
	movable := o.Charges() && (o.Status == OpApproved || o.Status == OpFailed)
	return o.Final() && !movable && o.Status != OpWaiting && o.Cancel == "" && o.Attention == ""
}

// keptAnswer is what is kept of an answer.
type keptAnswer struct {
	Fingerprint []byte  `json:"fingerprint"`
	OperationID string  `json:"operationId"`
	Payment     Payment `json:"payment"`
}

// kept answers with what was kept, if it is our own and belongs to this key.
func (g *Gateway) kept(v verb, key ClaimKey, sealed []byte) (held, error) {
	free := held{finish: func(*departure, error) {}}
	kept, ok := g.unseal(key, sealed)
	if !ok || kept.Payment.LiveMode != v.merchant.LiveMode {
		g.log.Error("claims.forged", "merchant", key.MerchantID,
			"consequence", "an answer that is not ours stood in the store of claims; the ledger answers instead")
		return free, nil
	}
	if !bytes.Equal(kept.Fingerprint, v.fingerprint) {
		return held{}, keyReused()
	}
	return held{answer: &Answer{Payment: kept.Payment, OperationID: kept.OperationID, Replayed: true}}, nil
}

// seal puts a keyed hash of the key and the answer before the answer.
func (g *Gateway) seal(key ClaimKey, kept keptAnswer) []byte {
	body, err := json.Marshal(kept)
	if err != nil {
		return nil
	}
	return append(g.sealOf(key, body), body...)
}

func (g *Gateway) unseal(key ClaimKey, sealed []byte) (keptAnswer, bool) {
	var kept keptAnswer
	if len(sealed) < sha256.Size {
		return kept, false
	}
	mac, body := sealed[:sha256.Size], sealed[sha256.Size:]
	if !hmac.Equal(mac, g.sealOf(key, body)) {
		return kept, false
	}
	return kept, json.Unmarshal(body, &kept) == nil
}

func (g *Gateway) sealOf(key ClaimKey, body []byte) []byte {
	mac := hmac.New(sha256.New, g.secret)
	for _, part := range [][]byte{[]byte("kept answer"), []byte(key.MerchantID), []byte(key.Key), body} {
		mac.Write(part)
		mac.Write([]byte{0})
	}
	return mac.Sum(nil)
}

// keyReused sends nobody on to a new key at once: what came first under this one
// may have charged, and the same thing under another key would charge again.
func keyReused() *Error {
	return refuse(CodeKeyReused,
		"this idempotency key was used for another request; what that did, GET /api/v1/payments/by-key/{idempotencyKey} tells; take a new key only for something new")
}
