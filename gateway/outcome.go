package gateway

import (
	"context"
	"errors"
	"time"
)

// outcome is what came of telling of one delivery: how it stands now, and why.
type outcome struct {
	Delivery
	verdict Verdict
	// dies says that it is a dead letter once a person has been shown why.
	dies bool
}

// told writes down what came of one call and lets it have its consequences. Of a
// call that told of many all is written in one go: each would else wait for the
// commit of the one before.
//
// What a person is to see is raised only once the attempt is written: it ends by
// what the delivery's log has, and what a process had raised that died before it
// wrote that would stay for ever. A dead letter is written as one only after that,
// since no attempt follows it that would raise it.
func (t *teller) told(ctx context.Context, all []outcome) {
	for i, o := range all {
		t.hear(ctx, o)
		if o.Status == DeliveryDead && o.verdict.Attention != "" {
			all[i].Delivery, all[i].dies = o.dying(), true
		}
	}
	var dead []outcome
	for _, o := range t.save(ctx, all) {
		if !o.Status.Ended() {
			t.gateway.attendDelivery(ctx, o.Delivery, o.verdict)
		}
		switch v := o.verdict; {
		case o.dies:
			dead = append(dead, outcome{Delivery: o.dead(), verdict: v})
		case v.Outcome == Later && !v.Patient && v.After == 0 && o.Status == DeliveryPending:
			t.health.postpone(o.Delivery)
		}
		if o.verdict.Undo {
			t.gateway.undoDelivery(ctx, o.Delivery)
		}
	}
	t.save(ctx, dead)
}

// dying is a dead letter before it is one: if nobody makes it one, the attempt is
// made again.
func (d Delivery) dying() Delivery {
	d.Status, d.Due = DeliveryPending, d.UpdatedAt.Add(leaseAtMost)
	return d
}

func (d Delivery) dead() Delivery {
	d.Status, d.Due, d.Version = DeliveryDead, time.Time{}, d.Version+1
	return d
}

// hear is what comes before the outcome is written. Of what was told that is also
// what a person is to see, and what nobody has to see any more: nothing comes after
// it, and a process that dies in between has the whole attempt again. Money goes
// back only by the process that has the delivery still.
func (t *teller) hear(ctx context.Context, o outcome) {
	t.log(o.Delivery)
	t.gateway.observer.Delivery(DeliveryObservation{
		MerchantID: o.MerchantID, Subscriber: o.Subscriber, Outcome: o.verdict.Outcome, Dead: o.Status == DeliveryDead,
		Took: o.Log[len(o.Log)-1].Took, Age: o.UpdatedAt.Sub(o.Event.At),
	})
	if o.verdict.Disable {
		t.disable(ctx, o.verdict, o.UpdatedAt)
	}
	if o.Status.Ended() {
		t.gateway.attendDelivery(ctx, o.Delivery, o.verdict)
	}
}

// save writes deliveries, and tries again for a while: what was told and is not
// written down is told twice. It returns those that are kept.
func (t *teller) save(ctx context.Context, left []outcome) (kept []outcome) {
	for attempt := 0; len(left) > 0; attempt++ {
		if attempt > 0 {
			time.Sleep(recordDelays[attempt-1])
		}
		deliveries := make([]Delivery, len(left))
		for i, o := range left {
			deliveries[i] = o.Delivery
		}
		var again []outcome
		for i, err := range t.gateway.ledger.SaveDeliveries(ctx, deliveries) {
			switch o := left[i]; {
			case err == nil || t.saved(ctx, o.Delivery, err):
				kept = append(kept, o)
			case errors.Is(err, ErrStale) || attempt >= len(recordDelays):
				t.notRecorded(o.Delivery, err)
			default:
				again = append(again, o)
			}
		}
		left = again
	}
	return kept
}

func (t *teller) notRecorded(d Delivery, err error) {
	t.gateway.log.Error("delivery.not_recorded", "merchant", d.MerchantID, "subscriber", d.Subscriber, "delivery", d.ID,
		"payment", d.Event.PaymentID, "error", err, "consequence", "the subscriber may be told of this event twice")
}

// saved says that an earlier try was kept whose answer was lost.
func (t *teller) saved(ctx context.Context, d Delivery, err error) bool {
	if !errors.Is(err, ErrStale) {
		return false
	}
	kept, err := t.gateway.ledger.Delivery(ctx, d.MerchantID, d.ID)
	return t.gateway.readable(err) == nil && kept.Version == d.Version && kept.Status == d.Status && kept.UpdatedAt.Equal(d.UpdatedAt)
}

func (t *teller) log(d Delivery) {
	last := d.Log[len(d.Log)-1]
	attributes := []any{
		"merchant", d.MerchantID, "subscriber", d.Subscriber, "delivery", d.ID, "event", d.Event.ID, "type", d.Event.Type,
		"payment", d.Event.PaymentID, "version", d.Event.Version, "attempt", d.Attempts, "outcome", last.Outcome,
		"statusCode", last.StatusCode, "detail", last.Detail, "took", last.Took,
	}
	switch {
	case d.Status == DeliveryDead:
		t.gateway.log.Error("delivery.dead", append(attributes, "consequence",
			"the subscriber is not told of this payment any more until the delivery is replayed or skipped")...)
	case last.Outcome == Later:
		t.gateway.log.Warn("delivery.attempted", append(attributes, "due", d.Due)...)
	default:
		t.gateway.log.Info("delivery.attempted", attributes...)
	}
}

// disable keeps in mind that the subscriber wants no more events.
func (t *teller) disable(ctx context.Context, v Verdict, now time.Time) {
	g := t.gateway
	state, err := g.ledger.SubscriberState(ctx, t.MerchantID, t.LiveMode, t.Name)
	if err == nil && state.DisabledAt.IsZero() {
		state.DisabledAt, state.Reason, state.Version = now, v.Detail, state.Version+1
		err = g.ledger.SaveSubscriberState(ctx, state)
	}
	if err != nil && !errors.Is(err, ErrStale) {
		g.log.Error("telling.failed", "merchant", t.MerchantID, "subscriber", t.Name, "error", err,
			"consequence", "a subscriber that is gone is asked again")
		return
	}
	t.forget()
	g.log.Error("subscriber.disabled", "merchant", t.MerchantID, "subscriber", t.Name, "detail", v.Detail,
		"consequence", "its events wait until it is enabled again")
}
