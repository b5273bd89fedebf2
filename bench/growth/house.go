package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"paytrace-gateway/gateway"
)

const (
	customer      = "demo-visa"
	mostMerchants = 200
	budget        = 9 * time.Second
	// told is how long the telling of a measurement may take.
	toldWithin = 2 * time.Minute
)

// house is who shares a gateway.
type house struct{ merchants, subscribers int }

// houses are measured in this order; the first is what the others are compared
// with.
var houses = []house{{1, 1}, {mostMerchants, 1}, {1, 20}, {mostMerchants, 20}}

func (h house) String() string {
	return fmt.Sprintf("%d merchants, %d subscribers each", h.merchants, h.subscribers)
}

// open starts a gateway with all its jobs but the watcher's, since there is
// nothing on the processor's books that could be watched for long. close waits
// until everybody was told, and ends it.
func (h house) open(ctx context.Context, s *store) (g *gateway.Gateway, told func() error, closed func() error, err error) {
	c := gateway.Config{
		Ledger: s.ledger, Processors: map[string]gateway.Processor{}, Secret: []byte("0123456789abcdef0123456789abcdef"),
		Instance: "growth", Now: time.Now, MaxInFlight: 1024, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
	}
	for m := range h.merchants {
		c.Merchants = append(c.Merchants, gateway.Merchant{
			ID: merchantName(m), Currency: "USD", SendWindow: gateway.DefaultSendWindow, CallDeadline: gateway.DefaultCallDeadline,
		})
		c.Processors[merchantName(m)] = s.processor
		for n := range h.subscribers {
			c.Subscribers = append(c.Subscribers, gateway.Subscriber{MerchantID: merchantName(m), Name: fmt.Sprintf("shop-%02d", n), Sink: listener{}})
		}
	}
	if err := s.empty(ctx); err != nil {
		return nil, nil, nil, err
	}
	g = gateway.New(c)
	if err := g.Subscribe(ctx); err != nil {
		return nil, nil, nil, err
	}
	jobs, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { g.RunTelling(jobs, 2*time.Second) })
	work.Go(func() { g.RunDue(jobs, 2*time.Second) })
	told = func() error { return s.untilTold(ctx) }
	return g, told, func() error {
		stop()
		work.Wait()
		return g.Stop(ctx)
	}, nil
}

func (s *store) untilTold(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, toldWithin)
	defer cancel()
	var all []string
	for m := range mostMerchants {
		all = append(all, merchantName(m))
	}
	for {
		events, err := s.ledger.Unspread(ctx, all, 1)
		if err != nil {
			return err
		}
		owed, err := s.ledger.DeliveryBacklog(ctx)
		if err != nil || len(events)+len(owed) == 0 {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// listener has heard of everything at once.
type listener struct{}

func (listener) Lane(gateway.Event) string { return "" }

func (listener) Deliver(context.Context, gateway.Delivery) gateway.Verdict {
	return gateway.Verdict{Outcome: gateway.Told, StatusCode: 200}
}

// request is a payment that a shop asks for. Its key is random, which is the
// worst that a client can do to an index.
type request struct{ merchant, key, order string }

func (h house) request(n int) request {
	return request{merchant: merchantName(n % h.merchants), key: rand.Text(), order: rand.Text()}
}

func (r request) send(g *gateway.Gateway) error {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	answer, err := g.CreatePayment(ctx, gateway.Caller{MerchantID: r.merchant, Key: r.key, Channel: "magento"}, gateway.CreatePayment{
		Intent: gateway.IntentSale, Amount: 1999, OrderID: r.order,
		Method: gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: customer}},
	})
	if err == nil && answer.Payment.Status != gateway.StatusApproved {
		err = fmt.Errorf("a payment is %s", answer.Payment.Status)
	}
	return err
}
