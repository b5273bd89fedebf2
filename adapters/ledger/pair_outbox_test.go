package ledger

import (
	"context"
	"time"

	"paytrace-gateway/gateway"
)

func (p *pair) Unspread(ctx context.Context, merchants []string, limit int) ([]gateway.Event, error) {
	return p.next().Unspread(ctx, merchants, limit)
}

func (p *pair) Spread(ctx context.Context, events []gateway.Event, deliveries []gateway.Delivery) error {
	return p.next().Spread(ctx, events, deliveries)
}

func (p *pair) DueDeliveries(ctx context.Context, s gateway.Subscriber, now time.Time, limit int) ([]gateway.Delivery, error) {
	return p.next().DueDeliveries(ctx, s, now, limit)
}

func (p *pair) TakeDeliveries(ctx context.Context, ds []gateway.Delivery, now, until time.Time) ([]gateway.Delivery, error) {
	return p.next().TakeDeliveries(ctx, ds, now, until)
}

func (p *pair) SaveDelivery(ctx context.Context, d gateway.Delivery) error {
	return p.next().SaveDelivery(ctx, d)
}

func (p *pair) SaveDeliveries(ctx context.Context, ds []gateway.Delivery) []error {
	return p.next().SaveDeliveries(ctx, ds)
}

func (p *pair) DecideDelivery(ctx context.Context, d gateway.Delivery, r gateway.AuditRecord) error {
	return p.next().DecideDelivery(ctx, d, r)
}

func (p *pair) DecideSubscriber(ctx context.Context, s gateway.SubscriberState, r gateway.AuditRecord) error {
	return p.next().DecideSubscriber(ctx, s, r)
}

func (p *pair) ReplayDelivery(ctx context.Context, d gateway.Delivery, r gateway.AuditRecord) error {
	return p.next().ReplayDelivery(ctx, d, r)
}

func (p *pair) Delivery(ctx context.Context, merchantID, id string) (gateway.Delivery, error) {
	return p.next().Delivery(ctx, merchantID, id)
}

func (p *pair) Deliveries(ctx context.Context, f gateway.DeliveryFilter) ([]gateway.Delivery, error) {
	return p.next().Deliveries(ctx, f)
}

func (p *pair) SubscriberStates(ctx context.Context) ([]gateway.SubscriberState, error) {
	return p.next().SubscriberStates(ctx)
}

func (p *pair) DueSubscribers(ctx context.Context, now time.Time) ([]gateway.Subscriber, error) {
	return p.next().DueSubscribers(ctx, now)
}

func (p *pair) DeliveryBacklog(ctx context.Context) ([]gateway.DeliveryBacklog, error) {
	return p.next().DeliveryBacklog(ctx)
}

func (p *pair) SubscriberState(ctx context.Context, merchantID string, liveMode bool, name string) (gateway.SubscriberState, error) {
	return p.next().SubscriberState(ctx, merchantID, liveMode, name)
}

func (p *pair) SaveSubscriberState(ctx context.Context, state gateway.SubscriberState) error {
	return p.next().SaveSubscriberState(ctx, state)
}

func (p *pair) Subscribe(ctx context.Context, s gateway.Subscription) error {
	return p.next().Subscribe(ctx, s)
}

func (p *pair) SeeSubscription(ctx context.Context, s gateway.Subscription) error {
	return p.next().SeeSubscription(ctx, s)
}

func (p *pair) SubscriptionsOf(ctx context.Context, merchantID string, since time.Time) ([]gateway.Subscription, error) {
	return p.next().SubscriptionsOf(ctx, merchantID, since)
}

func (p *pair) Subscriptions(ctx context.Context, since time.Time) ([]gateway.Subscription, error) {
	return p.next().Subscriptions(ctx, since)
}

func (p *pair) BringForward(ctx context.Context, s gateway.Subscriber) error {
	return p.next().BringForward(ctx, s)
}
