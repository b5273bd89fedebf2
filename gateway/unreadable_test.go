package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// damaged is a ledger with a row in each table that cannot be read.
type damaged struct{ gateway.Ledger }

func beside(id string, err error) error {
	return errors.Join(err, gateway.UnreadableError{{ID: id, MerchantID: "main", PaymentID: "pay_x", Err: errors.New("it is torn")}})
}

func (d damaged) Unspread(ctx context.Context, merchants []string, limit int) ([]gateway.Event, error) {
	events, err := d.Ledger.Unspread(ctx, merchants, limit)
	return events, beside("evt_torn", err)
}

func (d damaged) DueDeliveries(ctx context.Context, s gateway.Subscriber, now time.Time, limit int) ([]gateway.Delivery, error) {
	due, err := d.Ledger.DueDeliveries(ctx, s, now, limit)
	return due, beside("dlv_torn", err)
}

func (d damaged) Delivery(ctx context.Context, merchantID, id string) (gateway.Delivery, error) {
	found, err := d.Ledger.Delivery(ctx, merchantID, id)
	if err == nil {
		err = beside(id, nil)
	}
	return found, err
}

func (d damaged) Deliveries(ctx context.Context, f gateway.DeliveryFilter) ([]gateway.Delivery, error) {
	found, err := d.Ledger.Deliveries(ctx, f)
	return found, beside("dlv_torn", err)
}

func TestARowThatCannotBeReadIsToldOnceAndStopsNobody(t *testing.T) {
	tellsEvery(t, time.Hour, func(t *testing.T, h *house) {
		shop, org, log := &listener{}, &listener{answer: func(gateway.Delivery) gateway.Verdict { return gateway.Verdict{Outcome: gateway.Dead} }}, &bytes.Buffer{}
		subscribers := []gateway.Subscriber{approved("shop", shop), approved("org", org)}
		for i := range subscribers {
			subscribers[i].MerchantID = "main"
		}
		other := &house{t: t, ledger: h.ledger, processor: h.processor, Gateway: gateway.New(gateway.Config{
			Ledger: damaged{h.ledger}, Merchants: merchants, Processors: map[string]gateway.Processor{"main": processortest.New(time.Now)},
			Secret: secret, Instance: "two", Now: time.Now, MaxInFlight: 8, Log: slog.New(slog.NewTextHandler(log, nil)), Subscribers: subscribers,
		})}
		h.joined(other, func() {
			time.Sleep(time.Second)
			other.create("k", sale(1000))
			time.Sleep(time.Hour)
			dead := other.deliveries(gateway.DeliveryFilter{Subscriber: "org"})
			if len(dead) != 1 {
				t.Fatalf("%d are listed", len(dead))
			}
			if _, err := other.Skip(t.Context(), "main", anna, dead[0].ID, ""); err != nil {
				t.Error(err)
			}
		})
		if shop.count() != 1 {
			t.Errorf("the shop was told %d times", shop.count())
		}
		for _, id := range []string{"id=evt_torn", "id=dlv_torn"} {
			if n := strings.Count(log.String(), id); n != 1 {
				t.Errorf("the log has %s %d times:\n%s", id, n, log)
			}
		}
		if strings.Contains(log.String(), "telling.failed") {
			t.Errorf("it is taken for more:\n%s", log)
		}
	})
}
