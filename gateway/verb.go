package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"time"
)

// Caller is who asks, and with which idempotency key.
type Caller struct {
	MerchantID string
	Key        string
	Channel    string
}

// verb is one money request on its way down the road: what it is bound to,
// how it decides, and how it is sent.
type verb struct {
	merchant    Merchant
	key         string
	fingerprint []byte
	// decide is pure but for reading. When the key is bound to an operation
	// that may be continued, that operation is handed in.
	decide func(ctx context.Context, again *KeyRecord) (Change, error)
	// creates is set for what makes a payment.
	creates bool
	// unattended is set for what the gateway does by itself: nobody waits for
	// an operation that is under way already.
	unattended bool
	// forget, when set, wipes what only the call needs.
	forget func()
	// call sends the operation of the change; op is its intent.
	call func(ctx context.Context, to Processor, p *Payment, op *Operation) Result
}

// done is called when the call has ended, or when there is none.
func (v verb) done() {
	if v.forget != nil {
		v.forget()
	}
}

// moment is what a decision may know of the world outside its values.
type moment struct {
	now    time.Time
	sender string
	// intentID is that of the intent that the decision may make.
	intentID string
}

// intent makes the operation ready to leave. If nobody ever records what became
// of it, it is due once no sender can still hear of it.
func (at moment) intent(op Operation, m Merchant) Operation {
	op.Status = OpSending
	op.IntentID = at.intentID
	op.Sender = at.sender
	op.SendBefore = at.now.Add(m.SendWindow)
	op.Due = op.SendBefore.Add(m.CallDeadline + staleAfter)
	op.Decline, op.Rejection, op.Contested = nil, nil, false
	op.SentAt, op.Looks, op.Misses, op.Attention = at.now, 0, 0, ""
	op.DecidedAt = time.Time{}
	return op
}

// fingerprint is a keyed hash of the operation, its target and its canonical
// content, so that a key cannot be used for another request, and the hash
// cannot be turned back into what was asked.
func fingerprint(secret []byte, operation, target string, content any) []byte {
	canonical, err := json.Marshal(struct {
		Operation string `json:"operation"`
		Target    string `json:"target,omitempty"`
		Content   any    `json:"content,omitempty"`
	}{operation, target, content})
	if err != nil {
		panic("gateway: a request that cannot be written as JSON: " + err.Error())
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(canonical)
	return mac.Sum(nil)
}

// begin gives the operation to decide on: the fresh one for a key that is new,
// or the one that the key is bound to. Since the key was claimed, another
// request may have continued that one; the claim has to be made anew then.
func begin(p Payment, again *KeyRecord, now time.Time, fresh func() Operation) (Operation, error) {
	if again == nil {
		return fresh(), nil
	}
	op, _ := p.Operation(again.OperationID)
	if !op.Continuable() || op.Cancel != "" {
		return op, ErrStale
	}
	op.AskedAt = now
	return op, nil
}

// binding binds the key on an operation's first intent only.
func (v verb) binding(again *KeyRecord) *Binding {
	if again != nil {
		return nil
	}
	return &Binding{Key: v.key, Fingerprint: v.fingerprint}
}
