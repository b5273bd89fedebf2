package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
)

// tornWork is a ledger in which something is due that cannot be read, until it is
// mended.
type tornWork struct {
	gateway.Ledger
	mended *atomic.Bool
	since  time.Time
}

func (w tornWork) beside(id string, err error) error {
	if w.mended.Load() {
		return err
	}
	return errors.Join(err, gateway.UnreadableError{{ID: id, MerchantID: "main", At: w.since, Err: errors.New("it is torn")}})
}

func (w tornWork) Due(ctx context.Context, now time.Time, limit int) ([]gateway.Payment, error) {
	due, err := w.Ledger.Due(ctx, now, limit)
	return due, w.beside("pay_torn", err)
}

func (w tornWork) DueVaultOperations(ctx context.Context, now time.Time, limit int) ([]gateway.VaultOperation, error) {
	due, err := w.Ledger.DueVaultOperations(ctx, now, limit)
	return due, w.beside("vop_torn", err)
}

func (w tornWork) DueChecks(ctx context.Context, merchantID string, live bool, now time.Time, limit int) ([]gateway.VaultCustomer, error) {
	due, err := w.Ledger.DueChecks(ctx, merchantID, live, now, limit)
	if merchantID != "main" {
		return due, err
	}
	return due, w.beside("cus_torn", err)
}

func TestDueWorkThatCannotBeReadIsToldOnceAndStopsNoOther(t *testing.T) {
	days(t, 24*time.Hour, func(t *testing.T, h *house) {
		log, torn := &bytes.Buffer{}, tornWork{h.ledger, &atomic.Bool{}, time.Now().Add(-time.Hour)}
		other := &house{t: t, ledger: h.ledger, processor: h.processor, Gateway: gateway.New(gateway.Config{
			Ledger: torn, Merchants: merchants, Processors: map[string]gateway.Processor{"main": h.processor},
			Secret: secret, Instance: "two", Now: time.Now, MaxInFlight: 8, Log: slog.New(slog.NewTextHandler(log, nil)),
		})}
		customer := h.stored("t")
		ctx, cancel := context.WithCancel(t.Context())
		defer ends(cancel)
		go other.RunDue(ctx, 2*time.Second)
		go other.RunComparison(ctx, time.Minute)
		h.loses("sale")
		lost := other.create("k", sale(1000)).Payment
		time.Sleep(30 * time.Hour)
		synctest.Wait()
		if p, err := h.Payment(ctx, "main", lost.ID); err != nil || p.First().Undecided() {
			t.Errorf("the charge is %s, %v", p.First().Status, err)
		}
		if now, err := h.Customer(ctx, "main", customer.ID); err != nil || !now.Methods[0].CheckDue.After(customer.Methods[0].CheckDue) {
			t.Errorf("the stored card is to be compared at %s, as before; %v", now.Methods[0].CheckDue, err)
		}
		for _, id := range []string{"id=pay_torn", "id=vop_torn", "id=cus_torn"} {
			if n := lines(log, "due.unreadable", "merchant=main", id); n != 1 {
				t.Errorf("%s was told %d times:\n%s", id, n, log)
			}
		}
		if n := lines(log, "due.failed"); n > 0 {
			t.Errorf("it is taken for more:\n%s", log)
		}
		other.wantOldestCheck(torn.since)
		if n := other.Unreadable()["main"]; n != 3 {
			t.Errorf("%d cannot be read", n)
		}
		torn.mended.Store(true)
		time.Sleep(time.Hour)
		if n := other.Unreadable(); len(n) != len(merchants) || n["main"] != 0 {
			t.Errorf("once they are mended, %v cannot be read", n)
		}
	})
}
