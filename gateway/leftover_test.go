package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// leftovers gives up what is owed to the subscriber, by one call.
func (h *house) leftovers(subscriber string) (gateway.Leftovers, error) {
	return h.SkipLeftovers(h.t.Context(), "main", anna, subscriber, "the shop is closed")
}

func refusedAs(err error, code gateway.Code) bool {
	var refused *gateway.Error
	return errors.As(err, &refused) && refused.Code == code
}

func TestWhatIsOwedToASubscriberThatIsGoneIsGivenUpPartByPart(t *testing.T) {
	old := &listener{answer: func(d gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Dead, Detail: "never"}
	}}
	shop := &listener{answer: feelsUnwell}
	tellsEvery(t, 10*time.Minute, func(t *testing.T, h *house) {
		former := tellingHouse(t, h.ledger, "former", h.processor, gateway.Subscriber{Name: "old", Sink: old, Events: []string{"payment.approved", "payment.voided"}})
		subscribes(t, former)
		p := h.create("first", sale(1000)).Payment
		time.Sleep(11 * time.Minute) // found by the next round
		h.joined(former, func() { time.Sleep(time.Minute) })
		if _, err := h.Void(t.Context(), as("v"), p.ID); err != nil { // parked behind a dead letter
			t.Fatal(err)
		}
		const more = 201
		for i := range more {
			h.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(time.Minute)
		if _, err := h.leftovers("old"); !refusedAs(err, gateway.CodeNotReplayable) {
			t.Errorf("of one that was there a moment ago: %v", err)
		}
		time.Sleep(16 * time.Minute)
		owed := 0
		for _, d := range h.deliveries(gateway.DeliveryFilter{Subscriber: "old"}) {
			if !d.Status.Ended() {
				owed++
			}
		}
		if _, err := h.leftovers("shop"); !refusedAs(err, gateway.CodeNotReplayable) {
			t.Errorf("of one that is there: %v", err)
		}
		for _, want := range []gateway.Leftovers{{Skipped: 200, More: true}, {Skipped: owed - 200}, {}} {
			if done, err := h.leftovers("old"); done != want || err != nil {
				t.Errorf("%+v, %v, want %+v", done, err, want)
			}
		}
		for _, d := range h.deliveries(gateway.DeliveryFilter{Subscriber: "old"}) {
			if last := d.Log[len(d.Log)-1]; d.Status != gateway.DeliverySkipped || last.By != "anna" || last.Detail != "the shop is closed" {
				t.Errorf("a delivery is %s: %+v", d.Status, last)
			}
		}
		for _, d := range h.deliveries(gateway.DeliveryFilter{Subscriber: "shop", Statuses: []gateway.DeliveryStatus{gateway.DeliverySkipped}}) {
			t.Errorf("the shop is never told of %s", d.Event.PaymentID)
		}
	}, gateway.Subscriber{Name: "shop", Sink: shop})
}

// late is a gateway without subscribers whose ledger is slow to list deliveries.
func (h *house) late(meanwhile func()) *gateway.Gateway {
	return gateway.New(gateway.Config{
		Ledger: tired{h.ledger, meanwhile}, Merchants: merchants, Processors: map[string]gateway.Processor{"main": processortest.New(time.Now)},
		Secret: secret, Instance: "late", Now: time.Now, MaxInFlight: 1, Log: discard,
	})
}

// What was not begun must not look done, nor what somebody else has done like a
// failure.
func TestLeftoversAreCountedByWhoGivesThemUp(t *testing.T) {
	tellsEvery(t, 10*time.Minute, func(t *testing.T, h *house) {
		former := tellingHouse(t, h.ledger, "former", h.processor, approved("old", &listener{}))
		subscribes(t, former)
		h.create("k1", sale(1000))
		h.create("k2", sale(1000))
		time.Sleep(30 * time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		if done, err := h.late(cancel).SkipLeftovers(ctx, "main", anna, "old", ""); err == nil && !done.More {
			t.Errorf("nothing was given up, and nothing is left: %+v", done)
		}
		one := h.deliveries(gateway.DeliveryFilter{Subscriber: "old", Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending}})[0]
		done, err := h.late(func() {
			if _, err := h.Skip(t.Context(), "main", anna, one.ID, ""); err != nil {
				t.Error(err)
			}
		}).SkipLeftovers(t.Context(), "main", anna, "old", "")
		if done.Skipped != 1 || done.More || err != nil {
			t.Errorf("beside another: %+v, %v", done, err)
		}
	})
}
