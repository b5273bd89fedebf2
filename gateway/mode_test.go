package gateway_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

// The ledger of a merchant that was tried in the sandbox and went live; PayTrace
// gives ids of the one in the other too (migration 0002 says so).
func TestASandboxPaymentsIdHidesALiveRefund(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		h.create("s1", sale(1000))
		h.create("s2", sale(1000))
		h.create("s3", sale(1000))
		time.Sleep(time.Hour)
		m := merchants[0]
		m.LiveMode = true
		live := processortest.New(time.Now)
		h.processor = live
		h.Gateway = gateway.New(gateway.Config{Ledger: h.ledger, Merchants: []gateway.Merchant{m}, Processors: map[string]gateway.Processor{"main": live},
			Secret: secret, Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard})
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 10*time.Second)
		go h.RunWatch(ctx, 5*time.Minute)
		p := h.create("k", sale(1000)).Payment
		live.Settle()
		time.Sleep(time.Hour)
		id := h.clerkRefunds(h.payment(p.ID), 700) // bears the id of s2's sale in the sandbox
		time.Sleep(time.Hour)
		_, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{})
		if back(h) > 1000 {
			t.Errorf("%s given back of 10.00 (%v); the clerk's refund is %s, externals %d", back(h), err, id, len(externals(h.payment(p.ID))))
		}
		cancel()
		time.Sleep(time.Hour)
		synctest.Wait()
		h.ledger.Close()
	})
}

// The reconciler takes the sandbox's id for another operation's.
func TestASandboxPaymentsIdHidesALostLiveRefund(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		h := open(t, path, "one", processortest.New(time.Now))
		h.create("s1", sale(1000))
		h.create("s2", sale(1000))
		time.Sleep(time.Hour)
		m := merchants[0]
		m.LiveMode = true
		live := processortest.New(time.Now)
		h.processor = live
		h.Gateway = gateway.New(gateway.Config{Ledger: h.ledger, Merchants: []gateway.Merchant{m}, Processors: map[string]gateway.Processor{"main": live},
			Secret: secret, Instance: "one", Now: time.Now, MaxInFlight: 256, Log: discard})
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 10*time.Second)
		p := h.create("k", sale(1000)).Payment
		live.Settle()
		time.Sleep(time.Hour)
		h.loses("refund")
		a, err := h.Refund(t.Context(), as("r"), p.ID, gateway.RefundPayment{})
		h.expect(a, err, gateway.Settled, gateway.OpUnknown)
		h.answers()
		time.Sleep(30 * time.Hour)
		id := live.Records()[1].TransactionID
		if op := h.byKey("r").Operation(); op.Status == gateway.OpUnknown {
			_, err := h.resolve(p, op.ID, gateway.Done, id)
			t.Errorf("the refund %s is on the books, here it is %s; a person says done: %v", id, op.Status, err)
		}
		cancel()
		time.Sleep(time.Hour)
		synctest.Wait()
		h.ledger.Close()
	})
}
