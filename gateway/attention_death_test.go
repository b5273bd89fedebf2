package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"paytrace-gateway/gateway"
)

// mortal is the ledger of a process that dies: once it is doomed, it makes so many
// writes more, and none after them.
type mortal struct {
	gateway.Ledger
	doomed *atomic.Bool
	left   *atomic.Int64
}

var errDead = errors.New("the process is dead")

func (m mortal) dead() bool { return m.doomed.Load() && m.left.Add(-1) < 0 }

func (m mortal) Apply(ctx context.Context, c gateway.Change) error {
	if m.dead() {
		return errDead
	}
	return m.Ledger.Apply(ctx, c)
}

func (m mortal) SaveDeliveries(ctx context.Context, all []gateway.Delivery) []error {
	if !m.dead() {
		return m.Ledger.SaveDeliveries(ctx, all)
	}
	errs := make([]error, len(all))
	for i := range errs {
		errs[i] = errDead
	}
	return errs
}

func (m mortal) TakeDeliveries(ctx context.Context, due []gateway.Delivery, now, until time.Time) ([]gateway.Delivery, error) {
	if m.doomed.Load() {
		return nil, errDead
	}
	return m.Ledger.TakeDeliveries(ctx, due, now, until)
}

// What is raised by an attempt, the attempt and the dead letter that comes of it are
// written one after the other, and the process dies before, between and behind them.
func TestWhatAProcessRaisedThatDiedEndsWithTheDelivery(t *testing.T) {
	const why = "paid_without_order: x"
	for name, verdict := range map[string]gateway.Verdict{
		"later": {Outcome: gateway.Later, Patient: true, After: time.Hour, Attention: why},
		"dead":  {Outcome: gateway.Dead, Attention: why},
	} {
		for writes := range int64(3) {
			t.Run(fmt.Sprintf("%s after %d writes", name, writes), func(t *testing.T) {
				tellsEvery(t, 2*time.Second, func(t *testing.T, h *house) {
					ledger := mortal{h.ledger, &atomic.Bool{}, &atomic.Int64{}}
					ledger.left.Store(writes)
					shop := &listener{answer: func(gateway.Delivery) gateway.Verdict { ledger.doomed.Store(true); return verdict }}
					told := approved("shop", shop)
					told.MerchantID = "main"
					dies := &house{t: t, ledger: h.ledger, processor: h.processor, Gateway: gateway.New(gateway.Config{
						Ledger: ledger, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor}, Secret: secret,
						Instance: "dies", Now: time.Now, MaxInFlight: 8, Log: slog.New(slog.DiscardHandler), Subscribers: []gateway.Subscriber{told},
					})}
					var p gateway.Payment
					h.joined(dies, func() {
						time.Sleep(time.Second) // it has said that it wants to be told
						p = dies.create("k", sale(1000)).Payment
						time.Sleep(time.Minute)
					})
					if shop.count() != 1 {
						t.Errorf("the shop was asked %d times", shop.count())
					}
					heirShop := &listener{}
					h.joined(tellingHouse(t, h.ledger, "heir", h.processor, approved("shop", heirShop)), func() { time.Sleep(3 * time.Hour) })
					now, err := h.Payment(t.Context(), "main", p.ID)
					if err != nil || now.NeedsAttention || heirShop.count() != 1 {
						t.Errorf("the heir's shop was told %d times, attention %q, %v", heirShop.count(), now.First().Attention, err)
					}
				})
			})
		}
	}
}

// TestADeadLetterIsShownWithWhatItIsDeadOf has the whole of it written, and what one
// subscriber raised outlive another's delivery.
func TestADeadLetterIsShownWithWhatItIsDeadOf(t *testing.T) {
	const why = "order_ambiguous: two"
	erp, shop := &listener{}, &listener{answer: func(gateway.Delivery) gateway.Verdict {
		return gateway.Verdict{Outcome: gateway.Dead, Attention: why}
	}}
	erp.answers(func(d gateway.Delivery) gateway.Verdict {
		if d.Attempts < 3 {
			return gateway.Verdict{Outcome: gateway.Later, Patient: true, After: time.Hour, Attention: "order_ambiguous: the other one's"}
		}
		return gateway.Verdict{Outcome: gateway.Told}
	})
	tells(t, func(t *testing.T, h *house) {
		p := h.create("k", sale(1000)).Payment
		time.Sleep(time.Hour / 2)
		now, _ := h.Payment(t.Context(), "main", p.ID)
		if a := now.First().Attention; a != why+"; order_ambiguous: the other one's" && a != "order_ambiguous: the other one's; "+why {
			t.Errorf("at first the attention is %q", a)
		}
		time.Sleep(5 * time.Hour)
		now, _ = h.Payment(t.Context(), "main", p.ID)
		dead := h.deliveries(gateway.DeliveryFilter{Subscriber: "shop", Statuses: []gateway.DeliveryStatus{gateway.DeliveryDead}})
		if len(dead) != 1 || len(dead[0].Log) != 1 || dead[0].Attempts != 1 || dead[0].Log[0].Attention != why || shop.count() != 1 {
			t.Errorf("the shop was told %d times, its dead letters are %+v", shop.count(), dead)
		}
		if a := now.First().Attention; a != why {
			t.Errorf("once the other has been told, the attention is %q", a)
		}
	}, approved("shop", shop), approved("erp", erp))
}
