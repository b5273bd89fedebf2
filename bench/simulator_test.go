package bench

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"paytrace-gateway/adapters/paytrace"
	"paytrace-gateway/adapters/paytrace/simulator"
	"paytrace-gateway/gateway"
)

// BenchmarkViaSimulator measures the whole path to a PayTrace that answers at
// once: shop, gateway, the real client, HTTP, the simulator. Beside it stands
// the client alone, straight at the simulator; the difference is what a
// payment takes longer because the gateway stands between.
func BenchmarkViaSimulator(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			beside(b, func(b *testing.B, newCaller func() call) durations { return drive(b, callers, "payments/s", newCaller) })
		})
	}
}

// BenchmarkArrivals measures the same at a steady rate, as shoppers come.
func BenchmarkArrivals(b *testing.B) {
	for _, perSecond := range []int{100, 1000} {
		b.Run(fmt.Sprintf("rate=%d", perSecond), func(b *testing.B) {
			beside(b, func(b *testing.B, newCaller func() call) durations {
				return arrive(b, perSecond, newCaller)
			})
		})
	}
}

// beside runs a load straight at the simulator and then through the gateway.
func beside(b *testing.B, load func(*testing.B, func() call) durations) {
	var direct durations
	b.Run("direct", func(b *testing.B) {
		client := processor(b)
		direct = load(b, func() call { return func(n int) error { return charge(client, n) } })
		direct.report(b)
	})
	b.Run("gateway", func(b *testing.B) {
		address, token := serve(b, newGateway(b, processor(b)))
		s := newShop(address, token, vaultBody)
		took := load(b, func() call { return s.caller(approved) })
		took.report(b)
		if direct != nil {
			b.ReportMetric(microseconds(took.quantile(0.50)-direct.quantile(0.50)), "p50-added-us")
		}
	})
}

// processor is PayTrace's client, at a simulator of its own.
func processor(b testing.TB) *paytrace.Client {
	b.Helper()
	sim := simulator.New(simulator.Options{DemoCustomers: true})
	address := listen(b, func(l net.Listener) error { return sim.Serve(l, nil) }, sim.Close)
	client, err := paytrace.New(paytrace.Config{
		BaseURL:  "http://" + address,
		Username: simulator.DefaultUsername, Password: simulator.DefaultPassword, IntegratorID: simulator.DefaultIntegratorID,
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); client.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-stopped })
	if err := charge(client, 0); err != nil { // the first one waits for the token
		b.Fatal(err)
	}
	return client
}

func charge(client *paytrace.Client, n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), budget)
	defer cancel()
	result := client.Charge(ctx, gateway.Charge{
		Intent: gateway.IntentSale, Amount: 1999, OrderID: orderOf(n), Reference: gateway.NewReference(time.Now()),
		Method:     gateway.PaymentMethod{Vault: &gateway.VaultChoice{CustomerID: customer}},
		CustomerID: customer, SendBefore: time.Now().Add(gateway.DefaultSendWindow),
	})
	if result.Outcome != gateway.Approved {
		return fmt.Errorf("charge %d: %s: %s", n, result.Outcome, result.Detail)
	}
	return nil
}
