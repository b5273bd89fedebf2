package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"paytrace-gateway/gateway"
)

const (
	subscriberSQL = `SELECT disabled_at, reason, version FROM subscribers WHERE merchant_id = ? AND live_mode = ? AND name = ?`

	subscribersSQL = `SELECT merchant_id, live_mode, name, disabled_at, reason, version FROM subscribers`

	insertSubscriberSQL = `INSERT INTO subscribers (merchant_id, live_mode, name, disabled_at, reason, version)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (merchant_id, live_mode, name) DO NOTHING`
	updateSubscriberSQL = `UPDATE subscribers SET disabled_at = ?, reason = ?, version = ?
		WHERE merchant_id = ? AND live_mode = ? AND name = ? AND version = ?`
)

// subscriberRow is the state of a subscriber as its row.
type subscriberRow gateway.SubscriberState

func (r subscriberRow) place() string {
	return fmt.Sprintf("subscriber %s %t %s", r.MerchantID, r.LiveMode, r.Subscriber)
}

// write relies on the database for the race, as that of a watch does.
func (r subscriberRow) write(s *session) error {
	if r.Version == 1 {
		return s.one(gateway.ErrStale, insertSubscriberSQL,
			r.MerchantID, r.LiveMode, r.Subscriber, orZero(r.DisabledAt), r.Reason, r.Version)
	}
	return s.one(gateway.ErrStale, updateSubscriberSQL,
		orZero(r.DisabledAt), r.Reason, r.Version,
		r.MerchantID, r.LiveMode, r.Subscriber, r.Version-1)
}

// SubscriberState implements gateway.Outbox.
func (l *Ledger) SubscriberState(ctx context.Context, merchantID string, liveMode bool, name string) (gateway.SubscriberState, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	state := gateway.SubscriberState{MerchantID: merchantID, LiveMode: liveMode, Subscriber: name}
	var disabledAt int64
	err := l.reads.subscriber.QueryRowContext(ctx, merchantID, liveMode, name).Scan(&disabledAt, &state.Reason, &state.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return state, nil
	}
	if err != nil {
		return gateway.SubscriberState{}, l.explain(err)
	}
	state.DisabledAt = timeOf(disabledAt)
	return state, nil
}

// SubscriberStates implements gateway.Outbox.
func (l *Ledger) SubscriberStates(ctx context.Context) ([]gateway.SubscriberState, error) {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	rows, err := l.reads.subscribers.QueryContext(ctx)
	if err != nil {
		return nil, l.explain(err)
	}
	defer rows.Close()
	var all []gateway.SubscriberState
	for rows.Next() {
		var s gateway.SubscriberState
		var disabledAt int64
		if err := rows.Scan(&s.MerchantID, &s.LiveMode, &s.Subscriber, &disabledAt, &s.Reason, &s.Version); err != nil {
			return nil, l.explain(err)
		}
		s.DisabledAt = timeOf(disabledAt)
		all = append(all, s)
	}
	return all, l.explain(rows.Err())
}

// SaveSubscriberState implements gateway.Outbox.
func (l *Ledger) SaveSubscriberState(ctx context.Context, state gateway.SubscriberState) error {
	row := subscriberRow(state)
	if err := row.check(); err != nil {
		return err
	}
	return l.write(ctx, row.place(), row.write)
}

// DecideSubscriber implements gateway.Outbox.
func (l *Ledger) DecideSubscriber(ctx context.Context, state gateway.SubscriberState, r gateway.AuditRecord) error {
	row := subscriberRow(state)
	if err := row.check(); err != nil {
		return err
	}
	return l.write(ctx, row.place(), audited(r, row.write))
}

func (r subscriberRow) check() error {
	if r.MerchantID == "" || r.Subscriber == "" || r.Version < 1 {
		return errors.New("a subscriber's state that the ledger cannot take: it needs a merchant, a name, and a version above zero")
	}
	return nil
}
