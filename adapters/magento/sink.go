package magento

import (
	"context"
	"slices"
	"strings"
	"time"

	"paytrace-gateway/gateway"
)

// Sink tells one shop.
type Sink struct {
	config Config
	client *client
}

// New names every fault of the configuration.
func New(config Config) (*Sink, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	client, err := newClient(config)
	if err != nil {
		return nil, err
	}
	return &Sink{config: config, client: client}, nil
}

// Close closes the connections that no call uses.
func (s *Sink) Close() { s.client.door.Close() }

// String keeps the secrets out of whatever prints a Sink.
func (s *Sink) String() string { return s.config.String() }

// GoString is String, for %#v.
func (s *Sink) GoString() string { return s.config.String() }

// Lane is the order's number: Magento locks its row, and two calls for it at once
// end in a deadlock. The store code is left out, since one order may be named
// with and without it; that two stores' orders of one number wait for each other
// costs little.
func (s *Sink) Lane(e gateway.Event) string { return e.Payment.OrderID }

// bookedAfter is when what Magento itself asked for is in its books, if it ever will
// be: it books an answer after it has heard it, and whoever did not hear one is told
// to do the same once more in a minute.
const bookedAfter = 2 * time.Minute

// Deliver tells the shop of one event.
func (s *Sink) Deliver(ctx context.Context, d gateway.Delivery) gateway.Verdict {
	t := s.config.plan(d.Event)
	t.keeps = !t.op.Charges() || slices.ContainsFunc(d.Log, func(a gateway.Attempt) bool { return a.Outcome == gateway.Told || a.Outcome == gateway.Replayed })
	if t.deed == leave {
		return gateway.Verdict{Outcome: gateway.Told, Detail: "not sent: " + t.why}
	}
	books := t.deed == confirm || t.deed == recall || t.deed == unmade
	if left := bookedAfter - s.config.Now().Sub(d.Event.At); books && left > 0 {
		return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: max(left, time.Second),
			Detail: "Magento asked for this itself; it is given " + bookedAfter.String() + " to book it, then its books are looked at"}
	}
	if err := ctx.Err(); err != nil {
		return gateway.Verdict{Outcome: gateway.Later, Detail: "there was no time left to ask Magento"}
	}
	tell := s.viaCore
	if s.config.Way == WayModule {
		tell = s.viaModule
	}
	v := tell(ctx, t)
	v.Attention = oneReason(v.Attention)
	return v
}

// oneReason keeps a reason one: a payment's reasons are parted by semicolons,
// and each of them ends by itself when its delivery is told.
func oneReason(attention string) string { return strings.ReplaceAll(attention, ";", ",") }

// told is the verdict when Magento has answered as it should.
func told(detail string) gateway.Verdict {
	return gateway.Verdict{Outcome: gateway.Told, StatusCode: 200, Detail: detail}
}
