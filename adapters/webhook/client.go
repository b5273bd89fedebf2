package webhook

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"time"

	"paytrace-gateway/egress"
)

// maxAnswer is what is read of an answer, for the words of a refusal.
const maxAnswer = 4 << 10

// client is the only one that knows the address.
type client struct {
	door *egress.Door
	url  *url.URL
	now  func() time.Time
}

// host names the receiver for a person. The rest of its address may be secret.
func (c client) host() string { return c.url.Host }

// post sends the body once, signed for this attempt.
func (c client) post(ctx context.Context, id string, body []byte, secrets []secret) (egress.Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url.String(), bytes.NewReader(body))
	if err != nil {
		return egress.Answer{}, err
	}
	at := c.now()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "paytrace-gateway")
	request.Header.Set("Webhook-Id", id)
	request.Header.Set("Webhook-Timestamp", timestamp(at))
	request.Header.Set("Webhook-Signature", sign(secrets, id, at, body))
	return c.door.Send(request, maxAnswer)
}
