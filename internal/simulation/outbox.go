package simulation

import (
	"context"
	"time"

	"paytrace-gateway/gateway"
)

// Unspread implements gateway.Outbox.
func (l *ledgerPort) Unspread(ctx context.Context, merchants []string, limit int) ([]gateway.Event, error) {
	return read(l, "Unspread", "", func() ([]gateway.Event, error) { return l.next.Unspread(ctx, merchants, limit) })
}

// Spread implements gateway.Outbox.
func (l *ledgerPort) Spread(ctx context.Context, events []gateway.Event, to []gateway.Delivery) error {
	return l.write("Spread", l.about(events[0]), crashes{CrashBeforeSpread, CrashAfterSpread}, func() error { return l.next.Spread(ctx, events, to) })
}

// DueDeliveries implements gateway.Outbox.
func (l *ledgerPort) DueDeliveries(ctx context.Context, s gateway.Subscriber, now time.Time, limit int) ([]gateway.Delivery, error) {
	return read(l, "DueDeliveries", s.Name, func() ([]gateway.Delivery, error) { return l.next.DueDeliveries(ctx, s, now, limit) })
}

// DueSubscribers implements gateway.Outbox.
func (l *ledgerPort) DueSubscribers(ctx context.Context, now time.Time) ([]gateway.Subscriber, error) {
	return read(l, "DueSubscribers", "", func() ([]gateway.Subscriber, error) { return l.next.DueSubscribers(ctx, now) })
}

// SubscriberStates implements gateway.Outbox.
func (l *ledgerPort) SubscriberStates(ctx context.Context) ([]gateway.SubscriberState, error) {
	return read(l, "SubscriberStates", "", func() ([]gateway.SubscriberState, error) { return l.next.SubscriberStates(ctx) })
}

// TakeDeliveries implements gateway.Outbox.
func (l *ledgerPort) TakeDeliveries(ctx context.Context, ds []gateway.Delivery, now, until time.Time) (taken []gateway.Delivery, err error) {
	err = l.write("TakeDeliveries", ds[0].Subscriber+" "+l.about(ds[0].Event), crashes{CrashBeforeTake, CrashAfterTake}, func() error {
		taken, err = l.next.TakeDeliveries(ctx, ds, now, until)
		return err
	})
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// SaveDelivery implements gateway.Outbox.
func (l *ledgerPort) SaveDelivery(ctx context.Context, d gateway.Delivery) error {
	return l.write("SaveDelivery", d.Subscriber+" "+l.about(d.Event), crashes{CrashBeforeTold, CrashAfterTold}, func() error {
		return l.next.SaveDelivery(ctx, d)
	})
}

// SaveDeliveries implements gateway.Outbox. Each has its own faults, so that what
// strikes one does not hang on what else was saved with it.
func (l *ledgerPort) SaveDeliveries(ctx context.Context, ds []gateway.Delivery) []error {
	answers := make([]error, len(ds))
	for i, d := range ds {
		answers[i] = l.SaveDelivery(ctx, d)
	}
	return answers
}

// BringForward implements gateway.Outbox.
func (l *ledgerPort) BringForward(ctx context.Context, s gateway.Subscriber) error {
	return l.write("BringForward", s.Name, crashes{}, func() error { return l.next.BringForward(ctx, s) })
}

// ReplayDelivery implements gateway.Outbox.
func (l *ledgerPort) ReplayDelivery(ctx context.Context, d gateway.Delivery, r gateway.AuditRecord) error {
	return l.write("ReplayDelivery", d.Subscriber+" "+l.about(d.Event), crashes{}, func() error { return l.next.ReplayDelivery(ctx, d, r) })
}

// DecideDelivery implements gateway.Outbox.
func (l *ledgerPort) DecideDelivery(ctx context.Context, d gateway.Delivery, r gateway.AuditRecord) error {
	return l.write("SaveDelivery", d.Subscriber+" "+l.about(d.Event), crashes{CrashBeforeTold, CrashAfterTold}, func() error {
		return l.next.DecideDelivery(ctx, d, r)
	})
}

// Delivery implements gateway.Outbox.
func (l *ledgerPort) Delivery(ctx context.Context, merchantID, id string) (gateway.Delivery, error) {
	return read(l, "Delivery", "", func() (gateway.Delivery, error) { return l.next.Delivery(ctx, merchantID, id) })
}

// Deliveries implements gateway.Outbox.
func (l *ledgerPort) Deliveries(ctx context.Context, f gateway.DeliveryFilter) ([]gateway.Delivery, error) {
	return read(l, "Deliveries", "", func() ([]gateway.Delivery, error) { return l.next.Deliveries(ctx, f) })
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
func (l *ledgerPort) SaveSubscriberState(ctx context.Context, s gateway.SubscriberState) error {
	return l.write("SaveSubscriberState", s.Subscriber, crashes{}, func() error { return l.next.SaveSubscriberState(ctx, s) })
}

// DecideSubscriber implements gateway.Outbox.
func (l *ledgerPort) DecideSubscriber(ctx context.Context, s gateway.SubscriberState, r gateway.AuditRecord) error {
	return l.write("SaveSubscriberState", s.Subscriber, crashes{}, func() error { return l.next.DecideSubscriber(ctx, s, r) })
}

// Subscribe implements gateway.Outbox.
func (l *ledgerPort) Subscribe(ctx context.Context, s gateway.Subscription) error {
	return l.write("Subscribe", s.Name, crashes{}, func() error { return l.next.Subscribe(ctx, s) })
}

// SeeSubscription implements gateway.Outbox.
func (l *ledgerPort) SeeSubscription(ctx context.Context, s gateway.Subscription) error {
	return l.write("SeeSubscription", s.Name, crashes{}, func() error { return l.next.SeeSubscription(ctx, s) })
}

// SubscriptionsOf implements gateway.Outbox.
func (l *ledgerPort) SubscriptionsOf(ctx context.Context, merchantID string, since time.Time) ([]gateway.Subscription, error) {
	return read(l, "Subscriptions", "", func() ([]gateway.Subscription, error) { return l.next.SubscriptionsOf(ctx, merchantID, since) })
}

// Subscriptions implements gateway.Outbox.
func (l *ledgerPort) Subscriptions(ctx context.Context, since time.Time) ([]gateway.Subscription, error) {
	return read(l, "Subscriptions", "", func() ([]gateway.Subscription, error) { return l.next.Subscriptions(ctx, since) })
}

// about names an event alike in every replay.
func (l *ledgerPort) about(e gateway.Event) string {
	return l.instance.world.told(e)
}
