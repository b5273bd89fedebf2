package webhook

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"paytrace-gateway/gateway"
)

// Sink tells one subscriber of events. It implements gateway.Sink.
type Sink struct {
	client  client
	secrets []secret
	body    func(gateway.Event) ([]byte, error)
	now     func() time.Time
}

var _ gateway.Sink = (*Sink)(nil)

// Lane is empty: a webhook touches nothing that two payments share.
func (s *Sink) Lane(gateway.Event) string { return "" }

// goodID is what an id may be made of. A full stop would let it run into the
// time that is signed behind it.
var goodID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Deliver sends the event once. What cannot be written is dead at once: it is
// the same at every attempt, and a person has to hear of it.
func (s *Sink) Deliver(ctx context.Context, d gateway.Delivery) gateway.Verdict {
	if !goodID.MatchString(d.Event.ID) {
		return unwritten("its id holds what cannot be signed")
	}
	data, err := s.body(d.Event)
	if err != nil {
		return unwritten(s.client.door.Words(err.Error()))
	}
	body, err := wrap(d.Event, data)
	if err != nil {
		return unwritten("its data is no JSON")
	}
	answer, err := s.client.post(ctx, d.Event.ID, body, s.secrets)
	if err != nil {
		return unanswered(s.client.host(), err)
	}
	return verdict(s.client.host(), answer, s.now())
}

func unwritten(why string) gateway.Verdict {
	return gateway.Verdict{
		Outcome: gateway.Dead,
		Detail:  fmt.Sprintf("the event could not be written, and nothing was sent: %s; this is a fault of the gateway, please report it", why),
	}
}

// Close closes the connections that no delivery uses.
func (s *Sink) Close() { s.client.door.Close() }
