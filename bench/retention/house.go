package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"time"

	"paytrace-gateway/adapters/ledger"
	"paytrace-gateway/gateway"
	"paytrace-gateway/gateway/processortest"
)

const (
	// merchant is none of those whose payments the ledger was filled with.
	merchant = "retention"
	budget   = 30 * time.Second
	// old is when a payment may leave. The ledger's payments are spread over years.
	old = 24 * time.Hour
)

// house is a gateway whose payments are measured.
type house struct {
	ledger  *ledger.Ledger
	gateway *gateway.Gateway
}

func open(ctx context.Context, path string) (*house, error) {
	books, err := ledger.OpenSQLite(ctx, path, ledger.Options{Archive: path + ".archive", AuditKey: gateway.AuditKey("a measurement decides nothing")})
	if err != nil {
		return nil, err
	}
	processor := processortest.New(time.Now)
	// Later than any run before on this file.
	processor.NumberFrom(int(time.Now().UnixMilli()))
	return &house{ledger: books, gateway: gateway.New(gateway.Config{
		Ledger: books, Processors: map[string]gateway.Processor{merchant: processor},
		Merchants: []gateway.Merchant{{
			ID: merchant, Currency: "USD", SendWindow: gateway.DefaultSendWindow, CallDeadline: gateway.DefaultCallDeadline,
		}},
		Secret: []byte("0123456789abcdef0123456789abcdef"), Instance: "retention", Now: time.Now, MaxInFlight: 1024,
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Retention: gateway.RetentionRules{ArchiveAfter: old},
	})}, nil
}

func (h *house) close() {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	_ = h.gateway.Stop(ctx)
	_ = h.ledger.Close()
}

// pay makes one payment, as a shop does.
func (h *house) pay() error {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	answer, err := h.gateway.CreatePayment(ctx, gateway.Caller{MerchantID: merchant, Key: rand.Text(), Channel: "magento"}, gateway.CreatePayment{
		Intent: gateway.IntentSale, Amount: 1999, OrderID: rand.Text(),
		Method: gateway.PaymentMethod{HostedFields: &gateway.HostedFields{Token: rand.Text(), EncryptionKey: "k"}},
	})
	if err == nil && answer.Payment.Status != gateway.StatusApproved {
		err = fmt.Errorf("a payment is %s", answer.Payment.Status)
	}
	return err
}
