package webhook

import (
	"context"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

var _ gateway.Examiner = (*Sink)(nil)

// expiresSoon is how long before its end a certificate is worth a word: those
// that renew themselves have done it by then.
const expiresSoon = 14 * 24 * time.Hour

// Examine connects to the receiver and sends nothing: whatever was posted, the
// receiver could take for an event.
func (s *Sink) Examine(ctx context.Context) []gateway.Finding {
	f := gateway.Finding{Grade: gateway.Well, Tried: "connection"}
	reached, err := s.client.door.Reach(ctx, s.client.url)
	if err != nil {
		f.Grade, f.Found = gateway.Broken, err.Error()
		f.Mend = "mend url, the receiver, or allowNetworks and allowHosts; events wait meanwhile and are told later"
		return []gateway.Finding{f}
	}
	f.Found = s.client.host() + " takes connections at " + reached.Address
	if reached.TLS == "" {
		return []gateway.Finding{f}
	}
	f.Found += fmt.Sprintf(", %s, certificate good until %s", reached.TLS, reached.Expires.UTC().Format(time.DateOnly))
	if reached.Expires.Sub(s.now()) < expiresSoon {
		f.Grade, f.Mend = gateway.Doubtful, "have the receiver's certificate renewed; after its end no event is taken"
	}
	return []gateway.Finding{f}
}
