package simulation

import (
	"context"
	"time"

	"paytrace-gateway/gateway"
)

// The outbox is reached as the rest of the ledger is, with the same faults.

// Unspread implements gateway.Outbox.
func (l *ledgerPort) Unspread(ctx context.Context, limit int) ([]gateway.Event, error) {
	return read(l, "Unspread", "", func() ([]gateway.Event, error) { return l.next.Unspread(ctx, limit) })
}

// Spread implements gateway.Outbox.
func (l *ledgerPort) Spread(ctx context.Context, events []gateway.Event, deliveries []gateway.Delivery) error {
	return l.write("Spread", "", crashes{}, func() error { return l.next.Spread(ctx, events, deliveries) })
}

// DueDeliveries implements gateway.Outbox.
func (l *ledgerPort) DueDeliveries(ctx context.Context, s gateway.Subscriber, now time.Time, limit int) ([]gateway.Delivery, error) {
	return read(l, "DueDeliveries", s.Name, func() ([]gateway.Delivery, error) { return l.next.DueDeliveries(ctx, s, now, limit) })
}

// TakeDelivery implements gateway.Outbox.
func (l *ledgerPort) TakeDelivery(ctx context.Context, d gateway.Delivery, now, until time.Time) (gateway.Delivery, error) {
	var taken gateway.Delivery
	err := l.write("TakeDelivery", d.Subscriber, crashes{}, func() (err error) {
		taken, err = l.next.TakeDelivery(ctx, d, now, until)
		return err
	})
	return taken, err
}

// SaveDelivery implements gateway.Outbox.
func (l *ledgerPort) SaveDelivery(ctx context.Context, d gateway.Delivery) error {
	return l.write("SaveDelivery", d.Subscriber, crashes{}, func() error { return l.next.SaveDelivery(ctx, d) })
}

// ReplayDelivery implements gateway.Outbox.
func (l *ledgerPort) ReplayDelivery(ctx context.Context, d gateway.Delivery) error {
	return l.write("ReplayDelivery", d.Subscriber, crashes{}, func() error { return l.next.ReplayDelivery(ctx, d) })
}

// Delivery implements gateway.Outbox.
func (l *ledgerPort) Delivery(ctx context.Context, merchantID, id string) (gateway.Delivery, error) {
	return read(l, "Delivery", "", func() (gateway.Delivery, error) { return l.next.Delivery(ctx, merchantID, id) })
}

// Deliveries implements gateway.Outbox.
func (l *ledgerPort) Deliveries(ctx context.Context, f gateway.DeliveryFilter) ([]gateway.Delivery, error) {
	return read(l, "Deliveries", f.Subscriber, func() ([]gateway.Delivery, error) { return l.next.Deliveries(ctx, f) })
}

// DeliveryBacklog implements gateway.Outbox.
func (l *ledgerPort) DeliveryBacklog(ctx context.Context) ([]gateway.DeliveryBacklog, error) {
	return read(l, "DeliveryBacklog", "", func() ([]gateway.DeliveryBacklog, error) { return l.next.DeliveryBacklog(ctx) })
}

// SubscriberState implements gateway.Outbox.
func (l *ledgerPort) SubscriberState(ctx context.Context, merchantID string, live bool, name string) (gateway.SubscriberState, error) {
	return read(l, "SubscriberState", name, func() (gateway.SubscriberState, error) {
		return l.next.SubscriberState(ctx, merchantID, live, name)
	})
}

// SaveSubscriberState implements gateway.Outbox.
func (l *ledgerPort) SaveSubscriberState(ctx context.Context, state gateway.SubscriberState) error {
	return l.write("SaveSubscriberState", state.Subscriber, crashes{}, func() error { return l.next.SaveSubscriberState(ctx, state) })
}
