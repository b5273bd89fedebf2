package gateway_test

import (
	"context"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// tired is a ledger that answers so late that its caller has no time left.
type tired struct {
	gateway.Ledger
	late func()
}

func (l tired) Deliveries(ctx context.Context, f gateway.DeliveryFilter) ([]gateway.Delivery, error) {
	defer l.late()
	return l.Ledger.Deliveries(ctx, f)
}

// A range is done when the answer names no place to go on from, so one that was
// not begun must not look so.
func TestARangeThatHadNoTimeIsNotTakenForDone(t *testing.T) {
	shop := &listener{answer: func(gateway.Delivery) gateway.Verdict { return gateway.Verdict{Outcome: gateway.Dead, Detail: "never"} }}
	tells(t, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		slow := gateway.New(gateway.Config{
			Ledger: tired{h.ledger, cancel}, Merchants: merchants, Processors: map[string]gateway.Processor{"main": processortest.New(time.Now)},
			Secret: secret, Instance: "slow", Now: time.Now, MaxInFlight: 1, Log: discard,
		})
		done, err := slow.ReplayRange(ctx, "main", anna, gateway.ReplayRange{CreatedFrom: time.Now().Add(-time.Hour)})
		if err == nil && done.Next == "" {
			t.Errorf("a range of which nothing was replayed is done: %+v", done)
		}
		done, err = h.ReplayRange(t.Context(), "main", anna, gateway.ReplayRange{CreatedFrom: time.Now().Add(-time.Hour)})
		if err != nil || done.Replayed != 1 || done.Next != "" {
			t.Errorf("%+v, %v", done, err)
		}
	}, approved("shop", shop))
}

func TestStandingsAreThoseOfAllMerchants(t *testing.T) {
	shop := &listener{answer: func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Dead, Detail: "never", Pause: time.Hour, Disable: true}
	}}
	tells(t, func(t *testing.T, h *house) {
		h.create("k", sale(1000))
		time.Sleep(time.Second)
		all, err := h.Standings(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		s := all[0]
		if s.MerchantID != "main" || s.Name != "shop" || !s.Configured || s.Owed.Dead != 1 || s.State.DisabledAt.IsZero() ||
			!s.PausedUntil.Equal(s.State.DisabledAt.Add(time.Hour)) {
			t.Errorf("the shop stands so: %+v", s)
		}
	}, approved("shop", shop))
}
