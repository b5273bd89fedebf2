package gateway_test

import (
	"fmt"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// TestOneCallThatFailsIsOneFailure has a batch fail as a whole, once: that is no
// reason to leave the subscriber alone.
func TestOneCallThatFailsIsOneFailure(t *testing.T) {
	bad := 0
	b := company{&listener{}, func(ds []gateway.Delivery) []gateway.Verdict {
		vs := make([]gateway.Verdict, len(ds))
		for i := range vs {
			vs[i].Outcome = gateway.Told
			if bad < 20 {
				vs[i] = feelsUnwell(ds[i])
			}
		}
		bad += len(ds)
		return vs
	}}
	tellsEvery(t, time.Hour, func(t *testing.T, h *house) {
		time.Sleep(time.Minute)
		silent := tellingHouse(t, h.ledger, "two", h.processor)
		for i := range 20 {
			silent.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(59*time.Minute + time.Second)
		standing, err := h.Subscribers(t.Context(), "main")
		if err != nil || len(standing) != 1 || !standing[0].PausedUntil.IsZero() || bad != 20 {
			t.Errorf("%d were told, %+v, %v", bad, standing, err)
		}
	}, approved("org", b))
}

// TestWhatFailedWhileTheSubscriberWasDownIsToldSoonAfterItIsWell has it down for
// an hour, with a schedule that would have them wait for ten.
func TestWhatFailedWhileTheSubscriberWasDownIsToldSoonAfterItIsWell(t *testing.T) {
	shop := &listener{answer: feelsUnwell}
	subscriber := approved("shop", shop)
	subscriber.Schedule = []time.Duration{10 * time.Hour, 10 * time.Hour, 10 * time.Hour}
	tells(t, func(t *testing.T, h *house) {
		for i := range 30 {
			h.create(fmt.Sprint("k", i), sale(1000))
		}
		time.Sleep(time.Hour)
		far := 0
		for _, d := range h.deliveries(gateway.DeliveryFilter{}) {
			if d.Due.After(time.Now().Add(8 * time.Hour)) {
				far++
			}
		}
		shop.answers(nil)
		time.Sleep(6 * time.Minute)
		left := h.deliveries(gateway.DeliveryFilter{Statuses: []gateway.DeliveryStatus{gateway.DeliveryPending}})
		if far == 0 || len(left) != 0 {
			t.Errorf("%d were not due for long, %d are left", far, len(left))
		}
	}, subscriber)
}
