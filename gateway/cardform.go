package gateway

import (
	"context"
	"errors"
	"time"
)

// mendTime is what a caller is told to wait while an operator has something to
// mend.
const mendTime = time.Minute

// FormKey is what a shop's page needs to open PayTrace's card form.
type FormKey struct {
	ClientKey
	MerchantID string
	LiveMode   bool
}

// FormKey asks PayTrace for a client key. Nothing is written for it, and it may
// be asked again, so a failure leaves no doubt about any money.
func (g *Gateway) FormKey(ctx context.Context, merchantID, requestID string) (FormKey, error) {
	m, err := g.merchant(merchantID)
	if err != nil {
		return FormKey{}, err
	}
	key, err := g.processors[m.ID].ClientKey(ctx)
	if err == nil {
		return FormKey{ClientKey: key, MerchantID: m.ID, LiveMode: m.LiveMode}, nil
	}
	g.log.Warn("cardform.failed", "requestId", requestID, "merchant", m.ID, "error", err)
	if errors.Is(err, ErrCredentials) {
		return FormKey{}, refuse(CodeProcessorCredentials,
			"PayTrace refuses the gateway's log-in or set-up and gave no client key; the operator has to mend it, then ask again").
			retry(mendTime).because(err)
	}
	return FormKey{}, refuse(CodeProcessorUnavailable, "PayTrace gave no client key; nothing was charged, so ask again").
		retry(askAgain).because(err)
}
