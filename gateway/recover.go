package gateway

import (
	"context"
	"errors"
	"time"
)

// recoverOver is the time over which deliveries are spread that failed while
// their subscriber was down, once it is well again.
const recoverOver = 10 * time.Second

// learn lets calls have their say about the subscriber's health.
func (t *teller) learn(ctx context.Context, calls []Verdict, now time.Time) {
	for _, v := range calls {
		paused, again := t.health.learn(v, now)
		if paused {
			t.gateway.log.Warn("subscriber.paused", "merchant", t.MerchantID, "subscriber", t.Name, "until", t.health.pausedUntil(now),
				"detail", v.Detail, "consequence", "its events wait, none is lost; it is tried again by itself")
		}
		t.again(ctx, again, now)
	}
}

// again makes deliveries due that failed because the subscriber was down, unless
// something has become of them meanwhile. They keep the step of their schedule.
func (t *teller) again(ctx context.Context, failed []postponed, now time.Time) {
	for i, p := range failed {
		d, err := t.gateway.ledger.Delivery(ctx, t.MerchantID, p.id)
		due := now.Add(recoverOver * time.Duration(i) / time.Duration(len(failed)))
		if err == nil && (d.Version != p.version || d.Status != DeliveryPending || !d.Due.After(due)) {
			continue
		}
		if err == nil {
			d.Due, d.UpdatedAt, d.Parked = due, now, false
			d.Version++
			err = t.gateway.ledger.SaveDelivery(ctx, d)
		}
		if err != nil && !errors.Is(err, ErrStale) {
			t.gateway.log.Error("telling.failed", "merchant", t.MerchantID, "subscriber", t.Name, "error", err,
				"consequence", "what failed while the subscriber was down is told along its schedule")
			return
		}
	}
}
