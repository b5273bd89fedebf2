package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"paytrace-gateway/gateway"
)

const (
	subscribeSQL = `INSERT INTO subscriptions (merchant_id, live_mode, name, events, seen_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode, name) DO UPDATE
		SET events = excluded.events,
			seen_at = CASE WHEN excluded.seen_at > subscriptions.seen_at THEN excluded.seen_at ELSE subscriptions.seen_at END`
	seeSubscriptionSQL = `INSERT INTO subscriptions (merchant_id, live_mode, name, events, seen_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode, name) DO UPDATE
		SET seen_at = excluded.seen_at WHERE excluded.seen_at > subscriptions.seen_at`
	subscriptionsSQL = `SELECT merchant_id, live_mode, name, events, seen_at
		FROM subscriptions WHERE seen_at >= ? ORDER BY merchant_id, live_mode, name`
	subscriptionsOfSQL = `SELECT merchant_id, live_mode, name, events, seen_at
		FROM subscriptions WHERE merchant_id = ? AND seen_at >= ? ORDER BY live_mode, name`
)

// Subscribe implements gateway.Outbox.
func (l *Ledger) Subscribe(ctx context.Context, s gateway.Subscription) error {
	return l.keepSubscription(ctx, subscribeSQL, s)
}

// SeeSubscription implements gateway.Outbox.
func (l *Ledger) SeeSubscription(ctx context.Context, s gateway.Subscription) error {
	return l.keepSubscription(ctx, seeSubscriptionSQL, s)
}

func (l *Ledger) keepSubscription(ctx context.Context, query string, s gateway.Subscription) error {
	if s.MerchantID == "" || s.Name == "" || s.SeenAt.IsZero() {
		return errors.New("a subscription that the ledger cannot take: it needs a merchant, a name, and when it was seen")
	}
	events, err := json.Marshal(s.Events)
	if err != nil {
		return fmt.Errorf("the events of subscriber %s cannot be written as JSON: %w", s.Name, err)
	}
	place := fmt.Sprintf("subscription %s %t %s", s.MerchantID, s.LiveMode, s.Name)
	return l.writePatiently(ctx, place, func(session *session) error {
		return session.put(query, s.MerchantID, s.LiveMode, s.Name, string(events), s.SeenAt.UnixMicro())
	})
}

// Subscriptions implements gateway.Outbox.
func (l *Ledger) Subscriptions(ctx context.Context, since time.Time) ([]gateway.Subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	return l.readSubscriptions(l.reads.subscriptions.QueryContext(ctx, since.UnixMicro()))
}

// SubscriptionsOf implements gateway.Outbox.
func (l *Ledger) SubscriptionsOf(ctx context.Context, merchantID string, since time.Time) ([]gateway.Subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	return l.readSubscriptions(l.reads.subscriptionsOf.QueryContext(ctx, merchantID, since.UnixMicro()))
}

func (l *Ledger) readSubscriptions(rows *sql.Rows, err error) ([]gateway.Subscription, error) {
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var all []gateway.Subscription
	for rows.Next() {
		var s gateway.Subscription
		var events string
		var seenAt int64
		if err := rows.Scan(&s.MerchantID, &s.LiveMode, &s.Name, &events, &seenAt); err != nil {
			return nil, l.explain(err)
		}
		// Patterns that cannot be read are none, and none means all: it is told of
		// more rather than of less.
		_ = json.Unmarshal([]byte(events), &s.Events)
		s.SeenAt = timeOf(seenAt)
		all = append(all, s)
	}
	return all, l.explain(rows.Err())
}
