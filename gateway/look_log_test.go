package gateway_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

func TestTheLookThatDecidesIsCountedInTheLogWithThePartThatItFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	bubble(t, func(t *testing.T) {
		log := &bytes.Buffer{}
		h := open(t, path, "one", processortest.New(time.Now))
		h.Gateway = gateway.New(gateway.Config{
			Ledger: h.ledger, Processors: map[string]gateway.Processor{"main": h.processor}, Instance: "one", Secret: secret,
			Merchants: merchants, Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil)), MaxInFlight: 8,
		})
		ctx, cancel := context.WithCancel(t.Context())
		go h.RunDue(ctx, 5*time.Second)
		h.dies("charge")
		for key, amount := range map[string]gateway.Money{"part": 4000, "whole": 4400} {
			lost := h.create(key, sale(4400)).Payment
			h.processor.Clerk(gateway.Record{
				Kind: gateway.KindSale, State: gateway.RecordPending, Amount: amount, OrderID: lost.OrderID, Reference: lost.Reference,
			})
		}
		h.answers()
		time.Sleep(30 * time.Minute)
		ends(cancel)
		h.ledger.Close()
		if lines(log, "payment.looked", "looks=1", "status=declined", "approvedAmount=40.00", "wanted=false") != 1 ||
			lines(log, "payment.looked", "looks=1", "status=approved") != 1 || lines(log, "approvedAmount") != 1 {
			t.Errorf("the log says\n%s", log)
		}
	})
}
